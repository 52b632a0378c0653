"""The mailbox in Redis: each call is one round trip."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import Event
from threadkeep.errors import LeaseLostError, StoreError
from threadkeep.messages import clean_text
from threadkeep.runs import Run
from threadkeep.stores.base import Claim, Lease
from threadkeep.stores.codec import encode_run, encode_state
from threadkeep.stores.options import MAX_INDEXED_SESSIONS, MAX_LETTERS, MAX_SPEAKERS, StoreOptions
from threadkeep.stores.redis import scripts
from threadkeep.stores.redis.accepting import AcceptCalls
from threadkeep.stores.redis.claims import read_claim
from threadkeep.stores.redis.keys import RedisKeys, platform_of
from threadkeep.stores.redis.lines import Line, Lines
from threadkeep.stores.redis.replies import as_int, as_list, as_text
from threadkeep.stores.redis.wire import Command, Word, script_call


class RedisInbox:
    """Accepted events by session, leased to workers.

    Args:
        keys: Where everything is.
        options: How much is kept.
        lines: The connections.
    """

    def __init__(self, keys: RedisKeys, options: StoreOptions, lines: Lines) -> None:
        self._keys = keys
        self._options = options
        self._lines = lines
        self._retention = milliseconds(options.retention)
        self._calls = AcceptCalls(keys, options)
        self._lease_ms = round(options.lease_seconds * 1000)
        self._max_letters = -(-MAX_LETTERS // keys.partitions)

    async def accept(self, event: Event) -> Acceptance:
        """Store an event and make its session ready; see ``Inbox``."""
        session_id = str(event.place.session)
        partition = self._keys.partition_of(session_id)
        line = self._lines.here()
        # Whoever waits here takes it at once; if this process dies before, others find it when they look by themselves.
        origin = "" if line.is_awaited_for(platform_of(session_id)) else line.origin_in(partition)
        outcome, is_woken = as_list(await line.wire.call(self._calls.call(event, session_id, origin)))
        if as_int(is_woken):
            line.wake(partition)
        return Acceptance(as_text(outcome))

    async def claim(
        self, worker: str, *, run_id: str, runs: int, most_runs: int = 0, platforms: frozenset[str] | None = None
    ) -> Claim | None:
        """Take a session; see ``Inbox``. With several partitions, only those are asked where there may be work."""
        if platforms is not None and not platforms:
            return None
        line = self._lines.here()
        line.platforms = platforms
        rings = line.bell.rings
        loop = asyncio.get_running_loop()
        if line.partitions.is_look_due(loop.time()):
            await self._look(line)
        words = (worker, run_id, runs, most_runs)
        for partition, hint in line.partitions.in_turn(loop.time()):
            reply = as_list(await line.wire.call(self._claim_call(line, partition, words, platforms or ())))
            if as_int(reply[0]):
                is_lapsed = bool(as_int(reply[9]))
                line.partitions.found(partition, is_lapsed=is_lapsed)
                claim = await self._read_claim(worker, reply)
                if is_lapsed or line.partitions.count > 1:
                    # Where one lease has lapsed, others may have; other partitions are not known of.
                    return replace(claim, has_more=True)
                if not claim.has_more:
                    due_at = _due_at(reply[12], loop.time())
                    line.partitions.empty(partition, hint, due_at=due_at)
                    line.bell.silence(rings, due_in=None if due_at is None else due_at - loop.time())
                return claim
            line.partitions.empty(partition, hint, due_at=_due_at(reply[1], loop.time()))
        due_at = line.partitions.due_at()
        line.bell.silence(rings, due_in=None if due_at is None else due_at - loop.time())
        return None

    async def wait(self, seconds: float) -> None:
        """Return at a wake-up, when a delayed session is due, or after that time."""
        line = self._lines.here()
        line.wakes.start()
        await line.bell.wait(seconds)

    async def record(self, lease: Lease, steps: Mapping[str, str]) -> None:
        """Record finished steps; see ``Inbox``."""
        words = [word for name, value in steps.items() for word in (name, clean_text(value))]
        keys = self._keys.session(lease.session_id)
        reply = await self._lines.here().wire.call(
            script_call(scripts.RECORD, keys, lease.fence, self._retention, *words)
        )
        if not as_int(reply):
            raise lost(lease)

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
        line = self._lines.here()
        partition = self._keys.partition_of(lease.session_id)
        commands = [
            script_call(
                scripts.COMMIT,
                (*self._keys.scheduled(lease.session_id), *self._keys.letters(partition)),
                *(lease.session_id, lease.fence, run.run_id, encode_run(run), consumed, run.user_id or ""),
                *(self._options.max_runs, self._options.max_context, MAX_SPEAKERS),
                *(self._retention, self._keys.wake_channel, line.origin_in(partition)),
                *("" if dead is None else clean_text(dead) or "unknown", self._max_letters),
                b"" if state is None else encode_state(state),
                int(run.is_boundary),
            )
        ]
        if run.user_id is not None:
            commands.append(index_call(self._keys, run.user_id, lease.session_id, self._retention))
        is_done, is_woken = as_list((await line.wire.call_all(*commands))[0])
        if not as_int(is_done):
            raise lost(lease)
        if as_int(is_woken):
            line.wake(partition)

    async def renew(self, leases: Sequence[Lease]) -> frozenset[Lease]:
        """Keep leases alive; see ``Inbox``."""
        if not leases:
            return frozenset()
        groups: defaultdict[tuple[int, str], list[Lease]] = defaultdict(list)
        for lease in leases:
            groups[self._keys.partition_of(lease.session_id), self._keys.schedule_of(lease.session_id)[0]].append(lease)
        commands = [self._renew_call(partition, ready, group) for (partition, ready), group in groups.items()]
        replies = await self._lines.here().wire.call_all(*commands)
        return frozenset(
            group[as_int(index)]
            for group, reply in zip(groups.values(), replies, strict=True)
            for index in as_list(reply)
        )

    async def release(self, lease: Lease, *, delay: float = 0.0) -> None:
        """Hand a session back; see ``Inbox``."""
        line = self._lines.here()
        partition = self._keys.partition_of(lease.session_id)
        words = (lease.session_id, lease.fence, max(0, round(delay * 1000)))
        channel = (self._keys.wake_channel, line.origin_in(partition))
        call = script_call(scripts.RELEASE, self._keys.scheduled(lease.session_id), *words, *channel)
        if as_int(await line.wire.call(call)):
            line.wake(partition)

    async def suspend(self, lease: Lease, *, seconds: float, handled: Sequence[str] = ()) -> None:
        """Let a run wait for people; see ``Inbox``."""
        line = self._lines.here()
        partition = self._keys.partition_of(lease.session_id)
        words = (lease.session_id, lease.fence, max(0, round(seconds * 1000)))
        channel = (self._keys.wake_channel, line.origin_in(partition), self._options.max_claimed_events)
        keys = self._keys.scheduled(lease.session_id)
        call = script_call(scripts.SUSPEND, keys, *words, *channel, *handled)
        if as_int(await line.wire.call(call)):
            line.wake(partition)

    async def _look(self, line: Line) -> None:
        """Look at all partitions, which are asked together, and note where there may be work."""
        commands = [
            script_call(
                scripts.PEEK,
                (*self._keys.schedule(partition), self._keys.platforms(partition)),
                self._lease_ms,
                *(line.platforms or ()),
            )
            for partition in range(self._keys.partitions)
        ]
        now = asyncio.get_running_loop().time()
        for partition, reply in enumerate(await line.wire.call_all(*commands)):
            may_have_work, due_in = as_list(reply)
            line.partitions.looked(partition, may_have_work=bool(as_int(may_have_work)), due_at=_due_at(due_in, now))

    def _claim_call(self, line: Line, partition: int, words: tuple[Word, ...], platforms: Collection[str]) -> Command:
        is_sweep = line.partitions.is_sweep_due(partition, asyncio.get_running_loop().time())
        keys = (*self._keys.schedule(partition), self._keys.fence(partition), self._keys.platforms(partition))
        # None of several platforms may come first always.
        ordered = tuple(platforms)
        if len(ordered) > 1:
            ordered = tuple(random.sample(ordered, len(ordered)))
        return script_call(
            scripts.CLAIM,
            keys,
            self._keys.session_base(partition),
            *words,
            *(self._lease_ms, self._options.max_claimed_events, self._options.max_context, int(is_sweep)),
            *ordered,
        )

    def _renew_call(self, partition: int, ready: str, leases: Sequence[Lease]) -> Command:
        words = [word for lease in leases for word in (lease.session_id, lease.fence, lease.token)]
        return script_call(scripts.RENEW, [ready], self._keys.session_base(partition), *words)

    async def _read_claim(self, worker: str, reply: Sequence[object]) -> Claim:
        session_id = as_text(reply[1])
        lease = Lease(session_id=session_id, worker=worker, fence=as_int(reply[3]), token=as_text(reply[2]))
        try:
            return read_claim(lease, reply)
        except StoreError:
            # Perhaps a newer worker can read it; do not hold it until the lease lapses.
            await self.release(lease, delay=self._options.lease_seconds)
            raise


def index_call(keys: RedisKeys, user_id: str, session_id: str, retention_ms: int) -> Command:
    """Give the command that notes that a user was answered in a session."""
    return script_call(scripts.INDEX, [keys.user_sessions(user_id)], session_id, MAX_INDEXED_SESSIONS, retention_ms)


def milliseconds(time: timedelta) -> int:
    """Give a time span in whole milliseconds."""
    return round(time.total_seconds() * 1000)


def lost(lease: Lease) -> LeaseLostError:
    """Say that somebody else holds the session."""
    return LeaseLostError(
        f"worker {lease.worker} does not hold {lease.session_id} any more (fence {lease.fence}): nothing was written"
    )


def _due_at(due_in: object, now: float) -> float | None:
    return None if as_int(due_in) < 0 else now + as_int(due_in) / 1000
