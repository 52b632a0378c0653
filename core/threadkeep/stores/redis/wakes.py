"""The wake-up channel: other processes' sessions that became ready ring the bell of this event loop."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from redis.asyncio.connection import AbstractConnection

from threadkeep.stores.redis.address import RedisAddress
from threadkeep.stores.redis.failures import FAILURES

_log = structlog.get_logger(__name__)
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0


class WakeListener:
    """A subscription on a connection of its own, which is opened when somebody first waits.

    A lost subscription costs nothing but time: those who wait wake up at the end of their wait anyway. It is opened
    again with growing pauses.

    Args:
        address: The server.
        channel: The channel.
        origin: What this event loop publishes; it has heard of that already.
        on_wake: Called when somebody else made a session ready, or may have done so unheard.
        timeout: How many seconds connecting may take.
    """

    def __init__(
        self, address: RedisAddress, *, channel: str, origin: str, on_wake: Callable[[], None], timeout: float
    ) -> None:
        self._address = address
        self._channel = channel
        self._origin = origin.encode()
        self._on_wake = on_wake
        self._timeout = timeout
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen; harmless if it listens already."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="threadkeep-redis-wakes")

    async def aclose(self) -> None:
        """Stop listening and close the connection."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                connection = await self._subscribe()
                pause = _FIRST_PAUSE
                await self._listen(connection)
            except FAILURES as error:
                _log.warning("wake_channel_lost", server=str(self._address), reason=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _subscribe(self) -> AbstractConnection:
        connection = await self._address.connect(self._timeout)
        await connection.send_command("SUBSCRIBE", self._channel, check_health=False)
        return connection

    async def _listen(self, connection: AbstractConnection) -> None:
        try:
            while True:
                push = await connection.read_response(push_request=True)
                # [message, channel, origin]; the confirmation of the subscription rings for what came before it.
                is_own = isinstance(push, list) and len(push) == 3 and push[2] == self._origin
                if not is_own:
                    self._on_wake()
        finally:
            await connection.disconnect(nowait=True)
