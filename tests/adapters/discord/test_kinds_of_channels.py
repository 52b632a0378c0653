"""Channels of rarer kinds: stages, announcements, posts with pictures."""

import pytest

from threadkeep.chat.adapter import ReplyContent
from threadkeep.chat.events import PlaceKind
from threadkeep_emulators.discord import ChannelKind


@pytest.fixture
async def adapter(connect, guild, ann):
    """The adapter with threads for questions, connected after the channels were made."""
    for make in (guild.stage, guild.announcements, guild.media):
        make("rare")
    return await connect(reply_in="thread")


async def finish(adapter, request, text):
    reply = adapter.open_reply(request)
    try:
        await reply.finish(ReplyContent(text=text, is_final=True))
    finally:
        await reply.aclose()


async def test_the_text_of_a_stage_is_answered_there(discord, adapter, guild, ann, inbox, record):
    stage = guild.stage("rare")
    asked = await ann.says(stage, f"{discord.bot.mention} hello")
    event = await inbox.next()
    assert (str(event.place.session), event.place.kind) == (f"discord:{guild.id}:{stage.id}", PlaceKind.CHANNEL)
    await finish(adapter, record.request(event), "Hi")
    assert (await stage.wait_for_reply(to=asked)).text == "Hi"


async def test_a_question_about_an_announcement_gets_its_thread(discord, adapter, guild, ann, inbox, record):
    news = guild.announcements("rare")
    asked = await ann.says(news, f"{discord.bot.mention} what does it mean?")
    event = await inbox.next()
    assert str(event.place.session) == f"discord:{guild.id}:{asked.id}"
    await finish(adapter, record.request(event), "This.")
    thread = news.thread_on(asked)
    assert thread.state.kind is ChannelKind.ANNOUNCEMENT_THREAD
    assert thread.messages[-1].text == "This."
    # What is said there later belongs to the same session.
    await ann.says(thread, f"{discord.bot.mention} and this?")
    assert (await inbox.wait_for(2))[1].place.session == event.place.session


async def test_a_post_with_pictures_is_a_session_of_its_own(discord, adapter, guild, ann, inbox, record):
    post = await ann.posts(guild.media("rare"), "Sunset", f"{discord.bot.mention} where is it?")
    event = await inbox.next()
    assert (str(event.place.session), event.place.kind) == (f"discord:{guild.id}:{post.id}", PlaceKind.THREAD)
    assert event.text.startswith("Sunset")
    await finish(adapter, record.request(event), "By the sea.")
    assert [message.text for message in post.messages][1:] == ["By the sea."]
