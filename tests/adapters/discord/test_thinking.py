"""Typing before there are words, and buttons under what is finished."""

import asyncio

import pytest

from threadkeep.chat.adapter import ReplyContent, ReplyState
from threadkeep.chat.events import FeedbackGiven
from threadkeep_discord import thinking
from threadkeep_emulators.faults import Fault

TYPING = "POST /channels/{channel_id}/typing"


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(thinking, "TYPING_DELAY", 0.01)
    monkeypatch.setattr(thinking, "TYPING_INTERVAL", 0.02)


@pytest.fixture
async def asked(discord, general, ann, inbox):
    """Ann asks in the channel, and the adapter tells of it."""

    async def ask():
        await ann.says(general, f"{discord.bot.mention} hello")
        return await inbox.next()

    return ask


async def types(discord, count):
    async with asyncio.timeout(15):
        while len(discord.calls.of(TYPING)) < count:  # noqa: ASYNC110 - the log of calls rings no bell
            await asyncio.sleep(0.005)


async def test_it_types_until_there_are_words(discord, adapter, general, asked, record):
    reply = adapter.open_reply(record.request(await asked()))
    await reply.show(ReplyContent())
    await types(discord, 3)
    await reply.finish(ReplyContent(text="Here.", is_final=True, state=ReplyState.FINISHED))
    await reply.aclose()
    count = len(discord.calls.of(TYPING))
    await adapter.stop()
    assert len(discord.calls.of(TYPING)) == count
    assert general.messages[-1].text == "Here."


async def test_a_channel_in_which_it_may_not_type_is_answered(discord, adapter, general, asked, record):
    discord.faults.add(Fault(match=TYPING, kind="status", status=403, body={"code": 50013, "message": "No"}, times=9))
    reply = adapter.open_reply(record.request(await asked()))
    await reply.show(ReplyContent())
    await types(discord, 1)
    await reply.finish(ReplyContent(text="Here.", is_final=True))
    await reply.aclose()
    assert general.messages[-1].text == "Here."


async def test_for_an_answer_that_goes_into_a_new_thread_it_types_in_the_channel(
    discord, connect, general, asked, record
):
    adapter = await connect(reply_in="thread")
    reply = adapter.open_reply(record.request(await asked()))
    await reply.show(ReplyContent())
    await types(discord, 1)
    await reply.aclose()
    assert f"/channels/{general.id}/typing" in discord.calls.of(TYPING)[0].path


async def test_a_command_needs_no_typing_since_discord_shows_it(discord, adapter, general, ann, inbox, record):
    async with asyncio.timeout(15):
        while "stop" not in discord.commands:  # noqa: ASYNC110 - the listing rings no bell
            await asyncio.sleep(0.01)
    await ann.slash(general, "summary")
    reply = adapter.open_reply(record.request(await inbox.next()))
    await reply.show(ReplyContent())
    await reply.finish(ReplyContent(text="Here.", is_final=True, state=ReplyState.FINISHED))
    await reply.aclose()
    assert discord.calls.of(TYPING) == []


@pytest.fixture
def answered(connect, asked, record, general):
    """Answers with buttons switched on or off."""

    async def answer(*, is_on=True, state=ReplyState.FINISHED, is_shown=True):
        adapter = await connect(answer_buttons=is_on)
        reply = adapter.open_reply(record.request(await asked()))
        if is_shown:
            await reply.show(ReplyContent(text="He"))
        await reply.finish(ReplyContent(text="Here.", is_final=True, state=state))
        await reply.aclose()
        return general.messages[-1]

    return answer


async def test_buttons_under_a_finished_answer_are_a_matter_of_choice(answered):
    assert (await answered(is_on=False)).buttons == {}


async def test_a_finished_answer_can_be_had_again(answered, ben, inbox, general):
    message = await answered()
    assert list(message.buttons.values()) == ["Retry", "👍", "👎"]
    pressed = await ben.clicks(message, "Retry")
    event = (await inbox.wait_for(2))[-1]
    assert (event.kind, event.command, event.speaker) == ("message", "retry", "Ben")
    assert event.key.message == str(pressed.state.id)
    assert (await pressed.wait_for(lambda one: one.is_loading)).id != message.id


async def test_a_finished_answer_can_be_judged(answered, ben, inbox):
    pressed = await ben.clicks(await answered(), "👎")
    event = (await inbox.wait_for(2))[-1]
    assert isinstance(event, FeedbackGiven)
    assert event.rating == -1
    assert (await pressed.wait_for(lambda one: one.text == "Thank you.")).text == "Thank you."


@pytest.mark.parametrize("state", [ReplyState.FAILED, ReplyState.STOPPED, ReplyState.WAITING])
async def test_what_is_no_whole_answer_has_no_buttons(answered, state):
    assert (await answered(state=state)).buttons == {}


async def test_what_a_command_says_has_no_buttons(answered):
    assert (await answered(is_shown=False)).buttons == {}
