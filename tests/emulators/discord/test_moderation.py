"""What a bot with more rights does: channels, other people's reactions and messages."""

from typing import Any

import discord as discord_py
import pytest

from threadkeep_emulators.discord import DiscordEmulator, Guild, Permission

MODERATOR = (
    Permission.MANAGE_CHANNELS | Permission.MANAGE_MESSAGES | Permission.MANAGE_THREADS | Permission.ADD_REACTIONS
)


@pytest.fixture
def club(discord: DiscordEmulator) -> Guild:
    club = discord.guild("Club")
    club.channel("general")
    return club


@pytest.fixture
def is_moderator(discord: DiscordEmulator, club: Guild) -> None:
    club.give(discord.bot.user, club.role("mods", permissions=MODERATOR))


async def test_channel_is_renamed_and_deleted(
    discord: DiscordEmulator, connect: Any, club: Guild, is_moderator: None
) -> None:
    client = await connect()
    general = club.channel("general")
    channel = client.get_channel(general.id)
    await channel.edit(topic="new", name="lobby")
    assert (general.name, general.state.topic) == ("lobby", "new")
    await channel.delete()
    await client.after("guild_channel_delete")
    with pytest.raises(discord_py.NotFound):
        await client.fetch_channel(general.id)


async def test_channel_stays_as_it_is_without_the_right(connect: Any, club: Guild) -> None:
    client = await connect()
    channel = client.get_channel(club.channel("general").id)
    for attempt in (channel.edit(name="lobby"), channel.delete()):
        with pytest.raises(discord_py.Forbidden) as refusal:
            await attempt
        assert refusal.value.code == 50013


async def test_thread_is_deleted(discord: DiscordEmulator, connect: Any, club: Guild, is_moderator: None) -> None:
    ann = discord.user("Ann")
    client = await connect()
    thread = await ann.opens_thread("Talk", on=club.channel("general"))
    await (await client.fetch_channel(thread.id)).delete()
    assert club.channel("general").threads == []
    await client.after("raw_thread_delete")


async def test_other_peoples_words_and_reactions_are_removed(
    discord: DiscordEmulator, connect: Any, club: Guild, is_moderator: None
) -> None:
    general = club.channel("general")
    ann = discord.user("Ann")
    client = await connect()
    said = await ann.says(general, "rude")
    await ann.reacts(said, "👎")
    message = await client.get_channel(general.id).fetch_message(said.id)
    assert [user.id async for user in message.reactions[0].users()] == [ann.id]
    await message.remove_reaction("👎", discord_py.Object(ann.id))
    assert general.message(said).reactions == ()
    await message.delete()
    assert general.messages == []


async def test_guild_is_read_over_http(discord: DiscordEmulator, connect: Any, club: Guild) -> None:
    client = await connect()
    guild = await client.fetch_guild(club.id, with_counts=False)
    assert guild.name == "Club"
    assert [channel.name for channel in await guild.fetch_channels()] == ["general"]
    with pytest.raises(discord_py.NotFound) as refusal:
        await client.fetch_guild(1)
    assert refusal.value.code == 10004
    # The list of members needs the privileged intent, on the HTTP API too.
    with pytest.raises(discord_py.Forbidden):
        await client.http.get_members(club.id, 10, None)
