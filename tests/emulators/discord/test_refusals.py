"""What Discord refuses is refused, with its code and its form errors."""

from io import BytesIO
from typing import Any

import aiohttp
import discord as discord_py
import pytest

from threadkeep_emulators.discord import DiscordEmulator, Permission


@pytest.fixture
async def channel(discord: DiscordEmulator, connect: Any) -> Any:
    general = discord.guild("Club").channel("general")
    client = await connect()
    return client.get_channel(general.id)


async def refused(awaitable: Any) -> discord_py.HTTPException:
    with pytest.raises(discord_py.HTTPException) as refusal:
        await awaitable
    return refusal.value


async def test_two_thousand_characters_pass_and_one_more_is_refused(channel: Any) -> None:
    # Code points count, not UTF-16 units.
    await channel.send("🙂" * 2000)
    refusal = await refused(channel.send("x" * 2001))
    assert (refusal.status, refusal.code) == (400, 50035)
    assert "In content: Must be 2000 or fewer in length." in refusal.text


async def test_long_edit_is_refused(channel: Any) -> None:
    posted = await channel.send("short")
    assert (await refused(posted.edit(content="x" * 2001))).code == 50035


@pytest.mark.parametrize("content", ["", "   \n "])
async def test_empty_message_is_refused(channel: Any, content: str) -> None:
    assert (await refused(channel.send(content))).code == 50006


async def test_emptying_edit_is_refused(channel: Any) -> None:
    posted = await channel.send("something")
    assert (await refused(posted.edit(content=""))).code == 50006


async def test_long_nonce_is_refused(channel: Any) -> None:
    refusal = await refused(channel.send("hi", nonce="n" * 26))
    assert "In nonce: Must be 25 or fewer in length." in refusal.text


async def test_embed_limits_are_checked(channel: Any) -> None:
    large = discord_py.Embed(description="x" * 4096)
    assert "In embeds: Embed size exceeds" in (await refused(channel.send(embeds=[large, large]))).text
    long_title = discord_py.Embed(title="x" * 257)
    assert "In embeds.0.title" in (await refused(channel.send(embed=long_title))).text


async def test_too_many_embeds_are_refused(discord: DiscordEmulator, channel: Any, http: Any) -> None:
    url = f"{discord.api_url}/channels/{channel.id}/messages"
    async with http.post(url, json={"embeds": [{"title": "x"}] * 11}) as response:
        body = await response.json()
    assert body["code"] == 50035
    assert body["errors"]["embeds"]["_errors"][0]["code"] == "BASE_TYPE_MAX_LENGTH"


async def test_large_file_is_refused(channel: Any) -> None:
    file = discord_py.File(BytesIO(b"x" * (10 * 1024 * 1024 + 1)), "large.bin")
    refusal = await refused(channel.send(file=file))
    assert (refusal.status, refusal.code) == (413, 40005)


async def test_unknown_channel_and_message_are_told_apart(channel: Any) -> None:
    client = channel._state._get_client()
    assert (await refused(client.fetch_channel(1))).code == 10003
    assert (await refused(channel.fetch_message(1))).code == 10008


async def test_another_authors_message_cannot_be_edited_or_deleted(discord: DiscordEmulator, channel: Any) -> None:
    ann = discord.user("Ann")
    said = await ann.says(discord.channel(channel.id), "mine")
    message = channel.get_partial_message(said.id)
    assert (await refused(message.edit(content="yours"))).code == 50005
    assert (await refused(message.delete())).code == 50013


async def test_hidden_channel_is_out_of_reach_and_silent(discord: DiscordEmulator, connect: Any) -> None:
    club = discord.guild("Club")
    secret = club.channel("secret", denied=Permission.VIEW_CHANNEL)
    client = await connect()
    assert (await refused(client.fetch_channel(secret.id))).code == 50001
    assert (await refused(client.get_channel(secret.id).send("hello"))).code == 50001


async def test_read_only_channel_refuses_posts(discord: DiscordEmulator, channel: Any) -> None:
    discord.channel(channel.id).deny(Permission.SEND_MESSAGES)
    assert (await refused(channel.send("hello"))).code == 50013
    discord.channel(channel.id).allow(Permission.SEND_MESSAGES)
    await channel.send("hello")


async def test_reply_to_a_missing_message_is_refused_unless_it_may_be(channel: Any) -> None:
    strict = discord_py.MessageReference(message_id=1, channel_id=channel.id)
    refusal = await refused(channel.send("hello", reference=strict))
    assert "In message_reference: Unknown message" in refusal.text
    lenient = discord_py.MessageReference(message_id=1, channel_id=channel.id, fail_if_not_exists=False)
    posted = await channel.send("hello", reference=lenient)
    assert posted.reference is None


async def test_unknown_emoji_is_refused(channel: Any) -> None:
    posted = await channel.send("hello")
    assert (await refused(posted.add_reaction("thumbsup"))).code == 10014


async def test_wrong_token_is_refused(discord: DiscordEmulator) -> None:
    client = discord_py.Client(intents=discord_py.Intents.none())
    with pytest.raises(discord_py.LoginFailure):
        await client.login("wrong")
    await client.close()


async def test_broken_requests_are_refused(discord: DiscordEmulator, channel: Any, http: Any) -> None:
    url = f"{discord.api_url}/channels/{channel.id}/messages"
    headers = {"Content-Type": "application/json"}
    async with http.post(url, data=b"{", headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (400, 50109)
    async with http.get(f"{discord.api_url}/channels/abc") as response:
        assert (await response.json())["errors"]["channel_id"]["_errors"][0]["code"] == "NUMBER_TYPE_COERCE"
    async with http.get(f"{discord.api_url}/nowhere") as response:
        assert (response.status, await response.json()) == (404, {"message": "404: Not Found", "code": 0})
    async with aiohttp.ClientSession() as stranger, stranger.get(f"{discord.api_url}/users/@me") as response:
        assert (response.status, await response.json()) == (401, {"message": "401: Unauthorized", "code": 0})
        assert response.headers["Content-Type"] == "application/json"


async def test_layout_message_may_not_have_content_and_shows_at_most_four_thousand_characters(
    channel: Any, discord: DiscordEmulator, http: Any
) -> None:
    view = discord_py.ui.LayoutView()
    view.add_item(discord_py.ui.TextDisplay("x" * 4000))
    await channel.send(view=view)
    assert discord.channel(channel.id).messages[0].text == "x" * 4000

    view.add_item(discord_py.ui.TextDisplay("y"))
    assert "In components: Total size of displayable" in (await refused(channel.send(view=view))).text

    url = f"{discord.api_url}/channels/{channel.id}/messages"
    form = {"content": "text", "flags": 1 << 15, "components": [{"type": 10, "content": "text"}]}
    async with http.post(url, json=form) as response:
        errors = (await response.json())["errors"]
    assert errors["content"]["_errors"][0]["code"] == "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
