"""Faults on the wire: answers cut off after the deed, events doubled, late and out of order, attempts that died."""

from dataclasses import replace

import pytest

from threadkeep.chat.adapter import ReplyContent, ReplyRequest
from threadkeep_emulators.faults import Fault

PLACES = ["channel", "direct", "direct thread", "agent view", "agent view thread", "group", "group thread"]


async def unrecorded(part, message):
    """Stands for a journal whose process died before it wrote."""


@pytest.fixture
async def conversation(request, acme, connect, socket_settings, sink, ann, general):
    """A question in each kind of place, the adapter that heard it, and where its answers are seen."""
    kind = getattr(request, "param", "channel")
    adapter = await connect(socket_settings(is_agent_view=kind.startswith("agent")))
    where = acme.group(ann, acme.user("Bob")) if kind.startswith("group") else ann.direct
    where = general if kind == "channel" else where
    handle = await ann.says(where, f"{acme.bot.mention} hello")
    if kind.endswith("thread"):
        handle = await ann.replies(handle, f"{acme.bot.mention} and more")
    await sink.wait_for(2 if kind.endswith("thread") else 1)
    place = sink.events[-1].place
    seen = handle.conversation if place.session.thread is None else handle.thread
    return adapter, place, seen, handle


def ours(place):
    return [message.text for message in place.messages if message.is_ours]


async def answer(adapter, place, text, **changes):
    given = {"place": place, "run_id": "run1", "posted": {}, "on_posted": unrecorded}
    reply = adapter.open_reply(ReplyRequest(**(given | changes)))
    try:
        await reply.finish(ReplyContent(text=text, is_final=True))
    finally:
        await reply.aclose()


@pytest.mark.parametrize("conversation", PLACES, indirect=True)
async def test_a_later_attempt_goes_on_in_what_an_earlier_one_posted_and_did_not_record(conversation):
    adapter, place, seen, _ = conversation
    await answer(adapter, place, "half an answ")
    await answer(adapter, place, "half an answer, and the rest", is_retry=True)
    assert ours(seen) == ["half an answer, and the rest"]


@pytest.mark.parametrize("conversation", ["channel", "direct", "agent view"], indirect=True)
async def test_it_is_found_although_a_further_question_came_after_it(conversation, sink, ann):
    adapter, place, seen, handle = conversation
    await answer(adapter, place, "half an answ")
    further = await ann.says(handle.conversation, "and another thing", thread_ts=place.session.thread)
    later = replace(place, reply_to=further.ts)
    await answer(adapter, later, "both answers", is_retry=True)
    assert ours(seen) == ["both answers"]


@pytest.mark.parametrize("conversation", ["channel", "direct", "agent view"], indirect=True)
async def test_parts_beyond_what_an_earlier_attempt_posted_are_added(conversation):
    adapter, place, seen, _ = conversation
    await answer(adapter, place, "one")
    long = "\n\n".join("word " * 1_500 for _ in range(3))
    await answer(adapter, place, long, is_retry=True)
    assert len(ours(seen)) == 3
    assert "".join("".join(ours(seen)).split()) == "".join(long.split())


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update", "chat.delete"])
@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_a_cut_connection_changes_nothing_of_the_answer(slack, conversation, method, kind):
    adapter, place, seen, _ = conversation
    await answer(adapter, place, "\n\n".join("word " * 1_500 for _ in range(3)))
    posted = {part: message.ts for part, message in enumerate(m for m in seen.messages if m.is_ours)}
    assert len(posted) == 3
    if method == "chat.postMessage":
        del posted[2]
    slack.faults.add(Fault(match=method, kind=kind))
    text = "short" if method == "chat.delete" else "\n\n".join("other " * 1_500 for _ in range(3))
    await answer(adapter, place, text, posted=posted, is_retry=True)
    expected = 1 if method == "chat.delete" else 3
    assert len(ours(seen)) == expected
    assert "".join("".join(ours(seen)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    "fault",
    [
        Fault(match="conversations.replies", kind="status", status=503),
        Fault(match="conversations.replies", kind="status", status=429, retry_after=0.1),
        Fault(match="conversations.replies", kind="drop_after"),
    ],
)
async def test_nothing_is_posted_again_before_it_was_looked_for(slack, conversation, fault):
    adapter, place, seen, _ = conversation
    slack.faults.add(Fault(match="chat.postMessage", kind="drop_after"))
    slack.faults.add(fault)
    await answer(adapter, place, "The answer")
    assert ours(seen) == ["The answer"]
    assert not slack.faults.pending


async def test_an_event_that_slack_delivers_twice_is_one(slack, adapter, sink, ann):
    slack.faults.add(Fault(match="events", kind="duplicate", times=5))
    question = await ann.dm("hello")
    await ann.edits(question, "hello you")
    await ann.reacts(question, "octagonal_sign")
    await ann.dm("!stop")
    await ann.deletes(question)
    await slack.wait_until_settled()
    assert sink.calls == 10
    assert [event.kind for event in sink.events] == ["message", "edited", "stop", "stop", "deleted"]
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_an_event_whose_socket_breaks_behind_it_is_one(slack, adapter, sink, ann):
    slack.faults.add(Fault(match="events", kind="drop_after"))
    (delivery,) = (await ann.dm("hello")).deliveries
    await slack.wait_until_acked(delivery)
    await slack.wait_for_connections(2, timeout=15)
    assert [event.text for event in sink.events] == ["hello"]


async def test_an_acknowledgement_that_comes_late_is_followed_by_a_redelivery_that_is_known(slack, adapter, sink, ann):
    sink.is_open.clear()
    (delivery,) = (await ann.dm("hello")).deliveries
    await slack.wait_for_attempts(delivery, 2)
    sink.is_open.set()
    await slack.wait_until_settled(delivery)
    assert delivery.is_acked
    assert [event.text for event in sink.events] == ["hello"]


async def test_an_event_that_is_late_holds_nothing_up(slack, adapter, sink, ann):
    slack.faults.add(Fault(match="events", kind="delay", seconds=0.3))
    await ann.dm("late")
    await ann.dm("in time")
    events = await sink.wait_for(2)
    assert [event.text for event in events] == ["in time", "late"]
