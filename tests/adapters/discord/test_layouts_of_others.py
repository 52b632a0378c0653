"""What others say in messages that are made of components."""

import asyncio

import pytest

from threadkeep.chat.events import Addressing, MessageEdited, StopRequested
from threadkeep_discord.poster import DiscordPoster
from threadkeep_discord.wording import DIVIDER
from threadkeep_emulators.discord import Intent, Settings
from threadkeep_emulators.discord.forms import read_changes


def text(content):
    return {"type": 10, "content": content}


def card(*contents):
    """A message as other bots make them: a box with a heading beside a picture, and a link below."""
    picture = {"type": 11, "media": {"url": "https://example.org/cat.png"}, "description": "A\ncat"}
    section = {"type": 9, "components": [text(content) for content in contents], "accessory": picture}
    link = {"type": 2, "style": 5, "label": "Open", "url": "https://example.org"}
    parts = [section, {"type": 14}, text("below"), {"type": 1, "components": [link]}]
    return [{"type": 17, "components": parts}]


CARD = f"above\n[picture: A cat]\n{DIVIDER}\nbelow"


@pytest.fixture
def settings():
    return Settings(privileged_intents=Intent.MESSAGE_CONTENT)


@pytest.fixture
def robot(discord, guild):
    return discord.user("Robot", guilds=[guild], is_bot=True)


@pytest.fixture
async def adapter(connect, guild, general, ann, robot):
    return await connect(message_content=True, allowed_bots=frozenset({str(robot.id)}))


async def test_an_allowed_bot_is_read_in_components(discord, adapter, general, robot, inbox):
    await robot.lays_out(general, card("above"))
    event = await inbox.next()
    assert (event.text, event.speaker, event.addressing) == (CARD, "Robot (bot)", Addressing.OTHERS)


async def test_its_mention_of_the_bot_is_one(discord, adapter, general, robot, inbox):
    await robot.lays_out(general, card(f"{discord.bot.mention} what is new?"))
    await robot.lays_out(general, [text(f"{discord.bot.mention} /stop")])
    question, stop = await inbox.wait_for(2)
    assert question.addressing is Addressing.BOT
    assert question.text.startswith("what is new?")
    assert isinstance(stop, StopRequested)


async def test_what_begins_with_a_mention_of_somebody_else_is_for_them(discord, adapter, general, ann, robot, inbox):
    thread = await ann.opens_thread("Talk", on=general)
    await robot.lays_out(thread, [text(f"{ann.mention} look")])
    assert (await inbox.next()).addressing is Addressing.OTHERS


async def test_a_webhook_is_read_in_components(discord, connect, guild, general, ann, inbox):
    news = discord.webhook(general, "News")
    await connect(message_content=True, allowed_bots=frozenset({str(news.id)}))
    await news.lays_out(card("above"))
    assert (await inbox.next()).text == CARD


async def test_what_is_answered_is_quoted(discord, adapter, general, ann, robot, inbox):
    said = await robot.lays_out(general, card("above"))
    await ann.replies(said, f"{discord.bot.mention} is that so?")
    event = (await inbox.wait_for(2))[1]
    quote = "\n".join(f"> {line}" for line in CARD.split("\n"))
    assert event.text == f"> In reply to Robot:\n{quote}\n\nis that so?"


async def test_a_reply_to_an_own_answer_of_components_is_said_to_the_bot(discord, adapter, general, ann, inbox, record):
    await ann.says(general, f"{discord.bot.mention} hi")
    request = record.request(await inbox.next())
    await DiscordPoster(request, client=adapter._connected, link_previews=False).post(0, "word " * 500)
    await ann.replies(general.messages[-1], "and then?", is_pinging=False)
    event = (await inbox.wait_for(2))[1]
    assert (event.addressing, event.text) == (Addressing.BOT, "and then?")


async def test_what_is_forwarded_is_told(discord, adapter, guild, general, ann, robot, inbox):
    said = await robot.lays_out(guild.channel("news"), card("above"))
    await inbox.next()
    await ann.forwards(said, general)
    quote = "\n".join(f"> {line}" for line in CARD.split("\n"))
    assert (await inbox.wait_for(2))[1].text == f"> Forwarded message:\n{quote}"


async def test_an_edit_is_told(discord, adapter, general, robot, inbox):
    said = await robot.lays_out(general, [text("first")])
    changes = read_changes({"components": [text("second")]}, (), message=said)
    discord._desk.posting.edit(robot.user, said, changes)
    edited = (await inbox.wait_for(2))[1]
    assert isinstance(edited, MessageEdited)
    assert edited.text == "second"


async def test_what_was_said_before_is_read(discord, adapter, general, ann, robot, inbox):
    await robot.lays_out(general, card("above"))
    question = await ann.says(general, f"{discord.bot.mention} hi")
    event = (await inbox.wait_for(2))[1]
    (said,) = await adapter.said_before(event.place, before=str(question.id), most=5)
    assert said.text == CARD


async def test_what_was_missed_is_read(discord, adapter, general, ann, robot, inbox):
    first = await ann.says(general, f"{discord.bot.mention} hi")
    event = await inbox.next()
    await robot.lays_out(general, card("above"))
    missed = [one async for one in adapter.missed(event.place, after=str(first.id), most=5)]
    assert [one.text for one in missed] == [CARD]


async def test_it_is_explained_from_its_menu(discord, adapter, general, ann, robot, inbox):
    said = await robot.lays_out(general, card("above"))
    await inbox.next()
    async with asyncio.timeout(15):
        while not discord.commands:  # noqa: ASYNC110 - the listing rings no bell
            await asyncio.sleep(0.01)
    await ann.chooses_on(said, "Explain this")
    quote = "\n".join(f"> {line}" for line in CARD.split("\n"))
    assert (await inbox.wait_for(2))[1].text.endswith(f"this message of Robot:\n{quote}")


async def test_what_says_nothing_is_not_heard(discord, adapter, general, ann, robot, inbox):
    await robot.lays_out(general, [{"type": 14}, {"type": 14}])
    await ann.says(general, f"{discord.bot.mention} hi")
    assert (await inbox.next()).text == "hi"
