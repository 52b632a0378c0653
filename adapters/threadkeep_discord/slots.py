"""The right to run shards, spread over the processes of a bot."""

import asyncio
import time
from collections.abc import Callable

import structlog

from threadkeep.chat.adapter import SharedState
from threadkeep.errors import StoreError

_log = structlog.get_logger(__name__)

_HELD_SECONDS = 5.0


class ShardSlots:
    """Hold shards, so that no other process runs them.

    Args:
        shared: What the processes share; None if there is only this one, which then runs them all.
        application_id: The bot's application.
        owner: The name of this process.
        count: How many shards there are.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        shared: SharedState | None,
        *,
        application_id: int,
        owner: str,
        count: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = shared
        self._name = f"discord-shards:{application_id}"
        self._owner = owner
        self._count = count
        self._clock = clock
        self._kept_at = float("-inf")
        self._is_sure = asyncio.Event()

    async def take(self, most: int) -> frozenset[int] | None:
        """Keep the slots that are held and take free ones; None if that could not be asked."""
        if self._shared is None:
            self._is_sure.set()
            return frozenset(range(min(most, self._count)))
        asked_at = self._clock()
        try:
            slots = await self._shared.take_slots(
                self._name, owner=self._owner, total=self._count, most=most, seconds=_HELD_SECONDS
            )
        except StoreError as error:
            _log.warning("discord_slots_unknown", reason=str(error))
            return None
        self._kept_at = asked_at
        self._is_sure.set()
        return slots

    async def wait_sure(self) -> None:
        """Return when it is known that the slots are held.

        While the store cannot be reached nobody knows; a connection that stands is kept, since what it brings waits,
        but none is opened: another process may have taken over.
        """
        if self._shared is not None and self._clock() - self._kept_at >= _HELD_SECONDS:
            self._is_sure.clear()
        await self._is_sure.wait()

    async def free(self) -> None:
        """Give all slots back, for others to take at once."""
        if self._shared is not None:
            try:
                await self._shared.free_slots(self._name, owner=self._owner)
            except StoreError as error:
                _log.warning("discord_slots_not_freed", reason=str(error), free_in=_HELD_SECONDS)
