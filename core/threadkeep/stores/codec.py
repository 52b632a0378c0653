"""The stored form of events, runs and state: compact JSON that begins with the version of its form.

What is read from a store was perhaps written by another version of the program: an older form is read, a newer one is
refused, since reading it half would lose what it says.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from threadkeep.chat.events import MessageReceived
from threadkeep.errors import StoreError
from threadkeep.messages import clean_text
from threadkeep.runs import SCHEMA_VERSION, Run

EVENT_VERSION: Final = 1
"""The version of the stored form of an event."""

_T = TypeVar("_T")
_VERSION = re.compile(rb'\{"v":(\d{1,9})[,}]')
_EVENTS: Final = TypeAdapter(MessageReceived)
_RUNS: Final = TypeAdapter(Run)
_STATES: Final = TypeAdapter(dict[str, object])


def encode_event(event: MessageReceived) -> bytes:
    """Give the stored form of an event."""
    return _encode(_EVENTS, event, EVENT_VERSION)


def decode_event(body: bytes) -> MessageReceived:
    """Read the stored form of an event.

    Raises:
        StoreError: It was written by a newer threadkeep, or is no event.
    """
    return _decode(_EVENTS, body, known=EVENT_VERSION, what="event")


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


def _encode(adapter: TypeAdapter[Any], value: object, version: int) -> bytes:
    head = b'{"v":%d,' % version
    # The version of a run stands in the head of its stored form, where a reader finds it before anything else.
    options: dict[str, Any] = {"exclude_defaults": True, "exclude": {"version"}}
    try:
        return head + adapter.dump_json(value, **options)[1:]
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
