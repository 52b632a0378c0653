"""The tables of the embedded store."""

import sqlite3
from typing import Final

from threadkeep.errors import StoreConfigError

SCHEMA_VERSION: Final = 5
"""The version of the tables, kept in the file's ``user_version``. Forms 1 to 3 were never released."""

_CHARGES: Final = (
    """
    CREATE TABLE charges (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
        body BLOB NOT NULL
    )
    """,
    "CREATE INDEX charges_session ON charges (session_id, number)",
)

# sessions.due_at is the schedule and the lease in one: from then on the session may be claimed. It is null where there
# is nothing to answer, the time of arrival where there is, the end of the lease while a worker holds the session, and
# the end of the delay where one gave it back. While a run waits for people, sessions.is_asleep is set: then something
# that comes for it is due at once.
#
# While a worker holds a session, it was shown the events up to sessions.shown: nothing up to there is dropped. Those up
# to sessions.taken are what its run answers. From its first step on the number of these is also the step "taken" of
# the run: a later attempt answers the same messages, and until then nothing is dropped there either.
#
# events.mark is
#   a  to be answered
#   u  to be answered, but the worker was shown it as context: the commit of its run must leave it
#   c  context: shown to the next run, not answered
#   d  deleted, but kept where it is, since the worker counts on the places
_TABLES: Final = (
    """
    CREATE TABLE sessions (
        session_id TEXT PRIMARY KEY,
        name TEXT,
        state BLOB,
        created_at REAL NOT NULL,
        updated_at REAL NOT NULL,
        used_at REAL NOT NULL,
        run_count INTEGER NOT NULL DEFAULT 0,
        last_run_id TEXT,
        committed_run_id TEXT,
        due_at REAL,
        is_asleep INTEGER NOT NULL DEFAULT 0,
        fence INTEGER NOT NULL DEFAULT 0,
        worker TEXT,
        shown INTEGER NOT NULL DEFAULT 0,
        taken INTEGER NOT NULL DEFAULT 0,
        run_id TEXT,
        attempt INTEGER NOT NULL DEFAULT 0,
        platform TEXT,
        place BLOB,
        last_message TEXT,
        said_at REAL,
        summary TEXT NOT NULL DEFAULT '',
        summarised INTEGER NOT NULL DEFAULT 0,
        "read" INTEGER NOT NULL DEFAULT 0
    )
    """,
    "CREATE INDEX sessions_due ON sessions (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX sessions_used ON sessions (used_at)",
    "CREATE INDEX sessions_said ON sessions (platform, said_at) WHERE said_at IS NOT NULL",
    """
    CREATE TABLE speakers (
        place INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
        user_id TEXT NOT NULL,
        UNIQUE (session_id, user_id)
    )
    """,
    """
    CREATE TABLE answered (
        user_id TEXT NOT NULL,
        session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
        answered_at REAL NOT NULL,
        PRIMARY KEY (user_id, session_id)
    )
    """,
    "CREATE INDEX answered_latest ON answered (user_id, answered_at)",
    "CREATE INDEX answered_session ON answered (session_id)",
    """
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
        message TEXT NOT NULL,
        mark TEXT NOT NULL,
        body BLOB NOT NULL,
        edit BLOB
    )
    """,
    "CREATE INDEX events_order ON events (session_id, seq)",
    "CREATE INDEX events_mark ON events (session_id, mark, seq)",
    """
    CREATE TABLE seen (
        message TEXT PRIMARY KEY,
        session_id TEXT NOT NULL,
        acceptance TEXT NOT NULL,
        accepted_at REAL NOT NULL,
        waiting_before INTEGER NOT NULL,
        deliveries INTEGER NOT NULL,
        expires_at REAL NOT NULL
    )
    """,
    "CREATE INDEX seen_expiry ON seen (expires_at)",
    """
    CREATE TABLE steps (
        session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (session_id, name)
    )
    """,
    """
    CREATE TABLE runs (
        session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
        number INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (session_id, number)
    )
    """,
    # A deletion has no body.
    """
    CREATE TABLE amendments (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
        message TEXT NOT NULL,
        body BLOB,
        UNIQUE (session_id, message)
    )
    """,
    """
    CREATE TABLE feedback (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
        user_id TEXT NOT NULL,
        message TEXT NOT NULL,
        body BLOB NOT NULL,
        given_at REAL NOT NULL,
        UNIQUE (session_id, user_id, message)
    )
    """,
    """
    CREATE TABLE memories (
        user_id TEXT NOT NULL,
        memo_id TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at REAL NOT NULL,
        updated_at REAL NOT NULL,
        topics TEXT NOT NULL,
        source TEXT,
        is_private INTEGER NOT NULL,
        PRIMARY KEY (user_id, memo_id)
    )
    """,
    "CREATE INDEX memories_known ON memories (user_id, fingerprint)",
    "CREATE TABLE links (user_id TEXT PRIMARY KEY, person TEXT NOT NULL)",
    "CREATE INDEX links_person ON links (person)",
    """
    CREATE TABLE letters (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        letter_id TEXT NOT NULL UNIQUE,
        session_id TEXT NOT NULL,
        reason TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        died_at REAL NOT NULL
    )
    """,
    """
    CREATE TABLE letter_events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        number INTEGER NOT NULL REFERENCES letters ON DELETE CASCADE,
        message TEXT NOT NULL,
        body BLOB NOT NULL,
        edit BLOB
    )
    """,
    "CREATE INDEX letter_events_number ON letter_events (number)",
    """
    CREATE TABLE signals (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        waiting INTEGER NOT NULL,
        message TEXT
    )
    """,
    *_CHARGES,
    "CREATE TABLE workspaces (platform TEXT NOT NULL, workspace TEXT NOT NULL, PRIMARY KEY (platform, workspace))",
    "CREATE TABLE notes (name TEXT PRIMARY KEY, text TEXT NOT NULL, expires_at REAL NOT NULL)",
    """
    CREATE TABLE slots (
        name TEXT NOT NULL,
        slot INTEGER NOT NULL,
        owner TEXT NOT NULL,
        expires_at REAL NOT NULL,
        PRIMARY KEY (name, slot)
    )
    """,
    # One counter for all sessions, so that a session which is deleted and begins again gets no old fence.
    "CREATE TABLE fences (latest INTEGER NOT NULL)",
    "INSERT INTO fences VALUES (0)",
)
_MISSING: Final = {0: _TABLES, 4: _CHARGES, SCHEMA_VERSION: ()}
"""What a file of each form lacks."""


def prepare(connection: sqlite3.Connection, place: str) -> None:
    """Make the tables where the file is new, and those that it lacks where an earlier threadkeep made it.

    Args:
        connection: An open connection that commits by itself.
        place: The file, for the error.

    Raises:
        StoreConfigError: The file was written by a newer threadkeep, or before the first release.
    """
    if _version(connection) == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _make_tables(connection, place)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _make_tables(connection: sqlite3.Connection, place: str) -> None:
    # Another process may have made them while this one waited.
    version = _version(connection)
    if version > SCHEMA_VERSION:
        raise StoreConfigError(
            f"the store {place} has form {version}, and this threadkeep knows forms up to {SCHEMA_VERSION}: "
            "it was written by a newer version; update threadkeep, or give another path"
        )
    if version not in _MISSING:
        raise StoreConfigError(
            f"the store {place} has form {version}, which no release of threadkeep has written: give another path"
        )
    for statement in _MISSING[version]:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
