"""Turns: what happened first goes first, each conversation for itself."""

import asyncio
from bisect import insort
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

Rank = tuple[int, int]
"""When something happened, in a form that compares exactly, which floating point does not."""

LAST: Final[Rank] = (10**12, 0)
"""The rank of what has no time of Slack's: behind all that waits."""

Come = Callable[[], Awaitable[None]]
"""Waits for the turn."""


def rank_of(ts: str) -> Rank:
    """Give the rank of a timestamp of Slack's."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds), int(fraction[:12].ljust(12, "0"))


@dataclass(slots=True, eq=False)
class _Stand:
    rank: Rank
    bell: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Line:
    standing: list[_Stand] = field(default_factory=list)
    holder: _Stand | None = None

    def is_turn_of(self, stand: _Stand) -> bool:
        return self.holder is None and self.standing[0] is stand

    def leave(self, stand: _Stand) -> None:
        self.standing.remove(stand)
        if self.holder is stand:
            self.holder = None
        if self.standing:
            self.standing[0].bell.set()


class Turns:
    """One line for each key, in the order of ranks; an empty line is forgotten.

    Who stands in a line need not be ready: whoever comes later in rank waits for it. Of equal ranks the first to arrive
    is first.
    """

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """Count who stands in a line or has its turn."""
        return self._waiting

    @asynccontextmanager
    async def stand(self, key: str, rank: Rank) -> AsyncIterator[Come]:
        """Stand in a line, and leave it at the end.

        The place is taken before anything is awaited. What is given waits for the turn, which lasts until the end.
        """
        line = self._lines.setdefault(key, _Line())
        stand = _Stand(rank)
        insort(line.standing, stand, key=lambda other: other.rank)
        self._waiting += 1

        async def come() -> None:
            while not line.is_turn_of(stand):
                stand.bell.clear()
                await stand.bell.wait()
            line.holder = stand

        try:
            yield come
        finally:
            self._waiting -= 1
            line.leave(stand)
            if not line.standing:
                del self._lines[key]
