"""Channels of every kind, what they say otherwise of permissions, and the list of the bot's guilds."""

import discord as library
import pytest

from threadkeep_emulators.discord import ApiError, ChannelKind, Permission


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


async def test_what_a_channel_says_otherwise_counts_for_everyone_then_for_roles_then_for_one(discord, connect):
    club = discord.guild("Club")
    general = club.channel("general")
    muted, trusted = club.role("muted"), club.role("trusted")
    ann, ben, cleo = (discord.user(name) for name in ("Ann", "Ben", "Cleo"))
    for person, role in ((ann, muted), (ben, muted), (ben, trusted), (cleo, muted)):
        club.give(person.user, role)
    general.deny(Permission.SEND_MESSAGES, to=muted)
    general.allow(Permission.SEND_MESSAGES, to=trusted)
    general.allow(Permission.SEND_MESSAGES, to=cleo.user)
    with pytest.raises(ApiError, match="50013"):
        await ann.says(general, "hello?")
    await ben.says(general, "trusted")
    await cleo.says(general, "by name")
    assert [message.text for message in general.messages] == ["trusted", "by name"]
    # The library comes to the same result from what the gateway tells.
    channel = (await connect()).get_channel(general.id)
    told = {target.id: overwrite.send_messages for target, overwrite in channel.overwrites.items()}
    assert told == {muted.id: False, trusted.id: True, cleo.id: True}


async def test_every_kind_of_channel_is_told_as_what_it_is(discord, connect):
    club, ann = discord.guild("Club"), discord.user("Ann")
    stage, news, media = club.stage("stage"), club.announcements("news"), club.media("pictures")
    guild = (await connect()).get_guild(club.id)
    assert isinstance(guild.get_channel(stage.id), library.StageChannel)
    assert guild.get_channel(news.id).is_news()
    assert guild.get_channel(media.id).is_media()
    await ann.says(stage, "from the stage")
    thread = await ann.opens_thread("Talk", on=await ann.says(news, "news"))
    assert thread.state.kind is ChannelKind.ANNOUNCEMENT_THREAD
    post = await ann.posts(media, "Sunset", "look")
    assert [message.text for message in post.messages] == ["look"]
    with pytest.raises(ApiError, match="50024"):
        await ann.opens_thread("Talk", on=stage)
