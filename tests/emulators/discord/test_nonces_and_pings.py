"""A nonce makes a post happen once; allowed mentions decide who is notified."""

from typing import Any

import discord as discord_py
import pytest

from threadkeep_emulators.discord import DiscordEmulator, Intent, Permission, Settings

NOBODY = discord_py.AllowedMentions.none()


@pytest.fixture
async def channel(discord: DiscordEmulator, connect: Any) -> Any:
    general = discord.guild("Club").channel("general")
    client = await connect()
    return client.get_channel(general.id)


async def test_same_nonce_gives_the_same_message(discord: DiscordEmulator, channel: Any) -> None:
    first = await channel.send("once", nonce="turn-1")
    second = await channel.send("once", nonce="turn-1")
    third = await channel.send("once", nonce="turn-2")
    assert first.id == second.id != third.id
    assert len(discord.channel(channel.id).messages) == 2


async def test_nonce_of_a_deleted_message_is_not_found(channel: Any) -> None:
    first = await channel.send("once", nonce="turn-1")
    await first.delete()
    with pytest.raises(discord_py.NotFound) as refusal:
        await channel.send("once", nonce="turn-1")
    assert refusal.value.code == 10008


async def test_unenforced_nonce_posts_again(discord: DiscordEmulator, channel: Any, http: Any) -> None:
    url = f"{discord.api_url}/channels/{channel.id}/messages"
    for _ in range(2):
        async with http.post(url, json={"content": "again", "nonce": "turn-1"}) as response:
            assert (await response.json())["nonce"] == "turn-1"
    assert len(discord.channel(channel.id).messages) == 2


async def test_model_text_pings_everybody_when_nothing_forbids_it(discord: DiscordEmulator, channel: Any) -> None:
    ann = discord.user("Ann")
    await channel.send(f"@everyone look, {ann.mention}")
    assert [record.pings.is_everyone for record in discord.pings] == [True]
    assert discord.pings[0].pings.user_ids == {ann.id}


async def test_nobody_is_pinged_when_no_mention_is_allowed(discord: DiscordEmulator, channel: Any) -> None:
    ann = discord.user("Ann")
    posted = await channel.send(f"@everyone look, {ann.mention}", allowed_mentions=NOBODY)
    assert discord.pings == ()
    assert (posted.mentions, posted.mention_everyone) == ([], False)
    assert "@everyone" in discord.channel(channel.id).messages[0].text


async def test_only_named_people_are_pinged(discord: DiscordEmulator, channel: Any) -> None:
    ann, ben = discord.user("Ann"), discord.user("Ben")
    allowed = discord_py.AllowedMentions(everyone=False, roles=False, users=[discord_py.Object(ann.id)])
    posted = await channel.send(f"{ann.mention} {ben.mention}", allowed_mentions=allowed)
    assert [user.id for user in posted.mentions] == [ann.id]


async def test_reply_pings_its_author_only_if_it_may(discord: DiscordEmulator, channel: Any) -> None:
    ann = discord.user("Ann")
    said = await ann.says(discord.channel(channel.id), "hello")
    target = channel.get_partial_message(said.id)
    await target.reply("quiet", mention_author=False)
    assert discord.pings == ()
    await target.reply("loud")
    assert discord.pings[0].pings.user_ids == {ann.id}


async def test_role_is_pinged_if_it_is_mentionable_or_the_bot_may_ping_all(
    discord: DiscordEmulator, channel: Any
) -> None:
    club = discord.guild("Quiet club")
    general = club.channel("general")
    general.deny(Permission.MENTION_EVERYONE)
    open_role = club.role("open", is_mentionable=True)
    closed_role = club.role("closed")
    quiet = channel._state._get_client().get_partial_messageable(general.id)
    await quiet.send(f"@here {open_role.mention} {closed_role.mention}")
    assert discord.pings[-1].pings.role_ids == {open_role.id}
    assert not discord.pings[-1].pings.is_everyone


async def test_mentions_in_code_ping_nobody(discord: DiscordEmulator, channel: Any) -> None:
    ann = discord.user("Ann")
    await channel.send(f"`{ann.mention}`\n```\n@everyone\n```")
    assert discord.pings == ()


async def test_silent_message_is_marked(discord: DiscordEmulator, channel: Any) -> None:
    ann = discord.user("Ann")
    await channel.send(ann.mention, silent=True)
    assert discord.pings[0].pings.is_silent


async def test_ambiguous_allowed_mentions_are_refused(discord: DiscordEmulator, channel: Any, http: Any) -> None:
    url = f"{discord.api_url}/channels/{channel.id}/messages"
    form = {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}
    async with http.post(url, json=form) as response:
        body = await response.json()
    code = body["errors"]["allowed_mentions"]["_errors"][0]["code"]
    assert code == "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"


class TestMessageContent:
    async def test_without_the_intent_only_addressed_messages_can_be_read(
        self, discord: DiscordEmulator, connect: Any
    ) -> None:
        general = discord.guild("Club").channel("general")
        ann = discord.user("Ann")
        client = await connect()
        own = await client.get_channel(general.id).send("own words")
        await client.after("message")

        await ann.says(general, "secret", files={"a.txt": b"a"})
        await ann.says(general, f"{discord.bot.mention} open")
        await ann.replies(general.messages[0], "open too")
        await ann.replies(general.messages[0], "secret too", is_pinging=False)
        await client.after("message", 5)

        received = client.all_of("message")
        assert [message.content for message in received] == [
            own.content,
            "",
            f"{discord.bot.mention} open",
            "open too",
            "",
        ]
        assert received[1].attachments == []
        history = [message async for message in client.get_channel(general.id).history(oldest_first=True)]
        assert [message.content for message in history] == [message.content for message in received]

    @pytest.mark.parametrize("settings", [Settings(privileged_intents=Intent.MESSAGE_CONTENT)])
    async def test_with_the_intent_everything_can_be_read(self, discord: DiscordEmulator, connect: Any) -> None:
        general = discord.guild("Club").channel("general")
        ann = discord.user("Ann")
        intents = discord_py.Intents(guilds=True, guild_messages=True, message_content=True)
        client = await connect(intents)
        await ann.says(general, "for all to read")
        assert (await client.after("message")).content == "for all to read"
