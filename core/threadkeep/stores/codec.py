"""The stored form of events, runs and state: compact JSON that begins with the version of its form.

What is read from a store was perhaps written by another version of the program: an older form is read, a newer one is
refused, since reading it half would lose what it says.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from threadkeep.chat.events import (
    ActionPressed,
    Event,
    FeedbackGiven,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    Place,
    StopRequested,
)
from threadkeep.errors import StoreError
from threadkeep.messages import clean_text
from threadkeep.runs import SCHEMA_VERSION, Run

EVENT_VERSION: Final = 1
"""The version of the stored form of an event."""

PLACE_VERSION: Final = 1
"""The version of the stored form of a place."""

_T = TypeVar("_T")
_VERSION: Final = re.compile(rb'\{"v":(\d{1,9})[,}]')
_KIND: Final = re.compile(rb'\{"v":\d{1,9},"kind":"([a-z]{1,30})"[,}]')
# What was stored before there were kinds has none: it is a message.
_MESSAGES: Final = TypeAdapter(MessageReceived)
_EDITS: Final = TypeAdapter(MessageEdited)
_OTHERS: Final[Mapping[bytes, TypeAdapter[Any]]] = {
    b"edited": _EDITS,
    b"deleted": TypeAdapter(MessageDeleted),
    b"stop": TypeAdapter(StopRequested),
    b"action": TypeAdapter(ActionPressed),
    b"feedback": TypeAdapter(FeedbackGiven),
}
_PLACES: Final = TypeAdapter(Place)
_RUNS: Final = TypeAdapter(Run)
_STATES: Final = TypeAdapter(dict[str, object])


def encode_event(event: Event) -> bytes:
    """Give the stored form of an event; a message has no kind there."""
    adapter = _OTHERS.get(event.kind.encode())
    return _encode(adapter or _MESSAGES, event, EVENT_VERSION, kind=event.kind if adapter else None)


def decode_event(body: bytes) -> Event:
    """Read the stored form of an event.

    Raises:
        StoreError: It was written by a newer threadkeep, or is no event.
    """
    found = _KIND.match(body)
    adapter = _MESSAGES if found is None else _OTHERS.get(found[1], _MESSAGES)
    event: Event = _decode(adapter, body, known=EVENT_VERSION, what="event")
    return event


def decode_message(body: bytes, edited: bytes | None = None) -> MessageReceived:
    """Read the stored form of a message that waits, and of the last edit of it.

    Raises:
        StoreError: They were written by a newer threadkeep, or are something else.
    """
    message = _decode(_MESSAGES, body, known=EVENT_VERSION, what="event")
    return message if edited is None else replace(message, text=decode_edit(edited).text)


def decode_edit(body: bytes) -> MessageEdited:
    """Read the stored form of an edit.

    Raises:
        StoreError: It was written by a newer threadkeep, or is something else.
    """
    return _decode(_EDITS, body, known=EVENT_VERSION, what="edit")


def encode_place(place: Place) -> bytes:
    """Give the stored form of a place."""
    return _encode(_PLACES, place, PLACE_VERSION)


def decode_place(body: bytes) -> Place:
    """Read the stored form of a place.

    Raises:
        StoreError: It was written by a newer threadkeep, or is something else.
    """
    return _decode(_PLACES, body, known=PLACE_VERSION, what="place")


def encode_run(run: Run) -> bytes:
    """Give the stored form of a run."""
    return _encode(_RUNS, run, SCHEMA_VERSION)


def decode_run(body: bytes) -> Run:
    """Read the stored form of a run.

    Raises:
        StoreError: It was written by a newer threadkeep, or is no run.
    """
    return _decode(_RUNS, body, known=SCHEMA_VERSION, what="run")


def encode_state(state: Mapping[str, object]) -> bytes:
    """Give the stored form of a session's state.

    Raises:
        StoreError: It is not a JSON object.
    """
    try:
        return json.dumps(_clean(dict(state)), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise StoreError(f"the session state must be a JSON object: {error}") from error


def decode_state(body: bytes) -> dict[str, object]:
    """Read the stored form of a session's state.

    Raises:
        StoreError: It is not a JSON object.
    """
    try:
        return _STATES.validate_json(body)
    except ValidationError as error:
        raise StoreError("a stored session state is not a JSON object") from error


def _encode(adapter: TypeAdapter[Any], value: object, version: int, *, kind: str | None = None) -> bytes:
    head = b'{"v":%d,' % version if kind is None else b'{"v":%d,"kind":"%s",' % (version, kind.encode())
    # The version of a run stands in the head of its stored form, where a reader finds it before anything else.
    options: dict[str, Any] = {"exclude_defaults": True, "exclude": {"version"}}
    try:
        # Not adapter.dump_json: its many options cost as much as the writing.
        return head + adapter.serializer.to_json(value, **options)[1:]
    except PydanticSerializationError:
        # A lone surrogate in some text; an event that cannot be stored would be redelivered for ever.
        plain = _clean(adapter.dump_python(value, mode="json", **options))
        return head + json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()[1:]


def _decode(adapter: TypeAdapter[_T], body: bytes, *, known: int, what: str) -> _T:
    head = _VERSION.match(body)
    if head is None:
        raise StoreError(f"a stored {what} has no version: it was not written by threadkeep, or is damaged")
    version = int(head[1])
    if version > known:
        raise StoreError(
            f"a stored {what} has form {version}, and this threadkeep knows forms up to {known}: it was written by a "
            "newer version; update threadkeep in this process"
        )
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        # The error's own text would quote what people said.
        raise StoreError(f"a stored {what} is damaged: {error.error_count()} of its fields cannot be read") from None


def _clean(value: object) -> object:
    match value:
        case str():
            return clean_text(value)
        case list() | tuple():
            return [_clean(item) for item in value]
        case dict():
            return {_clean(name): _clean(item) for name, item in value.items()}
        case _:
            return value
