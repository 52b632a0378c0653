"""The marks of messages that were seen, which are their traces too."""

import sqlite3

from threadkeep.chat.adapter import Acceptance
from threadkeep.stores.options import SEEN_SECONDS


class SeenMark:
    """The mark of one event.

    Args:
        connection: The database, in a transaction.
        message: The event's identity.
        now: The time.
    """

    def __init__(self, connection: sqlite3.Connection, message: str, now: float) -> None:
        self._connection = connection
        self._message = message
        self._now = now
        row = connection.execute(
            "SELECT acceptance, deliveries FROM seen WHERE message = ? AND expires_at > ?", (message, now)
        ).fetchone()
        self.acceptance = None if row is None else Acceptance(row[0])
        """What was done with it before; None if it is new."""
        self._deliveries = 0 if row is None else int(row[1])

    def write(self, session_id: str, acceptance: Acceptance, *, waiting: int) -> None:
        """Note what was done with it."""
        self._connection.execute(
            "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(self._message, session_id, acceptance.value, self._now),
                *(waiting, self._deliveries + 1, self._now + SEEN_SECONDS),
            ),
        )

    def count_again(self) -> None:
        """Note that it came once more."""
        self._connection.execute("UPDATE seen SET deliveries = deliveries + 1 WHERE message = ?", (self._message,))
