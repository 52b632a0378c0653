"""The bell that rings when anything on the platform changed, so that waiting needs no polling."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from .errors import NotSeenError

Seen = TypeVar("Seen")


class Bell:
    """Wake everyone who waits for the platform to be in some state."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Say that something changed."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait_for(self, look: Callable[[], Seen | None], *, within: float, describe: Callable[[], str]) -> Seen:
        """Give what ``look`` sees as soon as that is true.

        Args:
            look: Looks at the current state; called once now and after each change.
            within: Seconds of real time to wait.
            describe: Tells what there is instead, for the error.

        Raises:
            NotSeenError: The time is up.
        """
        try:
            async with asyncio.timeout(within):
                while not (seen := look()):
                    await self._rung.wait()
                return seen
        except TimeoutError:
            text = f"not seen within {within} s; there is instead:\n{describe()}"
            raise NotSeenError(text) from None
