"""Cursors (https://docs.slack.dev/apis/web-api/pagination/)."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from threadkeep_emulators.slack.call import Request
from threadkeep_emulators.slack.problems import SlackError
from threadkeep_emulators.slack.wire import Payload

ItemT = TypeVar("ItemT")

MAX_LIMIT = 1_000


def cut_page(call: Request, items: Sequence[ItemT], *, default: int) -> tuple[list[ItemT], Payload]:
    """Give the page that a call asks for, and the fields that lead to the next.

    Args:
        call: The call with its ``limit`` and ``cursor``.
        items: All items in the order of the method.
        default: The limit where the call names none.

    Raises:
        SlackError: ``invalid_limit`` or ``invalid_cursor``.
    """
    limit = call.args.number("limit", default=default)
    if not 1 <= limit <= MAX_LIMIT:
        raise SlackError("invalid_limit")
    start = _offset(call.args.text("cursor"))
    if start > len(items):
        raise SlackError("invalid_cursor")
    end = start + limit
    cursor = base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
    return list(items[start:end]), {"response_metadata": {"next_cursor": cursor}}


def _offset(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        name, _, offset = base64.b64decode(cursor, validate=True).decode().partition(":")
        if name == "next":
            return int(offset)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        pass
    raise SlackError("invalid_cursor")
