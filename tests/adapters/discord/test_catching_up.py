"""What was said while nobody listened, read from history."""

import pytest

from threadkeep.chat.adapter import CatchesUp
from threadkeep.errors import PlaceGoneError, PlatformUnavailableError
from threadkeep_discord import DiscordAdapter
from threadkeep_emulators.discord import Intent, Settings
from threadkeep_emulators.faults import Fault

HISTORY = "GET /channels/{channel_id}/messages"


async def missed(adapter, event, *, most=100, after=None):
    after = after or event.key.message
    return [one async for one in adapter.missed(event.place, after=after, most=most)]


def test_the_adapter_catches_up(discord):
    assert isinstance(DiscordAdapter(discord.bot.token), CatchesUp)


async def test_what_was_missed_reads_as_if_it_had_been_heard(discord, guild, general, connect, inbox):
    bel = discord.user("Annabel", nick="Bel", guilds=[guild])
    adapter = await connect()
    await bel.says(general, f"{discord.bot.mention} first")
    for text in ("second", "/stop", f"third for {bel.mention}"):
        await bel.says(general, f"{discord.bot.mention} {text}")
    first, *heard = await inbox.wait_for(4)
    assert await missed(adapter, first) == heard
    assert [event.speaker for event in heard] == ["Bel"] * 3


async def test_it_is_read_without_the_gateway_too(discord, guild, general, connect, inbox):
    bel = discord.user("Annabel", nick="Bel", guilds=[guild])
    await connect()
    thread = await bel.opens_thread("Plans", on=general)
    await bel.says(thread, f"{discord.bot.mention} first")
    await bel.says(thread, f"{discord.bot.mention} second")
    first, second = await inbox.wait_for(2)
    assert await missed(await connect(sink=None), first) == [second]


async def test_direct_messages_are_read(connect, ann, inbox):
    adapter = await connect()
    for number in range(5):
        await ann.dm(str(number))
    first, *others = await inbox.wait_for(5)
    assert await missed(adapter, first) == others
    assert await missed(adapter, first, most=2) == others[:2]


async def test_many_are_read_page_by_page_oldest_first(discord, connect, ann, inbox):
    adapter = await connect()
    for number in range(251):
        await ann.dm(str(number))
    first, *others = await inbox.wait_for(251)
    assert await missed(adapter, first, most=1000) == others
    assert len(discord.calls.of(HISTORY)) == 3
    assert await missed(adapter, first, most=120) == others[:120]


async def test_answers_and_other_bots_are_not_in_it(discord, connect, guild, general, ann, inbox):
    adapter = await connect()
    robot = discord.user("Robot", guilds=[guild], is_bot=True)
    await ann.says(general, f"{discord.bot.mention} hi")
    await robot.says(general, f"{discord.bot.mention} beep")
    assert await missed(adapter, await inbox.next()) == []


async def test_an_edited_message_is_read_as_it_stands(connect, ann, inbox):
    adapter = await connect()
    await ann.dm("one")
    await ann.edits(await ann.dm("two"), "three")
    events = await inbox.wait_for(3)
    assert [event.text for event in await missed(adapter, events[0])] == ["three"]


async def test_a_thread_that_its_answer_has_not_opened_yet_has_nothing(discord, connect, general, ann, inbox):
    adapter = await connect(reply_in="thread")
    await ann.says(general, f"{discord.bot.mention} hi")
    assert await missed(adapter, await inbox.next()) == []


async def test_a_place_that_is_gone_is_told(discord, connect, general, ann, inbox):
    adapter = await connect()
    await ann.says(general, f"{discord.bot.mention} hi")
    event = await inbox.next()
    body = {"message": "Unknown Channel", "code": 10003}
    discord.faults.add(Fault(match=HISTORY, kind="status", status=404, body=body))
    with pytest.raises(PlaceGoneError):
        await missed(adapter, event)


async def test_an_adapter_that_is_not_connected_says_so(discord, connect, ann, inbox):
    adapter = await connect()
    await ann.dm("hi")
    event = await inbox.next()
    await adapter.stop()
    with pytest.raises(PlatformUnavailableError):
        await missed(adapter, event)


class TestWithMessageContent:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(privileged_intents=Intent.MESSAGE_CONTENT)

    async def test_talk_in_a_thread_is_read_as_such(self, discord, connect, general, ann, ben, inbox):
        adapter = await connect(message_content=True)
        thread = await ann.opens_thread("Plans", on=general)
        said = await ann.says(thread, f"{discord.bot.mention} hi")
        await ann.says(thread, "and this")
        await ben.replies(said, "that is not for the bot")
        first, *heard = await inbox.wait_for(3)
        assert await missed(adapter, first) == heard
