"""Turns to begin gateway sessions, of which Discord allows few at a time."""

import asyncio
import time
from collections.abc import Callable

from threadkeep.chat.adapter import SharedState
from threadkeep.errors import StoreError
from threadkeep_discord.limits import IDENTIFY_SECONDS

_ASK_SECONDS = 0.5


class IdentifyTurns:
    """Let shards begin sessions one after the other, over all processes of the bot.

    https://discord.com/developers/docs/events/gateway#sharding-max-concurrency

    Args:
        shared: What the processes share; None if there is only this one.
        application_id: The bot's application.
        owner: The name of this process.
        concurrency: How many shards may begin at a time, as Discord says.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        shared: SharedState | None,
        *,
        application_id: int,
        owner: str,
        concurrency: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = shared
        self._application_id = application_id
        self._owner = owner
        self._concurrency = concurrency
        self._clock = clock
        self._taken_at: dict[int, float] = {}
        self._locks: dict[int, asyncio.Lock] = {}

    async def take(self, shard: int) -> None:
        """Wait until a shard may begin a session."""
        lane = shard % self._concurrency
        async with self._locks.setdefault(lane, asyncio.Lock()):
            taken_at = self._taken_at.get(lane)
            if taken_at is not None:
                await asyncio.sleep(max(0.0, taken_at + IDENTIFY_SECONDS - self._clock()))
            await self._take_from_others(lane)
            self._taken_at[lane] = self._clock()

    async def _take_from_others(self, lane: int) -> None:
        while not await self._has_taken(lane):  # noqa: ASYNC110 - the turn is in the store, which rings no bell
            await asyncio.sleep(_ASK_SECONDS)

    async def _has_taken(self, lane: int) -> bool:
        if self._shared is None:
            return True
        name = f"discord-identify:{self._application_id}:{lane}"
        try:
            # The turn is not given back: the next one may begin when its time is over.
            slots = await self._shared.take_slots(name, owner=self._owner, total=1, most=1, seconds=IDENTIFY_SECONDS)
        except StoreError:
            return False
        return bool(slots)
