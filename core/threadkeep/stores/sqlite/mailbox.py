"""What waits in a session of a SQLite store, read for the operator."""

import sqlite3

from threadkeep.stores.operations import Mailbox
from threadkeep.stores.sqlite.items import TAKEN, seq_of


def read_mailbox(connection: sqlite3.Connection, session_id: str, *, since: float, most: int) -> Mailbox | None:
    """Tell what waits in a session; None if there is no such session.

    Args:
        connection: An open connection.
        session_id: The session.
        since: A session that was not used since then has expired.
        most: How many messages beyond those that the run takes are named.
    """
    row = connection.execute(
        "SELECT run_id, attempt, worker, taken, due_at FROM sessions WHERE session_id = ? AND used_at > ?",
        (session_id, since),
    ).fetchone()
    if row is None:
        return None
    run_id, attempt, worker, taken, due_at = row
    steps = dict(connection.execute("SELECT name, value FROM steps WHERE session_id = ?", (session_id,)).fetchall())
    if worker is None:
        # Between two attempts, the run's own word counts.
        taken = seq_of(connection, session_id, int(steps.get(TAKEN, 0)))
    rows = connection.execute(
        "SELECT seq, message FROM events WHERE session_id = ? AND mark != 'd' ORDER BY seq", (session_id,)
    ).fetchall()
    return Mailbox(
        taken=tuple(message for seq, message in rows if seq <= taken),
        waiting=tuple(message for seq, message in rows if seq > taken)[:most],
        run_id=run_id,
        attempt=attempt,
        steps=tuple(sorted(steps)),
        worker=worker,
        due_at=due_at,
    )
