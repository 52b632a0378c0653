"""Voice channels, categories, and the list of the bot's guilds."""

import discord as library
import pytest

from threadkeep_emulators.discord import ApiError, Permission


async def test_people_write_in_a_voice_channel_and_nobody_opens_threads_there(discord, connect):
    club = discord.guild("Club")
    ann = discord.user("Ann", guilds=[club])
    lounge = club.voice("lounge")
    client = await connect()
    said = await ann.says(lounge, f"{discord.bot.mention} hello")
    channel = client.get_channel(lounge.id)
    assert isinstance(channel, library.VoiceChannel)
    await channel.send("hello", reference=library.MessageReference(message_id=said.id, channel_id=lounge.id))
    assert [message.content for message in lounge.messages] == [said.content, "hello"]
    with pytest.raises(ApiError):
        await ann.opens_thread("Plans", on=said)


async def test_who_may_not_join_a_voice_channel_may_do_nothing_in_it(discord, connect):
    lounge = discord.guild("Club").voice("lounge")
    client = await connect()
    lounge.deny(Permission.CONNECT)
    with pytest.raises(library.Forbidden):
        await client.get_partial_messageable(lounge.id).send("hello")


async def test_a_channel_stands_under_its_category_where_nothing_can_be_said(discord, connect):
    club = discord.guild("Club")
    section = club.category("Help")
    desk = club.channel("desk", category=section)
    client = await connect()
    assert client.get_channel(desk.id).category_id == section.id
    with pytest.raises(library.HTTPException):
        await client.get_partial_messageable(section.id).send("hello")


async def test_the_bots_guilds_are_listed_page_by_page(discord, connect):
    guilds = [discord.guild(f"Club {number}") for number in range(5)]
    client = await connect()
    found = [guild async for guild in client.fetch_guilds(limit=None, with_counts=False)]
    assert [guild.name for guild in found] == [guild.name for guild in guilds]
    found = [guild.id async for guild in client.fetch_guilds(limit=2, after=library.Object(guilds[1].id))]
    assert found == [guild.id for guild in guilds[2:4]]
