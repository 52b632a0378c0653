"""Presses and opinions as the stores keep them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from threadkeep.chat.events import ActionPressed, FeedbackGiven
from threadkeep.errors import StoreError
from threadkeep.stores.base import Feedback
from threadkeep.stores.codec import decode_event

PRESS: Final = "press:"
"""What the name of a step begins with that records a press; the press's key follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Something that was pressed during a run.

    Attributes:
        step: The name of the step that records it.
        event: What was pressed and by whom.
        at: When it was accepted, in seconds since the epoch.
    """

    step: str
    event: ActionPressed
    at: float


def read_presses(steps: Mapping[str, str]) -> tuple[Press, ...]:
    """Give the presses among the steps of a run, in the order in which they were accepted.

    Raises:
        StoreError: One cannot be read.
    """
    found: list[tuple[int, Press]] = []
    for name, text in steps.items():
        if name.startswith(PRESS):
            number, time, body = text.split(" ", 2)
            event = decode_event(body.encode())
            if not isinstance(event, ActionPressed):
                raise StoreError(f"the step {name} of a run is no press")
            found.append((int(number), Press(step=name, event=event, at=float(time))))
    return tuple(press for _, press in sorted(found, key=lambda numbered: numbered[0]))


def read_feedback(body: bytes, *, given_at: float) -> Feedback:
    """Give the opinion that an event tells of.

    Raises:
        StoreError: It cannot be read.
    """
    event = decode_event(body)
    if not isinstance(event, FeedbackGiven):
        raise StoreError("a stored opinion is none")
    return Feedback(
        message=event.key.original, user=event.user, rating=event.rating, comment=event.comment, given_at=given_at
    )
