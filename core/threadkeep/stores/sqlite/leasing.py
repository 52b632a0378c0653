"""What happens in one transaction when a session is claimed, taken over, renewed or given back."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Final

from threadkeep.chat.events import MessageReceived
from threadkeep.errors import LeaseLostError
from threadkeep.stores.base import Claim, Lease
from threadkeep.stores.codec import decode_message
from threadkeep.stores.options import StoreOptions
from threadkeep.stores.sqlite.items import (
    TAKEN,
    count_waiting,
    purge,
    read_hold,
    seq_of,
    settle,
    settle_unfinished,
    trim_context,
)
from threadkeep.stores.sqlite.rows import read_amendments, read_runs, read_session

# A session's platform is the first part of its id.
_IS_OF: Final = "(? IS NULL OR substr(session_id, 1, instr(session_id, ':') - 1) IN (SELECT value FROM json_each(?)))"


def _named(platforms: frozenset[str] | None) -> tuple[str | None, str | None]:
    names = None if platforms is None else json.dumps(sorted(platforms))
    return names, names


def find_due(connection: sqlite3.Connection, now: float, platforms: frozenset[str] | None) -> str | None:
    """Give the session of these platforms that may be claimed for the longest time; None if there is none.

    What a lease that has lapsed had put off happens now; a session in which nothing is left to be answered is passed.
    """
    while True:
        row = connection.execute(
            f"SELECT session_id FROM sessions WHERE due_at <= ? AND {_IS_OF} ORDER BY due_at LIMIT 1",  # noqa: S608 - fixed
            (now, *_named(platforms)),
        ).fetchone()
        if row is None:
            return None
        session_id = str(row[0])
        settle_unfinished(connection, session_id)
        if count_waiting(connection, session_id) > 0:
            return session_id
        end_lease(connection, session_id, now)


def next_due(connection: sqlite3.Connection, platforms: frozenset[str] | None) -> float | None:
    """Give the time at which the next session of these platforms may be claimed."""
    row = connection.execute(
        f"SELECT min(due_at) FROM sessions WHERE due_at IS NOT NULL AND {_IS_OF}",  # noqa: S608 - a fixed text
        _named(platforms),
    ).fetchone()
    return None if row[0] is None else float(row[0])


def take(connection: sqlite3.Connection, worker: str, session_id: str, options: StoreOptions, now: float) -> Lease:
    """Lease a session to a worker, with the first of what waits in it."""
    kept = settle_unfinished(connection, session_id)
    trim_context(connection, session_id, most=options.max_context, after=kept)
    # The attempt that was shown them as context is fenced off now.
    connection.execute(
        "UPDATE events SET mark = 'a' WHERE session_id = ? AND mark = 'u' AND seq > ?", (session_id, kept)
    )
    shown = max(kept, seq_of(connection, session_id, options.max_claimed_events))
    connection.execute("UPDATE fences SET latest = latest + 1")
    connection.execute(
        "UPDATE sessions SET worker = ?, due_at = ?, is_asleep = 0, attempt = attempt + 1, "
        "fence = (SELECT latest FROM fences), shown = ?, taken = ? WHERE session_id = ?",
        (worker, now + options.lease_seconds, shown, kept or shown, session_id),
    )
    (fence,) = connection.execute("SELECT fence FROM sessions WHERE session_id = ?", (session_id,)).fetchone()
    return Lease(session_id=session_id, worker=worker, fence=fence)


def read_claim(connection: sqlite3.Connection, lease: Lease, *, run_id: str, reach: tuple[int, int]) -> Claim:
    """Give what the holder of a fresh lease needs.

    Args:
        connection: The tables.
        lease: The lease.
        run_id: The id for the run, unless an unfinished one is continued.
        reach: How many of the last runs are read, and how many at most; see ``read_runs``.

    Raises:
        StoreError: Something stored cannot be read.
    """
    session_id = lease.session_id
    connection.execute("UPDATE sessions SET run_id = coalesce(run_id, ?) WHERE session_id = ?", (run_id, session_id))
    run_id, attempt, shown = connection.execute(
        "SELECT run_id, attempt, shown FROM sessions WHERE session_id = ?", (session_id,)
    ).fetchone()
    events = _read_events(connection, session_id, shown)
    steps = connection.execute("SELECT name, value FROM steps WHERE session_id = ?", (session_id,))
    session = read_session(connection, session_id, float("-inf"))
    if session is None:
        raise LookupError(session_id)
    last_runs = read_runs(connection, session, *reach)
    return Claim(
        lease=lease,
        run_id=run_id,
        attempt=attempt,
        events=events,
        steps=dict(steps.fetchall()),
        session=session,
        runs=last_runs,
        amendments=read_amendments(connection, session_id, last_runs, events),
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
    taken = steps.get(TAKEN, "")
    if taken.isdigit():
        _narrow(connection, lease.session_id, int(taken))


def extend(connection: sqlite3.Connection, lease: Lease, count: int) -> None:
    """Let the run in progress answer the first messages, more than before.

    Raises:
        LeaseLostError: Another worker holds the session.
    """
    check_held(connection, lease)
    taken = seq_of(connection, lease.session_id, count)
    extended = connection.execute(
        "UPDATE sessions SET taken = ?, shown = max(shown, ?) WHERE session_id = ? AND taken <= ?",
        (taken, taken, lease.session_id, taken),
    )
    if extended.rowcount > 0:
        connection.execute(
            "INSERT OR REPLACE INTO steps SELECT ?, ?, count(*) FROM events WHERE session_id = ? AND seq <= ?",
            (lease.session_id, TAKEN, lease.session_id, taken),
        )


def show_waiting(connection: sqlite3.Connection, lease: Lease, most: int) -> tuple[MessageReceived, ...]:
    """Show the holder what waits: what its run answers, and so many events beyond.

    Raises:
        LeaseLostError: Another worker holds the session.
        StoreError: Something stored cannot be read.
    """
    check_held(connection, lease)
    session_id = lease.session_id
    hold = read_hold(connection, session_id)
    taken = 0 if hold is None else hold.taken
    purge(connection, session_id, after=taken)
    (shown,) = connection.execute(
        "SELECT coalesce(max(seq), ?) FROM "
        "(SELECT seq FROM events WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?)",
        (taken, session_id, taken, most),
    ).fetchone()
    connection.execute(
        "UPDATE events SET mark = 'a' WHERE session_id = ? AND mark = 'u' AND seq > ? AND seq <= ?",
        (session_id, taken, shown),
    )
    connection.execute("UPDATE sessions SET shown = ? WHERE session_id = ?", (shown, session_id))
    return _read_events(connection, session_id, shown)


def release(connection: sqlite3.Connection, lease: Lease, due_at: float) -> bool:
    """Hand a session back; tell whether it may be claimed again from that time on."""
    if not is_held(connection, lease):
        return False
    settle_unfinished(connection, lease.session_id)
    return end_lease(connection, lease.session_id, due_at)


def end_lease(connection: sqlite3.Connection, session_id: str, due_at: float) -> bool:
    """Let nobody hold the session; tell whether it may be claimed again from that time on.

    Where nothing is left to be answered, there is no run to be continued.
    """
    is_ready = count_waiting(connection, session_id) > 0
    connection.execute(
        "UPDATE sessions SET worker = NULL, taken = 0, shown = 0, due_at = ?, is_asleep = 0 WHERE session_id = ?",
        (due_at if is_ready else None, session_id),
    )
    if not is_ready:
        forget_run(connection, session_id)
    return is_ready


def forget_run(connection: sqlite3.Connection, session_id: str) -> None:
    """Let the next claim begin a new run."""
    connection.execute("DELETE FROM steps WHERE session_id = ?", (session_id,))
    connection.execute("UPDATE sessions SET run_id = NULL, attempt = 0 WHERE session_id = ?", (session_id,))


def _narrow(connection: sqlite3.Connection, session_id: str, count: int) -> None:
    # The run says how many of the messages it answers: what it leaves may be changed from now on.
    hold = read_hold(connection, session_id)
    taken = seq_of(connection, session_id, count)
    if hold is not None and taken < hold.taken:
        connection.execute("UPDATE sessions SET taken = ? WHERE session_id = ?", (taken, session_id))
        settle(connection, session_id, after=taken, until=hold.taken)


def _read_events(connection: sqlite3.Connection, session_id: str, until: int) -> tuple[MessageReceived, ...]:
    rows = connection.execute(
        "SELECT body, edit FROM events WHERE session_id = ? AND seq <= ? ORDER BY seq", (session_id, until)
    )
    return tuple(decode_message(body, edit) for body, edit in rows)
