"""Reading server-sent events of model servers: JSON objects out of torn bytes.

The format is documented at https://html.spec.whatwg.org/multipage/server-sent-events.html. Servers that call
themselves compatible bend it, so everything that can be read is read, and the rest is logged and skipped.
"""

import json
from typing import Final

import structlog

from threadkeep.errors import ModelResponseError
from threadkeep.messages import clean_text
from threadkeep.models.payloads import JsonObject, is_object

_LONGEST_LINE: Final = 16 * 1024 * 1024
_log = structlog.get_logger(__name__)


class EventReader:
    """Turn the bytes of one stream into the JSON objects of its events.

    Attributes:
        is_done: Whether the server sent ``[DONE]``; what follows is ignored.
    """

    def __init__(self) -> None:
        self.is_done = False
        self._tail = b""
        self._unfinished: list[bytes] = []

    def feed(self, data: bytes) -> list[JsonObject]:
        """Take some bytes and give the events that are complete now.

        Raises:
            ModelResponseError: A line is longer than any answer can be.
        """
        *lines, self._tail = (self._tail + data).split(b"\n")
        if len(self._tail) > _LONGEST_LINE:
            raise ModelResponseError(f"the model server sent a line of more than {_LONGEST_LINE} bytes")
        return [payload for line in lines if (payload := self._read(line)) is not None]

    def finish(self) -> list[JsonObject]:
        """Give the last event of a stream that ended without an empty line."""
        rest, self._tail = self._tail, b""
        payloads = [self._read(rest), self._read(b"")]
        return [payload for payload in payloads if payload is not None]

    def _read(self, line: bytes) -> JsonObject | None:
        line = line.rstrip(b"\r")
        if self.is_done or (line and not line.startswith(b"data:")):
            return None
        if not line:
            return self._dispatch_unfinished()
        data = line[5:].strip()
        if data == b"[DONE]":
            self.is_done = True
            return None
        if not self._unfinished:
            # One event is one line everywhere, and some servers leave out the empty line between events.
            payload = _parse(data)
            if payload is not None:
                return payload
        self._unfinished.append(data)
        return None

    def _dispatch_unfinished(self) -> JsonObject | None:
        if not self._unfinished:
            return None
        data = b"\n".join(self._unfinished)
        self._unfinished.clear()
        payload = _parse(data)
        if payload is None and data:
            _log.warning("model_event_unreadable", length=len(data))
        return payload


class TextJoiner:
    """Clean a text that comes in pieces, joining a pair of surrogates that was torn between two of them."""

    def __init__(self) -> None:
        self._held = ""

    def push(self, piece: str) -> str:
        """Give the text that can be shown after one more piece."""
        text = self._held + piece
        self._held = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._held = text[-1]
            text = text[:-1]
        return clean_text(text)

    def finish(self) -> str:
        """Give what was held back and never completed."""
        held, self._held = self._held, ""
        return clean_text(held)


def _parse(data: bytes) -> JsonObject | None:
    try:
        payload = json.loads(data)
    except ValueError:
        return None
    return payload if is_object(payload) else None
