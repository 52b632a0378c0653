"""The embedded store."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Self, Unpack

from threadkeep.stores.options import StoreOptions, StoreSettings
from threadkeep.stores.sqlite.bells import Bells
from threadkeep.stores.sqlite.control import SQLiteControl
from threadkeep.stores.sqlite.database import Database
from threadkeep.stores.sqlite.digests import SQLiteDigests, SQLiteLinks
from threadkeep.stores.sqlite.history import SQLiteHistory
from threadkeep.stores.sqlite.inbox import SQLiteInbox
from threadkeep.stores.sqlite.letters import SQLiteDeadLetters
from threadkeep.stores.sqlite.memories import SQLiteMemories
from threadkeep.stores.sqlite.shared_state import SQLiteSharedState
from threadkeep.stores.sqlite.tracing import SQLitePlaces, SQLiteTraces
from threadkeep.stores.sqlite.vault import SQLiteVault


class SQLiteStore:
    """Sessions, inboxes and memories in one SQLite file: durable without a server.

    Several event loops, and several processes of one machine, may use the file at once. It may not lie on a network
    file system.

    Args:
        path: The file, which is made if it does not exist; ``:memory:`` keeps everything in memory, until the store
            is closed.
        timeout: How many seconds to wait for another process that writes.
        clock: Gives the time in seconds since the epoch.
        settings: How much is kept and for how long; see ``StoreOptions``.

    Raises:
        ConfigError: A setting cannot be used.
    """

    def __init__(
        self,
        path: str | Path = "threadkeep.db",
        *,
        timeout: float = 5.0,
        clock: Callable[[], float] = time.time,
        **settings: Unpack[StoreSettings],
    ) -> None:
        self._options = StoreOptions(**settings)
        self._database = Database(path, timeout)
        bells, signal_bells = Bells(), Bells()
        self._inbox = SQLiteInbox(self._database, self._options, bells=bells, signal_bells=signal_bells, clock=clock)
        self._history = SQLiteHistory(self._database, self._options, clock)
        self._memories = SQLiteMemories(self._database, clock)
        self._digests = SQLiteDigests(self._database, self._options, clock)
        self._links = SQLiteLinks(self._database)
        self._control = SQLiteControl(self._database, self._options, signal_bells, clock=clock)
        self._dead_letters = SQLiteDeadLetters(self._database, bells, clock)
        self._places = SQLitePlaces(self._database, self._options, clock)
        self._traces = SQLiteTraces(self._database, self._options, clock)
        self._shared = SQLiteSharedState(self._database, clock)
        self._vault = SQLiteVault(self._database)

    @property
    def inbox(self) -> SQLiteInbox:
        """Accepted events, leased to workers."""
        return self._inbox

    @property
    def history(self) -> SQLiteHistory:
        """Sessions and finished runs."""
        return self._history

    @property
    def memories(self) -> SQLiteMemories:
        """What is remembered of users."""
        return self._memories

    @property
    def digests(self) -> SQLiteDigests:
        """How far sessions have been summed up."""
        return self._digests

    @property
    def links(self) -> SQLiteLinks:
        """Accounts of one person."""
        return self._links

    @property
    def control(self) -> SQLiteControl:
        """Signals to the workers."""
        return self._control

    @property
    def dead_letters(self) -> SQLiteDeadLetters:
        """What could not be answered."""
        return self._dead_letters

    @property
    def places(self) -> SQLitePlaces:
        """Where the bot takes part."""
        return self._places

    @property
    def traces(self) -> SQLiteTraces:
        """What was done with messages."""
        return self._traces

    @property
    def shared(self) -> SQLiteSharedState:
        """What the processes of a bot share."""
        return self._shared

    @property
    def vault(self) -> SQLiteVault:
        """Sealed values."""
        return self._vault

    @property
    def lease_seconds(self) -> float:
        """After what time without renewal another worker may take a session over."""
        return self._options.lease_seconds

    @property
    def description(self) -> str:
        """The file, or that there is none."""
        return f"SQLite file {self._database.place}" if self._database.is_shared else "SQLite in memory"

    async def __aenter__(self) -> Self:
        """Open the file, and make its tables where it is new.

        Raises:
            StoreUnavailableError: The file cannot be opened or written.
            StoreConfigError: It was written by a newer threadkeep.
        """
        try:
            await self._database.write(lambda _: None)
        except BaseException:
            await self._database.aclose()
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Close the file; a later call opens it again. What was only in memory is gone."""
        await self._database.aclose()
