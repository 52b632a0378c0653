"""Polls, stickers, voice, forwarded messages and webhooks, as an unmodified client reads them."""

from typing import Any

import discord as discord_py
import pytest

from threadkeep_emulators.discord import ApiError, Channel, DiscordEmulator, Guild, Person


@pytest.fixture
def club(discord: DiscordEmulator) -> Guild:
    return discord.guild("Club")


@pytest.fixture
def general(club: Guild) -> Channel:
    return club.channel("general")


@pytest.fixture
def ann(discord: DiscordEmulator, club: Guild) -> Person:
    return discord.user("Ann", guilds=[club])


async def test_a_poll_has_its_answers_and_an_end(connect: Any, ann: Person) -> None:
    client = await connect()
    await ann.asks_around(ann.dm_channel, "Lunch?", ["Pizza", "Soup"])
    poll = (await client.after("message")).poll
    assert (poll.question, [answer.text for answer in poll.answers]) == ("Lunch?", ["Pizza", "Soup"])
    assert poll.duration.days == 1
    with pytest.raises(ValueError, match="1 to 10 answers"):
        await ann.asks_around(ann.dm_channel, "Which?", [])


async def test_a_sticker_is_seen_without_message_content_and_a_poll_is_not(
    connect: Any, general: Channel, ann: Person
) -> None:
    client = await connect()
    await ann.sends_sticker(general, "Wave")
    await ann.asks_around(general, "Lunch?", ["Pizza"])
    sticker, poll = await client.after("message"), await client.after("message", 2)
    assert [one.name for one in sticker.stickers] == ["Wave"]
    assert poll.poll is None


async def test_a_voice_message_is_known_as_one(connect: Any, ann: Person) -> None:
    client = await connect()
    await ann.speaks(ann.dm_channel, seconds=4.5)
    message = await client.after("message")
    assert message.flags.voice
    assert [(file.is_voice_message(), file.duration) for file in message.attachments] == [(True, 4.5)]


async def test_a_forward_holds_a_copy_without_its_author(connect: Any, general: Channel, ann: Person) -> None:
    client = await connect()
    said = await ann.says(general, "news", files={"a.txt": b"1"})
    await ann.forwards(said, ann.dm_channel)
    message = await client.after("message", 2)
    (copy,) = message.message_snapshots
    assert (message.content, copy.content, [file.filename for file in copy.attachments]) == ("", "news", ["a.txt"])
    assert message.reference.type is discord_py.MessageReferenceType.forward
    assert message.reference.message_id == said.id


async def test_the_copy_in_a_forward_is_blank_without_message_content(
    connect: Any, general: Channel, ann: Person
) -> None:
    client = await connect()
    await ann.forwards(await ann.says(general, "news"), general)
    (copy,) = (await client.after("message", 2)).message_snapshots
    assert copy.content == ""


async def test_a_webhook_posts_under_its_own_name(discord: DiscordEmulator, connect: Any, general: Channel) -> None:
    client = await connect()
    deploy = discord.webhook(general, "Deploy")
    await deploy.says(f"{discord.bot.mention} done", embeds=[{"title": "Release 12"}])
    message = await client.after("message")
    assert (message.webhook_id, message.author.id, message.author.name) == (deploy.id, deploy.id, "Deploy")
    assert [embed.title for embed in message.embeds] == ["Release 12"]
    with pytest.raises(ApiError):
        await deploy.says("")
    with pytest.raises(ApiError):
        await deploy.says("x" * 2_001)
