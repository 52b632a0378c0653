"""Threads and forum posts."""

from typing import Any

import discord as discord_py
import pytest

from threadkeep_emulators.discord import DiscordEmulator, MessageKind, Permission


async def refused(awaitable: Any) -> int:
    with pytest.raises(discord_py.HTTPException) as refusal:
        await awaitable
    return refusal.value.code


async def test_bot_opens_a_thread_on_a_message_and_answers_there(discord: DiscordEmulator, connect: Any) -> None:
    general = discord.guild("Club").channel("general")
    ann = discord.user("Ann")
    client = await connect()

    question = await ann.says(general, f"{discord.bot.mention} explain")
    received = await client.after("message")
    thread = await received.create_thread(name="Explained")
    await thread.send("at length")

    assert thread.id == question.id
    assert (await general.wait_for_reply(to=question)).text == "at length"
    place = await general.wait_for_thread(on=question)
    assert (place.name, [message.text for message in place.messages]) == ("Explained", ["at length"])
    assert place.all_messages[0].kind is MessageKind.THREAD_STARTER_MESSAGE
    assert await refused(received.create_thread(name="Again")) == 160004


async def test_people_write_in_a_thread_that_they_opened(discord: DiscordEmulator, connect: Any) -> None:
    general = discord.guild("Club").channel("general")
    ann = discord.user("Ann")
    client = await connect()

    said = await ann.says(general, "a topic")
    thread = await ann.opens_thread("Topic", on=said)
    question = await ann.says(thread, f"{discord.bot.mention} your view?")
    created = await client.after("thread_create")
    received = await client.after("message", 3)
    assert isinstance(received.channel, discord_py.Thread)
    assert (created.id, received.channel.parent_id) == (thread.id, general.id)

    await received.channel.send("mine")
    assert (await thread.wait_for_reply(to=question)).text == "mine"


async def test_thread_on_no_message_is_announced_in_its_channel(discord: DiscordEmulator, connect: Any) -> None:
    general = discord.guild("Club").channel("general")
    client = await connect()
    thread = await client.get_channel(general.id).create_thread(name="Loose", type=discord_py.ChannelType.public_thread)
    assert general.all_messages[0].kind is MessageKind.THREAD_CREATED
    assert general.messages == []
    assert general.threads[0].id == thread.id


async def test_private_thread_is_unseen_by_a_bot_that_is_not_in_it(discord: DiscordEmulator, connect: Any) -> None:
    general = discord.guild("Club").channel("general")
    ann = discord.user("Ann")
    client = await connect()
    private = await ann.opens_thread("Ours", on=general, is_private=True)
    await ann.says(private, "psst")
    assert await refused(client.fetch_channel(private.id)) == 50001
    await ann.says(general, "in public")
    received = await client.after("message")
    assert received.channel.id == general.id


async def test_archived_thread_refuses_edits_and_wakes_up_by_a_post(discord: DiscordEmulator, connect: Any) -> None:
    general = discord.guild("Club").channel("general")
    client = await connect()
    starter = await client.get_channel(general.id).send("start")
    thread = await starter.create_thread(name="Talk")
    posted = await thread.send("words")
    await thread.edit(archived=True)
    place = discord.channel(thread.id)
    assert place.is_archived

    assert await refused(posted.edit(content="other words")) == 50083
    assert await refused(posted.add_reaction("👍")) == 50083
    await thread.send("more words")
    assert not place.is_archived


async def test_locked_thread_refuses_posts(discord: DiscordEmulator, connect: Any) -> None:
    general = discord.guild("Club").channel("general")
    ann = discord.user("Ann")
    client = await connect()
    thread = await ann.opens_thread("Talk", on=await ann.says(general, "start"))
    thread.archive(is_locked=True)
    assert await refused(client.get_partial_messageable(thread.id).send("words")) == 160005


async def test_only_the_opener_or_a_moderator_archives(discord: DiscordEmulator, connect: Any) -> None:
    club = discord.guild("Club")
    general = club.channel("general")
    ann = discord.user("Ann")
    client = await connect()
    thread = await ann.opens_thread("Talk", on=await ann.says(general, "start"))
    channel = await client.fetch_channel(thread.id)
    assert await refused(channel.edit(archived=True)) == 50013
    club.give(discord.bot.user, club.role("mods", permissions=Permission.MANAGE_THREADS))
    await channel.edit(archived=True)
    assert thread.is_archived


async def test_membership_and_lists_of_threads(discord: DiscordEmulator, connect: Any) -> None:
    club = discord.guild("Club")
    general = club.channel("general")
    ann = discord.user("Ann")
    client = await connect()
    thread = await ann.opens_thread("Talk", on=await ann.says(general, "start"))
    channel = await client.fetch_channel(thread.id)

    await channel.join()
    assert {member.id for member in await channel.fetch_members()} == {ann.id, discord.bot.id}
    await channel.leave()
    assert {member.id for member in await channel.fetch_members()} == {ann.id}
    active = await client.get_guild(club.id).active_threads()
    assert [one.id for one in active] == [thread.id]

    thread.archive()
    archived = [one async for one in client.get_channel(general.id).archived_threads()]
    assert [one.id for one in archived] == [thread.id]


async def test_forum_posts_by_people_and_by_the_bot(discord: DiscordEmulator, connect: Any) -> None:
    forum = discord.guild("Club").forum("help")
    ann = discord.user("Ann")
    client = await connect()

    post = await ann.posts(forum, "It fails", f"{discord.bot.mention} why?")
    received = await client.after("message")
    assert received.id == received.channel.id == post.id
    await received.channel.send("because")
    assert (await post.wait_for_reply(to=post.messages[0])).text == "because"

    made = await client.get_channel(forum.id).create_thread(name="News", content="all is well")
    assert made.message.content == "all is well"
    assert [thread.name for thread in forum.threads] == ["It fails", "News"]
    assert await refused(client.get_partial_messageable(forum.id).send("text")) == 50008
