"""The workspace's replies share one pace, in one process and in several."""

import asyncio

import pytest

from threadkeep.errors import PlatformRateLimitError, StoreUnavailableError
from threadkeep.stores.sqlite import SQLiteStore
from threadkeep_slack.limits import BUDGET_SECONDS, EDIT_BURST, EDITS_PER_MINUTE, STREAMS_PER_MINUTE
from threadkeep_slack.replies.budgets import APPEND, START, UPDATE
from threadkeep_slack.replies.pacing import Pacing


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class CountedState:
    """What processes share, with a count of the calls; it fails when told to."""

    def __init__(self, shared):
        self._shared = shared
        self.calls = []
        self.is_away = False

    def _count(self, name):
        self.calls.append(name)
        if self.is_away:
            raise StoreUnavailableError("away")

    async def recall(self, name):
        self._count("recall")
        return await self._shared.recall(name)

    async def remember(self, name, text, *, seconds):
        self._count("remember")
        await self._shared.remember(name, text, seconds=seconds)

    async def spend(self, name, amount, *, limit, per_seconds):
        self._count("spend")
        return await self._shared.spend(name, amount, limit=limit, per_seconds=per_seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pacing(clock):
    return Pacing(clock=clock)


@pytest.fixture
async def shared():
    async with SQLiteStore(":memory:") as store:
        yield CountedState(store.shared)


@pytest.fixture
async def process(shared, clock):
    """Make the pacing of one process after the other."""
    made = []

    def make(workspace="T1"):
        made.append(Pacing(shared, workspace=workspace, clock=clock, wall=clock))
        return made[-1]

    yield make
    for one in made:
        await one.aclose()


async def use_up(pacing, budget):
    """Make calls until one is refused; give how many were made, and how long to wait."""
    for made in range(10_000):
        try:
            await pacing.take(budget)
        except PlatformRateLimitError as refused:
            return made, refused.retry_after
    raise AssertionError("never refused")


async def test_a_minute_has_as_many_edits_as_the_tier(pacing, clock):
    made, wait = await use_up(pacing, UPDATE)
    assert (made, wait) == (EDITS_PER_MINUTE, BUDGET_SECONDS)
    clock.now += wait
    assert (await use_up(pacing, UPDATE))[0] == EDITS_PER_MINUTE


async def test_each_method_has_its_own_budget(pacing):
    await use_up(pacing, START)
    await pacing.take(APPEND)
    assert not pacing.is_free(START)
    assert pacing.is_free(APPEND)


async def test_previews_keep_a_steady_pace_and_leave_room_for_finals(pacing, clock):
    previews = 0
    end = clock.now + BUDGET_SECONDS
    while clock.now < end:
        if pacing.has_room(UPDATE):
            await pacing.take(UPDATE)
            previews += 1
        else:
            clock.now += 0.1
    assert previews <= EDITS_PER_MINUTE * 0.8 + EDIT_BURST
    assert (await use_up(pacing, UPDATE))[0] >= 1
    assert not pacing.has_room(UPDATE)


async def test_edits_wait_when_slack_says_so(pacing, clock):
    pacing.hold(UPDATE, 7)
    with pytest.raises(PlatformRateLimitError) as refused:
        await pacing.take(UPDATE)
    assert refused.value.retry_after == pytest.approx(7)
    assert not pacing.has_room(UPDATE)
    clock.now += 7
    await pacing.take(UPDATE)


async def test_posts_wait_in_the_channel_that_slack_named_only(pacing, clock):
    pacing.hold_posts("C1", 3)
    pacing.begin_post("C2")
    with pytest.raises(PlatformRateLimitError):
        pacing.begin_post("C1")
    clock.now += 3
    pacing.begin_post("C1")


async def test_a_shorter_wait_does_not_shorten_a_longer_one(pacing, clock):
    pacing.hold(UPDATE, 10)
    pacing.hold(UPDATE, 1)
    clock.now += 5
    with pytest.raises(PlatformRateLimitError):
        await pacing.take(UPDATE)


async def test_past_waits_are_forgotten(pacing, clock):
    for number in range(1_000):
        pacing.hold_posts(f"C{number}", 1)
        clock.now += 1
    assert len(pacing._held) <= 2


async def test_processes_together_keep_to_the_tier(process):
    first, second, third = process(), process(), process()
    made, waits = 0, []
    for _ in range(STREAMS_PER_MINUTE):
        for one in (first, second, third):
            try:
                await one.take(START)
                made += 1
            except PlatformRateLimitError as refused:
                waits.append(refused.retry_after)
    assert all(0 < wait <= BUDGET_SECONDS for wait in waits)
    # Each may use a tenth that the others do not know of yet.
    assert STREAMS_PER_MINUTE - 2 <= made <= STREAMS_PER_MINUTE + 3 * START.free_share


async def test_workspaces_do_not_share_a_budget(process):
    await use_up(process("T1"), START)
    await process("T2").take(START)


async def test_a_process_that_does_little_asks_nobody(process, shared, clock):
    one = process()
    for _ in range(10):
        for _ in range(UPDATE.free_share):
            await one.take(UPDATE)
        clock.now += BUDGET_SECONDS
    assert shared.calls == []


async def test_a_busy_process_asks_seldom(process, shared):
    one = process()
    made, _ = await use_up(one, APPEND)
    assert made == APPEND.limit
    assert len(shared.calls) <= APPEND.limit / APPEND.lease


async def test_what_slack_told_one_process_is_obeyed_by_all(process, clock):
    one, other = process(), process()
    one.hold(UPDATE, 30)
    one.hold_posts("C1", 20)
    await settled(one)
    other.prepare()
    await other._looking
    with pytest.raises(PlatformRateLimitError) as refused:
        await other.take(UPDATE)
    assert refused.value.retry_after == pytest.approx(30)
    with pytest.raises(PlatformRateLimitError):
        other.begin_post("C1")
    other.begin_post("C2")
    clock.now += 30
    await other.take(UPDATE)


async def test_replies_one_after_the_other_ask_once_what_others_were_told(process, shared, clock):
    one = process()
    for _ in range(100):
        one.prepare()
        await one.take(START) if one.is_free(START) else None
    assert shared.calls.count("recall") == 1


async def test_a_store_that_is_away_holds_nobody_up(process, shared):
    shared.is_away = True
    one = process()
    one.prepare()
    one.hold_posts("C1", 1)
    assert (await use_up(one, START))[0] == STREAMS_PER_MINUTE


async def settled(pacing):
    """Wait until what Slack said is noted for the others."""
    while pacing._telling:
        await next(iter(pacing._telling))
        await asyncio.sleep(0)
