"""The connections of a store: a set for each event loop that uses it."""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from threadkeep.stores.bell import Bell
from threadkeep.stores.redis.address import RedisAddress
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
        swept_at: When lapsed leases were last looked for before ready sessions, in the loop's time.
    """

    origin: str
    wire: Wire
    bell: Bell
    wakes: WakeListener
    swept_at: float = 0.0

    async def aclose(self) -> None:
        """Close both connections."""
        await self.wakes.aclose()
        await self.wire.aclose()
        self.bell.ring()


class Lines:
    """A line for each event loop: connections cannot be shared between loops, but a store can.

    Args:
        address: The server.
        channel: The wake-up channel.
        timeout: How many seconds a call may take.
    """

    def __init__(self, address: RedisAddress, *, channel: str, timeout: float) -> None:
        self._address = address
        self._channel = channel
        self._timeout = timeout
        self._lines: dict[asyncio.AbstractEventLoop, Line] = {}

    def here(self) -> Line:
        """Give the line of the running event loop; it connects when it is used."""
        loop = asyncio.get_running_loop()
        line = self._lines.get(loop)
        if line is None:
            self._forget_closed_loops()
            line = self._lines[loop] = self._open()
        return line

    async def aclose(self) -> None:
        """Close the lines of all event loops that still run."""
        here = asyncio.get_running_loop()
        while self._lines:
            loop, line = self._lines.popitem()
            if loop is here:
                await line.aclose()
            elif loop.is_running():
                closing = asyncio.run_coroutine_threadsafe(line.aclose(), loop)
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await asyncio.wrap_future(closing)

    def _open(self) -> Line:
        origin = uuid4().hex
        bell = Bell()
        wakes = WakeListener(
            self._address, channel=self._channel, origin=origin, on_wake=bell.ring, timeout=self._timeout
        )
        return Line(origin=origin, wire=Wire(self._address, self._timeout), bell=bell, wakes=wakes)

    def _forget_closed_loops(self) -> None:
        for loop in [loop for loop in self._lines if loop.is_closed()]:
            del self._lines[loop]
