"""Runs that wait for people, presses, and what people think of answers, on every store."""

from dataclasses import replace

import pytest

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import ActionPressed, Addressing, FeedbackGiven
from threadkeep.errors import LeaseLostError, StoreError
from threadkeep.stores.base import Feedback
from threadkeep.stores.options import MAX_FEEDBACK, MAX_PRESSES
from threadkeep.stores.presses import read_presses

LONG = 1000.0


def pressed(talk, name, *, user="U1", action="answer:r.0.0", **fields):
    event = talk.stop(press=name, user=user)
    return ActionPressed(
        key=event.key, place=event.place, user=event.user, speaker=user, action=action, label="Approve", **fields
    )


def liked(talk, message, rating, *, user="U1", word="w1", comment=""):
    asker = talk.stop(user=user).user
    key = talk.stop(press=word).key
    key = type(key)(platform=key.platform, workspace=key.workspace, channel=key.channel, message=message, revision=word)
    return FeedbackGiven(key=key, place=talk.stop().place, user=asker, rating=rating, comment=comment)


async def sleeping(store, talk, claim, **steps):
    """Let a run wait for people."""
    await store.inbox.accept(talk.say("q"))
    found = await claim(store)
    await store.inbox.record(found.lease, {"taken": "1", **steps})
    await store.inbox.suspend(found.lease, seconds=LONG)
    return found


async def test_a_suspended_run_is_held_by_nobody_and_not_ready(open_store, talk, claim, claim_nothing):
    store = await open_store(lease_seconds=0.05)
    found = await sleeping(store, talk, claim, **{"question:0.0": "?"})
    assert await claim_nothing(store)
    with pytest.raises(LeaseLostError):
        await store.inbox.record(found.lease, {"late": "1"})
    mailbox = await store.traces.mailbox(talk.session_id)
    assert (mailbox.worker, mailbox.run_id, mailbox.taken) == (None, found.run_id, (str(talk.key("q")),))
    assert mailbox.due_at is not None


async def test_a_press_makes_it_ready_and_is_a_step_of_it(open_store, talk, claim):
    store = await open_store()
    found = await sleeping(store, talk, claim, **{"question:0.0": "?"})
    press = pressed(talk, "p1", value="0", fields={"reason": "why"}, roles=("r1",))
    assert await store.inbox.accept(press) is Acceptance.ACCEPTED
    assert await store.inbox.accept(press) is Acceptance.DUPLICATE
    again = await claim(store)
    assert (again.run_id, again.attempt) == (found.run_id, 1)
    assert again.steps["question:0.0"] == "?"
    (read,) = read_presses(again.steps)
    assert read.event == press
    assert read.step == f"press:{press.key}"
    assert read.at > 0


async def test_presses_are_told_in_the_order_in_which_they_came(open_store, talk, claim):
    store = await open_store()
    await sleeping(store, talk, claim)
    for name in ("p3", "p1", "p2"):
        await store.inbox.accept(pressed(talk, name))
    presses = read_presses((await claim(store)).steps)
    assert [press.event.key.revision for press in presses] == ["p3", "p1", "p2"]


async def test_suspending_never_counts_as_an_attempt(open_store, talk, claim):
    store = await open_store(lease_seconds=0.05)
    await sleeping(store, talk, claim)
    for number in range(3):
        await store.inbox.accept(pressed(talk, f"p{number}"))
        again = await claim(store)
        assert again.attempt == 1
        await store.inbox.suspend(again.lease, seconds=LONG, handled=[name for name in again.steps if "press" in name])
    await store.inbox.accept(pressed(talk, "last"))
    await claim(store)
    # This one ends with its process.
    assert (await claim(store, worker="w2")).attempt == 2


async def test_what_was_dealt_with_is_forgotten_and_the_rest_makes_it_ready(open_store, talk, claim, claim_nothing):
    store = await open_store()
    await sleeping(store, talk, claim)
    await store.inbox.accept(pressed(talk, "p1"))
    found = await claim(store)
    await store.inbox.accept(pressed(talk, "p2"))
    (first,) = read_presses(found.steps)
    await store.inbox.suspend(found.lease, seconds=LONG, handled=[first.step])
    again = await claim(store)
    (second,) = read_presses(again.steps)
    assert second.event.key.revision == "p2"
    await store.inbox.suspend(again.lease, seconds=LONG, handled=[second.step])
    assert await claim_nothing(store)


@pytest.mark.parametrize("is_held", [False, True])
async def test_message_wakes_it_and_waits(open_store, talk, claim, claim_nothing, is_held):
    store = await open_store()
    await sleeping(store, talk, claim)
    if is_held:
        await store.inbox.accept(pressed(talk, "p1"))
        found = await claim(store)
    await store.inbox.accept(talk.say("aside", addressing=Addressing.OTHERS))
    if not is_held:
        assert await claim_nothing(store)
    await store.inbox.accept(talk.say("r"))
    if is_held:
        await store.inbox.suspend(found.lease, seconds=LONG, handled=[name for name in found.steps if "press" in name])
    again = await claim(store)
    assert [event.text for event in again.events] == ["q", "aside", "r"]
    await store.inbox.suspend(again.lease, seconds=LONG)
    assert await claim_nothing(store)


async def test_it_sleeps_though_more_waits_than_a_claim_brings(open_store, talk, claim, claim_nothing):
    store = await open_store(max_context=1, max_claimed_events=2)
    await sleeping(store, talk, claim)
    for number in range(4):
        await store.inbox.accept(talk.say(str(number)))
    found = await claim(store)
    await store.inbox.suspend(found.lease, seconds=LONG)
    assert await claim_nothing(store)


async def test_stop_wakes_it(open_store, talk, claim):
    store = await open_store()
    await sleeping(store, talk, claim)
    assert await store.inbox.accept(talk.stop(user="U7")) is Acceptance.ACCEPTED
    assert (await claim(store)).steps["stop"] == "slack:T1:U7"


async def test_stop_while_it_is_held_is_seen_at_once(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("q"))
    found = await claim(store)
    await store.inbox.record(found.lease, {"taken": "1"})
    await store.inbox.accept(talk.stop())
    await store.inbox.suspend(found.lease, seconds=LONG)
    assert "stop" in (await claim(store)).steps


async def test_deletion_of_its_question_wakes_it(open_store, talk, claim):
    store = await open_store()
    await sleeping(store, talk, claim)
    await store.inbox.accept(talk.delete("q"))
    assert (await claim(store)).steps["stop"] == "deleted"


async def test_edit_of_its_question_does_not(open_store, talk, claim, claim_nothing):
    store = await open_store()
    await sleeping(store, talk, claim)
    await store.inbox.accept(talk.edit("q", "Q"))
    assert await claim_nothing(store)


async def test_its_time_is_over(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("q"))
    found = await claim(store)
    await store.inbox.record(found.lease, {"taken": "1"})
    await store.inbox.suspend(found.lease, seconds=0.05)
    assert (await claim(store)).run_id == found.run_id


async def test_a_lost_lease_suspends_nothing(open_store, talk, claim):
    store = await open_store(lease_seconds=0.05)
    await store.inbox.accept(talk.say("q"))
    first = await claim(store)
    second = await claim(store, worker="w2")
    await store.inbox.suspend(first.lease, seconds=LONG)
    await store.inbox.record(second.lease, {"taken": "1"})


async def test_commit_of_a_run_that_slept_lets_the_next_one_begin(open_store, talk, claim):
    store = await open_store()
    await sleeping(store, talk, claim)
    await store.inbox.accept(talk.say("r"))
    found = await claim(store)
    await store.inbox.commit(found.lease, talk.run("one"), consumed=1)
    again = await claim(store)
    assert [event.text for event in again.events] == ["r"]
    assert again.attempt == 1
    assert again.steps == {}


async def test_presses_where_nothing_runs_are_ignored(open_store, talk, claim):
    store = await open_store()
    assert await store.inbox.accept(pressed(talk, "p1")) is Acceptance.IGNORED
    await store.inbox.accept(talk.say("q"))
    found = await claim(store)
    await store.inbox.commit(found.lease, talk.run("r"), consumed=1)
    assert await store.inbox.accept(pressed(talk, "p2")) is Acceptance.IGNORED
    assert (await store.history.load(talk.session_id, runs=1)).session.run_count == 1


async def test_presses_of_one_run_are_bounded(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("q"))
    await claim(store)
    for number in range(MAX_PRESSES):
        assert await store.inbox.accept(pressed(talk, f"p{number}")) is Acceptance.ACCEPTED
    assert await store.inbox.accept(pressed(talk, "more")) is Acceptance.FULL


async def test_a_message_is_pulled_before_those_of_others(open_store, talk, claim):
    store = await open_store()
    await sleeping(store, talk, claim)
    await store.inbox.accept(talk.say("a", user="U2"))
    await store.inbox.accept(talk.say("b", user="U3"))
    await store.inbox.accept(talk.say("c"))
    found = await claim(store)
    assert await store.control.pull(found.lease, str(talk.key("c")))
    assert not await store.control.pull(found.lease, str(talk.key("c")))
    assert not await store.control.pull(found.lease, str(talk.key("q")))
    assert not await store.control.pull(found.lease, str(talk.key("unknown")))
    assert [event.text for event in await store.control.waiting(found.lease)] == ["q", "c", "a", "b"]
    await store.inbox.suspend(found.lease, seconds=0)
    again = await claim(store)
    assert again.steps["taken"] == "2"
    await store.inbox.commit(again.lease, talk.run("r"), consumed=2)
    assert [event.text for event in (await claim(store)).events] == ["a", "b"]


async def test_pulling_needs_the_lease(open_store, talk, claim):
    store = await open_store()
    found = await sleeping(store, talk, claim)
    with pytest.raises(LeaseLostError):
        await store.control.pull(found.lease, str(talk.key("q")))


async def test_a_command_is_answered_beside_a_run_that_sleeps(open_store, talk, claim, claim_nothing):
    store = await open_store()
    await sleeping(store, talk, claim, **{"question:0.0": "?"})
    for name in ("a", "help", "b"):
        await store.inbox.accept(talk.say(name, user="U2"))
    found = await claim(store)
    await store.inbox.record(found.lease, {"aside:help:final": "x", "kept": "y"})
    aside = replace(talk.run("aside"), user_id="slack:T1:U2")
    for _ in range(2):
        await store.control.answer_aside(found.lease, aside, str(talk.key("help")))
    assert [event.text for event in await store.control.waiting(found.lease)] == ["q", "a", "b"]
    await store.inbox.suspend(found.lease, seconds=LONG)
    assert await claim_nothing(store)
    await store.inbox.accept(pressed(talk, "p1"))
    again = await claim(store)
    assert (again.run_id, again.attempt) == (found.run_id, 1)
    assert [event.text for event in again.events] == ["q", "a", "b"]
    assert set(again.steps) == {"taken", "question:0.0", "kept", f"press:{talk.stop(press='p1').key}"}
    assert [run.run_id for run in again.runs] == ["aside"]
    assert again.session.run_count == 1
    await store.inbox.commit(again.lease, talk.run("r"), consumed=1)
    assert [event.text for event in (await claim(store)).events] == ["a", "b"]
    (session,) = await store.history.sessions("slack:T1:U2")
    assert session.session_id == talk.session_id


async def test_what_came_unseen_beside_a_command_still_wakes_the_run(open_store, talk, claim):
    store = await open_store()
    await sleeping(store, talk, claim)
    await store.inbox.accept(talk.say("help"))
    found = await claim(store)
    await store.inbox.accept(talk.say("r"))
    await store.control.answer_aside(found.lease, talk.run("aside"), str(talk.key("help")))
    await store.inbox.suspend(found.lease, seconds=LONG)
    assert [event.text for event in (await claim(store)).events] == ["q", "r"]


async def test_answering_aside_leaves_what_the_run_takes(open_store, talk, claim):
    store = await open_store()
    found = await sleeping(store, talk, claim)
    await store.inbox.accept(pressed(talk, "p1"))
    found = await claim(store)
    await store.control.answer_aside(found.lease, talk.run("aside"), str(talk.key("q")))
    assert [event.text for event in await store.control.waiting(found.lease)] == ["q"]


async def test_answering_aside_needs_the_lease(open_store, talk, claim):
    store = await open_store()
    found = await sleeping(store, talk, claim)
    await store.inbox.accept(talk.say("help"))
    with pytest.raises(LeaseLostError):
        await store.control.answer_aside(found.lease, talk.run("aside"), str(talk.key("help")))
    assert [event.text for event in (await claim(store)).events] == ["q", "help"]


async def test_the_last_word_of_each_person_about_each_message_is_kept(open_store, talk):
    store = await open_store()
    assert await store.inbox.accept(liked(talk, "m1", 1)) is Acceptance.IGNORED
    await store.inbox.accept(talk.say("q"))
    events = [
        liked(talk, "m1", 1, word="a"),
        liked(talk, "m1", -1, word="b", comment="bad\n: no"),
        liked(talk, "m2", 1, word="c"),
        liked(talk, "m1", 1, word="d", user="U2"),
        liked(talk, "m2", 0, word="e"),
    ]
    for event in events:
        assert await store.inbox.accept(event) is Acceptance.KEPT
        assert await store.inbox.accept(event) is Acceptance.DUPLICATE
    kept = await store.history.feedback(talk.session_id)
    assert [(one.message.message, one.user.user, one.rating, one.comment) for one in kept] == [
        ("m1", "U1", -1, "bad\n: no"),
        ("m1", "U2", 1, ""),
    ]
    assert all(isinstance(one, Feedback) and one.given_at > 0 for one in kept)


async def test_feedback_is_bounded_and_goes_with_its_session(open_store, talk):
    store = await open_store()
    await store.inbox.accept(talk.say("q"))
    for number in range(MAX_FEEDBACK + 3):
        await store.inbox.accept(liked(talk, f"m{number}", 1, word=str(number)))
    kept = await store.history.feedback(talk.session_id)
    assert [one.message.message for one in kept] == [f"m{number}" for number in range(3, MAX_FEEDBACK + 3)]
    await store.history.delete(talk.session_id)
    assert await store.history.feedback(talk.session_id) == ()


async def test_feedback_leaves_edits_alone(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("q"))
    found = await claim(store)
    await store.inbox.commit(found.lease, talk.run("r"), consumed=1)
    await store.inbox.accept(talk.edit("q", "Q"))
    await store.inbox.accept(liked(talk, "m1", 1))
    await store.inbox.accept(talk.say("r"))
    assert (await claim(store)).amendments == {}
    assert len(await store.history.feedback(talk.session_id)) == 1


async def test_state_is_saved_with_the_run(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    found = await claim(store)
    with pytest.raises(StoreError):
        await store.inbox.commit(found.lease, talk.run("r"), consumed=1, state={"n": object()})
    await store.inbox.commit(found.lease, talk.run("r"), consumed=1, state={"n": [1, {}]})
    await store.inbox.accept(talk.say("b"))
    found = await claim(store)
    assert found.session.state == {"n": [1, {}]}
    await store.inbox.commit(found.lease, talk.run("s"), consumed=1)
    assert (await store.history.load(talk.session_id, runs=0)).session.state == {"n": [1, {}]}


async def test_state_of_a_lost_lease_is_not_saved(open_store, talk, claim):
    store = await open_store(lease_seconds=0.05)
    await store.inbox.accept(talk.say("a"))
    first = await claim(store)
    await claim(store, worker="w2")
    with pytest.raises(LeaseLostError):
        await store.inbox.commit(first.lease, talk.run("r"), consumed=1, state={"n": 1})
    assert (await store.history.load(talk.session_id, runs=0)).session.state == {}
