"""What Discord's refusals become."""

import asyncio

import discord as discord_py
import pytest

from threadkeep.chat.adapter import ReplyContent
from threadkeep.errors import (
    PlaceGoneError,
    PlatformAuthError,
    PlatformError,
    PlatformRateLimitError,
    PlatformUnavailableError,
)
from threadkeep_discord.poster import DiscordPoster
from threadkeep_emulators.faults import Fault

POST = "POST /channels/{channel_id}/messages"
EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"


@pytest.fixture
async def poster(discord, adapter, general, ann, inbox, record):
    await ann.says(general, f"{discord.bot.mention} hi")
    request = record.request(await inbox.next())
    return DiscordPoster(request, client=adapter._connected, link_previews=False)


@pytest.mark.parametrize(
    ("status", "body", "error", "told"),
    [
        (401, {"message": "401: Unauthorized", "code": 0}, PlatformAuthError, "Reset Token"),
        (403, {"message": "Invalid token", "code": 50014}, PlatformAuthError, "Reset Token"),
        (403, {"message": "Missing Access", "code": 50001}, PlaceGoneError, "View Channel"),
        (404, {"message": "Unknown Channel", "code": 10003}, PlaceGoneError, "does not exist any more"),
        (400, {"message": "Thread is locked", "code": 160005}, PlaceGoneError, "locked"),
        (503, {"message": "down", "code": 0}, PlatformUnavailableError, "failing"),
        (400, {"message": "Invalid Form Body", "code": 50035}, PlatformError, "Invalid Form Body"),
    ],
)
async def test_a_refusal_says_what_it_means(discord, poster, status, body, error, told):
    discord.faults.add(Fault(match=POST, kind="status", status=status, body=body))
    with pytest.raises(error, match=told) as refused:
        await poster.post(0, "Hello")
    assert type(refused.value) is error


async def test_a_long_rate_limit_is_not_waited_for_in_the_call(discord, poster):
    discord.faults.add(Fault(match=POST, kind="status", status=429, retry_after=100.0))
    with pytest.raises(PlatformRateLimitError) as refused:
        await poster.post(0, "Hello")
    assert refused.value.retry_after == 100.0


@pytest.mark.parametrize(("retry_after", "wait"), [(7.0, 7.0), (None, 60.0)])
async def test_a_rate_limit_of_the_network_in_front_of_discord_is_told(discord, poster, retry_after, wait):
    # Such an answer is a page of text; its JSON form stands for it here.
    fault = Fault(match=POST, kind="status", status=429, retry_after=retry_after, body="error code: 1015")
    discord.faults.add(fault)
    with pytest.raises(PlatformRateLimitError) as refused:
        await poster.post(0, "Hello")
    assert refused.value.retry_after == wait


async def test_an_edit_that_is_refused_is_told(discord, poster):
    message_id = await poster.post(0, "Hello")
    refusal = {"message": "Cannot edit a message authored by another user", "code": 50005}
    discord.faults.add(Fault(match=EDIT, kind="status", status=403, body=refusal))
    with pytest.raises(PlatformError, match="edit a message"):
        await poster.edit(message_id, "Hello again")


async def test_an_answer_longer_than_discord_takes_is_refused_by_discord(poster):
    with pytest.raises(PlatformError, match="Total size of displayable component text"):
        await poster.post(0, "x" * 4_001)


async def test_a_gateway_that_takes_too_long_is_told(discord, connect, monkeypatch):
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr("threadkeep_discord.adapter._START_SECONDS", 0.1)
    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        url = f"ws://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        discord.faults.add(Fault(match="GET /gateway", kind="status", status=200, body={"url": url}))
        with pytest.raises(PlatformUnavailableError, match="did not answer within"):
            await connect()


async def test_the_author_of_a_bot_may_allow_pings(discord, connect, general, ann, inbox, record):
    adapter = await connect(allowed_mentions=discord_py.AllowedMentions(users=True))
    await ann.says(general, f"{discord.bot.mention} hi")
    reply = adapter.open_reply(record.request(await inbox.next()))
    await reply.finish(ReplyContent(text=f"@everyone {ann.mention}", is_final=True))
    await reply.aclose()
    (ping,) = [ping for ping in discord.pings if ping.author.id == discord.bot.id]
    assert ping.pings.user_ids == {ann.id}
    assert not ping.pings.is_everyone
