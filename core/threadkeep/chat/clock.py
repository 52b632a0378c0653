"""Time as a reply sees it."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What tells the time and waits; tests bring their own."""

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        ...

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Return when the event is set or the seconds have passed."""
        ...


class LoopClock:
    """The real time."""

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        return time.monotonic()

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Return when the event is set or the seconds have passed."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
