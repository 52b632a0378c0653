"""Signals in SQLite: a small table, which every listener reads ten times a second, or when a bell rings."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import structlog

from threadkeep.chat.events import MessageReceived
from threadkeep.errors import StoreError
from threadkeep.runs import Run
from threadkeep.stores.base import Lease
from threadkeep.stores.operations import Signal
from threadkeep.stores.options import StoreOptions
from threadkeep.stores.signals import SignalBuffer
from threadkeep.stores.sqlite import leasing
from threadkeep.stores.sqlite.bells import Bells
from threadkeep.stores.sqlite.database import Database
from threadkeep.stores.sqlite.signalling import last_signal, read_signals, standing_signals
from threadkeep.stores.sqlite.suspending import answer_aside, pull

_log = structlog.get_logger(__name__)
_POLL_SECONDS: Final = 0.1


class SQLiteControl:
    """What the worker that holds a session must hear at once.

    Args:
        database: The tables.
        options: How much is shown.
        bells: Rung when a signal was written by this process.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(self, database: Database, options: StoreOptions, bells: Bells, *, clock: Callable[[], float]) -> None:
        self._database = database
        self._options = options
        self._bells = bells
        self._clock = clock

    @asynccontextmanager
    async def signals(self) -> AsyncGenerator[AsyncIterator[Signal], None]:
        """Listen to all signals; see ``Control``.

        The latest thousand wait for a slow listener; the older ones are dropped.

        Raises:
            StoreUnavailableError: The file cannot be read.
        """
        buffer = SignalBuffer()
        heard = await self._database.read(last_signal)
        listening = asyncio.create_task(self._listen(buffer, heard), name="threadkeep-sqlite-signals")
        try:
            yield buffer
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def repeat(self, leases: Sequence[Lease]) -> tuple[Signal, ...]:
        """Tell once more what the holders must know; see ``Control``."""
        return await self._database.read(lambda connection: standing_signals(connection, leases))

    async def waiting(self, lease: Lease) -> tuple[MessageReceived, ...]:
        """Read what waits: what the run takes, and up to a claim's worth beyond; see ``Control``."""
        return await self._database.write(
            lambda connection: leasing.show_waiting(connection, lease, self._options.max_claimed_events)
        )

    async def pull(self, lease: Lease, message: str) -> bool:
        """Let the run in progress take one more message; see ``Control``."""
        return await self._database.write(lambda connection: pull(connection, lease, message))

    async def answer_aside(self, lease: Lease, run: Run, message: str) -> None:
        """Append a run beside the one in progress; see ``Control``."""
        now = self._clock()
        await self._database.write(
            lambda connection: answer_aside(connection, lease, run, message, options=self._options, now=now)
        )

    async def extend(self, lease: Lease, taken: int) -> None:
        """Let the run in progress take more; see ``Control``."""
        await self._database.write(lambda connection: leasing.extend(connection, lease, taken))

    async def _listen(self, buffer: SignalBuffer, heard: int) -> None:
        bell = self._bells.here()
        is_known_lost = False
        while True:
            rings = bell.rings
            try:
                signals = await self._database.read(partial(read_signals, after=heard))
            except StoreError as error:
                if not is_known_lost:
                    _log.warning("sqlite_signals_lost", store=self._database.place, error=str(error))
                is_known_lost, signals = True, []
            else:
                is_known_lost = False
            for number, signal in signals:
                # Only the latest are kept; others may have been dropped while the file could not be read.
                if number > heard + 1:
                    buffer.miss()
                heard = number
                buffer.put(signal)
            bell.silence(rings)
            await bell.wait(_POLL_SECONDS)
