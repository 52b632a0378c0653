"""Signals in a table: written in the transaction of what they tell, read by the listeners of every process."""

import sqlite3
from typing import Final

from threadkeep.stores.operations import Signal, SignalKind
from threadkeep.stores.options import MAX_SIGNALS
from threadkeep.stores.sqlite.items import count_waiting_beyond

_KINDS: Final = frozenset(SignalKind)


def write_signal(
    connection: sqlite3.Connection, session_id: str, kind: SignalKind, *, message: str | None = None
) -> None:
    """Tell who holds a session what happened to it; the oldest signals are dropped."""
    written = connection.execute(
        "INSERT INTO signals (session_id, kind, waiting, message) VALUES (?, ?, ?, ?)",
        (session_id, kind.value, count_waiting_beyond(connection, session_id), message),
    )
    connection.execute("DELETE FROM signals WHERE seq <= ?", ((written.lastrowid or 0) - MAX_SIGNALS,))


def last_signal(connection: sqlite3.Connection) -> int:
    """Give the number of the latest signal that was ever written."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'signals'").fetchone()
    return 0 if row is None else int(row[0])


def read_signals(connection: sqlite3.Connection, after: int) -> list[tuple[int, Signal]]:
    """Give the signals after a number, each with its own; those that this version does not know are left out."""
    rows = connection.execute(
        "SELECT seq, session_id, kind, waiting, message FROM signals WHERE seq > ? ORDER BY seq", (after,)
    )
    return [
        (seq, Signal(session_id=session_id, kind=SignalKind(kind), waiting=waiting, message=message))
        for seq, session_id, kind, waiting, message in rows
        if kind in _KINDS
    ]
