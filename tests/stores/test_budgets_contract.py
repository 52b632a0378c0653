"""What all processes together may use within some seconds, on every store."""

import asyncio


async def spend(store, amount=1, *, name="calls", limit=5, per_seconds=60.0):
    return await store.shared.spend(name, amount, limit=limit, per_seconds=per_seconds)


async def test_units_are_free_until_all_are_taken(open_store):
    store = await open_store()
    assert [await spend(store, 2), await spend(store, 3)] == [0, 0]
    assert 50 < await spend(store) <= 60


async def test_what_is_refused_is_not_taken(open_store):
    store = await open_store()
    assert await spend(store, 4) == 0
    assert await spend(store, 2) > 0
    assert await spend(store, 1) == 0


async def test_all_processes_share_a_budget(open_store):
    one, other = await open_store(), await open_store()
    waits = await asyncio.gather(*(spend(store) for _ in range(6) for store in (one, other)))
    assert sum(wait == 0 for wait in waits) == 5


async def test_budgets_of_other_names_are_apart(open_store):
    store = await open_store()
    assert await spend(store, 5, name="T1 update") == 0
    assert await spend(store, 5, name="T2 update") == 0


async def test_units_are_free_again_after_their_time(open_store, reached):
    store = await open_store()
    assert await spend(store, 5, per_seconds=0.2) == 0

    async def is_free():
        return await spend(store, 5, per_seconds=0.2) == 0

    await reached(is_free)


async def test_more_than_the_limit_is_never_free(open_store):
    store = await open_store()
    assert await spend(store, 6) > 0
    assert await spend(store, 1) == 0
    assert await spend(store, 6) > 0
