"""The mailbox in Redis: each call is one round trip."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import Event
from threadkeep.errors import LeaseLostError, StoreError
from threadkeep.messages import clean_text
from threadkeep.runs import Run
from threadkeep.stores.base import Claim, Lease
from threadkeep.stores.codec import decode_event, decode_run, encode_event, encode_run
from threadkeep.stores.options import MAX_INDEXED_SESSIONS, MAX_SPEAKERS, SEEN_SECONDS, StoreOptions
from threadkeep.stores.redis import scripts
from threadkeep.stores.redis.keys import RedisKeys
from threadkeep.stores.redis.lines import Line, Lines
from threadkeep.stores.redis.replies import as_bytes, as_fields, as_int, as_list, as_text
from threadkeep.stores.redis.sessions import read_session
from threadkeep.stores.redis.wire import Command, script_call

_STEP: Final = "s:"


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
        self._next_partition = 0

    async def accept(self, event: Event) -> Acceptance:
        """Store an event and make its session ready; see ``Inbox``."""
        session_id, message = str(event.place.session), str(event.key)
        line = self._lines.here()
        reply = await line.wire.call(
            script_call(
                scripts.ACCEPT,
                (*self._keys.scheduled(session_id), self._keys.seen(session_id, message)),
                *(session_id, event.addressing.value, message, encode_event(event), str(event.user)),
                *(self._options.max_waiting, self._options.max_context, MAX_SPEAKERS),
                *(self._retention, SEEN_SECONDS * 1000, self._keys.wake_channel, line.origin),
            )
        )
        outcome, is_woken = as_list(reply)
        if as_int(is_woken):
            line.bell.ring()
        return Acceptance(as_text(outcome))

    async def claim(self, worker: str, *, run_id: str, runs: int) -> Claim | None:
        """Take a session; see ``Inbox``. With several partitions, one call for each until one has work."""
        line = self._lines.here()
        rings = line.bell.rings
        due_in: float | None = None
        first = self._next_partition
        for offset in range(self._keys.partitions):
            partition = (first + offset) % self._keys.partitions
            reply = as_list(await line.wire.call(self._claim_call(line, partition, worker, run_id, runs)))
            if as_int(reply[0]):
                self._next_partition = (partition + 1) % self._keys.partitions
                return await self._read_claim(worker, reply)
            if as_int(reply[1]) >= 0:
                due_in = min(as_int(reply[1]) / 1000, due_in if due_in is not None else float("inf"))
        line.bell.silence(rings, due_in=due_in)
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
            raise _lost(lease)

    async def commit(self, lease: Lease, run: Run, *, consumed: int) -> None:
        """Append the run, consume events and end the lease; see ``Inbox``."""
        line = self._lines.here()
        commands = [
            script_call(
                scripts.COMMIT,
                self._keys.scheduled(lease.session_id),
                *(lease.session_id, lease.fence, run.run_id, encode_run(run), consumed, run.user_id or ""),
                *(self._options.max_runs, self._options.max_context, MAX_SPEAKERS),
                *(self._retention, self._keys.wake_channel, line.origin),
            )
        ]
        if run.user_id is not None:
            commands.append(index_call(self._keys, run.user_id, lease.session_id, self._retention))
        is_done, is_woken = as_list((await line.wire.call_all(*commands))[0])
        if not as_int(is_done):
            raise _lost(lease)
        if as_int(is_woken):
            line.bell.ring()

    async def renew(self, leases: Sequence[Lease]) -> frozenset[Lease]:
        """Keep leases alive; see ``Inbox``."""
        if not leases:
            return frozenset()
        groups: defaultdict[int, list[Lease]] = defaultdict(list)
        for lease in leases:
            groups[self._keys.partition_of(lease.session_id)].append(lease)
        commands = [self._renew_call(partition, group) for partition, group in groups.items()]
        replies = await self._lines.here().wire.call_all(*commands)
        return frozenset(
            group[as_int(index)]
            for group, reply in zip(groups.values(), replies, strict=True)
            for index in as_list(reply)
        )

    async def release(self, lease: Lease, *, delay: float = 0.0) -> None:
        """Hand a session back; see ``Inbox``."""
        line = self._lines.here()
        keys = self._keys.scheduled(lease.session_id)
        words = (lease.session_id, lease.fence, max(0, round(delay * 1000)), self._keys.wake_channel, line.origin)
        if as_int(await line.wire.call(script_call(scripts.RELEASE, keys, *words))):
            line.bell.ring()

    def _claim_call(self, line: Line, partition: int, worker: str, run_id: str, runs: int) -> Command:
        lease_ms = round(self._options.lease_seconds * 1000)
        # Lapsed leases come first, so that a steady stream of new work cannot starve them; but finding them costs a
        # walk over all sessions that are held, so not at every claim.
        now = asyncio.get_running_loop().time()
        is_sweep = now - line.swept_at >= self._options.lease_seconds / 8
        if is_sweep:
            line.swept_at = now
        keys = (*self._keys.schedule(partition), self._keys.fence(partition))
        return script_call(
            scripts.CLAIM,
            keys,
            *(self._keys.session_base(partition), worker, run_id, runs, lease_ms),
            *(self._options.max_claimed_events, self._options.max_context, int(is_sweep)),
        )

    def _renew_call(self, partition: int, leases: Sequence[Lease]) -> Command:
        words = [word for lease in leases for word in (lease.session_id, lease.fence, lease.token)]
        keys = self._keys.schedule(partition)[:1]
        return script_call(scripts.RENEW, keys, self._keys.session_base(partition), *words)

    async def _read_claim(self, worker: str, reply: Sequence[object]) -> Claim:
        session_id = as_text(reply[1])
        lease = Lease(session_id=session_id, worker=worker, fence=as_int(reply[3]), token=as_text(reply[2]))
        if as_int(reply[9]):
            # There may be more of a dead worker's sessions.
            self._lines.here().swept_at = 0.0
        try:
            return _claim(lease, reply)
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


def _claim(lease: Lease, reply: Sequence[object]) -> Claim:
    run = as_fields(reply[6])
    return Claim(
        lease=lease,
        run_id=run["run_id"].decode(),
        attempt=as_int(reply[4]),
        events=tuple(decode_event(as_bytes(item).split(b"\n", 1)[1]) for item in as_list(reply[5])),
        steps={name.removeprefix(_STEP): value.decode() for name, value in run.items() if name.startswith(_STEP)},
        session=read_session(lease.session_id, as_fields(reply[7])),
        runs=tuple(decode_run(as_bytes(body)) for body in as_list(reply[8])),
    )


def _lost(lease: Lease) -> LeaseLostError:
    return LeaseLostError(
        f"worker {lease.worker} does not hold {lease.session_id} any more (fence {lease.fence}): nothing was written"
    )
