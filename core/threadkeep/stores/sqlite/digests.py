"""How far sessions have been summed up and read, and who has several accounts, in SQLite."""

import sqlite3
from collections.abc import Callable

from threadkeep.messages import clean_text
from threadkeep.stores.base import Transcript
from threadkeep.stores.charges import MAX_CHARGES, Charge, decode_charge, encode_charge
from threadkeep.stores.codec import decode_run
from threadkeep.stores.options import MAX_LINKED, StoreOptions
from threadkeep.stores.sqlite.database import Database
from threadkeep.stores.sqlite.rows import read_amendments, read_session


class SQLiteDigests:
    """How far sessions have been summed up and read for memories.

    Args:
        database: The tables.
        options: How long sessions are kept.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(self, database: Database, options: StoreOptions, clock: Callable[[], float]) -> None:
        self._database = database
        self._retention = options.retention.total_seconds()
        self._clock = clock

    async def page(self, session_id: str, *, after: int, runs: int) -> Transcript | None:
        """Read the runs that follow the one with a number; see ``Digests``."""

        def operation(connection: sqlite3.Connection) -> Transcript | None:
            session = read_session(connection, session_id, self._clock() - self._retention)
            if session is None:
                return None
            rows = connection.execute(
                "SELECT number, body FROM runs WHERE session_id = ? AND number > ? ORDER BY number LIMIT ?",
                (session_id, after, max(runs, 0)),
            ).fetchall()
            found = tuple(decode_run(body) for _, body in rows)
            amendments = read_amendments(connection, session_id, found)
            before = rows[0][0] - 1 if rows else max(after, 0)
            return Transcript(session=session, runs=found, amendments=amendments, before=before)

        return await self._database.read(operation)

    async def summarise(self, session_id: str, summary: str, *, since: int, until: int) -> bool:
        """Replace the summary; see ``Digests``."""
        return await self._change(
            "UPDATE sessions SET summary = ?, summarised = ? WHERE session_id = ? AND summarised = ?",
            (clean_text(summary), until, session_id, since),
        )

    async def mark_read(self, session_id: str, *, since: int, until: int) -> bool:
        """Note up to where runs are read for memories; see ``Digests``."""
        return await self._change(
            'UPDATE sessions SET "read" = ? WHERE session_id = ? AND "read" = ?', (until, session_id, since)
        )

    async def charge(self, charge: Charge) -> bool:
        """Keep what a call in the background cost; see ``Digests``."""

        def operation(connection: sqlite3.Connection) -> bool:
            session_id = charge.session_id
            if connection.execute("SELECT 1 FROM sessions WHERE session_id = ?", (session_id,)).fetchone() is None:
                return False
            connection.execute(
                "INSERT INTO charges (session_id, body) VALUES (?, ?)", (session_id, encode_charge(charge))
            )
            connection.execute(
                "DELETE FROM charges WHERE number IN "
                "(SELECT number FROM charges WHERE session_id = ? ORDER BY number DESC LIMIT 100 OFFSET ?)",
                (session_id, MAX_CHARGES),
            )
            return True

        return await self._database.write(operation)

    async def charges(self, session_id: str) -> tuple[Charge, ...]:
        """Give what calls in the background cost; see ``Digests``."""

        def operation(connection: sqlite3.Connection) -> tuple[Charge, ...]:
            rows = connection.execute(
                "SELECT body FROM charges WHERE session_id = ? ORDER BY number", (session_id,)
            ).fetchall()
            return tuple(decode_charge(session_id, body) for (body,) in rows)

        return await self._database.read(operation)

    async def _change(self, statement: str, values: tuple[object, ...]) -> bool:
        return await self._database.write(lambda connection: connection.execute(statement, values).rowcount > 0)


class SQLiteLinks:
    """Accounts of one person.

    Args:
        database: The tables.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_id: str) -> tuple[str, ...]:
        """Give all accounts of a person; see ``Links``."""
        return await self._database.read(lambda connection: _accounts(connection, user_id))

    async def link(self, user_id: str, other: str) -> bool:
        """Make two accounts one person's; see ``Links``."""

        def operation(connection: sqlite3.Connection) -> bool:
            members = dict.fromkeys((*_accounts(connection, user_id), *_accounts(connection, other)))
            if len(members) > MAX_LINKED:
                return False
            person = min(members)
            connection.executemany("INSERT OR REPLACE INTO links VALUES (?, ?)", [(name, person) for name in members])
            return True

        return await self._database.write(operation)

    async def unlink(self, user_id: str) -> bool:
        """Take an account out of those of its person; see ``Links``."""

        def operation(connection: sqlite3.Connection) -> bool:
            others = [name for name in _accounts(connection, user_id) if name != user_id]
            removed = connection.execute("DELETE FROM links WHERE user_id = ?", (user_id,)).rowcount > 0
            if len(others) == 1:
                connection.execute("DELETE FROM links WHERE user_id = ?", (others[0],))
            # The person may have been named after the account that goes.
            connection.executemany(
                "UPDATE links SET person = ? WHERE user_id = ?", [(min(others), name) for name in others]
            )
            return removed

        return await self._database.write(operation)


def _accounts(connection: sqlite3.Connection, user_id: str) -> tuple[str, ...]:
    rows = connection.execute(
        "SELECT user_id FROM links WHERE person = (SELECT person FROM links WHERE user_id = ?) ORDER BY rowid",
        (user_id,),
    ).fetchall()
    return tuple(name for (name,) in rows) or (user_id,)
