"""Other bots and webhooks: heard if they are allowed, and never for ever."""

import pytest

from threadkeep.chat.events import Addressing
from threadkeep.errors import ConfigError
from threadkeep.messages import File
from threadkeep_discord.bots import Hearing
from threadkeep_discord.limits import BOT_TURNS, SESSIONS_REMEMBERED
from threadkeep_discord.settings import read_settings

TOKEN = {"DISCORD_BOT_TOKEN": "MTIzNDU2Nzg5MDEy.GabcdE.abcdefghijklmnopqrstuvwxyz"}


async def test_a_bot_that_is_not_allowed_is_not_heard(discord, adapter, guild, general, ann, inbox):
    robot = discord.user("Robot", guilds=[guild], is_bot=True)
    await robot.says(general, f"{discord.bot.mention} beep")
    await discord.webhook(general, "Deploy").says(f"{discord.bot.mention} deployed")
    await ann.dm("done")
    assert (await inbox.next()).text == "done"


async def test_a_bot_that_is_allowed_is_heard_like_a_person(discord, connect, guild, general, inbox):
    robot = discord.user("Robot", guilds=[guild], is_bot=True)
    await connect(allowed_bots=frozenset({str(robot.id)}))
    said = await robot.says(general, f"{discord.bot.mention} beep")
    event = await inbox.next()
    assert (event.speaker, event.text, event.addressing) == ("Robot (bot)", "beep", Addressing.BOT)
    assert str(event.user) == f"discord:{robot.id}"
    assert event.key.message == str(said.id)
    await robot.edits(said, f"{discord.bot.mention} boop")
    edit = (await inbox.wait_for(2))[1]
    assert (edit.kind, edit.text, edit.speaker) == ("edited", "boop", "Robot (bot)")


async def test_the_embeds_of_an_allowed_webhook_are_read(discord, connect, general, ann, inbox):
    deploy = discord.webhook(general, "Deploy")
    await connect(allowed_bots=frozenset({str(deploy.id)}))
    fields = [{"name": "Stage", "value": "live"}, {"name": "Took", "value": "3 min"}]
    embed = {"type": "rich", "title": "Release 12", "description": f"for {ann.mention}", "fields": fields}
    await deploy.says(f"{discord.bot.mention} look", embeds=[embed])
    event = await inbox.next()
    assert event.speaker == "Deploy (bot)"
    assert event.text.splitlines()[0] == "look"
    assert event.text.splitlines()[1] == "Release 12"
    assert event.text.splitlines()[3:] == ["Stage: live", "Took: 3 min"]


async def test_two_bots_do_not_talk_to_each_other_for_ever(discord, connect, guild, general, ann, inbox):
    robot = discord.user("Robot", guilds=[guild], is_bot=True)
    await connect(allowed_bots=frozenset({str(robot.id)}))
    for number in range(BOT_TURNS + 2):
        await robot.says(general, f"{discord.bot.mention} turn {number}")
    await ann.says(general, f"{discord.bot.mention} go on")
    await robot.says(general, f"{discord.bot.mention} gladly")
    events = await inbox.wait_for(BOT_TURNS + 4)
    answered = [event.addressing is not Addressing.OTHERS for event in events]
    assert answered == [True] * BOT_TURNS + [False] * 2 + [True] * 2


async def test_this_bot_is_never_heard_even_if_it_is_allowed(discord, connect, general, ann, inbox, record):
    adapter = await connect(allowed_bots=frozenset({str(discord.bot.id)}))
    await ann.dm("hello")
    await adapter.send_file((await inbox.next()).place, _file(), caption=f"{discord.bot.mention}")
    await ann.dm("done")
    await inbox.wait_for(2)
    assert inbox.texts == ["hello", "done"]


async def test_what_an_allowed_bot_said_before_is_read(discord, connect, guild, general, ann, inbox):
    robot = discord.user("Robot", guilds=[guild], is_bot=True)
    noise = discord.user("Noise", guilds=[guild], is_bot=True)
    adapter = await connect(allowed_bots=frozenset({str(robot.id)}))
    await noise.says(general, f"{discord.bot.mention} never mind")
    await robot.says(general, f"{discord.bot.mention} release 12 failed")
    await ann.says(general, f"{discord.bot.mention} why?")
    event = (await inbox.wait_for(2))[1]
    before = await adapter.said_before(event.place, before=event.key.message, most=10)
    assert [(one.speaker, one.text) for one in before] == [("Robot (bot)", "release 12 failed")]


def test_a_turn_that_comes_again_is_counted_once():
    hearing = Hearing({"7"}, most_turns=2)
    told = [hearing.may_answer(_said(number), "here") for number in (1, 1, 2, 2, 3, 3)]
    assert told == [True] * 4 + [False] * 2
    assert hearing.may_answer(_said(4), "there")
    assert hearing.may_answer(_said(4, is_bot=False), "here")
    assert hearing.may_answer(_said(5), "here")


def test_the_memory_of_turns_is_bounded():
    hearing = Hearing({"7"})
    for number in range(SESSIONS_REMEMBERED + 10):
        hearing.may_answer(_said(number + 1), f"place {number}")
    assert len(hearing._turns) == SESSIONS_REMEMBERED


def test_bots_are_read_from_the_environment():
    assert read_settings(TOKEN).allowed_bots == frozenset()
    assert read_settings(TOKEN | {"DISCORD_ALLOWED_BOTS": " 123, 456 789"}).allowed_bots == {"123", "456", "789"}
    with pytest.raises(ConfigError, match=r"DISCORD_ALLOWED_BOTS has 'deploy'.*Copy User ID"):
        read_settings(TOKEN | {"DISCORD_ALLOWED_BOTS": "123 deploy"})


class _Author:
    def __init__(self, *, bot):
        self.bot = bot


class _Said:
    webhook_id = None

    def __init__(self, number, *, is_bot):
        self.id = number
        self.author = _Author(bot=is_bot)


def _said(number, *, is_bot=True):
    return _Said(number, is_bot=is_bot)


def _file():
    return File(name="a.txt", media_type="text/plain", data=b"1")
