"""The connections of a store: a set for each event loop that uses it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from threadkeep.stores.bell import Bell
from threadkeep.stores.redis.address import ClusterAddress, RedisAddress
from threadkeep.stores.redis.cluster import ClusterWire
from threadkeep.stores.redis.partitions import Partitions
from threadkeep.stores.redis.wakes import WakeListener
from threadkeep.stores.redis.wire import Wire

_CLOSE_SECONDS: Final = 5.0


@dataclass(slots=True, kw_only=True)
class Line:
    """What one event loop uses.

    Attributes:
        origin: Names this line in the wake-up channel.
        wire: The connection for calls.
        bell: Wakes those who wait.
        wakes: Rings the bell for what other lines do.
        partitions: Where there may be work.
        platforms: Whose sessions the last claim here asked for; None for all.
    """

    origin: str
    wire: Wire | ClusterWire
    bell: Bell
    wakes: WakeListener
    partitions: Partitions
    platforms: frozenset[str] | None = None

    def is_awaited_for(self, platform: str) -> bool:
        """Tell whether somebody here waits who will take a session of that platform."""
        return self.bell.is_awaited and (self.platforms is None or platform in self.platforms)

    def origin_in(self, partition: int) -> str:
        """Give what is published when a session of that partition becomes ready."""
        return f"{self.origin} {partition}"

    def wake(self, partition: int) -> None:
        """Wake those who wait here: a session of that partition became ready by a call of this line."""
        self.partitions.hint(partition)
        self.bell.ring()

    async def aclose(self) -> None:
        """Close both connections."""
        await self.wakes.aclose()
        await self.wire.aclose()
        self.bell.ring()


@dataclass(frozen=True, slots=True)
class _Open:
    line: Line
    guard: AsyncGenerator[None, None]


class Lines:
    """A line for each event loop: connections cannot be shared between loops, but a store can.

    A line is closed with the store, or when its event loop ends.

    Args:
        address: The server or the cluster.
        channel: The wake-up channel.
        partitions: Over how many partitions the sessions are spread.
        sweep_seconds: How often it is to be looked for lapsed leases.
        timeout: How many seconds a call may take.
    """

    def __init__(
        self,
        address: RedisAddress | ClusterAddress,
        *,
        channel: str,
        partitions: int,
        sweep_seconds: float,
        timeout: float,
    ) -> None:
        self.address = address
        self.timeout = timeout
        self._channel = channel
        self._partitions = partitions
        self._sweep_seconds = sweep_seconds
        self._lines: dict[asyncio.AbstractEventLoop, _Open] = {}

    def here(self) -> Line:
        """Give the line of the running event loop; it connects when it is used."""
        loop = asyncio.get_running_loop()
        found = self._lines.get(loop)
        if found is None:
            self._forget_closed_loops()
            line = self._open()
            found = self._lines[loop] = _Open(line, self._guard(loop, line))
            # Its first step awaits nothing; it makes the loop know of the guard.
            with suppress(StopIteration):
                anext(found.guard).send(None)
        return found.line

    async def aclose(self) -> None:
        """Close the lines of all event loops that still run."""
        here = asyncio.get_running_loop()
        while self._lines:
            loop, found = self._lines.popitem()
            if loop is here:
                await found.guard.aclose()
            elif loop.is_running():
                closing = asyncio.run_coroutine_threadsafe(_close(found), loop)
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await asyncio.wrap_future(closing)

    async def _guard(self, loop: asyncio.AbstractEventLoop, line: Line) -> AsyncGenerator[None, None]:
        # An event loop closes its async generators before it ends: this is how we hear of it, so that a program
        # which calls asyncio.run() leaves no connection behind.
        try:
            yield
        finally:
            self._lines.pop(loop, None)
            await line.aclose()

    def _open(self) -> Line:
        origin = uuid4().hex
        bell = Bell()
        partitions = Partitions(self._partitions, self._sweep_seconds)
        wakes = WakeListener(
            self.address, self._channel, origin=origin, bell=bell, partitions=partitions, timeout=self.timeout
        )
        if isinstance(self.address, ClusterAddress):
            wire: Wire | ClusterWire = ClusterWire(self.address, self.timeout)
        else:
            wire = Wire(self.address, self.timeout)
        return Line(origin=origin, wire=wire, bell=bell, wakes=wakes, partitions=partitions)

    def _forget_closed_loops(self) -> None:
        for loop in [loop for loop in self._lines if loop.is_closed()]:
            del self._lines[loop]


async def _close(found: _Open) -> None:
    await found.guard.aclose()
