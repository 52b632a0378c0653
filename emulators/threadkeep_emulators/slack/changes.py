"""Waiting for a state instead of for time."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from .problems import WaitTimeoutError

FoundT = TypeVar("FoundT")


class Changes:
    """Wake everybody who waits for a state whenever anything has changed."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def ring(self) -> None:
        """Let all waiters look again."""
        for bell in self._waiting:
            bell.set()

    async def until(self, look: Callable[[], FoundT | None], *, within: float, describe: Callable[[], str]) -> FoundT:
        """Give what the look finds as soon as it finds something.

        Args:
            look: Gives None for as long as the awaited state is not there.
            within: Seconds until the wait is given up.
            describe: Tells what was awaited and what is there, for the error's text.

        Raises:
            WaitTimeoutError: If the look has found nothing in time.
        """
        bell = asyncio.Event()
        self._waiting.add(bell)
        try:
            async with asyncio.timeout(within):
                while (found := look()) is None:
                    await bell.wait()
                    bell.clear()
        except TimeoutError:
            raise WaitTimeoutError(f"not seen within {within} s: {describe()}") from None
        finally:
            self._waiting.discard(bell)
        return found
