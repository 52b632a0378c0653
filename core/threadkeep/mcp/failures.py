"""What can go wrong between us and a server, in words that a model may read."""

from dataclasses import dataclass
from typing import Final

from httpx2 import HTTPError
from mcp import MCPError
from mcp.types import CONNECTION_CLOSED, INTERNAL_ERROR, INVALID_REQUEST, REQUEST_TIMEOUT
from pydantic import ValidationError

from threadkeep.errors import ToolError

_LONGEST: Final = 2_000
_NO_ANSWER: Final = (INTERNAL_ERROR, "Server returned an error response")
"""What the library makes of an answer that is none, such as that of a proxy."""
_NO_SESSION: Final = (INVALID_REQUEST, REQUEST_TIMEOUT)
"""The codes under which servers of the older protocol say, in words of their own, that the session is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a call failed.

    Attributes:
        text: What the server says; empty if it said nothing.
        is_lost: Whether the connection is of no use any more.
        is_unreadable: Whether the answer could not be read.
    """

    text: str = ""
    is_lost: bool = False
    is_unreadable: bool = False


def reason_of(error: Exception) -> Reason | None:
    """Tell why a call failed; None if it is nothing between us and a server."""
    if isinstance(error, MCPError):
        has_no_session = error.code in _NO_SESSION and "session" in error.message.lower()
        is_lost = has_no_session or error.code == CONNECTION_CLOSED or (error.code, error.message) == _NO_ANSWER
        return Reason(text=error.message[:_LONGEST], is_lost=is_lost)
    if isinstance(error, HTTPError | OSError):
        return Reason(is_lost=True)
    if isinstance(error, ValidationError | RuntimeError):
        return Reason(is_unreadable=True)
    return None


def told(server: str, reason: Reason) -> ToolError:
    """Give the error for the model."""
    if reason.is_lost:
        return ToolError(
            f"the connection to the server {server} broke: it is not known whether the call was carried out"
        )
    if reason.is_unreadable:
        return ToolError(f"the server {server} gave an answer that does not fit what it announced")
    return ToolError(f"the server {server} refuses the call: {reason.text}")
