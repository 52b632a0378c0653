"""The mailbox, on every store: edits, deletions, and what became of messages that were answered."""

import pytest

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import Addressing
from threadkeep.messages import Message, Role
from threadkeep.stores.base import Claim, Store


def texts(found: Claim) -> list[str]:
    return [event.text for event in found.events]


def run_about(talk, run_id, *messages):
    """Build a run that answers messages."""
    spoken = tuple(Message(role=Role.USER, content=name, source=str(talk.key(name))) for name in messages)
    return talk.run(run_id, messages=spoken)


async def answer(store: Store, found: Claim, talk, *messages) -> None:
    await store.inbox.commit(found.lease, run_about(talk, found.run_id, *messages), consumed=len(messages))


async def test_waiting_message_is_answered_as_edited_in_its_place(open_store, talk, claim):
    store = await open_store()
    for text in "abc":
        await store.inbox.accept(talk.say(text))
    assert await store.inbox.accept(talk.edit("b", "b1", revision="1")) is Acceptance.ACCEPTED
    assert await store.inbox.accept(talk.edit("b", "b2\n\ud800", revision="2")) is Acceptance.ACCEPTED
    assert await store.inbox.accept(talk.edit("b", "b1", revision="1")) is Acceptance.DUPLICATE
    found = await claim(store)
    assert texts(found) == ["a", "b2\n\ufffd", "c"]
    assert found.events[1].key == talk.key("b")
    assert (found.events[1].addressing, found.amendments) == (Addressing.BOT, {})


async def test_edited_context_stays_context(open_store, talk, claim, claim_nothing):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    await answer(store, await claim(store), talk, "a")
    await store.inbox.accept(talk.say("aside", addressing=Addressing.OTHERS))
    assert await store.inbox.accept(talk.edit("aside", "by the way")) is Acceptance.KEPT
    assert await claim_nothing(store)
    await store.inbox.accept(talk.say("b"))
    assert texts(await claim(store)) == ["by the way", "b"]


@pytest.mark.parametrize("change", ["edit", "delete"])
async def test_change_where_the_bot_takes_no_part_is_ignored(open_store, talk, change):
    store = await open_store()
    event = talk.edit("a", "b") if change == "edit" else talk.delete("a")
    assert await store.inbox.accept(event) is Acceptance.IGNORED
    assert await store.history.load(talk.session_id, runs=1) is None


async def test_deleted_message_is_not_answered(open_store, talk, claim, claim_nothing):
    store = await open_store()
    for text in "abc":
        await store.inbox.accept(talk.say(text))
    assert await store.inbox.accept(talk.delete("b")) is Acceptance.ACCEPTED
    assert await store.inbox.accept(talk.delete("b")) is Acceptance.DUPLICATE
    found = await claim(store)
    assert texts(found) == ["a", "c"]
    await store.inbox.commit(found.lease, talk.run("r"), consumed=2)
    assert await claim_nothing(store)


async def test_session_whose_only_question_was_deleted_is_not_ready(open_store, talk, claim, claim_nothing):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    await store.inbox.accept(talk.delete("a"))
    assert await claim_nothing(store)
    assert await store.inbox.accept(talk.say("a")) is Acceptance.DUPLICATE
    await store.inbox.accept(talk.say("b"))
    assert texts(await claim(store)) == ["b"]


async def test_delayed_session_whose_only_question_was_deleted_begins_a_new_run(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    first = await claim(store)
    await store.inbox.release(first.lease, delay=60)
    await store.inbox.accept(talk.delete("a"))
    await store.inbox.accept(talk.say("b"))
    found = await claim(store)
    assert (texts(found), found.attempt, found.steps) == (["b"], 1, {})
    assert found.run_id != first.run_id


async def test_deleted_messages_count_no_more(open_store, talk):
    store = await open_store(max_waiting=2)
    await store.inbox.accept(talk.say("a"))
    await store.inbox.accept(talk.say("b"))
    assert await store.inbox.accept(talk.say("c")) is Acceptance.FULL
    await store.inbox.accept(talk.delete("a"))
    assert await store.inbox.accept(talk.say("c")) is Acceptance.ACCEPTED
    assert await store.inbox.accept(talk.say("d")) is Acceptance.FULL


async def test_edit_and_deletion_of_answered_messages_are_found_with_their_runs(open_store, talk, claim):
    store = await open_store()
    for text in "abc":
        await store.inbox.accept(talk.say(text))
        await answer(store, await claim(store), talk, text)
    assert await store.inbox.accept(talk.edit("a", "a1", revision="1")) is Acceptance.KEPT
    edit = talk.edit("a", "a2", revision="2")
    await store.inbox.accept(edit)
    assert await store.inbox.accept(talk.delete("b")) is Acceptance.KEPT
    expected = {str(talk.key("a")): edit, str(talk.key("b")): None}
    assert (await store.history.load(talk.session_id, runs=3)).amendments == expected
    assert (await store.history.load(talk.session_id, runs=1)).amendments == {}
    assert (await store.history.load(talk.session_id, runs=0)).amendments == {}
    await store.inbox.accept(talk.say("d"))
    found = await store.inbox.claim("w", run_id="r", runs=2)
    assert found.amendments == {str(talk.key("b")): None}


async def test_quoted_source_in_a_text_is_only_a_text(open_store, talk):
    store = await open_store()
    said = f'"source":"{talk.key("a")}"'
    await store.history.append(talk.run("r", messages=(Message(role=Role.USER, content=said, source='quoted"key'),)))
    await store.inbox.accept(talk.delete("a"))
    assert (await store.history.load(talk.session_id, runs=3)).amendments == {}


async def test_only_the_latest_amendments_are_kept(open_store, talk):
    store = await open_store()
    names = [f"m{number}" for number in range(510)]
    await store.history.append(run_about(talk, "r", *names))
    for name in names:
        await store.inbox.accept(talk.delete(name))
    found = (await store.history.load(talk.session_id, runs=1)).amendments
    assert set(found) == {str(talk.key(name)) for name in names[10:]}


async def test_edit_of_a_message_that_is_being_answered_is_an_amendment(open_store, talk, claim):
    store = await open_store(lease_seconds=0.05)
    await store.inbox.accept(talk.say("a"))
    first = await claim(store, worker="w1")
    await store.inbox.record(first.lease, {"taken": "1"})
    edit = talk.edit("a", "a1")
    assert await store.inbox.accept(edit) is Acceptance.ACCEPTED
    second = await claim(store, worker="w2")
    assert (texts(second), second.amendments) == (["a"], {str(talk.key("a")): edit})
    await answer(store, second, talk, "a")
    assert (await store.history.load(talk.session_id, runs=1)).amendments == {str(talk.key("a")): edit}


async def test_messages_that_a_run_leaves_are_changed_in_place(open_store, talk, claim):
    """What the claim brought and the run does not take."""
    store = await open_store()
    for text in "abcd":
        await store.inbox.accept(talk.say(text))
    found = await claim(store)
    await store.inbox.record(found.lease, {"taken": "1"})
    assert await store.inbox.accept(talk.edit("b", "b1")) is Acceptance.ACCEPTED
    assert await store.inbox.accept(talk.delete("c")) is Acceptance.ACCEPTED
    await answer(store, found, talk, "a")
    following = await claim(store)
    assert (texts(following), "stop" in following.steps) == (["b1", "d"], False)


async def test_changes_before_the_run_has_said_what_it_takes_are_made_when_it_has(open_store, talk, claim):
    store = await open_store()
    for text in "abcd":
        await store.inbox.accept(talk.say(text))
    found = await claim(store)
    await store.inbox.accept(talk.edit("b", "b1"))
    await store.inbox.accept(talk.delete("c"))
    await store.inbox.record(found.lease, {"taken": "1"})
    await store.inbox.release(found.lease)
    again = await claim(store)
    assert (texts(again), again.steps, again.amendments) == (["a", "b1", "d"], {"taken": "1"}, {})
    await answer(store, again, talk, "a")
    assert texts(await claim(store)) == ["b1", "d"]


@pytest.mark.parametrize("end", ["commit", "release", "lapse"])
async def test_changes_during_a_run_that_took_nothing_are_made_at_its_end(open_store, talk, claim, end):
    store = await open_store(lease_seconds=0.05 if end == "lapse" else 10)
    for text in "abc":
        await store.inbox.accept(talk.say(text))
    found = await claim(store)
    await store.inbox.accept(talk.edit("b", "b1"))
    await store.inbox.accept(talk.delete("c"))
    if end == "commit":
        await store.inbox.commit(found.lease, talk.run("r"), consumed=0)
    elif end == "release":
        await store.inbox.release(found.lease)
    assert texts(await claim(store)) == ["a", "b1"]


async def test_claimed_places_do_not_move_when_messages_are_deleted(open_store, talk, claim):
    store = await open_store()
    for text in "abc":
        await store.inbox.accept(talk.say(text))
    found = await claim(store)
    await store.inbox.record(found.lease, {"taken": "1"})
    await store.inbox.accept(talk.delete("b"))
    await store.inbox.accept(talk.say("d"))
    # The worker counts as it was told: a, b and c.
    await store.control.extend(found.lease, 3)
    await store.inbox.commit(found.lease, talk.run("r"), consumed=3)
    assert texts(await claim(store)) == ["d"]


async def test_session_ends_idle_when_all_that_was_left_is_deleted_during_the_run(
    open_store, talk, claim, claim_nothing
):
    store = await open_store()
    for text in "ab":
        await store.inbox.accept(talk.say(text))
    found = await claim(store)
    await store.inbox.record(found.lease, {"taken": "1"})
    await store.inbox.accept(talk.delete("b"))
    await answer(store, found, talk, "a")
    assert await claim_nothing(store)


async def test_deletion_of_a_question_in_progress_is_a_step_of_its_run(open_store, talk, claim):
    store = await open_store(lease_seconds=0.05)
    await store.inbox.accept(talk.say("a"))
    first = await claim(store, worker="w1")
    await store.inbox.record(first.lease, {"taken": "1"})
    assert await store.inbox.accept(talk.delete("a")) is Acceptance.ACCEPTED
    second = await claim(store, worker="w2")
    assert second.steps == {"taken": "1", "stop": "deleted"}
    assert second.amendments == {str(talk.key("a")): None}
    await answer(store, second, talk, "a")


async def test_deletion_of_an_unfinished_run_s_question_is_a_step_of_it(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    first = await claim(store)
    await store.inbox.record(first.lease, {"taken": "1"})
    await store.inbox.release(first.lease)
    await store.inbox.accept(talk.delete("a"))
    assert (await claim(store)).steps["stop"] == "deleted"


async def test_context_that_an_unfinished_run_took_is_not_dropped(open_store, talk, claim):
    store = await open_store(max_context=2)
    await store.inbox.accept(talk.say("q"))
    for text in ("c1", "c2"):
        await store.inbox.accept(talk.say(text, addressing=Addressing.OTHERS))
    await store.inbox.accept(talk.say("r"))
    first = await claim(store)
    await store.inbox.record(first.lease, {"taken": "4"})
    for text in ("d1", "d2"):
        await store.inbox.accept(talk.say(text, addressing=Addressing.OTHERS))
    await store.inbox.release(first.lease)
    await store.inbox.accept(talk.say("d3", addressing=Addressing.OTHERS))
    second = await claim(store)
    assert texts(second) == ["q", "c1", "c2", "r", "d2", "d3"]
    await store.inbox.commit(second.lease, talk.run("r"), consumed=4)
    await store.inbox.accept(talk.say("s"))
    assert texts(await claim(store)) == ["d2", "d3", "s"]
