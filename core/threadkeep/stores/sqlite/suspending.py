"""What happens in one transaction when a run waits for people, and when they let it go on."""

import sqlite3
from collections.abc import Sequence

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import ActionPressed, FeedbackGiven
from threadkeep.runs import Run
from threadkeep.stores.base import Feedback, Lease
from threadkeep.stores.codec import encode_event
from threadkeep.stores.options import MAX_FEEDBACK, MAX_PRESSES, StoreOptions
from threadkeep.stores.presses import PRESS, read_feedback
from threadkeep.stores.sqlite.accepting import Accepted
from threadkeep.stores.sqlite.items import TAKEN, count_waiting, find_item, read_hold, settle_unfinished
from threadkeep.stores.sqlite.leasing import check_held, end_lease, is_held
from threadkeep.stores.sqlite.rows import append_run, begin_session
from threadkeep.stores.sqlite.seen import SeenMark


def suspend(
    connection: sqlite3.Connection,
    lease: Lease,
    handled: Sequence[str],
    options: StoreOptions,
    *,
    span: tuple[float, float],
) -> bool:
    """Let a run wait for people; tell whether its session is ready at once.

    Args:
        connection: The database, in a transaction.
        lease: The right to run it.
        handled: The steps that the run has dealt with.
        options: How much a claim brings.
        span: The time now, and until when to wait.
    """
    if not is_held(connection, lease):
        return False
    session_id, (now, until) = lease.session_id, span
    connection.executemany(
        "DELETE FROM steps WHERE session_id = ? AND name = ?", [(session_id, name) for name in handled]
    )
    is_due = until <= now or _has_news(connection, session_id, options.max_claimed_events)
    settle_unfinished(connection, session_id)
    connection.execute("UPDATE sessions SET attempt = attempt - 1 WHERE session_id = ?", (session_id,))
    if not end_lease(connection, session_id, now if is_due else until):
        return False
    connection.execute("UPDATE sessions SET is_asleep = ? WHERE session_id = ?", (not is_due, session_id))
    return is_due


def wake(connection: sqlite3.Connection, session_id: str, now: float) -> bool:
    """Let a session be ready at once if its run waits for people; tell whether it did."""
    woken = connection.execute(
        "UPDATE sessions SET due_at = ?, is_asleep = 0 WHERE session_id = ? AND is_asleep", (now, session_id)
    )
    return woken.rowcount > 0


def accept_press(connection: sqlite3.Connection, event: ActionPressed, now: float) -> Accepted:
    """Record that something was pressed, once, for the run in progress."""
    session_id = str(event.place.session)
    seen = SeenMark(connection, str(event.key), now)
    if seen.acceptance is not None:
        seen.count_again()
        return Accepted(outcome=Acceptance.DUPLICATE)
    row = connection.execute("SELECT run_id FROM sessions WHERE session_id = ?", (session_id,)).fetchone()
    outcome, is_woken = Acceptance.IGNORED, False
    if row is not None and row[0] is not None:
        if not _record_press(connection, session_id, event, now):
            return Accepted(outcome=Acceptance.FULL)
        outcome, is_woken = Acceptance.ACCEPTED, wake(connection, session_id, now)
        begin_session(connection, session_id, now)
    seen.write(session_id, outcome, waiting=count_waiting(connection, session_id))
    return Accepted(outcome=outcome, is_woken=is_woken)


def accept_feedback(connection: sqlite3.Connection, event: FeedbackGiven, now: float) -> Accepted:
    """Keep what somebody thinks of an answer, once."""
    session_id = str(event.place.session)
    seen = SeenMark(connection, str(event.key), now)
    if seen.acceptance is not None:
        seen.count_again()
        return Accepted(outcome=Acceptance.DUPLICATE)
    if read_hold(connection, session_id) is None:
        return Accepted(outcome=Acceptance.IGNORED)
    named = (session_id, str(event.user), str(event.key.original))
    connection.execute("DELETE FROM feedback WHERE session_id = ? AND user_id = ? AND message = ?", named)
    if event.rating:
        connection.execute(
            "INSERT INTO feedback (session_id, user_id, message, body, given_at) VALUES (?, ?, ?, ?, ?)",
            (*named, encode_event(event), now),
        )
        connection.execute(
            "DELETE FROM feedback WHERE number IN (SELECT number FROM feedback WHERE session_id = ? "
            "ORDER BY number DESC LIMIT -1 OFFSET ?)",
            (session_id, MAX_FEEDBACK),
        )
    seen.write(session_id, Acceptance.KEPT, waiting=count_waiting(connection, session_id))
    begin_session(connection, session_id, now)
    return Accepted(outcome=Acceptance.KEPT)


def read_opinions(connection: sqlite3.Connection, session_id: str) -> tuple[Feedback, ...]:
    """Give what people think of the answers of a session, oldest first."""
    rows = connection.execute("SELECT body, given_at FROM feedback WHERE session_id = ? ORDER BY number", (session_id,))
    return tuple(read_feedback(body, given_at=given_at) for body, given_at in rows)


def pull(connection: sqlite3.Connection, lease: Lease, message: str) -> bool:
    """Let the run in progress take a message that waits, before those that came earlier.

    Raises:
        LeaseLostError: Another worker holds the session.
    """
    check_held(connection, lease)
    session_id = lease.session_id
    hold, item = read_hold(connection, session_id), find_item(connection, session_id, message)
    if hold is None or item is None or item.seq <= hold.taken or item.mark == "c":
        return False
    rows = connection.execute(
        "SELECT seq, message, mark, body, edit FROM events WHERE session_id = ? AND seq > ? AND seq <= ? ORDER BY seq",
        (session_id, hold.taken, item.seq),
    ).fetchall()
    # Each stands where the one before it stood, and the last one in front.
    *earlier, (_, *pulled) = rows
    moved = [pulled, *(rest for _, *rest in earlier)]
    moved[0][1] = "a"
    connection.executemany(
        "UPDATE events SET message = ?, mark = ?, body = ?, edit = ? WHERE seq = ?",
        [(*rest, row[0]) for row, rest in zip(rows, moved, strict=True)],
    )
    first = rows[0][0]
    shown = _shown_after(connection, session_id, hold.shown, item.seq)
    connection.execute("UPDATE sessions SET taken = ?, shown = ? WHERE session_id = ?", (first, shown, session_id))
    connection.execute(
        "INSERT OR REPLACE INTO steps SELECT ?, ?, count(*) FROM events WHERE session_id = ? AND seq <= ?",
        (session_id, TAKEN, session_id, first),
    )
    return True


def answer_aside(
    connection: sqlite3.Connection, lease: Lease, run: Run, message: str, *, options: StoreOptions, now: float
) -> None:
    """Append the run that answers one waiting message, beside the run in progress, and drop that message.

    Raises:
        LeaseLostError: Another worker holds the session.
    """
    check_held(connection, lease)
    session_id = lease.session_id
    last, taken = connection.execute(
        "SELECT last_run_id, taken FROM sessions WHERE session_id = ?", (session_id,)
    ).fetchone()
    if last == run.run_id:
        return
    connection.execute(
        "DELETE FROM events WHERE session_id = ? AND message = ? AND mark IN ('a', 'u') AND seq > ?",
        (session_id, message, taken),
    )
    connection.execute("DELETE FROM steps WHERE session_id = ? AND name GLOB 'aside:*'", (session_id,))
    append_run(connection, session_id, run, options, now)


def _shown_after(connection: sqlite3.Connection, session_id: str, shown: int, pulled: int) -> int:
    """Give the last event that the worker was shown, when one that it was perhaps not shown stands in front now."""
    if pulled <= shown:
        return shown
    (after,) = connection.execute(
        "SELECT min(seq) FROM events WHERE session_id = ? AND seq > ?", (session_id, shown)
    ).fetchone()
    return int(after)


def _record_press(connection: sqlite3.Connection, session_id: str, event: ActionPressed, now: float) -> bool:
    values = [
        str(value)
        for (value,) in connection.execute(
            "SELECT value FROM steps WHERE session_id = ? AND name GLOB ?", (session_id, f"{PRESS}*")
        )
    ]
    if len(values) >= MAX_PRESSES:
        return False
    number = max((int(value.partition(" ")[0]) for value in values), default=0) + 1
    step = f"{number} {now:.3f} {encode_event(event).decode()}"
    connection.execute("INSERT OR IGNORE INTO steps VALUES (?, ?, ?)", (session_id, f"{PRESS}{event.key}", step))
    return True


def _has_news(connection: sqlite3.Connection, session_id: str, max_claimed: int) -> bool:
    """Tell whether something came since the claim that the run must see."""
    step = connection.execute(
        "SELECT 1 FROM steps WHERE session_id = ? AND (name = 'stop' OR name GLOB ?) LIMIT 1",
        (session_id, f"{PRESS}*"),
    ).fetchone()
    if step is not None:
        return True
    hold = read_hold(connection, session_id)
    if hold is None:
        return False
    (shown,) = connection.execute(
        "SELECT count(*) FROM events WHERE session_id = ? AND seq <= ?", (session_id, hold.shown)
    ).fetchone()
    message = connection.execute(
        "SELECT 1 FROM events WHERE session_id = ? AND (mark = 'a' AND seq > ? AND ? OR mark = 'u' AND seq > ?)",
        # Where more waits than a claim brings, another one would see no more.
        (session_id, hold.shown, shown < max_claimed, hold.taken),
    ).fetchone()
    return message is not None
