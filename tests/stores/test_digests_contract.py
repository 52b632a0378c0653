"""Summaries, what was read for memories, memories and linked accounts, on every store."""

import asyncio

import pytest

from threadkeep.runs import ModelUse
from threadkeep.stores.charges import MAX_CHARGES, Charge


@pytest.fixture
async def store(open_store):
    return await open_store(max_runs=5)


async def fill(store, talk, count, **fields):
    for number in range(1, count + 1):
        await store.history.append(talk.run(f"r{number}", user_id="ann", **fields))


async def test_runs_are_read_by_number(store, talk):
    assert await store.digests.page(talk.session_id, after=0, runs=3) is None
    await fill(store, talk, 4)
    page = await store.digests.page(talk.session_id, after=1, runs=2)
    assert ([run.run_id for run in page.runs], page.before, page.session.run_count) == (["r2", "r3"], 1, 4)
    assert (await store.digests.page(talk.session_id, after=4, runs=2)).runs == ()
    assert (await store.digests.page(talk.session_id, after=0, runs=0)).runs == ()


async def test_runs_that_the_cap_dropped_are_passed_over(store, talk):
    await fill(store, talk, 8)
    page = await store.digests.page(talk.session_id, after=1, runs=2)
    assert ([run.run_id for run in page.runs], page.before) == (["r4", "r5"], 3)
    page = await store.digests.page(talk.session_id, after=6, runs=9)
    assert ([run.run_id for run in page.runs], page.before) == (["r7", "r8"], 6)


async def test_a_summary_moves_from_where_it_is_only(store, talk):
    digests = store.digests
    assert not await digests.summarise(talk.session_id, "x", since=0, until=1)
    await fill(store, talk, 4)
    assert await digests.summarise(talk.session_id, "one \ud83d", since=0, until=2)
    assert not await digests.summarise(talk.session_id, "again", since=0, until=2)
    session = (await store.history.load(talk.session_id, runs=0)).session
    assert (session.summary, session.summarised, session.read) == ("one \ufffd", 2, 0)
    assert await digests.summarise(talk.session_id, "two", since=2, until=4)


@pytest.mark.parametrize(
    ("runs", "most", "found"),
    [
        (1, 0, "r5"),
        (1, 1, "r5"),
        (1, 4, "r4 r5"),
        (2, 9, "r4 r5"),
        (3, 9, "r3 r4 r5"),
        (4, 2, "r2 r3 r4 r5"),
        (0, 9, "r4 r5"),
    ],
)
async def test_runs_that_no_summary_covers_are_read_before_the_last_ones(store, talk, runs, most, found):
    await fill(store, talk, 5)
    await store.digests.summarise(talk.session_id, "one to three", since=0, until=3)
    loaded = await store.history.load(talk.session_id, runs=runs, most_runs=most)
    assert [run.run_id for run in loaded.runs] == found.split()
    await store.inbox.accept(talk.say("hello"))
    async with asyncio.timeout(15):
        while (claim := await store.inbox.claim("w", run_id="r6", runs=runs, most_runs=most)) is None:
            await store.inbox.wait(0.05)
    assert [run.run_id for run in claim.runs] == found.split()


async def test_without_a_summary_as_many_runs_are_read_as_may_be(store, talk):
    await fill(store, talk, 5)
    loaded = await store.history.load(talk.session_id, runs=1, most_runs=4)
    assert [run.run_id for run in loaded.runs] == ["r2", "r3", "r4", "r5"]


async def test_one_of_two_that_sum_up_at_once_is_refused(store, talk):
    await fill(store, talk, 3)
    done = await asyncio.gather(
        *(store.digests.summarise(talk.session_id, text, since=0, until=2) for text in ("a", "b", "c"))
    )
    assert sorted(done) == [False, False, True]


async def test_runs_are_marked_as_read_once(store, talk):
    assert not await store.digests.mark_read(talk.session_id, since=0, until=1)
    await fill(store, talk, 3)
    assert await store.digests.mark_read(talk.session_id, since=0, until=3)
    assert not await store.digests.mark_read(talk.session_id, since=0, until=3)
    session = (await store.history.load(talk.session_id, runs=0)).session
    assert (session.read, session.summarised, session.summary) == (3, 0, "")


async def test_a_boundary_drops_the_summary(store, talk):
    await fill(store, talk, 3)
    await store.digests.summarise(talk.session_id, "old", since=0, until=2)
    await store.history.append(talk.run("new", is_boundary=True))
    session = (await store.history.load(talk.session_id, runs=0)).session
    assert (session.summary, session.summarised) == ("", 4)
    assert not await store.digests.summarise(talk.session_id, "late", since=2, until=3)


async def test_a_committed_boundary_drops_the_summary_and_claims_bring_it(store, talk, claim):
    await fill(store, talk, 2)
    await store.digests.summarise(talk.session_id, "old", since=0, until=1)
    await store.inbox.accept(talk.say("hello"))
    claimed = await claim(store)
    assert (claimed.session.summary, claimed.session.summarised) == ("old", 1)
    run = talk.run(claimed.run_id, user_id="ann", is_boundary=True)
    await store.inbox.commit(claimed.lease, run, consumed=1)
    await store.inbox.accept(talk.say("again"))
    claimed = await claim(store)
    assert (claimed.session.summary, claimed.session.summarised, claimed.session.read) == ("", 3, 0)
    await store.inbox.commit(claimed.lease, talk.run(claimed.run_id), consumed=1)
    assert (await store.history.load(talk.session_id, runs=0)).session.summarised == 3


async def test_the_same_memory_is_not_kept_twice(store):
    first = await store.memories.add(
        "ann", "Likes  tea", topics=["Drinks", "drinks", " "], source="s1", is_private=True
    )
    assert (first.topics, first.source, first.is_private) == (("drinks",), "s1", True)
    again = await store.memories.add("ann", "likes tea.", source="s2", is_private=True)
    assert (again.memo_id, again.text, again.source, again.is_private) == (first.memo_id, "Likes  tea", "s1", True)
    assert again.updated_at >= first.updated_at
    assert not (await store.memories.add("ann", "LIKES TEA")).is_private
    (kept,) = await store.memories.list("ann", limit=9)
    assert (kept.memo_id, kept.topics, kept.is_private) == (first.memo_id, ("drinks",), False)
    assert (await store.memories.add("bob", "likes tea")).memo_id != first.memo_id


async def test_a_memory_is_changed_under_its_id(store):
    memo = await store.memories.add("ann", "lives in Rome", topics=["home"], source="s", is_private=True)
    assert not await store.memories.change("bob", memo.memo_id, "x")
    assert await store.memories.change("ann", memo.memo_id, "lives in Oslo")
    (kept,) = await store.memories.list("ann", limit=9)
    assert (kept.text, kept.topics, kept.source, kept.is_private) == ("lives in Oslo", ("home",), "s", True)
    assert kept.created_at == memo.created_at
    await store.memories.remove("ann", memo.memo_id)
    assert not await store.memories.change("ann", memo.memo_id, "back")
    assert await store.memories.list("ann", limit=9) == ()


async def test_accounts_are_linked_and_unlinked(store):
    links = store.links
    assert list(await links.of("a")) == ["a"]
    assert await links.link("a", "b")
    assert await links.link("a", "b")
    assert await links.link("c", "b")
    assert {frozenset(await links.of(account)) for account in "abc"} == {frozenset("abc")}
    assert await links.unlink("a")
    assert not await links.unlink("a")
    assert list(await links.of("a")) == ["a"]
    assert {frozenset(await links.of(account)) for account in "bc"} == {frozenset("bc")}
    assert await links.unlink("b")
    assert [list(await links.of(account)) for account in "bc"] == [["b"], ["c"]]


async def test_one_person_has_a_bounded_number_of_accounts(store):
    for number in range(1, 10):
        assert await store.links.link("a0", f"a{number}")
    assert not await store.links.link("a0", "b0")
    assert len(await store.links.of("a5")) == 10
    assert list(await store.links.of("b0")) == ["b0"]


def charge(talk, number):
    use = ModelUse(
        model="m", calls=1, input_tokens=number, cached_tokens=3, output_tokens=2, cost=0.5, is_estimated=True
    )
    return Charge(session_id=talk.session_id, purpose="summary", use=use, user_id="ann", at=12.5)


async def test_what_the_background_cost_is_kept_with_its_session(store, talk):
    digests, session_id = store.digests, talk.session_id
    assert not await digests.charge(charge(talk, 1))
    assert await digests.charges(session_id) == ()
    await fill(store, talk, 1)
    nobody = Charge(session_id=session_id, purpose="memory", use=ModelUse(model="n"))
    for one in (charge(talk, 1), nobody):
        assert await digests.charge(one)
    assert await digests.charges(session_id) == (charge(talk, 1), nobody)
    assert await store.history.delete(session_id)
    assert await digests.charges(session_id) == ()
    await fill(store, talk, 1)
    assert await digests.charges(session_id) == ()


async def test_the_latest_charges_are_kept(store, talk):
    await fill(store, talk, 1)
    for number in range(MAX_CHARGES + 3):
        await store.digests.charge(charge(talk, number))
    kept = await store.digests.charges(talk.session_id)
    assert len(kept) == MAX_CHARGES
    assert (kept[0].use.input_tokens, kept[-1].use.input_tokens) == (3, MAX_CHARGES + 2)
