"""The log of the calls that the API received."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

MOST_CALLS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Be one call: what was asked and what was answered.

    Attributes:
        route: The method and the template, as ``POST /channels/{channel_id}/messages``.
        path: The path that was asked for, under the API's address.
        body: The parsed body; files are not in it.
        status: The HTTP status; None when the connection was cut without an answer.
        answer: The parsed body of the answer.
        at: When it came, by the emulator's clock.
    """

    route: str
    path: str
    body: object
    status: int | None
    answer: object
    at: float


class CallLog:
    """Keep the last calls, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=MOST_CALLS)

    def __iter__(self) -> Iterator[Call]:
        return iter(tuple(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, call: Call) -> None:
        """Note a call."""
        self._calls.append(call)

    def of(self, route: str) -> list[Call]:
        """Give the calls of one route."""
        return [call for call in self._calls if call.route == route]

    def clear(self) -> None:
        """Forget all calls."""
        self._calls.clear()
