"""One SQLite connection on a thread of its own, so that no call blocks an event loop.

What many callers want at the same time becomes one transaction: they share one wait for the disk.
"""

import asyncio
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from threadkeep.errors import StoreError, StoreUnavailableError
from threadkeep.stores.sqlite.schema import prepare

_T = TypeVar("_T")
_MEMORY: Final = ":memory:"
_MAX_BATCH: Final = 256
_MAX_WAITING: Final = 20_000
_OPEN_PAUSE: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    operation: Callable[[sqlite3.Connection], Any]
    is_write: bool
    loop: asyncio.AbstractEventLoop
    outcome: asyncio.Future[Any]


class Database:
    """A database file, or memory, that several event loops and several processes may use at once.

    Args:
        path: The file; ``:memory:`` for a database that ends with this object's use.
        timeout: How many seconds to wait for another process that writes.
    """

    def __init__(self, path: str | Path, timeout: float) -> None:
        self.place = str(path)
        self._timeout = timeout
        self._waiting: deque[_Job] = deque()
        self._connection: sqlite3.Connection | None = None
        # Its thread starts with the first call and ends with this object.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="threadkeep-sqlite")

    @property
    def is_shared(self) -> bool:
        """Whether other processes may use it too."""
        return self.place != _MEMORY

    async def write(self, operation: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run an operation in a transaction, and return its result when that is on the disk.

        An operation that raises leaves nothing behind. A caller that is cancelled does not stop its operation.

        Raises:
            StoreUnavailableError: The file cannot be written; nothing was.
        """
        return await self._run(operation, is_write=True)

    async def read(self, operation: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run an operation that only reads, and return its result.

        Raises:
            StoreUnavailableError: The file cannot be read.
        """
        return await self._run(operation, is_write=False)

    async def aclose(self) -> None:
        """Close the file when what waits is done; a later call opens it again. What was in memory only is gone."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)

    async def _run(self, operation: Callable[[sqlite3.Connection], _T], *, is_write: bool) -> _T:
        if len(self._waiting) >= _MAX_WAITING:
            raise StoreUnavailableError(f"{_MAX_WAITING} calls wait for the store {self.place} already")
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[_T] = loop.create_future()
        self._waiting.append(_Job(operation=operation, is_write=is_write, loop=loop, outcome=outcome))
        self._thread.submit(self._work)
        return await outcome

    def _work(self) -> None:
        jobs: list[_Job] = []
        while self._waiting and len(jobs) < _MAX_BATCH:
            jobs.append(self._waiting.popleft())
        if not jobs:
            return
        try:
            results = self._transact(jobs)
        except sqlite3.Error as error:
            failure = _unavailable(error, self.place)
            self._recover()
            for job in jobs:
                _deliver(job, failure)
        except StoreError as error:
            self._recover()
            for job in jobs:
                _deliver(job, error)
        else:
            for job, result in zip(jobs, results, strict=True):
                _deliver(job, result)

    def _transact(self, jobs: Sequence[_Job]) -> list[object]:
        connection = self._open()
        is_write = any(job.is_write for job in jobs)
        connection.execute("BEGIN IMMEDIATE" if is_write else "BEGIN")
        results = [_perform(connection, job) for job in jobs]
        connection.execute("COMMIT")
        return results

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            if self.is_shared:
                _make_private(self.place)
            connection = sqlite3.connect(self.place, timeout=self._timeout, isolation_level=None)
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        # FULL: a transaction is on the disk when COMMIT returns, also for a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                # SQLite does not wait for other processes here, as it does elsewhere.
                connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_OPEN_PAUSE)
        prepare(connection, self.place)

    def _recover(self) -> None:
        """Leave the failed transaction; a file is opened anew, since it may have been replaced."""
        connection = self._connection
        if connection is None:
            return
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        if self.is_shared:
            self._close()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _make_private(place: str) -> None:
    """Make the file, if there is none, so that only this user may read it: SQLite's others beside it follow it."""
    with suppress(OSError):
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _perform(connection: sqlite3.Connection, job: _Job) -> object:
    if not job.is_write:
        return _attempt(connection, job)
    connection.execute("SAVEPOINT job")
    result = _attempt(connection, job)
    if isinstance(result, Exception):
        connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")
    return result


def _attempt(connection: sqlite3.Connection, job: _Job) -> object:
    try:
        return job.operation(connection)
    except sqlite3.Error:
        # The file is the trouble, for all that are in this transaction.
        raise
    except Exception as error:  # noqa: BLE001 - it goes to the caller whose operation this is
        return error


def _deliver(job: _Job, result: object) -> None:
    def settle() -> None:
        if job.outcome.done():
            return
        if isinstance(result, Exception):
            job.outcome.set_exception(result)
        else:
            job.outcome.set_result(result)

    # A loop that was closed meanwhile waits for nothing.
    with suppress(RuntimeError):
        job.loop.call_soon_threadsafe(settle)


def _unavailable(error: sqlite3.Error, place: str) -> StoreUnavailableError:
    text = str(error)
    remedy = "check that its folder exists and that this user may read and write it"
    if "locked" in text or "busy" in text:
        remedy = "another process holds it for too long: stop that one, or use Redis for several busy processes"
    elif "full" in text:
        remedy = "make room on the disk"
    elif "malformed" in text or "not a database" in text:
        remedy = "it is damaged or no SQLite file: restore it from a backup, or give another path"
    failure = StoreUnavailableError(f"the store {place} cannot be used ({text}): {remedy}")
    failure.__cause__ = error
    return failure
