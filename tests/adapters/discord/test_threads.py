"""Answering in a thread that is opened on the question."""

import pytest
import structlog

from threadkeep.chat.adapter import ReplyContent
from threadkeep.chat.events import Addressing, PlaceKind
from threadkeep.errors import PlaceGoneError, PlatformError
from threadkeep_emulators.discord import Permission
from threadkeep_emulators.faults import Fault

OPEN = "POST /channels/{channel_id}/messages/{message_id}/threads"


@pytest.fixture
async def adapter(connect, guild, general, ann):
    return await connect(reply_in="thread")


async def finish(adapter, request, text):
    reply = adapter.open_reply(request)
    try:
        await reply.finish(ReplyContent(text=text, is_final=True))
    finally:
        await reply.aclose()


def contents(channel):
    return [message.content for message in channel.messages]


async def test_a_question_in_a_channel_opens_a_thread_that_is_the_session(
    discord, adapter, guild, general, ann, inbox, record
):
    asked = await ann.says(general, f"{discord.bot.mention} How do I bake?\nBread, I mean.")
    event = await inbox.next()
    assert str(event.place.session) == f"discord:{guild.id}:{asked.id}"
    assert str(event.key) == f"discord:{guild.id}:{general.id}:{asked.id}"
    assert event.place.kind is PlaceKind.THREAD
    await finish(adapter, record.request(event), "With flour.")
    thread = general.thread_on(asked)
    assert thread.name == "How do I bake?"
    assert contents(thread) == ["With flour."]
    assert thread.messages[0].reference is None
    await ann.says(thread, f"{discord.bot.mention} thanks")
    again = (await inbox.wait_for(2))[1]
    assert (again.place.session, again.addressing) == (event.place.session, Addressing.BOT)


async def test_nothing_is_opened_before_there_is_something_to_show(discord, adapter, general, ann, inbox, record):
    await ann.says(general, f"{discord.bot.mention} hi")
    reply = adapter.open_reply(record.request(await inbox.next()))
    await reply.aclose()
    assert general.threads == []


async def test_a_thread_that_is_there_already_is_used(discord, adapter, general, ann, inbox, record):
    asked = await ann.says(general, f"{discord.bot.mention} hi")
    event = await inbox.next()
    thread = await ann.opens_thread("Mine", on=asked)
    await finish(adapter, record.request(event), "Hello")
    assert contents(thread) == ["Hello"]


async def test_an_opening_whose_answer_was_lost_is_repeated_safely(discord, adapter, general, ann, inbox, record):
    asked = await ann.says(general, f"{discord.bot.mention} hi")
    discord.faults.add(Fault(match=OPEN, kind="drop_after"))
    await finish(adapter, record.request(await inbox.next()), "Hello")
    assert contents(general.thread_on(asked)) == ["Hello"]
    assert len(general.threads) == 1


async def test_a_long_answer_stays_in_one_thread(discord, adapter, general, ann, inbox, record):
    asked = await ann.says(general, f"{discord.bot.mention} hi")
    await finish(adapter, record.request(await inbox.next()), "words and words\n" * 300)
    assert len(contents(general.thread_on(asked))) > 1
    assert len(discord.calls.of(OPEN)) == 1


async def test_a_question_without_words_gets_a_thread_with_a_name(discord, adapter, general, ann, inbox, record):
    asked = await ann.says(general, discord.bot.mention)
    event = await inbox.next()
    assert event.text == ""
    await finish(adapter, record.request(event), "Yes?")
    assert general.thread_on(asked).name == "Conversation"


async def test_a_thread_is_opened_where_the_question_cannot_be_read_again(
    discord, adapter, general, ann, inbox, record
):
    asked = await ann.says(general, f"{discord.bot.mention} hi")
    event = await inbox.next()
    general.deny(Permission.READ_MESSAGE_HISTORY)
    await finish(adapter, record.request(event), "Hello")
    assert general.thread_on(asked).name == "Conversation"


async def test_without_the_right_to_open_threads_the_remedy_is_told(discord, adapter, general, ann, inbox, record):
    await ann.says(general, f"{discord.bot.mention} hi")
    event = await inbox.next()
    general.deny(Permission.CREATE_PUBLIC_THREADS)
    for _ in range(2):
        with pytest.raises(PlaceGoneError, match="Create Public Threads"):
            await finish(adapter, record.request(event), "Hello")
    # Who asked is told, too, and once.
    told = [message for message in general.messages if message.author.id == discord.bot.id]
    assert ["Create Public Threads" in message.content for message in told] == [True]
    assert str(told[0].reference.message_id) == event.place.session.channel
    assert all(ping.message_id != told[0].id for ping in discord.pings)


async def test_where_a_server_has_too_many_threads_who_asks_is_told(discord, adapter, general, ann, inbox, record):
    await ann.says(general, f"{discord.bot.mention} hi")
    body = {"message": "Maximum number of active threads reached", "code": 160006}
    discord.faults.add(Fault(match=OPEN, kind="status", status=400, body=body))
    with pytest.raises(PlatformError, match="active threads"):
        await finish(adapter, record.request(await inbox.next()), "Hello")
    assert "as many open ones as Discord allows" in general.messages[-1].content


async def test_where_it_may_not_read_back_either_who_asks_is_told_without_a_reference(
    discord, adapter, general, ann, inbox, record
):
    await ann.says(general, f"{discord.bot.mention} hi")
    event = await inbox.next()
    general.deny(Permission.CREATE_PUBLIC_THREADS | Permission.READ_MESSAGE_HISTORY)
    with pytest.raises(PlaceGoneError, match="Create Public Threads"):
        await finish(adapter, record.request(event), "Hello")
    assert "Create Public Threads" in general.messages[-1].content


async def test_where_nothing_may_be_said_the_refusal_of_a_thread_is_logged(
    discord, adapter, general, ann, inbox, record
):
    await ann.says(general, f"{discord.bot.mention} hi")
    event = await inbox.next()
    general.deny(Permission.CREATE_PUBLIC_THREADS | Permission.SEND_MESSAGES)
    with structlog.testing.capture_logs() as logs, pytest.raises(PlaceGoneError, match="Create Public Threads"):
        await finish(adapter, record.request(event), "Hello")
    assert [entry["event"] for entry in logs].count("discord_no_thread_not_told") == 1


async def test_a_direct_message_and_a_thread_are_answered_in_place(discord, adapter, general, ann, inbox, record):
    thread = await ann.opens_thread("Plans", on=general)
    await ann.says(thread, f"{discord.bot.mention} hi")
    await ann.dm("hi")
    first, second = await inbox.wait_for(2)
    assert (first.place.session.channel, second.place.session.channel) == (str(thread.id), str(ann.dm_channel.id))
    await finish(adapter, record.request(second), "Hello")
    assert contents(ann.dm_channel) == ["hi", "Hello"]
