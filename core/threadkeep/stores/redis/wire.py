"""One ordered, pipelined connection to Redis for all calls of one event loop.

All calls of one turn of the loop go out in one write and come back in one read, in the order in which they were made;
calls made meanwhile are the next batch. A pool of connections would cost three times the CPU and, since two
connections race, would now and then store two messages of one conversation in the wrong order.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import hiredis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import NoScriptError, ResponseError

from threadkeep.errors import StoreError, StoreUnavailableError
from threadkeep.stores.redis.address import RedisAddress
from threadkeep.stores.redis.failures import FAILURES, connection_error, reply_error, tells_demotion
from threadkeep.stores.redis.scripts import Script

Word = str | bytes | int
"""A word of a command."""

_MAX_BATCH: Final = 500
_MAX_WAITING: Final = 20_000
_KEYLESS: Final = ("ASKING", "CLUSTER", "CONFIG", "EVAL", "INFO")


@dataclass(frozen=True, slots=True)
class Command:
    """A command to the server, or the call of a script.

    Attributes:
        words: The command's words; for a script the number of keys, the keys and the arguments.
        script: The script.
    """

    words: tuple[Word, ...]
    script: Script | None = None

    def packed(self) -> bytes:
        """Give what is sent."""
        return _packed(self.words if self.script is None else ("EVALSHA", self.script.sha, *self.words))

    def whole(self) -> "Command":
        """Give the command for a server that does not know the script."""
        return self if self.script is None else Command(("EVAL", self.script.source, *self.words))

    @property
    def key(self) -> Word | None:
        """The first key; None for a command that is about the server."""
        if self.script is not None:
            return self.words[1]
        return None if self.words[0] in _KEYLESS else self.words[1]


def script_call(script: Script, keys: Sequence[str], *arguments: Word) -> Command:
    """Give the command that calls a script."""
    return Command((len(keys), *keys, *arguments), script)


def checked(replies: list[object], place: str) -> list[object]:
    """Give replies none of which is a refusal.

    Args:
        replies: What came back.
        place: The server's address without secrets.

    Raises:
        StoreError: One of them is.
    """
    for reply in replies:
        if isinstance(reply, ResponseError):
            raise reply_error(reply, place) from reply
    return replies


def _packed(words: tuple[Word, ...]) -> bytes:
    # Its stub takes commands of one word only.
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]
    return packed


@dataclass(frozen=True, slots=True)
class _Call:
    commands: tuple[Command, ...]
    packed: list[bytes]
    replies: asyncio.Future[list[object]]


class Wire:
    """A connection that opens itself when it is used, and again after it was lost.

    Args:
        address: The server.
        timeout: How many seconds a batch may take, the connecting included.
    """

    def __init__(self, address: RedisAddress, timeout: float) -> None:
        self._address = address
        self._timeout = timeout
        self._waiting: deque[_Call] = deque()
        self._connection: AbstractConnection | None = None
        self._sender: asyncio.Task[None] | None = None

    async def call(self, command: Command) -> object:
        """Send one command and return its reply.

        A caller that is cancelled while it waits does not disturb the others; its command may have been performed.

        Raises:
            StoreUnavailableError: There is no reply; the command may have been performed or not.
            StoreError: The server refused it.
        """
        return checked(await self._enqueued((command,)), str(self._address))[0]

    async def call_all(self, *commands: Command) -> list[object]:
        """Send some commands together and return their replies.

        Raises:
            StoreUnavailableError: There is no reply; each of the commands may have been performed or not.
            StoreError: The server refused one of them; the others were performed.
        """
        return checked(await self._enqueued(commands), str(self._address))

    async def exchange(self, *commands: Command) -> list[object]:
        """Send some commands together, next to each other, and return their replies; a refusal is among them.

        Raises:
            StoreUnavailableError: There is no reply; each of the commands may have been performed or not.
        """
        return await self._enqueued(commands)

    @property
    def place(self) -> str:
        """The server's address without secrets."""
        return str(self._address)

    async def servers(self) -> tuple["Wire", ...]:
        """Give the connections to all servers behind this one: itself."""
        return (self,)

    async def aclose(self) -> None:
        """Close the connection; calls that wait fail."""
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        # A sender that was cancelled before its first step has failed nobody.
        self._fail_waiting("was closed")
        await self._disconnect()

    def _enqueued(self, commands: tuple[Command, ...]) -> asyncio.Future[list[object]]:
        # No coroutine: this is on the way of every call.
        if len(self._waiting) >= _MAX_WAITING:
            raise StoreUnavailableError(f"{_MAX_WAITING} calls wait for Redis at {self._address} already")
        # Text that cannot be encoded is its caller's error; found in the batch it would be everybody's.
        packed = [command.packed() for command in commands]
        call = _Call(commands, packed, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send_waiting(), name="threadkeep-redis-wire")
        return call.replies

    async def _send_waiting(self) -> None:
        batch: list[_Call] = []
        reason = "was closed"
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MAX_BATCH))]
                await self._exchange(batch)
        except Exception as error:
            # Not the server's doing: raised again, for the loop to report, when nobody is left waiting.
            reason = f"broke ({type(error).__name__}: {error})"
            raise
        finally:
            self._waiting.extendleft(reversed(batch))
            self._fail_waiting(reason)

    def _fail_waiting(self, reason: str) -> None:
        calls = list(self._waiting)
        self._waiting.clear()
        _fail(calls, StoreUnavailableError(f"the connection to Redis at {self._address} {reason}"))

    async def _exchange(self, batch: Sequence[_Call]) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                replies = await self._send(batch)
        except FAILURES as error:
            await self._disconnect()
            _fail(batch, connection_error(_named(error, self._timeout), str(self._address)))
            return
        position = 0
        for call in batch:
            end = position + len(call.commands)
            if not call.replies.done():
                call.replies.set_result(replies[position:end])
            position = end

    async def _send(self, batch: Sequence[_Call]) -> list[object]:
        connection = await self._connect()
        replies = await _converse(connection, [packed for call in batch for packed in call.packed])
        # After a restart or SCRIPT FLUSH the server knows no script. The calls are repeated here and at once, before
        # any later call, so that they keep their order.
        unknown = [index for index, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:
            commands = [command for call in batch for command in call.commands]
            again = await _converse(connection, [commands[index].whole().packed() for index in unknown])
            for index, reply in zip(unknown, again, strict=True):
                replies[index] = reply
        if any(isinstance(reply, ResponseError) and tells_demotion(reply) for reply in replies):
            # After a failover the same name, or the Sentinels, may lead to the new primary.
            await self._disconnect()
        return replies

    async def _connect(self) -> AbstractConnection:
        # Between two batches nothing may come: what can be read then is the end, as after a restart of the server.
        # Nothing was sent yet, so that going on with a new connection repeats nothing.
        if self._connection is not None and await self._connection.can_read():
            await self._disconnect()
        if self._connection is None:
            self._connection = await self._address.connect(self._timeout)
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)


async def _converse(connection: AbstractConnection, packed: Sequence[bytes]) -> list[object]:
    await connection.send_packed_command(packed, check_health=False)
    replies: list[object] = []
    for _ in packed:
        try:
            replies.append(await connection.read_response())
        except ResponseError as error:
            replies.append(error)
    return replies


def _named(error: Exception, seconds: float) -> Exception:
    if isinstance(error, TimeoutError) and not str(error):
        return TimeoutError(f"no answer within {seconds:g} s")
    return error


def _fail(batch: Sequence[_Call], error: StoreError) -> None:
    for call in batch:
        if not call.replies.done():
            # One error for each caller: their tracebacks would grow into each other.
            call.replies.set_exception(type(error)(*error.args))
            # A caller that was cancelled does not ask for it; that is no reason for a warning.
            call.replies.exception()
