"""The mailbox, on every store: what is accepted, what is kept as context, and in which order it comes out."""

import asyncio

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import Addressing
from threadkeep.stores.base import Claim, Store


def texts(found: Claim) -> list[str]:
    return [event.text for event in found.events]


async def test_accepted_message_is_claimed_as_it_was_said(open_store, talk, claim):
    store = await open_store()
    event = talk.say("hello *you* \N{WAVING HAND SIGN}\x00\ud800", message="1")
    assert await store.inbox.accept(event) is Acceptance.ACCEPTED
    found = await claim(store)
    assert found.lease.session_id == talk.session_id
    assert (found.attempt, found.steps, found.runs) == (1, {}, ())
    assert found.events[0].text == "hello *you* \N{WAVING HAND SIGN}\ufffd\ufffd"
    assert (found.events[0].key, found.events[0].place, found.events[0].user) == (event.key, event.place, event.user)
    assert found.session.user_ids == (str(event.user),)


async def test_nothing_is_claimed_from_an_empty_store(open_store, claim_nothing):
    assert await claim_nothing(await open_store())


async def test_redelivered_message_is_a_duplicate(open_store, talk, claim, claim_nothing):
    store = await open_store()
    assert await store.inbox.accept(talk.say("a")) is Acceptance.ACCEPTED
    assert await store.inbox.accept(talk.say("a")) is Acceptance.DUPLICATE
    found = await claim(store)
    assert texts(found) == ["a"]
    await store.inbox.commit(found.lease, talk.run(found.run_id), consumed=1)
    assert await store.inbox.accept(talk.say("a")) is Acceptance.DUPLICATE
    assert await claim_nothing(store)


async def test_thread_message_is_ignored_until_the_bot_takes_part(open_store, talk, claim):
    store = await open_store()
    thread = talk.say("a", addressing=Addressing.THREAD)
    assert await store.inbox.accept(thread) is Acceptance.IGNORED
    assert await store.inbox.accept(talk.say("a")) is Acceptance.ACCEPTED
    assert await store.inbox.accept(talk.say("b", addressing=Addressing.THREAD)) is Acceptance.ACCEPTED
    assert await store.inbox.accept(talk.say("b")) is Acceptance.DUPLICATE
    assert texts(await claim(store)) == ["a", "b"]


async def test_words_to_others_are_context_only_where_the_bot_takes_part(open_store, talk, claim, claim_nothing):
    store = await open_store()
    assert await store.inbox.accept(talk.say("before", addressing=Addressing.OTHERS)) is Acceptance.IGNORED
    await store.inbox.accept(talk.say("a"))
    first = await claim(store)
    await store.inbox.commit(first.lease, talk.run("r1"), consumed=1)
    assert await store.inbox.accept(talk.say("aside", addressing=Addressing.OTHERS)) is Acceptance.KEPT
    assert await store.inbox.accept(talk.say("aside", addressing=Addressing.OTHERS)) is Acceptance.DUPLICATE
    assert await claim_nothing(store)
    await store.inbox.accept(talk.say("b"))
    found = await claim(store)
    assert [(event.text, event.addressing) for event in found.events] == [
        ("aside", Addressing.OTHERS),
        ("b", Addressing.BOT),
    ]


async def test_context_that_turns_out_to_be_a_mention_is_answered_once_in_its_place(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    first = await claim(store)
    await store.inbox.commit(first.lease, talk.run("r1"), consumed=1)
    await store.inbox.accept(talk.say("<@bot> b", addressing=Addressing.OTHERS, message="b"))
    await store.inbox.accept(talk.say("c"))
    assert await store.inbox.accept(talk.say("b", message="b")) is Acceptance.ACCEPTED
    assert await store.inbox.accept(talk.say("b", message="b")) is Acceptance.DUPLICATE
    assert await store.inbox.accept(talk.say("b", message="b", addressing=Addressing.OTHERS)) is Acceptance.DUPLICATE
    found = await claim(store)
    assert [(event.text, event.addressing) for event in found.events] == [("b", Addressing.BOT), ("c", Addressing.BOT)]


async def test_mention_that_the_running_attempt_saw_as_context_is_answered_after_it(
    open_store, talk, claim, claim_nothing
):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    await store.inbox.accept(talk.say("b", addressing=Addressing.OTHERS))
    await store.inbox.accept(talk.say("c"))
    first = await claim(store)
    assert await store.inbox.accept(talk.say("b")) is Acceptance.ACCEPTED
    await store.inbox.commit(first.lease, talk.run("r1"), consumed=3)
    second = await claim(store)
    assert [(event.text, event.addressing) for event in second.events] == [("b", Addressing.BOT)]
    await store.inbox.commit(second.lease, talk.run("r2"), consumed=1)
    assert await claim_nothing(store)


async def test_mention_that_was_context_of_a_committed_run_is_still_answered(open_store, talk, claim):
    store = await open_store()
    await store.inbox.accept(talk.say("a"))
    await store.inbox.accept(talk.say("b", addressing=Addressing.OTHERS))
    first = await claim(store)
    await store.inbox.commit(first.lease, talk.run("r1"), consumed=2)
    assert await store.inbox.accept(talk.say("b")) is Acceptance.ACCEPTED
    assert texts(await claim(store)) == ["b"]


async def test_oldest_context_is_dropped_and_never_a_question(open_store, talk, claim):
    store = await open_store(max_context=2)
    await store.inbox.accept(talk.say("q1"))
    for text in ("c1", "c2", "c3"):
        assert await store.inbox.accept(talk.say(text, addressing=Addressing.OTHERS)) is Acceptance.KEPT
    await store.inbox.accept(talk.say("q2"))
    assert texts(await claim(store)) == ["q1", "c2", "c3", "q2"]


async def test_context_that_a_run_was_given_is_not_dropped_under_it(open_store, talk, claim):
    store = await open_store(max_context=2)
    await store.inbox.accept(talk.say("c0", addressing=Addressing.BOT))
    for text in ("c1", "c2"):
        await store.inbox.accept(talk.say(text, addressing=Addressing.OTHERS))
    await store.inbox.accept(talk.say("q"))
    found = await claim(store)
    for text in ("d1", "d2", "d3"):
        await store.inbox.accept(talk.say(text, addressing=Addressing.OTHERS))
    await store.inbox.accept(talk.say("next"))
    await store.inbox.commit(found.lease, talk.run("r1"), consumed=4)
    assert texts(await claim(store)) == ["d2", "d3", "next"]


async def test_claim_brings_a_question_however_much_context_waits(open_store, talk, claim):
    store = await open_store(max_context=2, max_claimed_events=3)
    await store.inbox.accept(talk.say("q1"))
    await store.inbox.accept(talk.say("c1", addressing=Addressing.OTHERS))
    await store.inbox.accept(talk.say("c2", addressing=Addressing.OTHERS))
    first = await claim(store)
    for text in ("d1", "d2"):
        await store.inbox.accept(talk.say(text, addressing=Addressing.OTHERS))
    await store.inbox.accept(talk.say("q2"))
    await store.inbox.commit(first.lease, talk.run("r1"), consumed=1)
    assert texts(await claim(store)) == ["d1", "d2", "q2"]


async def test_full_session_refuses_questions_and_takes_them_again_later(open_store, talk, claim):
    store = await open_store(max_waiting=2)
    await store.inbox.accept(talk.say("a"))
    await store.inbox.accept(talk.say("b"))
    assert await store.inbox.accept(talk.say("c")) is Acceptance.FULL
    assert await store.inbox.accept(talk.say("aside", addressing=Addressing.OTHERS)) is Acceptance.KEPT
    assert await store.inbox.accept(talk.say("a")) is Acceptance.DUPLICATE
    found = await claim(store)
    await store.inbox.commit(found.lease, talk.run("r1"), consumed=2)
    assert await store.inbox.accept(talk.say("c")) is Acceptance.ACCEPTED


async def test_claim_brings_the_oldest_events_and_leaves_the_rest(open_store, talk, claim):
    store = await open_store(max_context=1, max_claimed_events=2)
    for text in "abc":
        await store.inbox.accept(talk.say(text))
    first = await claim(store)
    assert texts(first) == ["a", "b"]
    await store.inbox.commit(first.lease, talk.run("r1"), consumed=2)
    assert texts(await claim(store)) == ["c"]


async def test_two_hundred_messages_said_at_once_stay_in_order(open_store, talk, other_talk, claim):
    store = await open_store(max_claimed_events=500)
    events = [speaker.say(str(number)) for number in range(200) for speaker in (talk, other_talk)]
    assert set(await asyncio.gather(*[store.inbox.accept(event) for event in events])) == {Acceptance.ACCEPTED}
    for _ in range(2):
        assert texts(await claim(store)) == [str(number) for number in range(200)]


async def test_competing_workers_take_every_session_once(open_store, make_talk):
    stores = [await open_store() for _ in range(2)]
    sessions = [make_talk(channel=f"C{number}") for number in range(30)]
    await asyncio.gather(*[stores[0].inbox.accept(talk.say("a")) for talk in sessions])
    taken: list[str] = []

    async def work(store: Store, worker: str) -> None:
        while (found := await store.inbox.claim(worker, run_id=f"{worker}-{len(taken)}", runs=0)) is not None:
            taken.append(found.lease.session_id)
            await store.inbox.commit(found.lease, make_talk().run(f"r-{len(taken)}"), consumed=1)

    await asyncio.gather(*[work(store, f"w{number}") for number, store in enumerate(stores * 3)])
    assert sorted(taken) == sorted(talk.session_id for talk in sessions)


async def test_workspaces_with_the_same_channel_are_apart(open_store, make_talk, claim):
    store = await open_store()
    one, two = make_talk(workspace="T1"), make_talk(workspace="T2")
    assert await store.inbox.accept(one.say("secret", message="1")) is Acceptance.ACCEPTED
    assert await store.inbox.accept(two.say("other", message="1")) is Acceptance.ACCEPTED
    first, second = await claim(store), await claim(store)
    by_session = {found.lease.session_id: texts(found) for found in (first, second)}
    assert by_session == {one.session_id: ["secret"], two.session_id: ["other"]}


async def test_awkward_ids_are_stored_apart(open_store, make_talk, claim):
    store = await open_store()
    channels = ["a:meta", "a", "{0}", "a}b", "\N{SNOWMAN}", "a b", "%3A"]
    for channel in channels:
        assert await store.inbox.accept(make_talk(channel=channel).say("x")) is Acceptance.ACCEPTED
    found = {(await claim(store)).lease.session_id for _ in channels}
    assert found == {make_talk(channel=channel).session_id for channel in channels}


async def test_only_a_bounded_number_of_speakers_is_named(open_store, talk):
    store = await open_store()
    for number in range(105):
        await store.inbox.accept(talk.say(str(number), user=f"U{number}"))
    speakers = (await store.history.load(talk.session_id, runs=0)).session.user_ids
    assert speakers == tuple(f"slack:T1:U{number}" for number in range(100))
