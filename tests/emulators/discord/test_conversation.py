"""People and a real discord.py client talk with each other."""

from io import BytesIO
from typing import Any

import discord as discord_py
import pytest

from threadkeep_emulators.discord import ApiError, DiscordEmulator, MessageKind, NotSeenError


async def test_mention_is_received_and_the_reply_is_seen(discord: DiscordEmulator, connect: Any) -> None:
    club = discord.guild("Club")
    ann = discord.user("Ann", nick="Annie")
    general = club.channel("general")
    client = await connect()

    question = await ann.says(general, f"{discord.bot.mention} hello")
    received = await client.after("message")
    assert received.content == f"{discord.bot.mention} hello"
    assert (received.author.global_name, received.author.nick) == ("Ann", "Annie")
    assert received.guild.name == "Club"
    assert client.user in received.mentions

    await received.reply("hi **Annie**")
    answer = await general.wait_for_reply(to=question)
    assert answer.text == "hi **Annie**"
    assert answer.kind is MessageKind.REPLY


async def test_direct_message_is_answered_in_place(discord: DiscordEmulator, connect: Any) -> None:
    ann = discord.user("Ann")
    client = await connect()

    question = await ann.dm("are you there?")
    received = await client.after("message")
    assert received.guild is None
    assert received.content == "are you there?"

    await received.channel.send("yes")
    answer = await ann.dm_channel.wait_for_reply(to=question)
    assert answer.text == "yes"


async def test_bot_writes_first_in_a_direct_message(discord: DiscordEmulator, connect: Any) -> None:
    ann = discord.user("Ann")
    client = await connect()

    user = await client.fetch_user(ann.id)
    await user.send("good morning")

    assert [message.text for message in ann.dm_channel.messages] == ["good morning"]


async def test_closed_direct_messages_refuse_the_bot(discord: DiscordEmulator, connect: Any) -> None:
    ann = discord.user("Ann")
    ann.closes_dms()
    client = await connect()
    user = await client.fetch_user(ann.id)

    with pytest.raises(discord_py.Forbidden) as refusal:
        await user.send("good morning")
    assert refusal.value.code == 50007


async def test_own_messages_come_back_over_the_gateway(discord: DiscordEmulator, connect: Any) -> None:
    general = discord.guild("Club").channel("general")
    client = await connect()

    await client.get_channel(general.id).send("one")
    echoed = await client.after("message")

    assert echoed.author.id == discord.bot.id
    assert echoed.content == "one"


async def test_edit_is_seen_by_both_sides(discord: DiscordEmulator, connect: Any) -> None:
    general = discord.guild("Club").channel("general")
    ann = discord.user("Ann")
    client = await connect()

    posted = await client.get_channel(general.id).send("thinking")
    await posted.edit(content="forty-two")
    assert [message.text for message in general.messages] == ["forty-two"]
    assert general.messages[0].edited_at is not None

    question = await ann.says(general, f"{discord.bot.mention} hello")
    await ann.edits(question, f"{discord.bot.mention} good bye")
    edited = await client.after("raw_message_edit", 2)
    assert edited.message.content == f"{discord.bot.mention} good bye"


async def test_delete_is_seen_by_both_sides(discord: DiscordEmulator, connect: Any) -> None:
    general = discord.guild("Club").channel("general")
    ann = discord.user("Ann")
    client = await connect()

    posted = await client.get_channel(general.id).send("oops")
    await posted.delete()
    assert general.messages == []

    said = await ann.says(general, "never mind")
    await ann.deletes(said)
    deleted = await client.after("raw_message_delete", 2)
    assert deleted.message_id == said.id


async def test_history_pages_in_every_direction(discord: DiscordEmulator, connect: Any) -> None:
    general = discord.guild("Club").channel("general")
    ann = discord.user("Ann")
    said = [await ann.dm(f"line {number}") for number in range(7)]
    client = await connect()
    await client.fetch_user(ann.id)
    channel = await client.fetch_channel(ann.dm_channel.id)
    middle = discord_py.Object(said[3].id)

    async def texts(**bounds: Any) -> list[str]:
        return [message.content[-1] async for message in channel.history(**bounds)]

    assert await texts(limit=2) == ["6", "5"]
    assert await texts(before=middle, limit=2) == ["2", "1"]
    assert await texts(after=middle, limit=2) == ["4", "5"]
    assert sorted(await texts(around=middle, limit=3)) == ["2", "3", "4"]
    assert await texts(oldest_first=True, limit=None) == list("0123456")
    assert general.messages == []


async def test_attachments_travel_both_ways(discord: DiscordEmulator, connect: Any) -> None:
    ann = discord.user("Ann")
    client = await connect()

    await ann.dm("see this", files={"notes.txt": b"buy milk"})
    received = await client.after("message")
    assert received.attachments[0].content_type == "text/plain"
    assert await received.attachments[0].read() == b"buy milk"

    await received.channel.send("done", file=discord_py.File(BytesIO(b"milk bought"), "done.txt"))
    answer = ann.dm_channel.messages[-1]
    assert (answer.attachments[0].filename, answer.attachments[0].data) == ("done.txt", b"milk bought")


async def test_reactions_travel_both_ways(discord: DiscordEmulator, connect: Any) -> None:
    general = discord.guild("Club").channel("general")
    ann = discord.user("Ann")
    client = await connect(discord_py.Intents(guilds=True, guild_messages=True, guild_reactions=True))

    posted = await client.get_channel(general.id).send("good?")
    await posted.add_reaction("👍")
    current = general.message(general.messages[0])
    assert [reaction.emoji.name for reaction in current.reactions] == ["👍"]
    await posted.remove_reaction("👍", client.user)
    assert general.messages[0].reactions == ()

    await ann.reacts(general.messages[0], "🎉")
    added = await client.after("raw_reaction_add", 2)
    assert (added.user_id, str(added.emoji)) == (ann.id, "🎉")
    await ann.takes_back(general.messages[0], "🎉")
    removed = await client.after("raw_reaction_remove", 2)
    assert removed.user_id == ann.id


async def test_typing_is_told_both_ways(discord: DiscordEmulator, connect: Any) -> None:
    ann = discord.user("Ann")
    client = await connect(discord_py.Intents(dm_messages=True, dm_typing=True))

    await ann.types(ann.dm_channel)
    typing = await client.after("raw_typing")
    assert typing.user_id == ann.id

    channel = await client.fetch_channel(ann.dm_channel.id)
    async with channel.typing():
        pass
    assert len(discord.calls.of("POST /channels/{channel_id}/typing")) == 1


async def test_waiting_in_vain_tells_what_was_there(discord: DiscordEmulator) -> None:
    general = discord.guild("Club").channel("general")
    ann = discord.user("Ann")
    said = await ann.says(general, "anybody?")

    with pytest.raises(NotSeenError, match=r"ann \[default\] 'anybody\?'"):
        await general.wait_for_reply(to=said, timeout=0.01)


async def test_waiting_is_woken_by_the_change(discord: DiscordEmulator) -> None:
    general = discord.guild("Club").channel("general")
    ann = discord.user("Ann")
    waiting = general.wait_for(lambda messages: len(messages) == 2)
    await ann.says(general, "one")
    await ann.says(general, "two")
    assert [message.text for message in await waiting] == ["one", "two"]


async def test_a_person_who_is_not_in_a_guild_cannot_write_there(discord: DiscordEmulator) -> None:
    general = discord.guild("Club").channel("general")
    stranger = discord.user("Stranger", guilds=[])
    with pytest.raises(ApiError, match="Missing Access"):
        await stranger.says(general, "hello")
