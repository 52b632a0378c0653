"""Signals in a table: written in the transaction of what they tell, read by the listeners of every process."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from threadkeep.stores.base import Lease
from threadkeep.stores.operations import Signal, SignalKind
from threadkeep.stores.options import MAX_SIGNALS
from threadkeep.stores.sqlite.items import count_waiting_beyond
from threadkeep.stores.sqlite.leasing import is_held

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


def standing_signals(connection: sqlite3.Connection, leases: Sequence[Lease]) -> tuple[Signal, ...]:
    """Give the signals that say how it stands: who was asked to stop, and where messages wait."""
    found: list[Signal] = []
    for lease in leases:
        if not is_held(connection, lease):
            continue
        waiting = count_waiting_beyond(connection, lease.session_id)
        stop = connection.execute(
            "SELECT 1 FROM steps WHERE session_id = ? AND name = 'stop'", (lease.session_id,)
        ).fetchone()
        if stop is not None or waiting > 0:
            kind = SignalKind.MESSAGE if stop is None else SignalKind.STOP
            found.append(Signal(session_id=lease.session_id, kind=kind, waiting=waiting))
    return tuple(found)


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
