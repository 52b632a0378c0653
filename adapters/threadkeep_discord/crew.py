"""The shards that this process runs, by the slots that it holds."""

import asyncio
from collections.abc import Callable

import structlog

from threadkeep.errors import PlatformError
from threadkeep_discord.gateway import Shard
from threadkeep_discord.shard import ShardRunner
from threadkeep_discord.slots import ShardSlots

_log = structlog.get_logger(__name__)

_BEAT_SECONDS = 1.0


class ShardCrew:
    """Run the shards whose slots this process holds; wait for those of others.

    Shards are taken one at a time, each when the one before is connected: processes that start together share them.

    Args:
        slots: The slots.
        make: Makes the runner of a shard.
        count: How many shards there are.
        most: How many of them this process may run.
    """

    def __init__(self, slots: ShardSlots, *, make: Callable[[Shard], ShardRunner], count: int, most: int) -> None:
        self._slots = slots
        self._make = make
        self._count = count
        self._most = min(most, count)
        self._runners: dict[int, ShardRunner] = {}
        self._task: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._failure: PlatformError | None = None

    @property
    def running(self) -> tuple[int, ...]:
        """The numbers of the shards that this process runs."""
        return tuple(sorted(self._runners))

    @property
    def is_up(self) -> bool:
        """Whether all shards of this process are connected; one that stands by has none."""
        return all(runner.is_up for runner in self._runners.values())

    @property
    def count(self) -> int:
        """How many shards there are."""
        return self._count

    async def open(self, *, timeout: float) -> None:  # noqa: ASYNC109 - the limit of the first connection
        """Take a first shard and connect it; without a free one, stand by.

        Raises:
            PlatformError: The first connection failed.
        """
        await self._beat(is_patient=False)
        runners = tuple(self._runners.values())
        if not runners:
            _log.info("discord_standing_by", reason="other processes of this bot run all shards")
        # A shard may wait for its turn for longer than its slot is held: it must be kept meanwhile.
        self._task = asyncio.create_task(self._keep(), name="threadkeep discord shards")
        for runner in runners:
            await runner.wait_settled(timeout=timeout)

    async def wait_closed(self) -> None:
        """Return when the crew is closed.

        Raises:
            PlatformError: Discord ended a connection for good.
        """
        await self._over.wait()
        if self._failure is not None:
            raise self._failure

    async def aclose(self, *, grace: float) -> None:
        """Disconnect all shards, hand over what had arrived, and let others take the slots."""
        try:
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait({self._task})
            async with asyncio.TaskGroup() as group:
                for runner in self._runners.values():
                    group.create_task(runner.aclose(grace=grace))
            await self._slots.free()
        finally:
            self._runners.clear()
            self._over.set()

    def _end(self, failure: PlatformError) -> None:
        """Note that a shard has ended for good: so has the bot."""
        self._failure = self._failure or failure
        self._over.set()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            try:
                await self._beat(is_patient=True)
            except Exception:  # noqa: BLE001 - the shards are lost if nobody keeps them, whatever is wrong; it is reported
                _log.exception("discord_slots_failed")

    async def _beat(self, *, is_patient: bool) -> None:
        is_busy = any(not runner.is_settled for runner in self._runners.values())
        most = min(self._most, len(self._runners) + (0 if is_busy else 1))
        held = await self._slots.take(most)
        if held is None:
            return
        for number in self._runners.keys() - held:
            _log.warning("discord_shard_lost", shard=number, reason="another process runs it")
            await self._runners.pop(number).aclose(grace=0.0, is_lost=True)
        for number in sorted(held - self._runners.keys()):
            runner = self._runners[number] = self._make(Shard(number=number, count=self._count))
            runner.start(is_patient=is_patient, on_over=self._end)
