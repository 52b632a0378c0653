"""Turns: what arrived first goes first, each conversation for itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0


class Turns:
    """One first-come-first-served line for each key; an empty line is forgotten."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """Count who stands in a line or has its turn."""
        return self._waiting

    @asynccontextmanager
    async def take(self, key: str) -> AsyncIterator[None]:
        """Wait for the turn and hold it inside.

        The place in the line is taken before anything is awaited: who calls first is first.
        """
        line = self._lines.setdefault(key, _Line())
        line.length += 1
        self._waiting += 1
        try:
            async with line.lock:
                yield
        finally:
            self._waiting -= 1
            line.length -= 1
            if line.length == 0:
                del self._lines[key]
