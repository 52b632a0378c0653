"""Dead letters in SQLite."""

import sqlite3
from collections.abc import Callable

from threadkeep.stores.codec import decode_message
from threadkeep.stores.operations import DeadLetter
from threadkeep.stores.sqlite.bells import Bells
from threadkeep.stores.sqlite.database import Database
from threadkeep.stores.sqlite.items import purge, read_hold, settle
from threadkeep.stores.sqlite.rows import begin_session

_LETTER = "number, letter_id, session_id, reason, attempts, died_at"


class SQLiteDeadLetters:
    """What was given up. A letter's id is that of its run.

    Args:
        database: The tables.
        bells: Rung when a session becomes ready.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(self, database: Database, bells: Bells, clock: Callable[[], float]) -> None:
        self._database = database
        self._bells = bells
        self._clock = clock

    async def list(self, *, limit: int = 100) -> tuple[DeadLetter, ...]:
        """List the letters, the latest first."""

        def operation(connection: sqlite3.Connection) -> tuple[DeadLetter, ...]:
            rows = connection.execute(
                f"SELECT {_LETTER} FROM letters ORDER BY number DESC LIMIT ?",  # noqa: S608 - a constant
                (max(limit, 0),),
            ).fetchall()
            return tuple(_read(connection, row) for row in rows)

        return await self._database.read(operation)

    async def get(self, letter_id: str) -> DeadLetter | None:
        """Read one."""

        def operation(connection: sqlite3.Connection) -> DeadLetter | None:
            row = _find(connection, letter_id)
            return None if row is None else _read(connection, row)

        return await self._database.read(operation)

    async def retry(self, letter_id: str) -> bool:
        """Let its messages wait in their session again; see ``DeadLetters``."""

        def operation(connection: sqlite3.Connection) -> bool:
            row = _find(connection, letter_id)
            if row is None:
                return False
            self._put_back(connection, number=row[0], session_id=row[2])
            connection.execute("DELETE FROM letters WHERE number = ?", (row[0],))
            return True

        is_found = await self._database.write(operation)
        if is_found:
            self._bells.ring()
        return is_found

    async def drop(self, letter_id: str) -> bool:
        """Forget one; False if there is no such letter."""
        statement = "DELETE FROM letters WHERE letter_id = ?"
        return await self._database.write(lambda connection: connection.execute(statement, (letter_id,)).rowcount > 0)

    def _put_back(self, connection: sqlite3.Connection, *, number: int, session_id: str) -> None:
        now = self._clock()
        begin_session(connection, session_id, now)
        (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()
        connection.execute(
            "INSERT INTO events (session_id, message, mark, body, edit) "
            "SELECT ?, message, 'a', body, edit FROM letter_events WHERE number = ? ORDER BY seq",
            (session_id, number),
        )
        (until,) = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()
        # People may have edited or deleted them meanwhile.
        settle(connection, session_id, after=last, until=until)
        hold = read_hold(connection, session_id)
        if hold is not None and not hold.is_held:
            purge(connection, session_id, after=last)
        connection.execute(
            "UPDATE sessions SET due_at = ? WHERE session_id = ? AND due_at IS NULL AND EXISTS "
            "(SELECT 1 FROM events WHERE session_id = ? AND mark IN ('a', 'u'))",
            (now, session_id, session_id),
        )


def _find(connection: sqlite3.Connection, letter_id: str) -> tuple[int, str, str, str, int, float] | None:
    row: tuple[int, str, str, str, int, float] | None = connection.execute(
        f"SELECT {_LETTER} FROM letters WHERE letter_id = ?",  # noqa: S608 - a constant
        (letter_id,),
    ).fetchone()
    return row


def _read(connection: sqlite3.Connection, row: tuple[int, str, str, str, int, float]) -> DeadLetter:
    number, letter_id, session_id, reason, attempts, died_at = row
    events = connection.execute("SELECT body, edit FROM letter_events WHERE number = ? ORDER BY seq", (number,))
    return DeadLetter(
        letter_id=letter_id,
        session_id=session_id,
        run_id=letter_id,
        reason=reason,
        attempts=attempts,
        events=tuple(decode_message(body, edit) for body, edit in events),
        died_at=died_at,
    )
