"""What an operator may read of a session's inbox, on every store."""

import asyncio

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import Addressing, MessageDeleted
from threadkeep.stores.operations import Mailbox


def key_of(talk, text):
    return str(talk.say(text).key)


async def test_unknown_session_has_no_mailbox(open_store, talk):
    store = await open_store()
    assert await store.traces.mailbox(talk.session_id) is None


async def test_waiting_messages_are_named_in_order(open_store, talk, other_talk):
    store = await open_store()
    for text in ("a", "b"):
        await store.inbox.accept(talk.say(text))
    await store.inbox.accept(talk.say("c", addressing=Addressing.OTHERS))
    await store.inbox.accept(other_talk.say("x"))
    found = await store.traces.mailbox(talk.session_id)
    assert found is not None
    assert found.waiting == tuple(key_of(talk, text) for text in "abc")
    assert (found.taken, found.worker, found.run_id, found.attempt) == ((), None, None, 0)


async def test_run_in_progress_is_told_with_what_it_takes(open_store, talk, claim):
    store = await open_store()
    for text in ("a", "b"):
        await store.inbox.accept(talk.say(text))
    held = await claim(store)
    await store.inbox.record(held.lease, {"taken": "1", "posted:0": "m1"})
    await store.inbox.accept(talk.say("c"))
    found = await store.traces.mailbox(talk.session_id)
    assert found is not None
    assert found.taken == (key_of(talk, "a"),)
    assert found.waiting == (key_of(talk, "b"), key_of(talk, "c"))
    assert (found.worker, found.run_id, found.attempt) == ("w1", held.run_id, 1)
    assert found.steps == ("posted:0", "taken")
    assert found.due_at is not None


async def test_reading_a_mailbox_changes_nothing(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    before = await store.traces.mailbox(talk.session_id)
    assert await store.traces.mailbox(talk.session_id) == before
    held = await claim(store)
    await store.traces.mailbox(talk.session_id)
    await store.inbox.commit(held.lease, talk.run(held.run_id), consumed=1)
    after = await store.traces.mailbox(talk.session_id)
    assert after == Mailbox()


async def test_delay_before_the_next_attempt_is_told(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    held = await claim(store)
    await store.inbox.record(held.lease, {"taken": "1"})
    held_until = (await store.traces.mailbox(talk.session_id)).due_at
    await store.inbox.release(held.lease, delay=600)
    found = await store.traces.mailbox(talk.session_id)
    assert found is not None
    assert found.taken == (key_of(talk, "a"),)
    assert (found.worker, found.run_id, found.attempt) == (None, held.run_id, 1)
    assert found.due_at is not None
    assert found.due_at > held_until


async def test_lapsed_lease_is_seen(open_store, talk, claim, reached):
    store = await open_store(lease_seconds=0.05)
    await store.inbox.accept(talk.say("a"))
    await claim(store)
    found = await store.traces.mailbox(talk.session_id)
    assert found.worker == "w1"
    first = found.due_at

    async def is_over():
        # The end of a lease that nobody renews does not move.
        found = await store.traces.mailbox(talk.session_id)
        assert abs(found.due_at - first) < 0.01
        return await store.inbox.claim("w2", run_id="r2", runs=0) is not None

    await reached(is_over)
    assert (await store.traces.mailbox(talk.session_id)).worker == "w2"


async def test_deleted_message_does_not_wait(open_store, talk, claim):
    store = await open_store()
    for text in ("a", "b"):
        await store.inbox.accept(talk.say(text))
    await claim(store)
    said = talk.say("b")
    deleted = MessageDeleted(
        key=type(said.key)(
            platform="slack", workspace=said.key.workspace, channel=said.key.channel, message="m-b", revision="deleted"
        ),
        place=said.place,
    )
    assert await store.inbox.accept(deleted) in {Acceptance.ACCEPTED, Acceptance.KEPT}
    found = await store.traces.mailbox(talk.session_id)
    assert key_of(talk, "a") in found.taken
    assert key_of(talk, "b") not in found.waiting


async def test_many_readers_at_once(open_store, talk):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    found = await asyncio.gather(*(store.traces.mailbox(talk.session_id) for _ in range(50)))
    assert len(set(found)) == 1
