"""The record of what the app asked of the Web API."""

from collections import deque
from dataclasses import dataclass

from .wire import Payload

MAX_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCall:
    """Record one call, granted or refused.

    Attributes:
        args: The arguments as they came, without the token.
        result: The JSON answer; empty if the connection was cut before there was one.
        error: The code of a refused call; empty otherwise.
        status: The HTTP status; 0 if the connection was cut.
        fault: The kind of fault that struck the call; empty otherwise.
    """

    method: str
    args: Payload
    result: Payload
    team_id: str
    at: float
    status: int
    error: str = ""
    fault: str = ""

    @property
    def is_ok(self) -> bool:
        """Tell whether the app was told that the call succeeded."""
        return bool(self.result.get("ok")) and self.status == 200


class CallLog:
    """Hold the calls, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[LoggedCall] = deque(maxlen=MAX_REMEMBERED)

    def add(self, call: LoggedCall) -> None:
        """Append a call."""
        self._calls.append(call)

    def of(self, method: str | None = None) -> list[LoggedCall]:
        """Give the calls of one method, or all."""
        return [call for call in self._calls if method in {None, call.method}]
