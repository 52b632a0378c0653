"""Faults, rate limits, the call log and the smaller routes."""

import asyncio
from typing import Any

import aiohttp
import discord as discord_py
import pytest

from threadkeep_emulators.discord import DiscordEmulator, Settings
from threadkeep_emulators.faults import Fault

POST = "POST /channels/{channel_id}/messages"


@pytest.fixture
async def channel(discord: DiscordEmulator, connect: Any) -> Any:
    general = discord.guild("Club").channel("general")
    client = await connect()
    return client.get_channel(general.id)


async def test_calls_are_logged_with_body_and_status(discord: DiscordEmulator, channel: Any) -> None:
    await channel.send("hello", nonce="n")
    [call] = discord.calls.of(POST)
    assert call.status == 200
    assert call.path == f"/channels/{channel.id}/messages"
    assert isinstance(call.body, dict)
    assert (call.body["content"], call.body["enforce_nonce"]) == ("hello", True)


async def test_too_many_requests_are_waited_for(discord: DiscordEmulator, channel: Any) -> None:
    discord.faults.add(Fault(match=POST, kind="status", status=429, retry_after=0.01))
    await channel.send("hello")
    assert [call.status for call in discord.calls.of(POST)] == [429, 200]
    assert len(discord.channel(channel.id).messages) == 1


async def test_server_error_is_passed_on(discord: DiscordEmulator, channel: Any) -> None:
    discord.faults.add(Fault(match=POST, kind="status", status=503))
    with pytest.raises(discord_py.DiscordServerError):
        await channel.send("hello")
    assert discord.channel(channel.id).messages == []


@pytest.mark.parametrize(("kind", "posted"), [("drop_before", 0), ("drop_after", 1)])
async def test_connection_is_cut_before_or_after_the_post(
    discord: DiscordEmulator, channel: Any, kind: Any, posted: int
) -> None:
    discord.faults.add(Fault(match=POST, kind=kind))
    with pytest.raises((aiohttp.ClientError, OSError)):
        await channel.send("hello", nonce="turn-1")
    assert len(discord.channel(channel.id).messages) == posted
    await channel.send("hello", nonce="turn-1")
    assert len(discord.channel(channel.id).messages) == 1


async def test_delayed_call_is_performed_late(discord: DiscordEmulator, channel: Any) -> None:
    discord.faults.add(Fault(match=POST, kind="delay", seconds=0.02))
    await channel.send("hello")
    assert len(discord.channel(channel.id).messages) == 1


async def test_every_answer_carries_rate_limit_headers(discord: DiscordEmulator, http: Any) -> None:
    async with http.get(f"{discord.api_url}/users/@me") as response:
        names = ("Limit", "Remaining", "Reset", "Reset-After", "Bucket")
        assert all(f"X-RateLimit-{name}" in response.headers for name in names)


class TestEnforcedLimits:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(enforce_rate_limits=True)

    async def test_sixth_message_in_five_seconds_is_refused_per_channel(
        self, discord: DiscordEmulator, http: Any
    ) -> None:
        club = discord.guild("Club")
        general, other = club.channel("general"), club.channel("other")
        url = f"{discord.api_url}/channels/{general.id}/messages"
        for _ in range(5):
            async with http.post(url, json={"content": "x"}) as response:
                assert response.status == 200
        async with http.post(url, json={"content": "x"}) as response:
            body = await response.json()
            assert response.status == 429
            assert response.headers["X-RateLimit-Scope"] == "user"
            assert response.headers["X-RateLimit-Remaining"] == "0"
            assert 0 < body["retry_after"] <= 5
            assert body["global"] is False
        async with http.post(url.replace(str(general.id), str(other.id)), json={"content": "x"}) as response:
            assert response.status == 200
        assert len(general.messages) == 5

    async def test_global_limit_is_told_apart(self, discord: DiscordEmulator, http: Any) -> None:
        async def status(number: int) -> tuple[int, str | None]:
            url = f"{discord.api_url}/{'gateway/bot' if number % 2 else 'users/@me'}"
            async with http.get(url) as response:
                return response.status, response.headers.get("X-RateLimit-Scope")

        answers = await asyncio.gather(*(status(number) for number in range(70)))
        assert (429, "global") in answers


async def test_start_routes_answer(discord: DiscordEmulator, http: Any, channel: Any) -> None:
    club = channel.guild
    for path in ("/gateway", "/applications/@me", f"/guilds/{club.id}", f"/guilds/{club.id}/roles"):
        async with http.get(f"{discord.api_url}{path}") as response:
            assert response.status == 200
    async with http.get(f"{discord.api_url}/gateway/bot") as response:
        body = await response.json()
    assert body["url"] == discord.gateway_url
    assert body["session_start_limit"]["remaining"] == 999


async def test_member_is_fetched(discord: DiscordEmulator, channel: Any) -> None:
    ann = discord.user("Ann", nick="Annie")
    member = await channel.guild.fetch_member(ann.id)
    assert member.display_name == "Annie"
    with pytest.raises(discord_py.NotFound) as refusal:
        await channel.guild.fetch_member(1)
    assert refusal.value.code == 10007


async def test_attachment_links_expire_and_are_signed(http: Any) -> None:
    now = [1_800_000_000.0]
    async with DiscordEmulator(clock=lambda: now[0]) as emulator:
        ann = emulator.user("Ann")
        said = await ann.dm("see", files={"a.txt": b"a"})
        url = said.attachments[0].url
        async with http.get(url) as response:
            assert await response.read() == b"a"
        async with http.get(url.partition("?")[0]) as response:
            assert response.status == 404
        now[0] += 25 * 3600
        async with http.get(url) as response:
            assert response.status == 404


async def test_runs_with_one_seed_and_clock_have_the_same_ids() -> None:
    async def ids(seed: int) -> list[int]:
        async with DiscordEmulator(clock=lambda: 1_800_000_000.0, seed=seed) as emulator:
            general = emulator.guild("Club").channel("general")
            ann = emulator.user("Ann")
            said = [await ann.says(general, text) for text in "abc"]
            return [general.id, *(message.id for message in said)]

    first = await ids(1)
    assert first == await ids(1) != await ids(2)
    assert first == sorted(set(first))


async def test_messages_older_than_an_hour_are_edited_less_often() -> None:
    ahead = [0.0]
    settings = Settings(enforce_rate_limits=True)
    async with DiscordEmulator(clock=lambda: 1_800_000_000.0 + ahead[0], settings=settings) as emulator:
        general = emulator.guild("Club").channel("general")
        url = f"{emulator.api_url}/channels/{general.id}/messages"
        headers = {"Authorization": f"Bot {emulator.bot.token}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            async with http.post(url, json={"content": "old"}) as response:
                message = await response.json()

            async def edit() -> tuple[int, Any]:
                async with http.patch(f"{url}/{message['id']}", json={"content": "new"}) as response:
                    return response.status, (await response.json()).get("code")

            # The limit that holds for all edits of a channel, and then the one for old messages.
            assert [await edit() for _ in range(6)] == [(200, None)] * 5 + [(429, None)]
            ahead[0] += 3_601
            assert [await edit() for _ in range(4)] == [(200, None)] * 3 + [(429, 30046)]
            ahead[0] += 20
            assert await edit() == (200, None)
