"""What happens in one transaction when a message is accepted."""

import sqlite3
from dataclasses import dataclass

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import Addressing, MessageReceived
from threadkeep.stores.codec import encode_event, encode_place
from threadkeep.stores.operations import SignalKind
from threadkeep.stores.options import MAX_PLACES, StoreOptions
from threadkeep.stores.sqlite.items import (
    Hold,
    count_waiting,
    find_item,
    read_hold,
    taken_for_good,
    trim_context,
)
from threadkeep.stores.sqlite.rows import add_speaker, begin_session
from threadkeep.stores.sqlite.seen import SeenMark
from threadkeep.stores.sqlite.signalling import write_signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What was done.

    Attributes:
        outcome: What the adapter is told.
        is_woken: Whether the session became ready by it.
        is_signalled: Whether a signal was written.
    """

    outcome: Acceptance
    is_woken: bool = False
    is_signalled: bool = False


class AcceptingMessage:
    """One message, on its way into the mailbox.

    Args:
        connection: The database, in a transaction.
        event: The message.
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
        """Store the message, once, and make its session ready."""
        hold = read_hold(self._connection, self._session_id)
        addressing = self._event.addressing
        is_answerable = addressing is Addressing.BOT or (addressing is Addressing.THREAD and hold is not None)
        seen = SeenMark(self._connection, self._message, self._now)
        is_context = seen.acceptance is Acceptance.KEPT
        is_known = seen.acceptance not in (None, Acceptance.FULL, Acceptance.KEPT)
        if is_known or (is_context and not is_answerable):
            seen.count_again()
            return Accepted(outcome=Acceptance.DUPLICATE)
        if hold is None and not is_answerable:
            return Accepted(outcome=Acceptance.IGNORED)
        waiting = count_waiting(self._connection, self._session_id)
        if hold is not None and not is_answerable:
            self._keep(hold)
            self._note(seen, Acceptance.KEPT, waiting)
            return Accepted(outcome=Acceptance.KEPT)
        if waiting >= self._options.max_waiting:
            if not is_context:
                seen.write(self._session_id, Acceptance.FULL, waiting=waiting)
            return Accepted(outcome=Acceptance.FULL)
        self._store(hold, is_context=is_context)
        self._note(seen, Acceptance.ACCEPTED, waiting)
        return self._announce(hold)

    def _keep(self, hold: Hold) -> None:
        self._insert("c")
        fixed = hold.shown if hold.is_held else taken_for_good(self._connection, self._session_id)
        trim_context(self._connection, self._session_id, most=self._options.max_context, after=fixed)

    def _store(self, hold: Hold | None, *, is_context: bool) -> None:
        begin_session(self._connection, self._session_id, self._now)
        if not (is_context and hold is not None and self._upgrade(hold)):
            self._insert("a")

    def _upgrade(self, hold: Hold) -> bool:
        # It was kept as context and turns out to be addressed to the bot: it is answered at its place in the order.
        item = find_item(self._connection, self._session_id, self._message)
        if item is None or item.mark != "c":
            return False
        is_shown = hold.is_held and item.seq <= hold.shown
        is_late = is_shown or item.seq <= taken_for_good(self._connection, self._session_id)
        self._connection.execute(
            "UPDATE events SET mark = ?, body = ?, edit = NULL WHERE seq = ?",
            ("u" if is_late else "a", encode_event(self._event), item.seq),
        )
        return True

    def _insert(self, mark: str) -> None:
        self._connection.execute(
            "INSERT INTO events (session_id, message, mark, body) VALUES (?, ?, ?, ?)",
            (self._session_id, self._message, mark, encode_event(self._event)),
        )

    def _note(self, seen: SeenMark, outcome: Acceptance, waiting: int) -> None:
        seen.write(self._session_id, outcome, waiting=waiting)
        begin_session(self._connection, self._session_id, self._now)
        add_speaker(self._connection, self._session_id, str(self._event.user))
        key, place = self._event.key, self._event.place
        # What happened to an older message, such as a press, is not the latest message of the place.
        latest = key.message if key.revision is None else None
        self._connection.execute(
            "UPDATE sessions SET platform = ?, place = ?, last_message = coalesce(?, last_message, ?), said_at = ?"
            " WHERE session_id = ?",
            (place.session.platform, encode_place(place), latest, key.message, self._now, self._session_id),
        )
        self._connection.execute(
            "INSERT OR IGNORE INTO workspaces SELECT ?, ? WHERE (SELECT count(*) FROM workspaces) < ?",
            (place.session.platform, key.workspace, MAX_PLACES),
        )

    def _announce(self, hold: Hold | None) -> Accepted:
        is_running = hold is not None and hold.is_held
        if is_running:
            write_signal(self._connection, self._session_id, SignalKind.MESSAGE, message=self._message)
        changed = self._connection.execute(
            "UPDATE sessions SET due_at = ?, is_asleep = 0 WHERE session_id = ? AND (due_at IS NULL OR is_asleep)",
            (self._now, self._session_id),
        )
        return Accepted(outcome=Acceptance.ACCEPTED, is_woken=changed.rowcount > 0, is_signalled=is_running)
