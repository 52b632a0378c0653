"""Turns to begin gateway sessions, of which Discord allows few at a time."""

import asyncio
import time
from collections.abc import Callable

import structlog

from threadkeep.chat.adapter import SharedState
from threadkeep.errors import StoreError
from threadkeep_discord.limits import IDENTIFY_SECONDS, SESSION_START_SECONDS, SESSION_STARTS

_log = structlog.get_logger(__name__)

_ASK_SECONDS = 0.5
_LONGEST_SLEEP = 60.0


class IdentifyTurns:
    """Let shards begin sessions one after the other, and not too many in a day, over all processes of the bot.

    Discord resets the token of a bot that begins more:
    https://discord.com/developers/docs/events/gateway#session-start-limit
    and https://discord.com/developers/docs/events/gateway#sharding-max-concurrency

    Args:
        shared: What the processes share; None if there is only this one.
        application_id: The bot's application.
        owner: The name of this process.
        concurrency: How many shards may begin at a time, as Discord says.
        starts: How many sessions may begin in a day, as Discord says.
        closed_for: Seconds for which none may, as Discord says.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        shared: SharedState | None,
        *,
        application_id: int,
        owner: str,
        concurrency: int,
        starts: int = SESSION_STARTS,
        closed_for: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = shared
        self._application_id = application_id
        self._owner = owner
        self._concurrency = concurrency
        self._starts = starts
        self._clock = clock
        self._opens_at = clock() + closed_for
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
            await self._take_start()
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

    async def _take_start(self) -> None:
        while (wait := await self._seconds_to_start()) > 0:
            _log.error(
                "discord_sessions_used_up",
                seconds=round(wait),
                starts_a_day=self._starts,
                remedy="A process ends soon after each start: see why. Until then nothing of what is said is heard.",
            )
            await asyncio.sleep(min(wait, _LONGEST_SLEEP))

    async def _seconds_to_start(self) -> float:
        closed_for = self._opens_at - self._clock()
        if closed_for > 0 or self._shared is None:
            return max(0.0, closed_for)
        name = f"discord-starts:{self._application_id}"
        try:
            return await self._shared.spend(name, 1, limit=self._starts, per_seconds=SESSION_START_SECONDS)
        except StoreError:
            # The turn was given by the store a moment ago; a bot that hears is worth more than an exact count.
            return 0.0
