"""What happens in one transaction when a run is committed."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from threadkeep.messages import clean_text
from threadkeep.runs import Run
from threadkeep.stores.base import Lease
from threadkeep.stores.options import MAX_LETTERS, StoreOptions
from threadkeep.stores.sqlite.items import purge, settle, trim_context
from threadkeep.stores.sqlite.leasing import check_held, end_lease, forget_run
from threadkeep.stores.sqlite.rows import append_run

_UNKNOWN: Final = "unknown"


class Committing:
    """The end of a run.

    Args:
        connection: The database, in a transaction.
        lease: The right to write.
        run: The finished run.
        options: How much is kept.
        now: The time.
    """

    def __init__(
        self, connection: sqlite3.Connection, lease: Lease, run: Run, options: StoreOptions, now: float
    ) -> None:
        self._connection = connection
        self._lease = lease
        self._session_id = lease.session_id
        self._run = run
        self._options = options
        self._now = now

    def perform(self, consumed: int, dead: str | None, state: bytes | None = None) -> bool:
        """Append the run, consume events, end the lease; tell whether the session is ready again.

        Raises:
            LeaseLostError: Another worker holds the session.
        """
        row = self._connection.execute(
            "SELECT committed_run_id, taken FROM sessions WHERE session_id = ?", (self._session_id,)
        ).fetchone()
        if row is not None and row[0] == self._run.run_id:
            return False
        check_held(self._connection, self._lease)
        taken = int(row[1])
        append_run(self._connection, self._session_id, self._run, self._options, self._now)
        answered = self._connection.execute(
            "SELECT seq, mark FROM events WHERE session_id = ? AND seq <= ? ORDER BY seq LIMIT ?",
            (self._session_id, taken, max(consumed, 0)),
        ).fetchall()
        if dead is not None:
            self._write_letter(clean_text(dead) or _UNKNOWN, [seq for seq, mark in answered if mark == "a"])
        self._consume([seq for seq, mark in answered if mark != "u"])
        forget_run(self._connection, self._session_id)
        self._connection.execute(
            "UPDATE sessions SET committed_run_id = ?, state = coalesce(?, state) WHERE session_id = ?",
            (self._run.run_id, state, self._session_id),
        )
        settle(self._connection, self._session_id, after=0, until=taken)
        purge(self._connection, self._session_id)
        trim_context(self._connection, self._session_id, most=self._options.max_context)
        return end_lease(self._connection, self._session_id, self._now)

    def _consume(self, answered: Sequence[int]) -> None:
        self._connection.executemany("DELETE FROM events WHERE seq = ?", [(seq,) for seq in answered])
        self._connection.execute(
            "UPDATE events SET mark = 'a' WHERE session_id = ? AND mark = 'u'", (self._session_id,)
        )

    def _write_letter(self, reason: str, events: Sequence[int]) -> None:
        written = self._connection.execute(
            "INSERT OR REPLACE INTO letters (letter_id, session_id, reason, attempts, died_at) "
            "SELECT ?, session_id, ?, attempt, ? FROM sessions WHERE session_id = ?",
            (self._run.run_id, reason, self._now, self._session_id),
        )
        number = written.lastrowid
        self._connection.executemany(
            "INSERT INTO letter_events (number, message, body, edit) "
            "SELECT ?, message, body, edit FROM events WHERE seq = ?",
            [(number, seq) for seq in events],
        )
        self._connection.execute(
            "DELETE FROM letters WHERE number IN (SELECT number FROM letters ORDER BY number DESC LIMIT -1 OFFSET ?)",
            (MAX_LETTERS,),
        )
