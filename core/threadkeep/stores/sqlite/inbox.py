"""The mailbox in SQLite."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import (
    ActionPressed,
    Event,
    FeedbackGiven,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    StopRequested,
)
from threadkeep.errors import StoreError
from threadkeep.messages import clean_text
from threadkeep.runs import Run
from threadkeep.stores.base import Claim, Lease
from threadkeep.stores.codec import encode_state
from threadkeep.stores.options import StoreOptions
from threadkeep.stores.sqlite import leasing
from threadkeep.stores.sqlite.accepting import Accepted, AcceptingMessage
from threadkeep.stores.sqlite.amending import AcceptingAmendment, accept_stop
from threadkeep.stores.sqlite.bells import Bells
from threadkeep.stores.sqlite.committing import Committing
from threadkeep.stores.sqlite.database import Database
from threadkeep.stores.sqlite.rows import Upkeep
from threadkeep.stores.sqlite.suspending import accept_feedback, accept_press, suspend

_POLL_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    claim: Claim | None
    next_due: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unreadable:
    # Given back as a result: raised in the transaction, it would undo that the session was given back.
    error: StoreError


class SQLiteInbox:
    """Accepted events by session, leased to workers.

    Args:
        database: The tables.
        options: How much is kept.
        bells: Rung when a session becomes ready.
        signal_bells: Rung when a signal was written.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(
        self,
        database: Database,
        options: StoreOptions,
        *,
        bells: Bells,
        signal_bells: Bells,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._signal_bells = signal_bells
        self._options = options
        self._bells = bells
        self._clock = clock
        self._upkeep = Upkeep(options)

    async def accept(self, event: Event) -> Acceptance:
        """Store an event and make its session ready; see ``Inbox``."""

        def operation(connection: sqlite3.Connection) -> Accepted:
            now = self._clock()
            self._upkeep.perform(connection, now)
            return self._accept(connection, event, now)

        accepted = await self._database.write(operation)
        if accepted.is_woken:
            self._bells.ring()
        if accepted.is_signalled:
            self._signal_bells.ring()
        return accepted.outcome

    async def claim(
        self, worker: str, *, run_id: str, runs: int, most_runs: int = 0, platforms: frozenset[str] | None = None
    ) -> Claim | None:
        """Take a session; see ``Inbox``."""
        bell = self._bells.here()
        rings = bell.rings
        reach = (runs, most_runs)
        found = await self._database.write(lambda connection: self._claim(connection, worker, run_id, reach, platforms))
        if isinstance(found, _Unreadable):
            raise found.error
        due_in = None if found.next_due is None else max(0.0, found.next_due - self._clock())
        has_more = due_in == 0.0
        if found.claim is None or not has_more:
            bell.silence(rings, due_in=due_in)
        return found.claim and replace(found.claim, has_more=has_more)

    async def wait(self, seconds: float) -> None:
        """Return when something became ready here or is due, after that time, or to look for other processes' work."""
        limit = min(seconds, _POLL_SECONDS) if self._database.is_shared else seconds
        await self._bells.here().wait(limit)

    async def record(self, lease: Lease, steps: Mapping[str, str]) -> None:
        """Record finished steps; see ``Inbox``."""
        cleaned = {name: clean_text(value) for name, value in steps.items()}
        await self._database.write(lambda connection: leasing.record(connection, lease, cleaned))

    async def commit(
        self,
        lease: Lease,
        run: Run,
        *,
        consumed: int,
        dead: str | None = None,
        state: Mapping[str, object] | None = None,
    ) -> None:
        """Append the run, consume events and end the lease; see ``Inbox``."""
        body = None if state is None else encode_state(state)

        def operation(connection: sqlite3.Connection) -> bool:
            return Committing(connection, lease, run, self._options, self._clock()).perform(consumed, dead, body)

        if await self._database.write(operation):
            self._bells.ring()

    async def renew(self, leases: Sequence[Lease]) -> frozenset[Lease]:
        """Keep leases alive; see ``Inbox``."""
        if not leases:
            return frozenset()

        def operation(connection: sqlite3.Connection) -> frozenset[Lease]:
            due_at = self._clock() + self._options.lease_seconds
            lost = frozenset(lease for lease in leases if not leasing.is_held(connection, lease))
            kept = [(due_at, lease.session_id) for lease in leases if lease not in lost]
            connection.executemany("UPDATE sessions SET due_at = ? WHERE session_id = ?", kept)
            return lost

        return await self._database.write(operation)

    async def release(self, lease: Lease, *, delay: float = 0.0) -> None:
        """Hand a session back; see ``Inbox``."""
        due_at = self._clock() + max(delay, 0.0)
        if await self._database.write(lambda connection: leasing.release(connection, lease, due_at)):
            self._bells.ring()

    async def suspend(self, lease: Lease, *, seconds: float, handled: Sequence[str] = ()) -> None:
        """Let a run wait for people; see ``Inbox``."""
        now = self._clock()

        def operation(connection: sqlite3.Connection) -> bool:
            return suspend(connection, lease, handled, self._options, span=(now, now + seconds))

        if await self._database.write(operation):
            self._bells.ring()

    def _accept(self, connection: sqlite3.Connection, event: Event, now: float) -> Accepted:
        match event:
            case MessageReceived():
                return AcceptingMessage(connection, event, self._options, now).perform()
            case MessageEdited() | MessageDeleted():
                return AcceptingAmendment(connection, event, now).perform()
            case StopRequested():
                return accept_stop(connection, event, now)
            case ActionPressed():
                return accept_press(connection, event, now)
            case FeedbackGiven():
                return accept_feedback(connection, event, now)

    def _claim(
        self,
        connection: sqlite3.Connection,
        worker: str,
        run_id: str,
        reach: tuple[int, int],
        platforms: frozenset[str] | None,
    ) -> _Found | _Unreadable:
        now = self._clock()
        session_id = leasing.find_due(connection, now, platforms)
        if session_id is None:
            return _Found(claim=None, next_due=leasing.next_due(connection, platforms))
        lease = leasing.take(connection, worker, session_id, self._options, now)
        try:
            claim = leasing.read_claim(connection, lease, run_id=run_id, reach=reach)
        except StoreError as error:
            # Perhaps a newer worker can read it; do not hold it until the lease lapses.
            leasing.end_lease(connection, session_id, now + self._options.lease_seconds)
            return _Unreadable(error=error)
        return _Found(claim=claim, next_due=leasing.next_due(connection, platforms))
