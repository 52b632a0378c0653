"""Names are looked up once, remembered for a while, and never waited for too long."""

import asyncio

import pytest

from threadkeep.errors import PlaceGoneError, PlatformUnavailableError
from threadkeep_slack.inbound.directory import LookupCache
from threadkeep_slack.limits import CACHED_NAMES, FAILED_LOOKUP_TTL, LOOKUPS_IN_FLIGHT, NAME_TTL


class Slack:
    """Answers look-ups, when it is allowed to."""

    def __init__(self):
        self.asked = []
        self.is_down = False
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def __call__(self, key):
        self.asked.append(key)
        await self.is_open.wait()
        if self.is_down:
            raise PlatformUnavailableError("down")
        return f"name of {key}"


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def slack():
    return Slack()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def cache(slack, clock):
    cache = LookupCache(slack, what="name", clock=clock)
    yield cache
    await cache.aclose()


async def find(cache, *keys, seconds=5.0):
    cache.begin(keys)
    return await cache.settle(keys, until=asyncio.get_running_loop().time() + seconds)


async def test_one_question_for_many_who_want_to_know(slack, cache):
    slack.is_open.clear()
    waiting = [asyncio.create_task(find(cache, "U1")) for _ in range(5)]
    await asyncio.sleep(0)
    slack.is_open.set()
    assert await asyncio.gather(*waiting) == [{"U1": "name of U1"}] * 5
    assert slack.asked == ["U1"]


async def test_an_answer_is_remembered_until_it_is_old(slack, clock, cache):
    await find(cache, "U1")
    clock.now += NAME_TTL - 1
    await find(cache, "U1")
    assert len(slack.asked) == 1
    clock.now += 2
    assert cache.known("U1") is None
    await find(cache, "U1")
    assert len(slack.asked) == 2


async def test_a_failure_is_not_asked_again_at_once(slack, clock, cache):
    slack.is_down = True
    assert await find(cache, "U1") == {}
    assert await find(cache, "U1") == {}
    assert len(slack.asked) == 1
    slack.is_down = False
    clock.now += FAILED_LOOKUP_TTL + 1
    assert await find(cache, "U1") == {"U1": "name of U1"}


async def test_nobody_waits_beyond_the_limit_and_the_next_finds_the_answer(slack, cache):
    slack.is_open.clear()
    assert await find(cache, "U1", seconds=0.01) == {}
    slack.is_open.set()
    assert await find(cache, "U1") == {"U1": "name of U1"}
    assert slack.asked == ["U1"]


async def test_what_is_known_is_given_although_another_is_slow(slack, cache):
    await find(cache, "U1")
    slack.is_open.clear()
    assert await find(cache, "U1", "U2", seconds=0.01) == {"U1": "name of U1"}


async def test_memory_and_questions_are_bounded(slack, cache):
    slack.is_open.clear()
    cache.begin(f"U{number}" for number in range(LOOKUPS_IN_FLIGHT + 10))
    assert len(cache._running) == LOOKUPS_IN_FLIGHT
    for number in range(CACHED_NAMES + 10):
        cache.remember(f"V{number}", "name")
    assert len(cache._known) == CACHED_NAMES
    assert cache.known("V0") is None


async def test_what_was_learned_meanwhile_outlives_a_look_up_that_fails():
    may_fail = asyncio.Event()

    async def look(key):
        await may_fail.wait()
        raise PlaceGoneError("gone")

    cache = LookupCache(look, what="thread")
    cache.begin(["a"])
    assert cache.is_running("a")
    cache.remember("a", "found")
    until = asyncio.get_running_loop().time() + 5
    assert await cache.settle(["a"], until=until) == {"a": "found"}
    may_fail.set()
    while cache.is_running("a"):
        assert cache.known("a") == "found"
        await asyncio.sleep(0)
    assert cache.known("a") == "found"
    await cache.aclose()
