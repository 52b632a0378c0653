"""The events that wait in a session; see the schema for their marks."""

import sqlite3
from dataclasses import dataclass

TAKEN = "taken"
"""The step of a run that says how many of the events it answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """How a session is held.

    Attributes:
        is_held: Whether a worker holds it; its lease may have lapsed.
        shown: The last event that the worker was shown.
        taken: The last event that the run answers.
    """

    is_held: bool
    shown: int
    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An event that waits."""

    seq: int
    mark: str


def read_hold(connection: sqlite3.Connection, session_id: str) -> Hold | None:
    """Tell how a session is held; None if there is no such session."""
    row = connection.execute(
        "SELECT worker IS NOT NULL, shown, taken FROM sessions WHERE session_id = ?", (session_id,)
    ).fetchone()
    return None if row is None else Hold(is_held=bool(row[0]), shown=row[1], taken=row[2])


def find_item(connection: sqlite3.Connection, session_id: str, message: str) -> Item | None:
    """Find a message that waits and is not deleted."""
    row = connection.execute(
        "SELECT seq, mark FROM events WHERE session_id = ? AND message = ? AND mark != 'd' ORDER BY seq LIMIT 1",
        (session_id, message),
    ).fetchone()
    return None if row is None else Item(seq=row[0], mark=row[1])


def count_waiting(connection: sqlite3.Connection, session_id: str) -> int:
    """Count the messages to be answered."""
    row = connection.execute(
        "SELECT count(*) FROM events WHERE session_id = ? AND mark IN ('a', 'u')", (session_id,)
    ).fetchone()
    return int(row[0])


def count_waiting_beyond(connection: sqlite3.Connection, session_id: str) -> int:
    """Count the messages to be answered that the run in progress does not answer."""
    row = connection.execute(
        "SELECT count(*) FROM events JOIN sessions USING (session_id) "
        "WHERE session_id = ? AND (mark = 'u' OR mark = 'a' AND seq > taken)",
        (session_id,),
    ).fetchone()
    return int(row[0])


def seq_of(connection: sqlite3.Connection, session_id: str, count: int) -> int:
    """Give the last of the first so many events; 0 if that is none."""
    row = connection.execute(
        "SELECT coalesce(max(seq), 0) FROM (SELECT seq FROM events WHERE session_id = ? ORDER BY seq LIMIT ?)",
        (session_id, max(count, 0)),
    ).fetchone()
    return int(row[0])


def taken_for_good(connection: sqlite3.Connection, session_id: str) -> int:
    """Give the last event that an attempt of the run in progress has taken: a later one answers the same."""
    row = connection.execute(
        "SELECT value FROM steps WHERE session_id = ? AND name = ?", (session_id, TAKEN)
    ).fetchone()
    return seq_of(connection, session_id, int(row[0])) if row is not None and str(row[0]).isdigit() else 0


def trim_context(connection: sqlite3.Connection, session_id: str, *, most: int, after: int = 0) -> None:
    """Drop the oldest context above the bound, of what came after a given event."""
    connection.execute(
        "DELETE FROM events WHERE seq IN (SELECT seq FROM events "
        "WHERE session_id = ? AND mark = 'c' AND seq > ? ORDER BY seq DESC LIMIT -1 OFFSET ?)",
        (session_id, after, most),
    )


def settle(connection: sqlite3.Connection, session_id: str, *, after: int, until: int) -> None:
    """Let happen to messages what happened to them while a run might have answered them, if it does not."""
    if until <= after:
        return
    span = (session_id, after, until, session_id)
    connection.execute(
        "UPDATE events SET mark = 'd' WHERE session_id = ? AND seq > ? AND seq <= ? AND message IN "
        "(SELECT message FROM amendments WHERE session_id = ? AND body IS NULL)",
        span,
    )
    connection.execute(
        "UPDATE events SET edit = amendments.body FROM amendments WHERE events.session_id = ? AND seq > ? "
        "AND seq <= ? AND mark != 'd' AND amendments.session_id = ? AND amendments.message = events.message",
        span,
    )
    connection.execute(
        "DELETE FROM amendments WHERE body IS NOT NULL AND session_id = ? AND message IN "
        "(SELECT message FROM events WHERE session_id = ? AND seq > ? AND seq <= ?)",
        (session_id, *span[:3]),
    )


def settle_unfinished(connection: sqlite3.Connection, session_id: str) -> int:
    """End a lease without a commit: only what the run has taken for good stays as it is; give the last of that."""
    kept = taken_for_good(connection, session_id)
    hold = read_hold(connection, session_id)
    settle(connection, session_id, after=kept, until=0 if hold is None else hold.taken)
    purge(connection, session_id, after=kept)
    return kept


def purge(connection: sqlite3.Connection, session_id: str, *, after: int = 0) -> None:
    """Remove what is marked as deleted, of what came after a given event."""
    connection.execute("DELETE FROM events WHERE session_id = ? AND mark = 'd' AND seq > ?", (session_id, after))
