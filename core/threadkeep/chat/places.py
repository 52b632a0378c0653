"""Settings that differ by place: the most particular name of a place wins."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from threadkeep.chat.events import Place, PlaceKind

_Value = TypeVar("_Value")


def names_of_place(place: Place) -> tuple[str, ...]:
    """Give the names under which a place may stand in a setting, the most particular first.

    They are its session id, its channel (the session id without the thread), and its kind.
    """
    session = place.session
    channel = str(session if session.thread is None else replace(session, thread=None))
    return (str(session), channel, place.kind.value)


def by_place(settings: Mapping[PlaceKind | str, _Value], place: Place | None) -> _Value | None:
    """Give what is set for a place; None if nothing is."""
    if place is None or not settings:
        return None
    return next((settings[name] for name in names_of_place(place) if name in settings), None)
