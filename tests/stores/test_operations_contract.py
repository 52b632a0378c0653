"""Dead letters, places, traces and shared state, on every store."""

import asyncio
import time
from dataclasses import replace

import pytest

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import Addressing
from threadkeep.sessions import MessageKey


def texts(events) -> list[str]:
    return [event.text for event in events]


async def give_up(store, talk, claim, *messages, reason="ModelRequestError"):
    """Say some messages and give them up."""
    for message in messages:
        await store.inbox.accept(talk.say(message))
    found = await claim(store)
    await store.inbox.commit(found.lease, talk.run(found.run_id), consumed=len(found.events), dead=reason)
    return found


async def test_dead_letter_keeps_the_questions_and_why(open_store, talk, claim, claim_nothing):
    store = await open_store()
    before = time.time()
    await store.inbox.accept(talk.say("a"))
    await store.inbox.accept(talk.say("aside", addressing=Addressing.OTHERS))
    await store.inbox.accept(talk.say("b"))
    await store.inbox.accept(talk.edit("b", "b1"))
    await store.inbox.release((await claim(store)).lease)
    found = await claim(store)
    run = talk.run(found.run_id)
    await store.inbox.commit(found.lease, run, consumed=3, dead="ModelRequestError")
    await store.inbox.commit(found.lease, run, consumed=3, dead="ModelRequestError")
    [letter] = await store.dead_letters.list()
    assert (letter.session_id, letter.run_id, letter.reason) == (talk.session_id, found.run_id, "ModelRequestError")
    assert (letter.attempts, texts(letter.events)) == (2, ["a", "b1"])
    assert before - 1 <= letter.died_at <= time.time() + 1
    assert await store.dead_letters.get(letter.letter_id) == letter
    assert await claim_nothing(store)


async def test_letter_holds_only_what_was_consumed(open_store, talk, claim):
    store = await open_store()
    for text in "ab":
        await store.inbox.accept(talk.say(text))
    found = await claim(store)
    await store.inbox.commit(found.lease, talk.run(found.run_id), consumed=1, dead="Poison")
    assert texts((await store.dead_letters.list())[0].events) == ["a"]
    assert texts((await claim(store)).events) == ["b"]


async def test_letters_are_listed_the_latest_first(open_store, make_talk, claim):
    store = await open_store()
    runs = []
    for number in range(5):
        runs.append((await give_up(store, make_talk(channel=f"C{number}"), claim, "a")).run_id)
        await asyncio.sleep(0.002)
    assert [letter.run_id for letter in await store.dead_letters.list()] == runs[::-1]
    assert [letter.run_id for letter in await store.dead_letters.list(limit=2)] == runs[:2:-1]
    assert await store.dead_letters.list(limit=0) == ()


async def test_retried_messages_wait_again_after_what_waits_now(open_store, talk, claim):
    store = await open_store()
    await give_up(store, talk, claim, "a", "b")
    [letter] = await store.dead_letters.list()
    await store.inbox.accept(talk.say("c"))
    assert await store.dead_letters.retry(letter.letter_id)
    assert not await store.dead_letters.retry(letter.letter_id)
    assert (await store.dead_letters.list(), await store.dead_letters.get(letter.letter_id)) == ((), None)
    found = await claim(store)
    assert (texts(found.events), found.attempt) == (["c", "a", "b"], 1)
    assert await store.inbox.accept(talk.say("a")) is Acceptance.DUPLICATE


async def test_retry_wakes_a_worker_and_the_run_may_die_again(open_store, talk, claim, claim_nothing):
    store = await open_store()
    first = await give_up(store, talk, claim, "a")
    assert await claim_nothing(store)
    await store.dead_letters.retry(first.run_id)
    async with asyncio.timeout(20):
        await store.inbox.wait(60)
    second = await claim(store)
    await store.inbox.commit(second.lease, talk.run(second.run_id), consumed=1, dead="Again")
    assert [letter.reason for letter in await store.dead_letters.list()] == ["Again"]


async def test_retry_during_a_run_waits_for_its_end(open_store, talk, claim):
    store = await open_store()
    dead = await give_up(store, talk, claim, "a", "b")
    await store.inbox.accept(talk.say("c"))
    found = await claim(store)
    await store.inbox.accept(talk.delete("a"))
    await store.dead_letters.retry(dead.run_id)
    await store.inbox.commit(found.lease, talk.run("r"), consumed=1)
    assert texts((await claim(store)).events) == ["b"]


async def test_letter_is_retried_as_its_messages_became(open_store, talk, claim, claim_nothing):
    store = await open_store()
    dead = await give_up(store, talk, claim, "a", "b")
    await store.inbox.accept(talk.edit("a", "a1"))
    await store.inbox.accept(talk.delete("b"))
    await store.dead_letters.retry(dead.run_id)
    found = await claim(store)
    assert texts(found.events) == ["a1"]
    await store.inbox.commit(found.lease, talk.run(found.run_id), consumed=1, dead="Again")
    await store.inbox.accept(talk.delete("a"))
    assert await store.dead_letters.retry(found.run_id)
    assert await claim_nothing(store)


async def test_letter_of_a_deleted_session_can_be_retried(open_store, talk, claim):
    store = await open_store()
    dead = await give_up(store, talk, claim, "a")
    await store.history.delete(talk.session_id)
    assert await store.dead_letters.retry(dead.run_id)
    found = await claim(store)
    assert (texts(found.events), found.lease.session_id) == (["a"], talk.session_id)


async def test_dropped_letter_is_gone(open_store, talk, claim, claim_nothing):
    store = await open_store()
    dead = await give_up(store, talk, claim, "a")
    assert await store.dead_letters.drop(dead.run_id)
    assert not await store.dead_letters.drop(dead.run_id)
    assert await store.dead_letters.list() == ()
    assert await claim_nothing(store)


async def test_a_press_on_an_old_message_is_not_the_latest_message_of_its_place(open_store, talk, claim):
    store = await open_store()

    async def latest():
        (known,) = await store.places.recent("slack", since=0, limit=10)
        return known.last_message

    async def accept(event, revision=None):
        await store.inbox.accept(replace(event, key=replace(event.key, revision=revision)))

    await accept(talk.say("1"), "press:1")
    assert await latest() == "m-1"
    await accept(talk.say("2"))
    await accept(talk.say("1"), "press:2")
    assert await latest() == "m-2"


async def test_unknown_letter_is_said_to_be_unknown(open_store):
    letters = (await open_store()).dead_letters
    assert await letters.get("x") is None
    assert not await letters.retry("x")
    assert not await letters.drop("x")


async def test_places_are_those_where_something_was_accepted_or_kept(open_store, make_talk, claim):
    store = await open_store()
    talks = [make_talk(channel=f"C{number}") for number in range(4)]
    for talk in talks[:3]:
        await store.inbox.accept(talk.say("1"))
        await asyncio.sleep(0.002)
    await store.inbox.accept(talks[3].say("2", addressing=Addressing.OTHERS))
    await store.inbox.accept(talks[0].say("3", addressing=Addressing.OTHERS))
    await store.inbox.accept(talks[1].say("1"))
    await store.inbox.accept(talks[1].delete("1"))
    found = await store.places.recent("slack", since=0, limit=10)
    assert [place.place.session.channel for place in found] == ["C0", "C2", "C1"]
    assert [place.last_message for place in found] == ["m-3", "m-1", "m-1"]
    assert found[0].place == talks[0].say("1").place
    assert await store.places.recent("slack", since=found[0].seen_at + 1, limit=10) == ()
    assert await store.places.recent("slack", since=found[1].seen_at, limit=10) == found[:2]
    assert await store.places.recent("slack", since=0, limit=1) == found[:1]
    assert await store.places.recent("discord", since=0, limit=1) == ()
    await store.history.delete(talks[2].session_id)
    assert await store.places.recent("slack", since=0, limit=10) == (found[0], found[2])


async def test_workspaces_are_those_where_messages_were_accepted(open_store, make_talk):
    store = await open_store()
    for number in range(20):
        await store.inbox.accept(make_talk(workspace=f"T{number % 3}", channel=f"C{number}").say("a"))
    await store.inbox.accept(make_talk(workspace="T9").say("a", addressing=Addressing.OTHERS))
    assert await store.traces.workspaces("slack") == ("T0", "T1", "T2")
    assert await store.traces.workspaces("discord") == ()


async def test_trace_tells_what_was_done_with_a_message(open_store, talk):
    store = await open_store(max_waiting=2)
    before = time.time()
    await store.inbox.accept(talk.say("unheard", addressing=Addressing.OTHERS))
    for text in ("a", "b", "b", "c", "b", "c"):
        await store.inbox.accept(talk.say(text))
    await store.inbox.accept(talk.say("aside", addressing=Addressing.OTHERS))
    traces = {name: await store.traces.find(talk.key(name)) for name in ("unheard", "a", "b", "c", "aside")}
    assert traces["unheard"] is None
    assert traces["a"].key == talk.key("a")
    assert before - 1 <= traces["a"].accepted_at <= time.time() + 1
    found = {
        name: (trace.session_id, trace.acceptance, trace.waiting_before, trace.deliveries)
        for name, trace in traces.items()
        if trace is not None
    }
    assert found == {
        "a": (talk.session_id, Acceptance.ACCEPTED, 0, 1),
        "b": (talk.session_id, Acceptance.ACCEPTED, 1, 3),
        "c": (talk.session_id, Acceptance.FULL, 2, 2),
        "aside": (talk.session_id, Acceptance.KEPT, 2, 1),
    }


async def test_trace_of_a_refused_message_tells_of_its_later_acceptance(open_store, talk):
    store = await open_store(max_waiting=1)
    for text in "ab":
        await store.inbox.accept(talk.say(text))
    await store.inbox.accept(talk.delete("a"))
    assert await store.inbox.accept(talk.say("b")) is Acceptance.ACCEPTED
    trace = await store.traces.find(talk.key("b"))
    assert (trace.acceptance, trace.waiting_before, trace.deliveries) == (Acceptance.ACCEPTED, 0, 2)
    deletion = await store.traces.find(talk.delete("a").key)
    assert (deletion.acceptance, deletion.deliveries) == (Acceptance.ACCEPTED, 1)
    assert await store.traces.find(MessageKey(platform="slack", workspace="T", channel="C", message="no")) is None


async def is_forgotten(store, name):
    return await store.shared.recall(name) is None


async def test_note_is_recalled_until_its_time_is_over(open_store, reached):
    one, other = await open_store(), await open_store()
    assert await one.shared.recall("cursor") is None
    await one.shared.remember("cursor", "17 \N{SNOWMAN}", seconds=60)
    assert await other.shared.recall("cursor") == "17 \N{SNOWMAN}"
    await other.shared.remember("cursor", "18", seconds=60)
    assert await one.shared.recall("cursor") == "18"
    assert await one.shared.recall("cursor2") is None
    await one.shared.remember("cursor", "", seconds=60)
    assert await one.shared.recall("cursor") is None
    await one.shared.remember("cursor", "19", seconds=0.05)
    await reached(lambda: is_forgotten(one, "cursor"))


async def take(store, owner, *, name="shards", total=4, most=4, seconds=60.0):
    return await store.shared.take_slots(name, owner=owner, total=total, most=most, seconds=seconds)


async def test_slots_are_held_by_one_owner_each_until_given_back(open_store):
    one, other = await open_store(), await open_store()
    assert await take(one, "a", most=3) == {0, 1, 2}
    assert await take(other, "b") == {3}
    assert await take(one, "a") == {0, 1, 2}
    assert await take(other, "b", name="else", most=1) == {0}
    await one.shared.free_slots("shards", owner="a")
    assert await take(other, "b", most=2) == {0, 3}
    assert await take(one, "c") == {1, 2}


async def test_owner_who_wants_less_gives_the_rest_back(open_store):
    store = await open_store()
    assert await take(store, "a") == {0, 1, 2, 3}
    assert await take(store, "a", most=1) == {0}
    assert await take(store, "b", total=3) == {1, 2}
    assert await take(store, "a", most=0) == frozenset()
    assert await take(store, "b", total=1) == {0}
    assert await take(store, "c") == {1, 2, 3}


async def takes_all(store, owner):
    return await take(store, owner) == {0, 1, 2, 3}


async def test_lapsed_slots_are_free_again(open_store, reached):
    store = await open_store()
    assert await take(store, "a", most=2, seconds=0.05) == {0, 1}
    await reached(lambda: takes_all(store, "b"))
    assert await take(store, "a") == frozenset()


@pytest.mark.parametrize("owners", [3, 7])
async def test_owners_who_take_at_once_share_without_overlap(open_store, owners):
    stores = [await open_store() for _ in range(2)]
    taken = await asyncio.gather(
        *[take(stores[number % 2], f"o{number}", total=10, most=2) for number in range(owners)]
    )
    assert sum(map(len, taken)) == len(frozenset().union(*taken)) == min(10, 2 * owners)
