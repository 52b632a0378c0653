"""A subscription to one channel that opens itself again after it was lost."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from redis.asyncio.connection import AbstractConnection

from threadkeep.stores.redis.address import ClusterAddress, RedisAddress
from threadkeep.stores.redis.failures import FAILURES, connection_error

_log = structlog.get_logger(__name__)
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0


class Subscription:
    """A channel, on a connection of its own.

    What is published while the connection is lost is not heard; ``on_open`` may ask for it. It is opened again with
    growing pauses, and its loss is logged once.

    Args:
        address: The server, or the cluster: what is published at one node is heard at all.
        channel: The channel.
        on_message: Called with each message.
        on_open: Called when the subscription begins in the background, also again after it was lost; not for ``open``,
            which returns then.
        timeout: How many seconds connecting may take.
    """

    def __init__(
        self,
        address: RedisAddress | ClusterAddress,
        channel: str,
        *,
        on_message: Callable[[bytes], None],
        on_open: Callable[[], None] = lambda: None,
        timeout: float,
    ) -> None:
        self._address = address
        self._channel = channel
        self._on_message = on_message
        self._on_open = on_open
        self._timeout = timeout
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen when the server can be reached; harmless if it listens already."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(None), name=f"threadkeep-redis-{self._channel}")

    async def open(self) -> None:
        """Begin to listen, and return when the server has confirmed it.

        Raises:
            StoreUnavailableError: The server cannot be reached.
        """
        try:
            async with asyncio.timeout(self._timeout):
                connection = await self._subscribe()
        except FAILURES as error:
            raise connection_error(error, str(self._address)) from error
        self._task = asyncio.create_task(self._run(connection), name=f"threadkeep-redis-{self._channel}")

    async def aclose(self) -> None:
        """Stop listening and close the connection."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self, connection: AbstractConnection | None) -> None:
        pause = _FIRST_PAUSE
        is_known_lost = False
        while True:
            try:
                if connection is None:
                    connection = await self._subscribe()
                    self._on_open()
                pause, is_known_lost = _FIRST_PAUSE, False
                await self._listen(connection)
            except FAILURES as error:
                if not is_known_lost:
                    _log.warning(
                        "redis_channel_lost",
                        channel=self._channel,
                        server=str(self._address),
                        reason=type(error).__name__,
                    )
                is_known_lost = True
            connection = None
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _subscribe(self) -> AbstractConnection:
        connection = await self._address.connect(self._timeout)
        try:
            await connection.send_command("SUBSCRIBE", self._channel, check_health=False)
            await connection.read_response(push_request=True)
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        return connection

    async def _listen(self, connection: AbstractConnection) -> None:
        try:
            while True:
                # [message, channel, what was published]
                push = await connection.read_response(push_request=True)
                if isinstance(push, list) and len(push) == 3 and isinstance(push[2], bytes):
                    self._on_message(push[2])
        finally:
            await connection.disconnect(nowait=True)
