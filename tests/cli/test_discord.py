"""``threadkeep discord``: the invite link, and the doctor."""

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from threadkeep_emulators.discord import PRIVILEGED_INTENTS, DiscordEmulator, Intent, Permission, Settings

BOT = """
from threadkeep import Agent, Bot, OpenAIChat

agent = Agent(model=OpenAIChat(id="gpt-5.4-mini", api_key="x"), name="Library")
bot = Bot(agent=agent)
"""

ENTRY_POINTS = "[threadkeep.commands]\ndiscord = threadkeep_discord.cli:commands\n"
LEAST = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.READ_MESSAGE_HISTORY
)


# One kind of store is enough: nothing here depends on it.
pytestmark = [pytest.mark.usefixtures("announced"), pytest.mark.parametrize("desk", ["sqlite"], indirect=True)]


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
async def discord(settings):
    async with DiscordEmulator(settings=settings) as emulator:
        yield emulator


def tokens(discord, **changes) -> dict[str, str]:
    return {"DISCORD_BOT_TOKEN": discord.bot.token, "DISCORD_API_URL": discord.api_url, **changes}


def take_from_everyone(guild, permission):
    """Take a permission from the role that everybody has, as in the settings of a server."""
    everyone = guild.state.roles[guild.id]
    guild.state.roles[guild.id] = replace(everyone, permissions=everyone.permissions & ~permission)


async def link_of(desk, bot_file, discord, *options, **environ):
    done = await desk.threadkeep("discord", "invite", str(bot_file), *options, **tokens(discord, **environ))
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    return {name: values[0] for name, values in parse_qs(urlsplit(line).query).items()}, done.stderr


async def test_invite_asks_for_the_least_permissions_and_says_why(desk, bot_file, discord):
    query, told = await link_of(desk, bot_file, discord)
    assert query["client_id"] == str(discord.bot.application_id)
    assert int(query["permissions"]) == LEAST
    assert query["scope"].split() == ["bot", "applications.commands"]
    assert "Library asks for:" in told
    assert "View Channels: hears what is said in channels" in told


async def test_invite_asks_for_more_only_for_what_the_bot_does(desk, bot_file, discord):
    query, _ = await link_of(desk, bot_file, discord, "--threads", "--files", "--server", "123456789012345678")
    assert int(query["permissions"]) == LEAST | Permission.CREATE_PUBLIC_THREADS | Permission.ATTACH_FILES
    assert query["guild_id"] == "123456789012345678"
    query, _ = await link_of(
        desk, bot_file, discord, DISCORD_REPLY_IN="thread", DISCORD_LINK_PREVIEWS="1", DISCORD_COMMANDS="0"
    )
    assert int(query["permissions"]) == LEAST | Permission.CREATE_PUBLIC_THREADS | Permission.EMBED_LINKS
    assert query["scope"] == "bot"


async def test_invite_and_doctor_need_a_token(desk, bot_file):
    for arguments in (["invite", str(bot_file)], ["doctor"]):
        done = await desk.threadkeep("discord", *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert "set DISCORD_BOT_TOKEN" in done.stderr


async def test_doctor_finds_a_healthy_bot_healthy(desk, discord):
    discord.guild("Club").channel("general")
    done = await desk.threadkeep("discord", "doctor", **tokens(discord))
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert f"ok       the token works: @{discord.bot.user.name}" in lines
    assert "ok       the gateway takes 1000 of 1000 new sessions today" in lines
    assert "ok       Club: nothing is missing" in lines
    assert [line for line in lines if line.startswith("ok       no privileged intent is asked for: in threads")]
    assert not [line for line in lines if line.startswith(("missing", "wanting", "check"))]


async def test_doctor_says_what_is_missing_in_which_server_and_channel(desk, discord):
    club, guests = discord.guild("Club"), discord.guild("Guests")
    club.channel("general")
    club.channel("news").deny(Permission.SEND_MESSAGES)
    club.channel("board").deny(Permission.VIEW_CHANNEL)
    club.voice("lounge").deny(Permission.CONNECT)
    club.forum("help").deny(Permission.SEND_MESSAGES_IN_THREADS)
    guests.channel("hall")
    take_from_everyone(guests, Permission.READ_MESSAGE_HISTORY)
    done = await desk.threadkeep("discord", "doctor", "--json", **tokens(discord))
    assert (done.returncode, done.stderr) == (1, "")
    found = [(one["verdict"], one["what"]) for one in json.loads(done.stdout)]
    assert ("missing", "Club, in #news: no permission Send Messages: it cannot answer there") in found
    assert ("check", "Club: it does not see #board, #lounge") in found
    assert (
        "missing",
        "Club, in #help: no permission Send Messages in Threads: it cannot answer in threads and posts",
    ) in found
    (history,) = [what for verdict, what in found if verdict == "wanting"]
    assert history.startswith("Guests: no permission Read Message History: ")


async def test_doctor_knows_what_channels_say_of_the_bots_role_and_of_the_bot(desk, discord):
    club = discord.guild("Club")
    role = club.role("keeper")
    club.give(discord.bot.user, role)
    for name, kind in {"news": club.announcements, "talk": club.stage, "pictures": club.media}.items():
        kind(name).deny(Permission.VIEW_CHANNEL, to=role)
    quiet = club.channel("quiet")
    quiet.deny(Permission.SEND_MESSAGES)
    quiet.allow(Permission.SEND_MESSAGES, to=role)
    quiet.deny(Permission.READ_MESSAGE_HISTORY, to=discord.bot.user)
    done = await desk.threadkeep("discord", "doctor", "--json", **tokens(discord))
    found = {one["what"]: one["remedy"] for one in json.loads(done.stdout) if one["verdict"] != "ok"}
    (hidden, history) = found
    assert hidden == "Club: it does not see #news, #talk, #pictures"
    assert history.startswith("Club, in #quiet: no permission Read Message History: ")
    assert found[history] == "Edit Channel > Permissions: allow the bot's role Read Message History"


async def test_doctor_looks_at_one_server_if_told_so(desk, discord):
    club, guests = discord.guild("Club"), discord.guild("Guests")
    club.channel("news").deny(Permission.SEND_MESSAGES)
    done = await desk.threadkeep("discord", "doctor", "--server", str(guests.id), **tokens(discord))
    assert done.returncode == 0, done.stdout
    assert "Guests: nothing is missing" in done.stdout
    assert "Club" not in done.stdout
    done = await desk.threadkeep("discord", "doctor", "--server", "123456789012345678", **tokens(discord))
    assert "wanting  the bot is not in the server 123456789012345678" in done.stdout


async def test_doctor_says_what_the_missing_intent_costs(desk, discord):
    done = await desk.threadkeep("discord", "doctor", **tokens(discord, DISCORD_MESSAGE_CONTENT="1"))
    assert done.returncode == 1
    assert "missing  the bot asks for the Message Content Intent, which is off" in done.stdout
    assert f"applications/{discord.bot.application_id}/bot" in done.stdout
    done = await desk.threadkeep("discord", "doctor", **tokens(discord, DISCORD_ANSWER_WHEN="always"))
    assert done.returncode == 1
    assert "missing  DISCORD_ANSWER_WHEN says `always`" in done.stdout


async def test_doctor_names_the_commands_that_are_not_listed(desk, bot_file, discord):
    done = await desk.threadkeep("discord", "doctor", str(bot_file), **tokens(discord))
    assert "wanting  Discord does not list /new, /retry" in done.stdout


async def test_doctor_recognises_a_dead_token_and_does_not_tell_it(desk, discord):
    token = f"{discord.bot.token[:-4]}dead"
    done = await desk.threadkeep("discord", "doctor", **tokens(discord, DISCORD_BOT_TOKEN=token))
    assert done.returncode == 1
    assert "missing  the bot cannot log in" in done.stdout
    assert token not in done.stdout + done.stderr


class TestWithAllIntentsSwitchedOn:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(privileged_intents=PRIVILEGED_INTENTS)

    async def test_doctor_names_those_that_are_never_asked_for(self, desk, discord):
        assert Intent.MESSAGE_CONTENT in PRIVILEGED_INTENTS
        done = await desk.threadkeep("discord", "doctor", **tokens(discord))
        names = "Presence Intent, Server Members Intent, Message Content Intent"
        assert f"check    on, but never asked for: {names}" in done.stdout
        done = await desk.threadkeep("discord", "doctor", **tokens(discord, DISCORD_MESSAGE_CONTENT="1"))
        assert "ok       the Message Content Intent is on and asked for" in done.stdout
