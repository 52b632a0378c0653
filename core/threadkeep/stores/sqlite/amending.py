"""What happens in one transaction when an edit, a deletion or the wish to stop is accepted."""

import sqlite3

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import MessageDeleted, MessageEdited, StopRequested
from threadkeep.stores.codec import encode_event
from threadkeep.stores.operations import SignalKind
from threadkeep.stores.options import MAX_AMENDMENTS
from threadkeep.stores.sqlite.accepting import Accepted
from threadkeep.stores.sqlite.items import (
    TAKEN,
    Hold,
    Item,
    count_waiting,
    find_item,
    purge,
    read_hold,
    taken_for_good,
)
from threadkeep.stores.sqlite.leasing import end_lease
from threadkeep.stores.sqlite.rows import begin_session
from threadkeep.stores.sqlite.seen import SeenMark
from threadkeep.stores.sqlite.signalling import write_signal
from threadkeep.stores.sqlite.suspending import wake

_STOP = "stop"


class AcceptingAmendment:
    """An edit or a deletion of a message, on its way into the mailbox.

    Args:
        connection: The database, in a transaction.
        event: The edit or deletion.
        now: The time.
    """

    def __init__(self, connection: sqlite3.Connection, event: MessageEdited | MessageDeleted, now: float) -> None:
        self._connection = connection
        self._event = event
        self._now = now
        self._session_id = str(event.place.session)
        self._message = str(event.key.original)
        self._body = encode_event(event) if isinstance(event, MessageEdited) else None

    def perform(self) -> Accepted:
        """Change the message that waits, or note what became of it, once."""
        hold = read_hold(self._connection, self._session_id)
        seen = SeenMark(self._connection, str(self._event.key), self._now)
        if seen.acceptance is not None:
            seen.count_again()
            return Accepted(outcome=Acceptance.DUPLICATE)
        if hold is None:
            return Accepted(outcome=Acceptance.IGNORED)
        waiting = count_waiting(self._connection, self._session_id)
        accepted = self._change(hold)
        seen.write(self._session_id, accepted.outcome, waiting=waiting)
        begin_session(self._connection, self._session_id, self._now)
        return accepted

    def _change(self, hold: Hold) -> Accepted:
        item = find_item(self._connection, self._session_id, self._message)
        if item is None:
            self._amend()
            return Accepted(outcome=Acceptance.KEPT)
        # Messages up to here are, or will be, answered as they are.
        protected = hold.taken if hold.is_held else taken_for_good(self._connection, self._session_id)
        if item.seq <= protected:
            return self._change_taken(hold, item)
        if self._body is None:
            self._remove(hold, item)
        else:
            self._edit(item)
        return Accepted(outcome=Acceptance.KEPT if item.mark == "c" else Acceptance.ACCEPTED)

    def _edit(self, item: Item) -> None:
        self._connection.execute("UPDATE events SET edit = ? WHERE seq = ?", (self._body, item.seq))
        self._connection.execute(
            "DELETE FROM amendments WHERE session_id = ? AND message = ?", (self._session_id, self._message)
        )

    def _remove(self, hold: Hold, item: Item) -> None:
        self._connection.execute("UPDATE events SET mark = 'd' WHERE seq = ?", (item.seq,))
        if hold.is_held and item.seq <= hold.shown:
            self._amend()
            return
        purge(self._connection, self._session_id, after=item.seq - 1)
        if not hold.is_held and count_waiting(self._connection, self._session_id) == 0:
            end_lease(self._connection, self._session_id, self._now)

    def _change_taken(self, hold: Hold, item: Item) -> Accepted:
        self._amend()
        if item.mark != "a":
            return Accepted(outcome=Acceptance.KEPT)
        is_woken = False
        if self._body is None and self._is_surely_answered(item):
            write_stop(self._connection, self._session_id, "deleted")
            is_woken = wake(self._connection, self._session_id, self._now)
        if hold.is_held:
            kind = SignalKind.DELETED if self._body is None else SignalKind.EDITED
            write_signal(self._connection, self._session_id, kind, message=self._message)
        return Accepted(outcome=Acceptance.ACCEPTED, is_woken=is_woken, is_signalled=hold.is_held)

    def _is_surely_answered(self, item: Item) -> bool:
        # Of a run that has not recorded what it takes, only the first question is known to be taken.
        row = self._connection.execute(
            "SELECT 1 FROM steps WHERE session_id = ? AND name = ? UNION ALL SELECT 1 WHERE NOT EXISTS "
            "(SELECT 1 FROM events WHERE session_id = ? AND mark = 'a' AND seq < ?)",
            (self._session_id, TAKEN, self._session_id, item.seq),
        ).fetchone()
        return row is not None

    def _amend(self) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO amendments (session_id, message, body) VALUES (?, ?, ?)",
            (self._session_id, self._message, self._body),
        )
        self._connection.execute(
            "DELETE FROM amendments WHERE number IN (SELECT number FROM amendments WHERE session_id = ? "
            "ORDER BY number DESC LIMIT -1 OFFSET ?)",
            (self._session_id, MAX_AMENDMENTS),
        )


def accept_stop(connection: sqlite3.Connection, event: StopRequested, now: float) -> Accepted:
    """Ask the run in progress to stop, once."""
    session_id = str(event.place.session)
    seen = SeenMark(connection, str(event.key), now)
    if seen.acceptance is not None:
        seen.count_again()
        return Accepted(outcome=Acceptance.DUPLICATE)
    row = connection.execute("SELECT run_id FROM sessions WHERE session_id = ?", (session_id,)).fetchone()
    is_running = row is not None and row[0] is not None
    outcome = Acceptance.ACCEPTED if is_running else Acceptance.IGNORED
    # Also of one that is ignored: delivered once more, it must not stop a later run.
    seen.write(session_id, outcome, waiting=count_waiting(connection, session_id))
    if not is_running:
        return Accepted(outcome=outcome)
    write_stop(connection, session_id, str(event.user))
    write_signal(connection, session_id, SignalKind.STOP)
    begin_session(connection, session_id, now)
    is_woken = wake(connection, session_id, now)
    return Accepted(outcome=Acceptance.ACCEPTED, is_woken=is_woken, is_signalled=True)


def write_stop(connection: sqlite3.Connection, session_id: str, reason: str) -> None:
    """Record the step that ends the run in progress, whoever continues it; the first reason stands."""
    connection.execute("INSERT OR IGNORE INTO steps VALUES (?, ?, ?)", (session_id, _STOP, reason))
