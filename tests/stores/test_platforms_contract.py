"""Workers that have adapters for some platforms only share a store, on every store."""

import asyncio

import pytest

from threadkeep.stores.base import Claim, Store

SLACK, DISCORD = frozenset({"slack"}), frozenset({"discord"})


@pytest.fixture
def slack(make_talk):
    return make_talk()


@pytest.fixture
def discord(make_talk):
    return make_talk(platform="discord")


async def take(store: Store, platforms: frozenset[str] | None) -> Claim | None:
    return await store.inbox.claim("w", run_id="r", runs=0, platforms=platforms)


async def wait_for(store: Store, platforms: frozenset[str] | None) -> Claim:
    """A lapse, a delay and another process's message need their time."""
    async with asyncio.timeout(10):
        while (found := await take(store, platforms)) is None:
            await store.inbox.wait(0.02)
        return found


async def test_worker_takes_only_sessions_of_its_platforms(open_store, slack, discord):
    store = await open_store()
    await store.inbox.accept(slack.say("a"))
    assert await take(store, DISCORD) is None
    assert await take(store, frozenset()) is None
    await store.inbox.accept(discord.say("b"))
    assert (await wait_for(store, DISCORD)).lease.session_id == discord.session_id
    assert await take(store, DISCORD) is None
    assert (await wait_for(store, SLACK)).lease.session_id == slack.session_id


@pytest.mark.parametrize("platforms", [None, SLACK | DISCORD, SLACK | DISCORD | {"console"}])
async def test_worker_of_several_platforms_takes_sessions_of_all(open_store, slack, discord, platforms):
    store = await open_store()
    assert await take(store, platforms) is None
    for talk in (slack, discord):
        await store.inbox.accept(talk.say("a"))
    taken = {(await wait_for(store, platforms)).lease.session_id for _ in range(2)}
    assert taken == {slack.session_id, discord.session_id}
    assert await take(store, platforms) is None


async def test_lease_is_renewed_and_taken_over_on_its_own_platform(open_store, slack, discord):
    store = await open_store(lease_seconds=0.3)
    leases = {}
    for talk, platforms in ((slack, SLACK), (discord, DISCORD)):
        await store.inbox.accept(talk.say("a"))
        leases[talk] = (await wait_for(store, platforms)).lease
    assert await store.inbox.renew(list(leases.values())) == frozenset()
    assert (await wait_for(store, DISCORD)).lease.session_id == discord.session_id
    assert await store.inbox.renew(list(leases.values())) == {leases[discord]}


async def test_delayed_session_is_ready_for_its_platform_only(open_store, slack):
    store = await open_store()
    await store.inbox.accept(slack.say("a"))
    first = await wait_for(store, SLACK)
    await store.inbox.release(first.lease, delay=0.05)
    found = await wait_for(store, SLACK | DISCORD)
    assert (found.lease.session_id, found.attempt) == (slack.session_id, 2)
    assert await take(store, DISCORD) is None


async def test_retried_letter_is_ready_for_its_platform_only(open_store, slack):
    store = await open_store()
    await store.inbox.accept(slack.say("a"))
    found = await wait_for(store, SLACK)
    await store.inbox.commit(found.lease, slack.run("r"), consumed=1, dead="Poison")
    assert await store.dead_letters.retry("r")
    assert await take(store, DISCORD) is None
    assert [event.text for event in (await wait_for(store, SLACK)).events] == ["a"]


async def test_messages_of_other_platforms_do_not_count_as_more(open_store, slack, discord):
    store = await open_store()
    for talk in (slack, discord):
        await store.inbox.accept(talk.say("a"))
    await wait_for(store, SLACK)
    assert await take(store, SLACK) is None
    # What is left over wakes nobody who cannot take it: the wait lasts until its end.
    async with asyncio.timeout(10):
        await store.inbox.wait(0.05)
