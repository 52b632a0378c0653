"""What only one person sees: whispers, and private answers."""

import pytest

from threadkeep.chat.adapter import ReplyContent, ReplyRequest, Whispers
from threadkeep.chat.elements import Button
from threadkeep.chat.events import Place, PlaceKind
from threadkeep.errors import PlatformError, PlatformUnavailableError
from threadkeep.sessions import SessionKey, UserKey
from threadkeep_emulators.faults import Fault


@pytest.fixture
async def question(acme, adapter, sink, ann, general):
    handle = await ann.says(general, f"{acme.bot.mention} hello")
    await sink.wait_for()
    return handle


@pytest.fixture
def private(sink, question):
    """Builds requests of private replies, and keeps what is recorded of them."""

    def make(posted=None, **changes):
        recorded = dict(posted or {})

        async def on_posted(part, message):
            recorded[part] = message

        asked = sink.events[0]
        request = ReplyRequest(
            place=changes.pop("place", asked.place),
            run_id="run1",
            posted=dict(posted or {}),
            on_posted=on_posted,
            asked_by=asked.user,
            is_private=True,
            **changes,
        )
        return request, recorded

    return make


async def finish(adapter, request, text="For you only", **content):
    reply = adapter.open_reply(request)
    try:
        await reply.show(ReplyContent(text="not yet"))
        await reply.finish(ReplyContent(text=text, is_final=True, **content))
    finally:
        await reply.aclose()


async def test_a_whisper_is_seen_by_one_person_in_the_thread(acme, adapter, sink, ann, general, question):
    asked = sink.events[0]
    assert isinstance(adapter, Whispers)
    await adapter.whisper(asked.place, asked.user, "psst <!channel>")
    (told,) = ann.sees_ephemerals(general)
    assert told.text.startswith("psst")
    assert told.thread_ts == question.ts
    assert told.pings == ()
    assert acme.user("Bob").sees_ephemerals(general) == []


async def test_a_whisper_in_direct_messages(acme, adapter, sink, ann):
    await ann.dm("hello")
    (asked,) = await sink.wait_for()
    await adapter.whisper(asked.place, asked.user, "psst")
    assert [seen.text for seen in ann.sees_ephemerals(ann.direct)] == ["psst"]


async def test_a_whisper_to_who_is_not_there_is_an_error(acme, adapter, sink, question):
    stranger = UserKey(platform="slack", workspace=acme.id, user=acme.user("Bob").id)
    with pytest.raises(PlatformError, match="user_not_in_channel"):
        await adapter.whisper(sink.events[0].place, stranger, "psst")


async def test_a_private_answer_is_shown_once_and_whole(slack, adapter, ann, general, question, private):
    request, recorded = private()
    await finish(adapter, request)
    (told,) = ann.sees_ephemerals(general)
    assert told.text == "For you only"
    assert told.thread_ts == question.ts
    assert list(recorded) == [0]
    assert len(slack.calls("chat.postEphemeral")) == 1
    assert slack.calls("chat.startStream") == slack.calls("chat.postMessage") == []


async def test_what_was_recorded_is_not_shown_again(slack, adapter, private):
    request, recorded = private()
    await finish(adapter, request)
    again, _ = private(posted=recorded, is_retry=True)
    await finish(adapter, again)
    assert len(slack.calls("chat.postEphemeral")) == 1


async def test_what_was_not_recorded_is_shown_again_rather_than_lost(slack, adapter, private):
    request, _ = private()
    await finish(adapter, request)
    again, _ = private(is_retry=True)
    await finish(adapter, again)
    assert len(slack.calls("chat.postEphemeral")) == 2


async def test_an_answer_after_a_question_is_shown_although_the_question_was(slack, adapter, ann, general, private):
    request, recorded = private()
    await finish(adapter, request, "May I?", elements=(Button(action="answer:1.1", label="Yes"),))
    again, _ = private(posted=recorded)
    await finish(adapter, again, "Done")
    assert [seen.text.splitlines()[0] for seen in ann.sees_ephemerals(general)] == ["May I?", "Done"]


async def test_a_long_private_answer_comes_in_parts(adapter, ann, general, private):
    request, recorded = private()
    words = " ".join(f"word{number}" for number in range(3_000))
    await finish(adapter, request, words)
    shown = [seen.text for seen in ann.sees_ephemerals(general)]
    assert len(shown) == len(recorded) > 1
    assert " ".join(shown).split() == words.split()


async def test_a_private_answer_in_direct_messages_is_a_message(slack, adapter, sink, ann):
    await ann.dm("hello")
    (asked,) = await sink.wait_for()

    async def on_posted(part, message):
        pass

    request = ReplyRequest(
        place=asked.place, run_id="run1", posted={}, on_posted=on_posted, asked_by=asked.user, is_private=True
    )
    await finish(adapter, request)
    assert ann.direct.messages[-1].text == "For you only"
    assert slack.calls("chat.postEphemeral") == []


async def test_where_the_bot_is_no_member_a_private_answer_goes_to_the_address_of_the_command(
    slack, acme, adapter, sink, ann
):
    between_others = acme.channel("others", is_private=True, has_bot=False)
    await ann.commands(between_others, "/memory")
    (asked,) = await sink.wait_for()

    async def on_posted(part, message):
        pass

    request = ReplyRequest(
        place=asked.place, run_id="run1", posted={}, on_posted=on_posted, asked_by=asked.user, is_private=True
    )
    await finish(adapter, request)
    assert [seen.text for seen in ann.sees_ephemerals(between_others)] == ["For you only"]
    assert slack.calls("chat.postEphemeral") == []


async def test_a_private_answer_waits_for_slack(slack, adapter, ann, general, private):
    slack.faults.add(Fault(match="chat.postEphemeral", kind="status", status=503))
    request, _ = private()
    await finish(adapter, request)
    assert len(ann.sees_ephemerals(general)) == 1
    assert len(slack.calls("chat.postEphemeral")) == 2


async def test_a_private_answer_that_cannot_be_shown_is_an_error(acme, adapter, ann, private):
    gone = SessionKey(platform="slack", workspace=acme.id, channel="C0GONE")
    request, _ = private(place=Place(session=gone, kind=PlaceKind.CHANNEL, reply_to="1.000001"))
    with pytest.raises(PlatformError) as caught:
        await finish(adapter, request)
    assert not isinstance(caught.value, PlatformUnavailableError)
