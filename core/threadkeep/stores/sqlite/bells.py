"""A bell for each event loop that uses a store of this process."""

import asyncio
from contextlib import suppress

from threadkeep.stores.bell import Bell


class Bells:
    """The bells of all event loops that use a store."""

    def __init__(self) -> None:
        self._bells: dict[asyncio.AbstractEventLoop, Bell] = {}

    def here(self) -> Bell:
        """Give the bell of the running event loop."""
        loop = asyncio.get_running_loop()
        bell = self._bells.get(loop)
        if bell is None:
            for closed in [known for known in self._bells if known.is_closed()]:
                del self._bells[closed]
            bell = self._bells[loop] = Bell()
        return bell

    def ring(self) -> None:
        """Ring them all."""
        here = asyncio.get_running_loop()
        for loop, bell in list(self._bells.items()):
            if loop is here:
                bell.ring()
            else:
                # A loop that was closed meanwhile waits for nothing.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(bell.ring)
