"""Sessions and their finished runs in SQLite."""

import sqlite3
from collections.abc import Callable, Mapping

from threadkeep.messages import clean_text
from threadkeep.runs import Run
from threadkeep.sessions import Session
from threadkeep.stores.base import Feedback, Transcript
from threadkeep.stores.codec import encode_state
from threadkeep.stores.options import StoreOptions
from threadkeep.stores.sqlite.database import Database
from threadkeep.stores.sqlite.rows import Upkeep, append_run, begin_session, read_amendments, read_runs, read_session
from threadkeep.stores.sqlite.suspending import read_opinions


class SQLiteHistory:
    """Sessions and finished runs.

    Args:
        database: The tables.
        options: How much is kept.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(self, database: Database, options: StoreOptions, clock: Callable[[], float]) -> None:
        self._database = database
        self._options = options
        self._clock = clock
        self._upkeep = Upkeep(options)

    async def load(self, session_id: str, *, runs: int, most_runs: int = 0) -> Transcript | None:
        """Read a session with its last runs; see ``History``."""

        def operation(connection: sqlite3.Connection) -> Transcript | None:
            session = read_session(connection, session_id, self._used_after())
            if session is None:
                return None
            found = read_runs(connection, session, runs, most_runs)
            amendments = read_amendments(connection, session_id, found)
            return Transcript(session=session, runs=found, amendments=amendments)

        return await self._database.read(operation)

    async def append(self, run: Run, *, state: Mapping[str, object] | None = None) -> None:
        """Add a finished run; see ``History``."""
        kept = None if state is None else encode_state(state)

        def operation(connection: sqlite3.Connection) -> None:
            row = connection.execute(
                "SELECT last_run_id FROM sessions WHERE session_id = ?", (run.session_id,)
            ).fetchone()
            if row is not None and row[0] == run.run_id:
                return
            now = self._clock()
            self._upkeep.perform(connection, now)
            begin_session(connection, run.session_id, now)
            append_run(connection, run.session_id, run, self._options, now)
            if kept is not None:
                connection.execute("UPDATE sessions SET state = ? WHERE session_id = ?", (kept, run.session_id))

        await self._database.write(operation)

    async def sessions(self, user_id: str, *, limit: int = 50) -> tuple[Session, ...]:
        """List a user's sessions, the latest first."""

        def operation(connection: sqlite3.Connection) -> tuple[Session, ...]:
            used_after = self._used_after()
            rows = connection.execute(
                "SELECT session_id FROM answered JOIN sessions USING (session_id) "
                "WHERE user_id = ? AND used_at > ? ORDER BY answered_at DESC, answered.rowid DESC LIMIT ?",
                (user_id, used_after, max(limit, 0)),
            ).fetchall()
            found = (read_session(connection, session_id, used_after) for (session_id,) in rows)
            return tuple(session for session in found if session is not None)

        return await self._database.read(operation)

    async def rename(self, session_id: str, name: str | None) -> bool:
        """Give a session a name, or none."""
        return await self._change(
            "UPDATE sessions SET name = ? WHERE session_id = ?", (clean_text(name) if name else None, session_id)
        )

    async def set_state(self, session_id: str, state: Mapping[str, object]) -> bool:
        """Replace the session state."""
        return await self._change(
            "UPDATE sessions SET state = ? WHERE session_id = ?", (encode_state(state), session_id)
        )

    async def feedback(self, session_id: str) -> tuple[Feedback, ...]:
        """Give what people think of the answers of a session; see ``History``."""
        return await self._database.read(lambda connection: read_opinions(connection, session_id))

    async def delete(self, session_id: str) -> bool:
        """Delete a session with all that belongs to it; see ``History``."""
        return await self._change("DELETE FROM sessions WHERE session_id = ?", (session_id,))

    def _used_after(self) -> float:
        return self._clock() - self._options.retention.total_seconds()

    async def _change(self, statement: str, values: tuple[object, ...]) -> bool:
        return await self._database.write(lambda connection: connection.execute(statement, values).rowcount > 0)
