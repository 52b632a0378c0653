"""The mailbox against a model of it: any order of accepting, claiming, crashing, lapsing, late writing and deleting.

Nothing here waits: a lapse is made, on Redis by aging the pending entries, on SQLite by the clock.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from uuid import uuid4

import pytest
import redis.asyncio
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import Addressing, MessageReceived, Place, PlaceKind
from threadkeep.errors import LeaseLostError
from threadkeep.runs import Run
from threadkeep.sessions import MessageKey, SessionKey, UserKey
from threadkeep.stores.base import Claim, Lease, Store
from threadkeep.stores.redis import RedisStore
from threadkeep.stores.sqlite import SQLiteStore

_T = TypeVar("_T")
MAX_WAITING, MAX_CONTEXT, MAX_CLAIMED, MAX_RUNS = 5, 2, 4, 2
SETTINGS: dict[str, Any] = {
    "max_waiting": MAX_WAITING,
    "max_context": MAX_CONTEXT,
    "max_claimed_events": MAX_CLAIMED,
    "max_runs": MAX_RUNS,
    "lease_seconds": 1000,
}
DELAY = 500.0


class Lab(Protocol):
    """A store under test, whose time can be moved."""

    store: Store

    async def lapse(self) -> None:
        """Let every lease lapse and every delay end."""
        ...

    async def close(self) -> None: ...


class RedisLab:
    def __init__(self, url: str) -> None:
        self._prefix = f"machine-{uuid4().hex}"
        self._client = redis.asyncio.from_url(url)
        self.store = RedisStore(url, prefix=self._prefix, **SETTINGS)

    async def lapse(self) -> None:
        ready, later = f"{self._prefix}:{{0}}:ready", f"{self._prefix}:{{0}}:later"
        if await self._client.exists(ready):
            for entry in await self._client.xpending_range(ready, "workers", "-", "+", 1000):
                await self._client.xclaim(ready, "workers", "worker", 0, [entry["message_id"]], idle=10**9, justid=True)
        for session in await self._client.zrange(later, 0, -1):
            await self._client.zadd(later, {session: 0})

    async def close(self) -> None:
        keys = [key async for key in self._client.scan_iter(match=f"{self._prefix}:*", count=10_000)]
        if keys:
            await self._client.delete(*keys)
        await self._client.aclose()
        await self.store.__aexit__()


class SQLiteLab:
    def __init__(self) -> None:
        self._now = 1e9
        self.store = SQLiteStore(":memory:", clock=lambda: self._now, **SETTINGS)

    async def lapse(self) -> None:
        self._now += 2000

    async def close(self) -> None:
        await self.store.__aexit__()


@dataclass(slots=True)
class Item:
    """What the model knows of a waiting event."""

    message: str
    is_answerable: bool
    is_late: bool = False


@dataclass(slots=True)
class Conversation:
    """What the model knows of a session."""

    items: list[Item] = field(default_factory=list)
    taken: int = 0
    fence: int = 0
    is_held: bool = False
    is_blocked: bool = False  # held, or given back with a delay, and the time is not over
    run_id: str | None = None
    attempt: int = 0
    steps: dict[str, str] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    run_count: int = 0
    committed: str | None = None

    @property
    def waiting(self) -> int:
        return sum(item.is_answerable for item in self.items)

    @property
    def is_claimable(self) -> bool:
        return self.waiting > 0 and not self.is_blocked

    def drop_context(self, start: int) -> None:
        while sum(not item.is_answerable for item in self.items[start:]) > MAX_CONTEXT:
            oldest = next(index for index, item in enumerate(self.items) if index >= start and not item.is_answerable)
            del self.items[oldest]

    def add_run(self, run_id: str) -> None:
        self.runs = [*self.runs, run_id][-MAX_RUNS:]
        self.run_count += 1

    def end_lease(self) -> None:
        self.is_held = self.is_blocked = False
        self.taken = 0
        for item in self.items:
            item.is_late = False


# Drawn unevenly: deep histories of one session find more than shallow ones of two, and rare is what is rare in life.
sessions = st.sampled_from(["A", "A", "A", "B"])
messages = st.sampled_from([f"m{number}" for number in range(30)])
rarely = st.integers(0, 7).map(lambda number: number == 7)


class Mailbox(RuleBasedStateMachine):
    """Every call is made on the store and on the model, and what comes back is compared."""

    leases = Bundle("leases")

    def __init__(self, lab: Lab, runner: asyncio.Runner) -> None:
        super().__init__()
        self.lab = lab
        self.runner = runner
        self.inbox = lab.store.inbox
        self.conversations: dict[str, Conversation] = {}
        self.seen: dict[tuple[str, str], bool] = {}
        self.runs = 0
        self.fence = 0

    def do(self, call: Coroutine[Any, Any, _T]) -> _T:
        return self.runner.run(call)

    def teardown(self) -> None:
        self.do(self.lab.close())

    def holds(self, lease: Lease) -> bool:
        known = self.conversations.get(self.channel(lease))
        return known is not None and known.is_held and known.fence == lease.fence

    @staticmethod
    def channel(lease: Lease) -> str:
        return SessionKey.parse(lease.session_id).channel

    def new_run(self) -> str:
        self.runs += 1
        return f"run{self.runs}"

    @initialize()
    def begin(self) -> None:
        assert self.do(self.inbox.claim("w", run_id="none", runs=1)) is None

    @rule(channel=sessions, words=st.lists(st.tuples(messages, st.sampled_from(Addressing)), min_size=1, max_size=6))
    def talk(self, channel: str, words: Sequence[tuple[str, Addressing]]) -> None:
        for message, addressing in words:
            self.accept(channel, message, addressing)

    def accept(self, channel: str, message: str, addressing: Addressing) -> None:
        outcome = self.do(self.inbox.accept(said(channel, message, addressing)))
        assert outcome is self.expect_acceptance(channel, message, addressing)

    def expect_acceptance(self, channel: str, message: str, addressing: Addressing) -> Acceptance:
        known = self.conversations.get(channel)
        seen = self.seen.get((channel, message))
        is_answerable = addressing is Addressing.BOT or (addressing is Addressing.THREAD and known is not None)
        if seen or (seen is not None and not is_answerable):
            return Acceptance.DUPLICATE
        if known is None and not is_answerable:
            return Acceptance.IGNORED
        if not is_answerable:
            known.items.append(Item(message, is_answerable=False))
            known.drop_context(known.taken)
            self.seen[channel, message] = False
            return Acceptance.KEPT
        if known is not None and known.waiting >= MAX_WAITING:
            return Acceptance.FULL
        known = self.conversations.setdefault(channel, Conversation())
        kept = [index for index, item in enumerate(known.items) if item.message == message]
        if kept:
            known.items[kept[0]].is_answerable = True
            known.items[kept[0]].is_late = kept[0] < known.taken
        else:
            known.items.append(Item(message, is_answerable=True))
        self.seen[channel, message] = True
        return Acceptance.ACCEPTED

    @rule(channel=sessions, place=st.integers(0, 9))
    def mention(self, channel: str, place: int) -> None:
        """Deliver a message that waits as context once more, addressed to the bot."""
        known = self.conversations.get(channel, Conversation())
        context = [item.message for item in known.items if not item.is_answerable]
        if context:
            self.accept(channel, context[place % len(context)], Addressing.BOT)

    @rule(
        words=st.lists(st.tuples(messages, st.sampled_from(Addressing)), max_size=6),
        places=st.lists(st.integers(0, 9), max_size=2),
        consumed=st.integers(0, MAX_CLAIMED),
    )
    def answer(self, words: Sequence[tuple[str, Addressing]], places: Sequence[int], consumed: int) -> None:
        """Make a whole run, while people go on talking."""
        lease = self.claim("w1", 2)
        if lease is None:
            return
        channel = self.channel(lease)
        self.talk(channel, words)
        for place in places:
            self.mention(channel, place)
        self.commit(lease, consumed)

    @rule(target=leases, worker=st.sampled_from(["w1", "w2"]), runs=st.integers(0, 3))
    def take(self, worker: str, runs: int) -> Any:
        return self.claim(worker, runs) or multiple()

    def claim(self, worker: str, runs: int) -> Lease | None:
        proposed = self.new_run()
        claim = self.do(self.inbox.claim(worker, run_id=proposed, runs=runs))
        claimable = {channel for channel, known in self.conversations.items() if known.is_claimable}
        if claim is None:
            assert claimable == set()
            return None
        assert self.channel(claim.lease) in claimable
        self.check_claim(claim, proposed, runs)
        return claim.lease

    def check_claim(self, claim: Claim, proposed: str, runs: int) -> None:
        known = self.conversations[self.channel(claim.lease)]
        known.end_lease()
        known.drop_context(0)
        known.taken = min(len(known.items), MAX_CLAIMED)
        known.is_held = known.is_blocked = True
        known.run_id = known.run_id or proposed
        known.attempt += 1
        assert claim.lease.fence > self.fence
        self.fence = known.fence = claim.lease.fence
        assert (claim.run_id, claim.attempt, dict(claim.steps)) == (known.run_id, known.attempt, known.steps)
        assert [(event.text, event.addressing is not Addressing.OTHERS) for event in claim.events] == [
            (item.message, item.is_answerable) for item in known.items[: known.taken]
        ]
        assert any(event.addressing is not Addressing.OTHERS for event in claim.events)
        assert [run.run_id for run in claim.runs] == (known.runs[-runs:] if runs else [])

    @rule(
        lease=leases, name=st.sampled_from(["a", "b"]), value=st.text(max_size=3).filter(lambda text: "\0" not in text)
    )
    def record(self, lease: Lease, name: str, value: str) -> None:
        if not self.holds(lease):
            with pytest.raises(LeaseLostError):
                self.do(self.inbox.record(lease, {name: value}))
            return
        self.do(self.inbox.record(lease, {name: value}))
        self.conversations[self.channel(lease)].steps[name] = value

    @rule(lease=leases, consumed=st.integers(0, MAX_CLAIMED))
    def commit(self, lease: Lease, consumed: int) -> None:
        run_id = self.new_run()
        run = Run(run_id=run_id, session_id=lease.session_id, user_id="ann")
        if not self.holds(lease):
            with pytest.raises(LeaseLostError):
                self.do(self.inbox.commit(lease, run, consumed=consumed))
            return
        self.do(self.inbox.commit(lease, run, consumed=consumed))
        self.do(self.inbox.commit(lease, run, consumed=consumed))
        known = self.conversations[self.channel(lease)]
        known.add_run(run_id)
        count = min(consumed, known.taken)
        known.items = [item for item in known.items[:count] if item.is_late] + known.items[count:]
        known.end_lease()
        known.drop_context(0)
        known.run_id, known.attempt, known.steps = None, 0, {}

    @rule(lease=leases, is_delayed=rarely)
    def release(self, lease: Lease, is_delayed: bool) -> None:
        self.do(self.inbox.release(lease, delay=DELAY if is_delayed else 0.0))
        if self.holds(lease):
            known = self.conversations[self.channel(lease)]
            known.end_lease()
            known.is_blocked = is_delayed

    @rule(held=st.lists(leases, max_size=4))
    def renew(self, held: Sequence[Lease]) -> None:
        lost = self.do(self.inbox.renew(held))
        assert lost == {lease for lease in held if not self.holds(lease)}
        for lease in held:
            if self.holds(lease):
                self.conversations[self.channel(lease)].is_blocked = True

    @rule(is_time=rarely)
    def lapse(self, is_time: bool) -> None:
        if not is_time:
            return
        self.do(self.lab.lapse())
        for known in self.conversations.values():
            known.is_blocked = False

    @rule(channel=sessions, is_time=rarely)
    def delete(self, channel: str, is_time: bool) -> None:
        if not is_time:
            return
        is_deleted = self.do(self.lab.store.history.delete(str(key(channel))))
        assert is_deleted == (self.conversations.pop(channel, None) is not None)

    @rule(channel=sessions)
    def append(self, channel: str) -> None:
        run_id = self.new_run()
        self.do(self.lab.store.history.append(Run(run_id=run_id, session_id=str(key(channel)))))
        self.conversations.setdefault(channel, Conversation()).add_run(run_id)

    @invariant()
    def history_is_what_was_committed(self) -> None:
        for channel in ("A", "B"):
            known = self.conversations.get(channel)
            found = self.do(self.lab.store.history.load(str(key(channel)), runs=10))
            assert (found is None) == (known is None)
            if found is not None and known is not None:
                assert [run.run_id for run in found.runs] == known.runs
                assert found.session.run_count == known.run_count


def key(channel: str) -> SessionKey:
    return SessionKey(platform="slack", workspace="T", channel=channel)


def said(channel: str, message: str, addressing: Addressing) -> MessageReceived:
    return MessageReceived(
        key=MessageKey(platform="slack", workspace="T", channel=channel, message=message),
        place=Place(session=key(channel), kind=PlaceKind.CHANNEL),
        user=UserKey(platform="slack", workspace="T", user="U"),
        speaker="Ann",
        text=message,
        addressing=addressing,
    )


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["redis", "sqlite"])
def test_mailbox_does_what_its_model_does(kind, request):
    def make_lab() -> Lab:
        return RedisLab(request.getfixturevalue("redis_server").url) if kind == "redis" else SQLiteLab()

    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            lambda: Mailbox(make_lab(), runner),
            settings=settings(
                max_examples=2500,
                stateful_step_count=40,
                deadline=None,
                phases=[Phase.generate],
                derandomize=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
