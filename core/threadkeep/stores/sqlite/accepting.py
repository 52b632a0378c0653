"""What happens in one transaction when an event is accepted."""

import sqlite3
from dataclasses import dataclass

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import Addressing, MessageReceived
from threadkeep.stores.codec import encode_event
from threadkeep.stores.options import SEEN_SECONDS, StoreOptions
from threadkeep.stores.sqlite.rows import add_speaker, begin_session


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What was done.

    Attributes:
        outcome: What the adapter is told.
        is_woken: Whether the session became ready by it.
    """

    outcome: Acceptance
    is_woken: bool = False


class Accepting:
    """One event, on its way into the mailbox.

    Args:
        connection: The database, in a transaction.
        event: The event.
        options: How much is kept.
        now: The time.
    """

    def __init__(
        self, connection: sqlite3.Connection, event: MessageReceived, options: StoreOptions, now: float
    ) -> None:
        self._connection = connection
        self._event = event
        self._options = options
        self._now = now
        self._session_id = str(event.place.session)
        self._message = str(event.key)

    def perform(self) -> Accepted:
        """Store the event, once, and make its session ready."""
        session = self._connection.execute(
            "SELECT taken, worker, due_at FROM sessions WHERE session_id = ?", (self._session_id,)
        ).fetchone()
        addressing = self._event.addressing
        is_answerable = addressing is Addressing.BOT or (addressing is Addressing.THREAD and session is not None)
        seen = self._connection.execute(
            "SELECT is_answerable FROM seen WHERE message = ? AND expires_at > ?", (self._message, self._now)
        ).fetchone()
        if seen is not None and (seen[0] or not is_answerable):
            return Accepted(outcome=Acceptance.DUPLICATE)
        if session is None and not is_answerable:
            return Accepted(outcome=Acceptance.IGNORED)
        if not is_answerable:
            self._keep(taken=session[0])
            return Accepted(outcome=Acceptance.KEPT)
        if self._count(is_answerable=True) >= self._options.max_waiting:
            return Accepted(outcome=Acceptance.FULL)
        self._store_answerable(is_known=seen is not None)
        return Accepted(outcome=Acceptance.ACCEPTED, is_woken=self._schedule())

    def _keep(self, *, taken: int) -> None:
        self._insert(is_answerable=False)
        surplus = self._count(is_answerable=False, after=taken) - self._options.max_context
        if surplus > 0:
            drop_oldest_context(self._connection, self._session_id, count=surplus, after=taken)
        self._finish(is_answerable=False)

    def _store_answerable(self, *, is_known: bool) -> None:
        begin_session(self._connection, self._session_id, self._now)
        if not (is_known and self._upgrade()):
            self._insert(is_answerable=True)
        self._finish(is_answerable=True)

    def _upgrade(self) -> bool:
        # It was kept as context and turns out to be addressed to the bot: it is answered at its place in the order.
        changed = self._connection.execute(
            "UPDATE events SET is_answerable = 1, body = ?, is_late = "
            "(SELECT worker IS NOT NULL AND seq <= taken FROM sessions WHERE session_id = events.session_id) "
            "WHERE session_id = ? AND message = ? AND is_answerable = 0",
            (encode_event(self._event), self._session_id, self._message),
        )
        return changed.rowcount > 0

    def _insert(self, *, is_answerable: bool) -> None:
        self._connection.execute(
            "INSERT INTO events (session_id, message, is_answerable, body) VALUES (?, ?, ?, ?)",
            (self._session_id, self._message, is_answerable, encode_event(self._event)),
        )

    def _count(self, *, is_answerable: bool, after: int = 0) -> int:
        row = self._connection.execute(
            "SELECT count(*) FROM events WHERE session_id = ? AND is_answerable = ? AND seq > ?",
            (self._session_id, is_answerable, after),
        ).fetchone()
        return int(row[0])

    def _finish(self, *, is_answerable: bool) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", (self._message, is_answerable, self._now + SEEN_SECONDS)
        )
        begin_session(self._connection, self._session_id, self._now)
        add_speaker(self._connection, self._session_id, str(self._event.user))

    def _schedule(self) -> bool:
        changed = self._connection.execute(
            "UPDATE sessions SET due_at = ? WHERE session_id = ? AND due_at IS NULL", (self._now, self._session_id)
        )
        return changed.rowcount > 0


def drop_oldest_context(connection: sqlite3.Connection, session_id: str, *, count: int, after: int = 0) -> None:
    """Drop the oldest messages that were kept as context, those after a given event."""
    connection.execute(
        "DELETE FROM events WHERE seq IN (SELECT seq FROM events "
        "WHERE session_id = ? AND is_answerable = 0 AND seq > ? ORDER BY seq LIMIT ?)",
        (session_id, after, count),
    )
