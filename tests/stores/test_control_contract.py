"""Signals, stop, and taking more than was claimed, on every store."""

import asyncio

import pytest

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import Addressing
from threadkeep.errors import LeaseLostError
from threadkeep.stores.operations import Signal, SignalKind


async def heard(signals, count):
    """Take so many signals; the rest stays."""
    async with asyncio.timeout(10):
        return [await anext(signals) for _ in range(count)]


async def test_message_during_a_run_is_signalled_with_how_many_wait(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    async with store.control.signals() as signals:
        found = await claim(store)
        await store.inbox.accept(talk.say("b"))
        await store.inbox.accept(talk.say("aside", addressing=Addressing.OTHERS))
        await store.inbox.accept(talk.say("c"))
        first, second = await heard(signals, 2)
        assert first == Signal(
            session_id=talk.session_id, kind=SignalKind.MESSAGE, waiting=1, message=str(talk.key("b"))
        )
        assert second.waiting == 2
        await store.inbox.commit(found.lease, talk.run("r"), consumed=1)
        await store.inbox.accept(talk.say("d"))
        found = await claim(store)
        await store.inbox.accept(talk.say("e"))
        # Nobody is told of "d": no run was in progress.
        assert [(signal.message, signal.waiting) for signal in await heard(signals, 1)] == [(str(talk.key("e")), 1)]


async def test_messages_that_the_run_leaves_count_as_waiting(open_store, talk, claim):
    store = await open_store()
    for text in "abc":
        await store.inbox.accept(talk.say(text))
    async with store.control.signals() as signals:
        found = await claim(store)
        await store.inbox.record(found.lease, {"taken": "1"})
        await store.inbox.accept(talk.say("d"))
        await store.control.extend(found.lease, 3)
        await store.inbox.accept(talk.say("e"))
        assert [signal.waiting for signal in await heard(signals, 2)] == [3, 2]


async def test_every_process_hears_signals_from_every_other(open_store, talk, claim):
    accepting, working = await open_store(), await open_store()
    await accepting.inbox.accept(talk.say("a"))
    async with working.control.signals() as one, accepting.control.signals() as other:
        await claim(working)
        assert await accepting.inbox.accept(talk.stop()) is Acceptance.ACCEPTED
        expected = [Signal(session_id=talk.session_id, kind=SignalKind.STOP)]
        assert await heard(one, 1) == await heard(other, 1) == expected


async def test_listener_hears_only_what_happens_after_it_began(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    await claim(store)
    async with store.control.signals() as earlier:
        await store.inbox.accept(talk.stop(press="1"))
        # Between the nodes of a cluster a signal takes its time.
        await heard(earlier, 1)
    async with store.control.signals() as signals:
        await store.inbox.accept(talk.stop(press="2"))
        await store.inbox.accept(talk.say("b"))
        assert [signal.kind for signal in await heard(signals, 2)] == [SignalKind.STOP, SignalKind.MESSAGE]


async def test_slow_listener_keeps_the_latest_signals(open_store, talk, claim):
    store = await open_store(max_waiting=2000)
    await store.inbox.accept(talk.say("first"))
    async with store.control.signals() as signals, store.control.signals() as other:
        await claim(store)
        for start in range(0, 1100, 100):
            await asyncio.gather(*[store.inbox.accept(talk.say(str(start + number))) for number in range(100)])
            # This one keeps up, so that all of them have come by.
            await heard(other, 100)
        missed, first = await heard(signals, 2)
        assert missed == Signal(session_id="", kind=SignalKind.MISSED)
        assert first.waiting > 50


async def test_holders_are_told_once_more_who_was_asked_to_stop_and_where_messages_wait(open_store, make_talk, claim):
    store = await open_store()
    talks = {name: make_talk(channel=name) for name in ("stopped", "waited-for", "quiet")}
    leases = []
    for talk in talks.values():
        await store.inbox.accept(talk.say("a"))
        leases.append((await claim(store)).lease)
    assert await store.control.repeat([]) == await store.control.repeat(leases) == ()
    await store.inbox.accept(talks["stopped"].stop())
    for text in "bc":
        await store.inbox.accept(talks["waited-for"].say(text))
    stopped = Signal(session_id=talks["stopped"].session_id, kind=SignalKind.STOP)
    waited_for = Signal(session_id=talks["waited-for"].session_id, kind=SignalKind.MESSAGE, waiting=2)
    found = await store.control.repeat(leases)
    assert (len(found), set(found)) == (2, {stopped, waited_for})
    assert await store.control.repeat(leases[2:]) == ()


async def test_who_has_lost_a_lease_is_told_nothing_of_its_successor(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    first = await claim(store)
    await store.inbox.release(first.lease)
    assert await store.control.repeat([first.lease]) == ()
    second = await claim(store)
    await store.inbox.accept(talk.stop())
    assert await store.control.repeat([first.lease]) == ()
    assert [signal.kind for signal in await store.control.repeat([second.lease])] == [SignalKind.STOP]


async def test_stop_is_a_step_of_the_run_in_progress_and_of_its_later_attempts(open_store, talk, claim):
    store = await open_store(lease_seconds=0.05)
    await store.inbox.accept(talk.say("a"))
    await claim(store, worker="w1")
    assert await store.inbox.accept(talk.stop(user="U7")) is Acceptance.ACCEPTED
    assert await store.inbox.accept(talk.stop(user="U7")) is Acceptance.DUPLICATE
    assert await store.inbox.accept(talk.stop(press="p2", user="U8")) is Acceptance.ACCEPTED
    second = await claim(store, worker="w2")
    assert second.steps == {"stop": "slack:T1:U7"}
    await store.inbox.commit(second.lease, talk.run("r"), consumed=1)
    await store.inbox.accept(talk.say("b"))
    assert (await claim(store)).steps == {}


async def test_stop_of_a_run_that_waits_for_its_next_attempt_is_found_by_it(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    await store.inbox.release((await claim(store)).lease)
    assert await store.inbox.accept(talk.stop()) is Acceptance.ACCEPTED
    assert (await claim(store)).steps == {"stop": "slack:T1:U1"}


async def test_stop_where_nothing_runs_is_ignored(open_store, talk, claim):
    store = await open_store()
    assert await store.inbox.accept(talk.stop(press="p1")) is Acceptance.IGNORED
    await store.inbox.accept(talk.say("a"))
    assert await store.inbox.accept(talk.stop(press="p2")) is Acceptance.IGNORED
    found = await claim(store)
    await store.inbox.commit(found.lease, talk.run("r"), consumed=1)
    assert await store.inbox.accept(talk.stop(press="p3")) is Acceptance.IGNORED


async def test_ignored_stop_that_is_delivered_again_stops_no_later_run(open_store, talk, claim):
    store = await open_store(lease_seconds=0.05)
    assert await store.inbox.accept(talk.stop(press="p1")) is Acceptance.IGNORED
    await store.inbox.accept(talk.say("a"))
    assert await store.inbox.accept(talk.stop(press="p2")) is Acceptance.IGNORED
    await claim(store, worker="w1")
    for press in ("p1", "p2"):
        assert await store.inbox.accept(talk.stop(press=press)) is Acceptance.DUPLICATE
    assert (await claim(store, worker="w2")).steps == {}


async def test_changes_of_questions_in_progress_are_signalled_and_of_others_not(open_store, talk, claim):
    store = await open_store()
    for text in "ab":
        await store.inbox.accept(talk.say(text))
    async with store.control.signals() as signals:
        found = await claim(store)
        await store.inbox.record(found.lease, {"taken": "1"})
        await store.inbox.accept(talk.edit("b", "b1"))
        await store.inbox.accept(talk.edit("a", "a1"))
        await store.inbox.accept(talk.delete("b"))
        await store.inbox.accept(talk.delete("a"))
        kinds = [(signal.kind, signal.message, signal.waiting) for signal in await heard(signals, 2)]
        assert kinds == [(SignalKind.EDITED, str(talk.key("a")), 1), (SignalKind.DELETED, str(talk.key("a")), 0)]


async def test_deletion_of_what_may_be_another_run_s_question_stops_nothing_by_itself(open_store, talk, claim):
    """Before the run has said how many messages it takes, only the first is certainly its own."""
    store = await open_store()
    for text in "ab":
        await store.inbox.accept(talk.say(text))
    async with store.control.signals() as signals:
        found = await claim(store)
        await store.inbox.accept(talk.delete("b"))
        assert (await heard(signals, 1))[0].message == str(talk.key("b"))
    await store.inbox.release(found.lease)
    again = await claim(store)
    assert ([event.text for event in again.events], again.steps) == (["a"], {})
    await store.inbox.accept(talk.delete("a"))
    await store.inbox.accept(talk.say("c"))
    await store.inbox.release(again.lease)
    assert (await claim(store)).steps == {"stop": "deleted"}


async def test_waiting_shows_all_in_order_and_takes_nothing(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    found = await claim(store)
    await store.inbox.accept(talk.say("b"))
    await store.inbox.accept(talk.edit("b", "b1"))
    await store.inbox.accept(talk.say("aside", addressing=Addressing.OTHERS))
    assert [event.text for event in await store.control.waiting(found.lease)] == ["a", "b1", "aside"]
    await store.inbox.commit(found.lease, talk.run("r"), consumed=3)
    assert [event.text for event in (await claim(store)).events] == ["b1", "aside"]


async def test_waiting_is_bounded(open_store, talk, claim):
    store = await open_store(max_context=1, max_claimed_events=3)
    for number in range(10):
        await store.inbox.accept(talk.say(str(number)))
    found = await claim(store)
    await store.inbox.record(found.lease, {"taken": "2"})
    assert [event.text for event in await store.control.waiting(found.lease)] == ["0", "1", "2", "3", "4"]


async def test_extended_run_consumes_what_it_took_and_so_does_its_next_attempt(open_store, talk, claim):
    store = await open_store(lease_seconds=0.05)
    await store.inbox.accept(talk.say("a"))
    first = await claim(store, worker="w1")
    await store.inbox.accept(talk.say("b"))
    await store.inbox.accept(talk.say("c"))
    await store.control.extend(first.lease, 2)
    await store.control.extend(first.lease, 2)
    second = await claim(store, worker="w2")
    assert (second.steps, [event.text for event in second.events]) == ({"taken": "2"}, ["a", "b", "c"])
    await store.inbox.commit(second.lease, talk.run("r"), consumed=9)
    assert [event.text for event in (await claim(store)).events] == ["c"]


async def test_extending_to_less_changes_nothing(open_store, talk, claim, claim_nothing):
    store = await open_store()
    for text in "ab":
        await store.inbox.accept(talk.say(text))
    found = await claim(store)
    await store.control.extend(found.lease, 1)
    await store.inbox.commit(found.lease, talk.run("r"), consumed=2)
    assert await claim_nothing(store)


async def test_later_attempt_is_given_all_that_was_taken_however_much_that_is(open_store, talk, claim):
    store = await open_store(max_context=1, max_claimed_events=2)
    for text in "abcd":
        await store.inbox.accept(talk.say(text))
    found = await claim(store)
    await store.control.extend(found.lease, 4)
    await store.inbox.release(found.lease)
    assert [event.text for event in (await claim(store)).events] == ["a", "b", "c", "d"]


async def test_places_do_not_move_between_looking_and_extending(open_store, talk, claim):
    store = await open_store(max_context=1)
    await store.inbox.accept(talk.say("a"))
    found = await claim(store)
    await store.inbox.accept(talk.say("b"))
    await store.inbox.accept(talk.say("c1", addressing=Addressing.OTHERS))
    await store.inbox.accept(talk.say("c"))
    assert len(await store.control.waiting(found.lease)) == 4
    await store.inbox.accept(talk.delete("b"))
    await store.inbox.accept(talk.say("c2", addressing=Addressing.OTHERS))
    await store.inbox.accept(talk.say("d"))
    await store.control.extend(found.lease, 4)
    await store.inbox.commit(found.lease, talk.run("r"), consumed=4)
    assert [event.text for event in (await claim(store)).events] == ["c2", "d"]


async def test_mention_that_was_shown_as_context_is_answered_after_an_extended_run(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    found = await claim(store)
    await store.inbox.accept(talk.say("b", addressing=Addressing.OTHERS))
    await store.inbox.accept(talk.say("c"))
    await store.control.waiting(found.lease)
    await store.inbox.accept(talk.say("b"))
    await store.control.extend(found.lease, 3)
    await store.inbox.commit(found.lease, talk.run("r"), consumed=3)
    assert [event.text for event in (await claim(store)).events] == ["b"]


@pytest.mark.parametrize("is_taken_over", [True, False])
async def test_lost_lease_shows_and_takes_nothing(open_store, talk, claim, is_taken_over):
    store = await open_store(lease_seconds=0.05)
    await store.inbox.accept(talk.say("a"))
    found = await claim(store)
    if is_taken_over:
        await claim(store)
    else:
        await store.inbox.release(found.lease)
    with pytest.raises(LeaseLostError):
        await store.control.waiting(found.lease)
    with pytest.raises(LeaseLostError):
        await store.control.extend(found.lease, 1)
