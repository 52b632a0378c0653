"""What happens in one transaction when a session is claimed, committed, renewed or given back."""

import sqlite3
from collections.abc import Mapping

from threadkeep.errors import LeaseLostError
from threadkeep.runs import Run
from threadkeep.stores.base import Claim, Lease
from threadkeep.stores.codec import decode_event
from threadkeep.stores.options import StoreOptions
from threadkeep.stores.sqlite.accepting import drop_oldest_context
from threadkeep.stores.sqlite.rows import append_run, read_runs, read_session


def find_due(connection: sqlite3.Connection, now: float) -> str | None:
    """Give the session that may be claimed for the longest time; None if there is none."""
    row = connection.execute(
        "SELECT session_id FROM sessions WHERE due_at <= ? ORDER BY due_at LIMIT 1", (now,)
    ).fetchone()
    return None if row is None else str(row[0])


def next_due(connection: sqlite3.Connection) -> float | None:
    """Give the time at which the next session may be claimed."""
    row = connection.execute("SELECT min(due_at) FROM sessions WHERE due_at IS NOT NULL").fetchone()
    return None if row[0] is None else float(row[0])


def take(
    connection: sqlite3.Connection, lease_worker: str, session_id: str, options: StoreOptions, now: float
) -> Lease:
    """Lease a session to a worker, with the first of what waits in it."""
    trim_context(connection, session_id, options)
    # The attempt that saw them as context is fenced off now.
    connection.execute("UPDATE events SET is_late = 0 WHERE session_id = ? AND is_late = 1", (session_id,))
    connection.execute("UPDATE fences SET latest = latest + 1")
    connection.execute(
        "UPDATE sessions SET worker = ?, due_at = ?, attempt = attempt + 1, "
        "fence = (SELECT latest FROM fences), taken = (SELECT coalesce(max(seq), 0) FROM "
        "(SELECT seq FROM events WHERE session_id = ? ORDER BY seq LIMIT ?)) WHERE session_id = ?",
        (lease_worker, now + options.lease_seconds, session_id, options.max_claimed_events, session_id),
    )
    (fence,) = connection.execute("SELECT fence FROM sessions WHERE session_id = ?", (session_id,)).fetchone()
    return Lease(session_id=session_id, worker=lease_worker, fence=fence)


def read_claim(connection: sqlite3.Connection, lease: Lease, *, run_id: str, runs: int) -> Claim:
    """Give what the holder of a fresh lease needs.

    Raises:
        StoreError: Something stored cannot be read.
    """
    session_id = lease.session_id
    connection.execute("UPDATE sessions SET run_id = coalesce(run_id, ?) WHERE session_id = ?", (run_id, session_id))
    run_id, attempt, taken = connection.execute(
        "SELECT run_id, attempt, taken FROM sessions WHERE session_id = ?", (session_id,)
    ).fetchone()
    events = connection.execute(
        "SELECT body FROM events WHERE session_id = ? AND seq <= ? ORDER BY seq", (session_id, taken)
    )
    steps = connection.execute("SELECT name, value FROM steps WHERE session_id = ?", (session_id,))
    session = read_session(connection, session_id, float("-inf"))
    if session is None:
        raise LookupError(session_id)
    return Claim(
        lease=lease,
        run_id=run_id,
        attempt=attempt,
        events=tuple(decode_event(body) for (body,) in events),
        steps=dict(steps.fetchall()),
        session=session,
        runs=read_runs(connection, session_id, runs),
    )


def is_held(connection: sqlite3.Connection, lease: Lease) -> bool:
    """Tell whether nobody has taken the session over, and the lease was not ended."""
    row = connection.execute(
        "SELECT 1 FROM sessions WHERE session_id = ? AND fence = ? AND worker IS NOT NULL",
        (lease.session_id, lease.fence),
    ).fetchone()
    return row is not None


def check_held(connection: sqlite3.Connection, lease: Lease) -> None:
    """Refuse a holder whose lease is lost.

    Raises:
        LeaseLostError: It is.
    """
    if not is_held(connection, lease):
        raise LeaseLostError(
            f"worker {lease.worker} does not hold {lease.session_id} any more (fence {lease.fence}): "
            "nothing was written"
        )


def record(connection: sqlite3.Connection, lease: Lease, steps: Mapping[str, str]) -> None:
    """Record steps of the run in progress.

    Raises:
        LeaseLostError: Another worker holds the session.
    """
    check_held(connection, lease)
    connection.executemany(
        "INSERT OR REPLACE INTO steps VALUES (?, ?, ?)",
        [(lease.session_id, name, value) for name, value in steps.items()],
    )


def commit(
    connection: sqlite3.Connection, lease: Lease, run: Run, consumed: int, options: StoreOptions, now: float
) -> bool:
    """Append the run, consume events, end the lease; tell whether the session is ready again.

    Raises:
        LeaseLostError: Another worker holds the session.
    """
    row = connection.execute(
        "SELECT committed_run_id FROM sessions WHERE session_id = ?", (lease.session_id,)
    ).fetchone()
    if row is not None and row[0] == run.run_id:
        return False
    check_held(connection, lease)
    append_run(connection, lease.session_id, run, options, now)
    _consume(connection, lease.session_id, consumed)
    connection.execute("DELETE FROM steps WHERE session_id = ?", (lease.session_id,))
    connection.execute(
        "UPDATE sessions SET committed_run_id = ?, run_id = NULL, attempt = 0 WHERE session_id = ?",
        (run.run_id, lease.session_id),
    )
    trim_context(connection, lease.session_id, options)
    return end_lease(connection, lease.session_id, now)


def end_lease(connection: sqlite3.Connection, session_id: str, due_at: float) -> bool:
    """Let nobody hold the session; tell whether it may be claimed again from that time on."""
    row = connection.execute(
        "SELECT 1 FROM events WHERE session_id = ? AND is_answerable = 1 LIMIT 1", (session_id,)
    ).fetchone()
    connection.execute(
        "UPDATE sessions SET worker = NULL, taken = 0, due_at = ? WHERE session_id = ?",
        (None if row is None else due_at, session_id),
    )
    return row is not None


def trim_context(connection: sqlite3.Connection, session_id: str, options: StoreOptions) -> None:
    """Drop the oldest context above the bound."""
    (count,) = connection.execute(
        "SELECT count(*) FROM events WHERE session_id = ? AND is_answerable = 0", (session_id,)
    ).fetchone()
    if count > options.max_context:
        drop_oldest_context(connection, session_id, count=count - options.max_context)


def _consume(connection: sqlite3.Connection, session_id: str, count: int) -> None:
    connection.execute(
        "DELETE FROM events WHERE is_late = 0 AND seq IN (SELECT seq FROM events WHERE session_id = ? "
        "AND seq <= (SELECT taken FROM sessions WHERE session_id = ?) ORDER BY seq LIMIT ?)",
        (session_id, session_id, max(count, 0)),
    )
    connection.execute("UPDATE events SET is_late = 0 WHERE session_id = ? AND is_late = 1", (session_id,))
