"""How the waiting workers of one event loop learn that there is work."""

import asyncio
from contextlib import suppress


class Bell:
    """Wakes those who wait in one event loop.

    A ring between a claim that finds nothing and the wait that follows it is not lost: the bell is silenced only by a
    claim during which nobody rang.
    """

    def __init__(self) -> None:
        self._is_rung = asyncio.Event()
        self._rings = 0
        self._due_at: float | None = None
        self._waiting = 0

    @property
    def rings(self) -> int:
        """How often it was rung; to be read before a claim and given to ``silence`` after it."""
        return self._rings

    @property
    def is_awaited(self) -> bool:
        """Whether somebody here waits and will look at the next ring, so that nobody elsewhere needs to be woken."""
        return self._waiting > 0 and not self._is_rung.is_set()

    def ring(self) -> None:
        """Wake everybody who waits, or the next one who will."""
        self._rings += 1
        self._is_rung.set()

    def silence(self, rings: int, *, due_in: float | None = None) -> None:
        """Note that a claim found nothing.

        Args:
            rings: How often the bell had been rung when the claim was sent.
            due_in: In how many seconds something becomes ready by itself, where that is known.
        """
        self._due_at = None if due_in is None else asyncio.get_running_loop().time() + due_in
        if rings == self._rings:
            self._is_rung.clear()

    async def wait(self, seconds: float) -> None:
        """Return at a ring, or when something is due, at the latest after that time."""
        limit = seconds
        if self._due_at is not None:
            limit = min(limit, self._due_at - asyncio.get_running_loop().time())
            self._due_at = None
        self._waiting += 1
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(limit, 0)):
                    await self._is_rung.wait()
        finally:
            self._waiting -= 1
