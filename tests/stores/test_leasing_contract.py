"""The mailbox, on every store: who may run a session, what a crash leaves, and how workers are woken."""

import asyncio

import pytest

from threadkeep.chat.adapter import Acceptance
from threadkeep.errors import LeaseLostError
from threadkeep.stores.base import Claim


def texts(found: Claim) -> list[str]:
    return [event.text for event in found.events]


async def test_session_is_held_by_one_worker_at_a_time(open_store, talk, other_talk, claim, claim_nothing):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    held = await claim(store)
    await store.inbox.accept(talk.say("b"))
    assert await claim_nothing(store)
    await store.inbox.accept(other_talk.say("x"))
    assert (await claim(store)).lease.session_id == other_talk.session_id
    await store.inbox.commit(held.lease, talk.run("r1"), consumed=1)
    assert texts(await claim(store)) == ["b"]


async def test_commit_consumes_only_what_it_says(open_store, talk, claim):
    store = await open_store()
    for text in "abc":
        await store.inbox.accept(talk.say(text))
    found = await claim(store)
    await store.inbox.accept(talk.say("d"))
    await store.inbox.commit(found.lease, talk.run("r1"), consumed=1)
    assert texts(await claim(store)) == ["b", "c", "d"]


async def test_commit_leaves_what_arrived_after_the_claim(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    found = await claim(store)
    await store.inbox.accept(talk.say("b"))
    await store.inbox.commit(found.lease, talk.run("r1"), consumed=5)
    assert texts(await claim(store)) == ["b"]


async def test_commit_appends_the_run_and_may_be_repeated(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    found = await claim(store)
    run = talk.run(found.run_id, content="hi", user_id="ann")
    await store.inbox.accept(talk.say("b"))
    await store.inbox.commit(found.lease, run, consumed=1)
    await store.inbox.commit(found.lease, run, consumed=1)
    again = await claim(store)
    assert (texts(again), again.runs, again.session.run_count) == (["b"], (run,), 1)
    assert "ann" in again.session.user_ids
    assert again.run_id != found.run_id


async def test_steps_of_a_crashed_attempt_come_back_with_its_run_id(open_store, talk, claim):
    crashed = await open_store(lease_seconds=0.05)
    await crashed.inbox.accept(talk.say("a"))
    first = await claim(crashed, worker="w1")
    await crashed.inbox.record(first.lease, {"posted:0": "17.1", "answer": "\ud800"})
    await crashed.inbox.record(first.lease, {"posted:0": "17.2"})
    second = await claim(await open_store(lease_seconds=0.05), worker="w2")
    assert (second.run_id, second.attempt) == (first.run_id, 2)
    assert second.steps == {"posted:0": "17.2", "answer": "\ufffd"}
    assert second.lease.fence > first.lease.fence
    assert second.lease.worker == "w2"


async def test_writes_of_a_holder_whose_session_was_taken_over_are_refused(open_store, talk, claim):
    store = await open_store(lease_seconds=0.05)
    await store.inbox.accept(talk.say("a"))
    first = await claim(store, worker="w1")
    second = await claim(store, worker="w2")
    with pytest.raises(LeaseLostError):
        await store.inbox.record(first.lease, {"x": "y"})
    with pytest.raises(LeaseLostError):
        await store.inbox.commit(first.lease, talk.run("late"), consumed=1)
    await store.inbox.release(first.lease)
    assert await store.inbox.renew([first.lease, second.lease]) == {first.lease}
    await store.inbox.commit(second.lease, talk.run(second.run_id), consumed=1)
    found = await store.history.load(talk.session_id, runs=10)
    assert [run.run_id for run in found.runs] == [second.run_id]


async def test_late_writer_whose_session_nobody_took_may_still_commit(open_store, talk, claim, claim_nothing):
    store = await open_store(lease_seconds=0.02)
    await store.inbox.accept(talk.say("a"))
    first = await claim(store)
    # Nobody claims: the lease has lapsed by the time that this worker comes back.
    await asyncio.sleep(0.05)
    await store.inbox.commit(first.lease, talk.run(first.run_id), consumed=1)
    assert await claim_nothing(store)


async def test_ended_lease_allows_no_further_writes(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    await store.inbox.accept(talk.say("b"))
    found = await claim(store)
    await store.inbox.commit(found.lease, talk.run("r1"), consumed=1)
    with pytest.raises(LeaseLostError):
        await store.inbox.record(found.lease, {"x": "y"})
    with pytest.raises(LeaseLostError):
        await store.inbox.commit(found.lease, talk.run("r2"), consumed=1)
    assert await store.inbox.renew([found.lease]) == {found.lease}


async def test_renewed_lease_does_not_lapse(open_store, talk, other_talk, claim):
    store = await open_store(lease_seconds=0.5)
    await store.inbox.accept(talk.say("a"))
    kept = await claim(store)
    await store.inbox.accept(other_talk.say("b"))
    abandoned = await claim(store)
    taken_over = None
    async with asyncio.timeout(10):
        while taken_over is None:
            assert await store.inbox.renew([kept.lease]) == frozenset()
            await asyncio.sleep(0.05)
            taken_over = await store.inbox.claim("w2", run_id="r", runs=0)
    assert taken_over.lease.session_id == abandoned.lease.session_id
    await store.inbox.record(kept.lease, {"still": "mine"})


async def test_renewing_nothing_loses_nothing(open_store):
    assert await (await open_store()).inbox.renew([]) == frozenset()


async def test_released_session_is_ready_again_with_its_unfinished_run(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    first = await claim(store)
    await store.inbox.record(first.lease, {"posted:0": "1"})
    await store.inbox.release(first.lease)
    second = await claim(store)
    assert (second.run_id, second.attempt, second.steps) == (first.run_id, 2, {"posted:0": "1"})


async def test_delayed_release_is_not_claimed_before_its_time_and_wakes_by_itself(
    open_store, talk, claim, claim_nothing
):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    first = await claim(store)
    await store.inbox.release(first.lease, delay=0.3)
    assert await claim_nothing(store)
    assert await store.inbox.accept(talk.say("b")) is Acceptance.ACCEPTED
    assert await claim_nothing(store)
    assert texts(await claim(store)) == ["a", "b"]


async def test_deleted_session_refuses_its_run_and_does_not_come_back(open_store, talk, claim, claim_nothing):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    found = await claim(store)
    assert await store.history.delete(talk.session_id)
    with pytest.raises(LeaseLostError):
        await store.inbox.commit(found.lease, talk.run("r1"), consumed=1)
    with pytest.raises(LeaseLostError):
        await store.inbox.record(found.lease, {"x": "y"})
    await store.inbox.release(found.lease)
    assert await store.inbox.renew([found.lease]) == {found.lease}
    assert await store.history.load(talk.session_id, runs=1) is None
    assert await claim_nothing(store)


async def test_session_that_begins_again_after_its_deletion_gets_a_new_fence(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    old = await claim(store)
    await store.history.delete(talk.session_id)
    await store.inbox.accept(talk.say("b"))
    new = await claim(store)
    assert new.lease.fence > old.lease.fence
    with pytest.raises(LeaseLostError):
        await store.inbox.commit(old.lease, talk.run("r1"), consumed=1)
    assert (texts(new), new.attempt) == (["b"], 1)


@pytest.mark.parametrize("state", ["ready", "delayed"])
async def test_deleted_session_leaves_nothing_to_claim(open_store, talk, state, claim, claim_nothing):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    if state == "delayed":
        await store.inbox.release((await claim(store)).lease, delay=0.01)
    await store.history.delete(talk.session_id)
    await asyncio.sleep(0.02)
    assert await claim_nothing(store)


async def test_wait_returns_when_a_message_is_accepted(open_store, talk, claim_nothing):
    store = await open_store()
    assert await claim_nothing(store)
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(store.inbox.wait(60))
        await asyncio.sleep(0)
        await store.inbox.accept(talk.say("a"))
        await waiting


async def test_message_between_claim_and_wait_is_not_overslept(open_store, talk, claim_nothing):
    store = await open_store()
    assert await claim_nothing(store)
    await store.inbox.accept(talk.say("a"))
    async with asyncio.timeout(20):
        await store.inbox.wait(60)


async def test_wait_ends_by_itself(open_store):
    store = await open_store()
    async with asyncio.timeout(20):
        await store.inbox.wait(0.01)
