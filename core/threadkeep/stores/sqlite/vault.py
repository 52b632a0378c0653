"""Sealed values, in SQLite."""

import sqlite3
from typing import Final

from threadkeep.stores.sqlite.database import Database

# Most bots have no vault: its table is made when it is first used.
_TABLE: Final = "CREATE TABLE IF NOT EXISTS vault (name TEXT PRIMARY KEY, value BLOB NOT NULL)"


class SQLiteVault:
    """Sealed values by name; kept until they are deleted.

    Args:
        database: The tables.
    """

    def __init__(self, database: Database) -> None:
        self._database: Final = database

    async def put(self, name: str, value: bytes, *, expected: bytes | None = None) -> bool:
        """Keep a value; see ``Vault``."""

        def operation(connection: sqlite3.Connection) -> bool:
            connection.execute(_TABLE)
            if expected is not None and _standing(connection, name) != expected:
                return False
            connection.execute("INSERT OR REPLACE INTO vault VALUES (?, ?)", (name, value))
            return True

        return await self._database.write(operation)

    async def get(self, name: str) -> bytes | None:
        """Give the value of a name; None if there is none."""

        def operation(connection: sqlite3.Connection) -> bytes | None:
            return _standing(connection, name) if _is_there(connection) else None

        return await self._database.read(operation)

    async def delete(self, name: str, *, expected: bytes | None = None) -> bool:
        """Forget a value; see ``Vault``."""

        def operation(connection: sqlite3.Connection) -> bool:
            connection.execute(_TABLE)
            if expected is not None and _standing(connection, name) != expected:
                return False
            return connection.execute("DELETE FROM vault WHERE name = ?", (name,)).rowcount > 0

        return await self._database.write(operation)

    async def names(self, prefix: str) -> tuple[str, ...]:
        """List the names that begin so, in alphabetical order."""

        def operation(connection: sqlite3.Connection) -> tuple[str, ...]:
            if not _is_there(connection):
                return ()
            rows = connection.execute("SELECT name FROM vault WHERE substr(name, 1, ?) = ?", (len(prefix), prefix))
            return tuple(sorted(str(name) for (name,) in rows))

        return await self._database.read(operation)


def _is_there(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'vault'").fetchone()
    return found is not None


def _standing(connection: sqlite3.Connection, name: str) -> bytes | None:
    row = connection.execute("SELECT value FROM vault WHERE name = ?", (name,)).fetchone()
    return None if row is None else bytes(row[0])
