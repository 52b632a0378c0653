"""Where the bot takes part and what was done with messages, in SQLite."""

import sqlite3
from collections.abc import Callable

from threadkeep.chat.adapter import Acceptance
from threadkeep.sessions import MessageKey
from threadkeep.stores.codec import decode_place
from threadkeep.stores.operations import KnownPlace, Mailbox, MessageTrace
from threadkeep.stores.options import StoreOptions
from threadkeep.stores.sqlite.database import Database
from threadkeep.stores.sqlite.mailbox import read_mailbox


class SQLitePlaces:
    """Where the bot takes part.

    Args:
        database: The tables.
        options: How long a place is known.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(self, database: Database, options: StoreOptions, clock: Callable[[], float]) -> None:
        self._database = database
        self._retention = options.retention.total_seconds()
        self._clock = clock

    async def recent(self, platform: str, *, since: float, limit: int) -> tuple[KnownPlace, ...]:
        """List the places in which something was said since then, the latest first."""

        def operation(connection: sqlite3.Connection) -> tuple[KnownPlace, ...]:
            rows = connection.execute(
                "SELECT place, last_message, said_at FROM sessions WHERE platform = ? AND said_at >= ? "
                "AND used_at > ? ORDER BY said_at DESC LIMIT ?",
                (platform, since, self._clock() - self._retention, max(limit, 0)),
            )
            return tuple(
                KnownPlace(place=decode_place(place), last_message=message, seen_at=said_at)
                for place, message, said_at in rows
            )

        return await self._database.read(operation)


class SQLiteTraces:
    """What was done with messages.

    Args:
        database: The tables.
        options: How long a session is known, and how much may wait in it.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(self, database: Database, options: StoreOptions, clock: Callable[[], float]) -> None:
        self._database = database
        self._options = options
        self._clock = clock

    async def find(self, key: MessageKey) -> MessageTrace | None:
        """Tell what was done with a message; a message that was ignored leaves no trace."""

        def operation(connection: sqlite3.Connection) -> MessageTrace | None:
            row = connection.execute(
                "SELECT session_id, acceptance, accepted_at, waiting_before, deliveries FROM seen "
                "WHERE message = ? AND expires_at > ?",
                (str(key), self._clock()),
            ).fetchone()
            if row is None:
                return None
            session_id, acceptance, accepted_at, waiting_before, deliveries = row
            return MessageTrace(
                key=key,
                session_id=session_id,
                acceptance=Acceptance(acceptance),
                accepted_at=accepted_at,
                waiting_before=waiting_before,
                deliveries=deliveries,
            )

        return await self._database.read(operation)

    async def mailbox(self, session_id: str) -> Mailbox | None:
        """Tell what waits in a session now; see ``Traces``."""
        since = self._clock() - self._options.retention.total_seconds()
        most = self._options.max_waiting + self._options.max_context
        return await self._database.read(
            lambda connection: read_mailbox(connection, session_id, since=since, most=most)
        )

    async def workspaces(self, platform: str) -> tuple[str, ...]:
        """List the workspaces in which messages were accepted, in alphabetical order."""
        statement = "SELECT workspace FROM workspaces WHERE platform = ? ORDER BY workspace"
        return await self._database.read(
            lambda connection: tuple(name for (name,) in connection.execute(statement, (platform,)))
        )
