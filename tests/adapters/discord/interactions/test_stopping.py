"""The stop command and the stop button."""

import pytest

from threadkeep.chat.adapter import Acceptance, ReplyContent
from threadkeep.chat.elements import Button
from threadkeep.chat.events import PlaceKind, StopRequested
from threadkeep.errors import StoreUnavailableError
from threadkeep_emulators.discord import MessageFlag

STOP = Button(action="stop", label="Stop")


async def test_the_stop_command_stops_the_run_of_its_channel(discord, listed, guild, general, ann, inbox):
    used = await ann.slash(general, "stop")
    event = await inbox.next()
    answer = await used.wait_for(lambda message: message.text == "Stopping.")
    assert isinstance(event, StopRequested)
    assert str(event.place.session) == f"discord:{guild.id}:{general.id}"
    assert (str(event.user), event.speaker) == (f"discord:{ann.id}", "Ann")
    assert event.key.revision == f"stop:{used.state.id}"
    assert MessageFlag.EPHEMERAL in answer.flags
    assert general.messages == []


async def test_the_stop_command_in_a_thread_means_the_thread(listed, guild, general, ann, inbox):
    thread = await ann.opens_thread("Plans", on=general)
    await ann.slash(thread, "stop")
    event = await inbox.next()
    assert str(event.place.session) == f"discord:{guild.id}:{thread.id}"
    assert event.place.kind is PlaceKind.THREAD


async def test_the_stop_command_works_in_direct_messages(listed, ann, inbox):
    await ann.slash(ann.dm_channel, "stop")
    event = await inbox.next()
    assert str(event.place.session) == f"discord:@me:{ann.dm_channel.id}"
    assert event.place.kind is PlaceKind.DIRECT


async def test_where_nothing_is_answered_the_stop_command_says_so(
    discord, connect, general, ann, verdict, inbox, until
):
    await connect(verdict(Acceptance.IGNORED))
    await until(lambda: "stop" in discord.commands)
    used = await ann.slash(general, "stop")
    assert (await used.wait_for()).text == "Nothing is being answered here."


async def test_a_stop_that_the_store_cannot_take_is_not_acknowledged(listed, general, ann, inbox):
    inbox.failures = [StoreUnavailableError("down"), StoreUnavailableError("down")]
    used = await ann.slash(general, "stop")
    assert not used.is_answered
    await inbox.next()
    assert await used.wait_answered()


async def test_a_stop_that_comes_again_after_a_reconnect_is_the_same_event(discord, listed, general, ann, inbox):
    used = await ann.slash(general, "stop")
    await used.wait_answered()
    discord.gateway.redeliver("INTERACTION_CREATE")
    first, second = await inbox.wait_for(2)
    assert first.key == second.key
    assert [message.text for message in used.messages] == ["Stopping."]


@pytest.fixture
async def writing(discord, adapter, general, ann, inbox, record):
    """A reply that is being written, with a button to stop it."""
    await ann.says(general, f"{discord.bot.mention} tell me everything")
    reply = adapter.open_reply(record.request(await inbox.next()))
    await reply.show(ReplyContent(text="It all began", elements=(STOP,)))
    await general.wait_for(lambda messages: len(messages) == 2)
    yield reply
    await reply.aclose()


async def test_the_stop_button_under_a_reply_stops_its_run(guild, general, ann, inbox, writing):
    answer = general.messages[-1]
    assert list(answer.buttons.values()) == ["Stop"]
    pressed = await ann.clicks(answer, "Stop")
    event = (await inbox.wait_for(2))[1]
    assert isinstance(event, StopRequested)
    assert str(event.place.session) == f"discord:{guild.id}:{general.id}"
    assert event.key.message == str(answer.id)
    assert await pressed.wait_answered()
    assert pressed.state.answered_with == 6


async def test_the_stop_button_goes_when_the_answer_is_whole(general, writing):
    await writing.finish(ReplyContent(text="It all began", is_final=True))
    answer = general.messages[-1]
    assert (answer.text, answer.buttons) == ("It all began", {})


async def test_the_stop_button_of_an_earlier_process_still_works(connect, general, ann, inbox, writing, adapter):
    await writing.aclose()
    await adapter.stop()
    await connect()
    await ann.clicks(general.messages[-1], "Stop")
    assert isinstance((await inbox.wait_for(2))[1], StopRequested)


async def test_the_stop_button_in_a_thread_of_its_own_means_the_thread(discord, connect, general, ann, inbox, record):
    adapter = await connect(reply_in="thread")
    asked = await ann.says(general, f"{discord.bot.mention} tell me everything")
    reply = adapter.open_reply(record.request(await inbox.next()))
    await reply.show(ReplyContent(text="It all began", elements=(STOP,)))
    thread = await general.wait_for_thread(on=asked)
    await thread.wait_for(lambda messages: any(message.buttons for message in messages))
    await ann.clicks(thread.messages[-1], "Stop")
    first, second = await inbox.wait_for(2)
    assert first.place.session == second.place.session
    await reply.aclose()


async def test_who_may_not_stop_is_told_so_alone(discord, connect, general, ann, inbox, until):
    async def refuse(event):
        await adapter.whisper(event.place, event.user, "It is not yours.")
        return Acceptance.IGNORED

    adapter = await connect(refuse)
    await until(lambda: "stop" in discord.commands)
    used = await ann.slash(general, "stop")
    assert (await used.wait_for()).text == "It is not yours."
    assert [MessageFlag.EPHEMERAL in message.flags for message in used.messages] == [True]
