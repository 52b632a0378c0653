"""Sessions in the embedded store's tables."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from threadkeep.chat.events import MessageEdited, MessageReceived
from threadkeep.runs import Run
from threadkeep.sessions import Session
from threadkeep.stores.base import Amendments
from threadkeep.stores.codec import decode_edit, decode_run, decode_state, encode_run
from threadkeep.stores.options import MAX_SPEAKERS, StoreOptions

_UPKEEP_SECONDS: Final = 60.0
_BEHIND_SECONDS: Final = 1.0
_MOST_MESSAGES: Final = 1000
_MOST_SESSIONS: Final = 100
_DROPPED_PART: Final = 10
_SESSION: Final = 'session_id, name, state, created_at, updated_at, run_count, summary, summarised, "read"'


def begin_session(connection: sqlite3.Connection, session_id: str, now: float) -> None:
    """Make a session if it does not exist, and note that it is used."""
    connection.execute(
        "INSERT INTO sessions (session_id, created_at, updated_at, used_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (session_id) DO UPDATE SET used_at = excluded.used_at",
        (session_id, now, now, now),
    )


def add_speaker(connection: sqlite3.Connection, session_id: str, user_id: str) -> None:
    """Name a speaker of a session, in order of appearance."""
    connection.execute(
        "INSERT OR IGNORE INTO speakers (session_id, user_id) "
        "SELECT ?, ? WHERE (SELECT count(*) FROM speakers WHERE session_id = ?) < ?",
        (session_id, user_id, session_id, MAX_SPEAKERS),
    )


def append_run(connection: sqlite3.Connection, session_id: str, run: Run, options: StoreOptions, now: float) -> None:
    """Add a finished run to a session that exists, drop the oldest above the cap now and then, and index it."""
    connection.execute(
        "UPDATE sessions SET run_count = run_count + 1, last_run_id = ?, updated_at = ?, used_at = ? "
        "WHERE session_id = ?",
        (run.run_id, now, now, session_id),
    )
    if run.is_boundary:
        # A fresh conversation begins: the summary of what was before is dropped.
        connection.execute(
            "UPDATE sessions SET summary = '', summarised = run_count WHERE session_id = ?", (session_id,)
        )
    connection.execute(
        "INSERT INTO runs (session_id, number, body) "
        "SELECT session_id, run_count, ? FROM sessions WHERE session_id = ?",
        (encode_run(run), session_id),
    )
    # Several at a time: dropping one costs as many pages of the file as adding one.
    connection.execute(
        "DELETE FROM runs WHERE session_id = ? AND number <= "
        "(SELECT run_count - ? FROM sessions WHERE session_id = ? AND run_count % ? = 0)",
        (session_id, options.max_runs, session_id, max(1, options.max_runs // _DROPPED_PART)),
    )
    if run.user_id is not None:
        add_speaker(connection, session_id, run.user_id)
        connection.execute("INSERT OR REPLACE INTO answered VALUES (?, ?, ?)", (run.user_id, session_id, now))


def read_session(connection: sqlite3.Connection, session_id: str, used_after: float) -> Session | None:
    """Give what is known of a session; None if there is none that was used after that time."""
    row = connection.execute(
        f"SELECT {_SESSION} FROM sessions WHERE session_id = ? AND used_at > ?",  # noqa: S608 - a constant
        (session_id, used_after),
    ).fetchone()
    if row is None:
        return None
    speakers = connection.execute("SELECT user_id FROM speakers WHERE session_id = ? ORDER BY place", (session_id,))
    _, name, state, created_at, updated_at, run_count, summary, summarised, read = row
    return Session(
        session_id=session_id,
        name=name,
        user_ids=tuple(user_id for (user_id,) in speakers),
        created_at=created_at,
        updated_at=updated_at,
        run_count=run_count,
        state={} if state is None else decode_state(state),
        summary=summary,
        summarised=summarised,
        read=read,
    )


def read_runs(connection: sqlite3.Connection, session: Session, count: int, most: int = 0) -> tuple[Run, ...]:
    """Give the last runs of a session, oldest first.

    Args:
        connection: The tables.
        session: The session.
        count: How many.
        most: How many together with those before them that no summary covers.
    """
    if most > count:
        count = min(max(count, session.run_count - session.summarised), most)
    if count < 1:
        return ()
    rows = connection.execute(
        "SELECT body FROM runs WHERE session_id = ? ORDER BY number DESC LIMIT ?", (session.session_id, count)
    ).fetchall()
    return tuple(decode_run(body) for (body,) in reversed(rows))


def read_amendments(
    connection: sqlite3.Connection, session_id: str, runs: Sequence[Run], events: Sequence[MessageReceived] = ()
) -> Amendments:
    """Give what became of the messages of some runs and events."""
    if connection.execute("SELECT 1 FROM amendments WHERE session_id = ? LIMIT 1", (session_id,)).fetchone() is None:
        return {}
    sources = [message.source for run in runs for message in run.messages if message.source is not None]
    found: dict[str, MessageEdited | None] = {}
    for message in dict.fromkeys([*sources, *(str(event.key) for event in events)]):
        row = connection.execute(
            "SELECT body FROM amendments WHERE session_id = ? AND message = ?", (session_id, message)
        ).fetchone()
        if row is not None:
            found[message] = None if row[0] is None else decode_edit(row[0])
    return found


class Upkeep:
    """Deletes what has expired, now and then, inside the transactions of others.

    Args:
        options: How long sessions are kept.
    """

    def __init__(self, options: StoreOptions) -> None:
        self._retention = options.retention.total_seconds()
        self._due_at = float("-inf")

    def perform(self, connection: sqlite3.Connection, now: float) -> None:
        """Delete a bounded piece of what has expired, at most once a minute, or a second where more is left."""
        if now < self._due_at:
            return
        messages = connection.execute(
            "DELETE FROM seen WHERE message IN (SELECT message FROM seen WHERE expires_at <= ? LIMIT ?)",
            (now, _MOST_MESSAGES),
        ).rowcount
        sessions = connection.execute(
            "DELETE FROM sessions WHERE session_id IN (SELECT session_id FROM sessions WHERE used_at <= ? LIMIT ?)",
            (now - self._retention, _MOST_SESSIONS),
        ).rowcount
        is_behind = messages >= _MOST_MESSAGES or sessions >= _MOST_SESSIONS
        self._due_at = now + (_BEHIND_SECONDS if is_behind else _UPKEEP_SECONDS)
