"""Slots: whatever owners take, keep, give back and lose, no slot has two owners at one time."""

import asyncio
from uuid import uuid4

import pytest
import redis.asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from threadkeep.stores.redis import RedisStore
from threadkeep.stores.sqlite import SQLiteStore

owners = st.sampled_from(["a", "b", "c"])
actions = st.one_of(
    st.tuples(st.just("take"), owners, st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.just("free"), owners),
    st.tuples(st.just("lapse")),
)


class RedisSlots:
    """Slots whose times can be ended."""

    def __init__(self, url):
        self._key = uuid4().hex
        self._client = redis.asyncio.from_url(url, decode_responses=True)
        self._store = RedisStore(url, prefix=self._key)
        self.shared = self._store.shared

    async def lapse(self):
        key = f"{self._key}:slots:{{s}}"
        for slot, value in (await self._client.hgetall(key)).items():
            await self._client.hset(key, slot, f"1 {value.split(' ', 1)[1]}")

    async def close(self):
        await self._client.delete(f"{self._key}:slots:{{s}}")
        await self._client.aclose()
        await self._store.__aexit__()


class SQLiteSlots:
    def __init__(self, _):
        self._now = 1e9
        self._store = SQLiteStore(":memory:", clock=lambda: self._now)
        self.shared = self._store.shared

    async def lapse(self):
        self._now += 1000

    async def close(self):
        await self._store.__aexit__()


async def act(slots, steps):
    held: dict[str, set[int]] = {}
    alive: set[str] = set()
    for step in steps:
        match step:
            case ("lapse",):
                await slots.lapse()
                alive.clear()
            case ("free", owner):
                await slots.shared.free_slots("s", owner=owner)
                held.pop(owner, None)
            case ("take", owner, total, most):
                found = await slots.shared.take_slots("s", owner=owner, total=total, most=most, seconds=500)
                others = set().union(*(held.get(other, set()) for other in alive - {owner}))
                assert not found & others
                assert found <= set(range(total))
                assert len(found) == min(most, len(set(range(total)) - others))
                kept = {slot for slot in held.get(owner, set()) - others if slot < total}
                assert owner not in alive or kept <= found or len(kept) > most
                for taken in held.values():
                    taken.difference_update(found)
                held[owner] = set(found)
                alive.add(owner)


@pytest.mark.parametrize("kind", [RedisSlots, SQLiteSlots])
def test_no_slot_has_two_owners_at_one_time(kind, redis_server):
    with asyncio.Runner() as runner:

        async def check(steps):
            slots = kind(redis_server.url)
            try:
                await act(slots, steps)
            finally:
                await slots.close()

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(actions, max_size=15))
        def run(steps):
            runner.run(check(steps))

        run()
