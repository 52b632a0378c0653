"""What the processes of a bot share, in SQLite."""

import json
import sqlite3
from collections.abc import Callable

from threadkeep.messages import clean_text
from threadkeep.stores.sqlite.database import Database


class SQLiteSharedState:
    """Notes, numbered slots that one process holds, and budgets.

    Args:
        database: The tables.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def recall(self, name: str) -> str | None:
        """Give what was noted; None if nothing was, or its time is over."""
        statement = "SELECT text FROM notes WHERE name = ? AND expires_at > ?"

        def operation(connection: sqlite3.Connection) -> str | None:
            row = connection.execute(statement, (name, self._clock())).fetchone()
            return None if row is None else str(row[0])

        return await self._database.read(operation)

    async def remember(self, name: str, text: str, *, seconds: float) -> None:
        """Note a text for a while; empty text forgets it."""
        cleaned = clean_text(text)

        def operation(connection: sqlite3.Connection) -> None:
            now = self._clock()
            connection.execute("DELETE FROM notes WHERE name = ? OR expires_at <= ?", (name, now))
            if cleaned and seconds > 0:
                connection.execute("INSERT INTO notes VALUES (?, ?, ?)", (name, cleaned, now + seconds))

        await self._database.write(operation)

    async def take_slots(self, name: str, *, owner: str, total: int, most: int, seconds: float) -> frozenset[int]:
        """Keep the slots of an owner and take free ones, the lowest first; see ``SharedState``."""

        def operation(connection: sqlite3.Connection) -> frozenset[int]:
            now = self._clock()
            rows = connection.execute("SELECT slot, owner, expires_at FROM slots WHERE name = ?", (name,)).fetchall()
            own = sorted(slot for slot, holder, _ in rows if holder == owner and slot < total)
            others = {slot for slot, holder, ends in rows if holder != owner and ends > now}
            free = sorted(set(range(total)) - others - set(own))
            held = [*own, *free][: max(most, 0)]
            # Also those of names that nobody will ask for again.
            connection.execute(
                "DELETE FROM slots WHERE (name = ? AND owner = ?) OR expires_at <= ?", (name, owner, now)
            )
            connection.executemany(
                "INSERT INTO slots VALUES (?, ?, ?, ?)", [(name, slot, owner, now + seconds) for slot in held]
            )
            return frozenset(held)

        return await self._database.write(operation)

    async def free_slots(self, name: str, *, owner: str) -> None:
        """Give all slots of an owner back."""
        statement = "DELETE FROM slots WHERE name = ? AND owner = ?"
        await self._database.write(lambda connection: connection.execute(statement, (name, owner)))

    async def spend(self, name: str, amount: int, *, limit: int, per_seconds: float) -> float:
        """Take units of what all may use within some seconds, or give how long to wait; see ``SharedState``."""
        note = f"spent/{name}"

        def operation(connection: sqlite3.Connection) -> float:
            now = self._clock()
            row = connection.execute("SELECT text FROM notes WHERE name = ?", (note,)).fetchone()
            taken = [at for at in (json.loads(row[0]) if row else ()) if at > now - per_seconds]
            surplus = len(taken) + amount - limit
            if surplus > 0:
                # More than the limit is never free: then it is told when all is.
                leaves = taken[min(surplus, len(taken)) - 1] if taken else now
                return max(0.001, float(leaves) + per_seconds - now)
            text = json.dumps([*taken, *[now] * amount])
            connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", (note, text, now + per_seconds))
            return 0.0

        return await self._database.write(operation)
