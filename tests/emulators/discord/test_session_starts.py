"""How often gateway sessions may be begun, how many servers a shard may hold, and how frames are compressed."""

import asyncio
import json
import time
from typing import Any

import aiohttp
import discord as discord_py
import pytest

from threadkeep_emulators.discord import DiscordEmulator, Settings, StartRules

LONG = 15


class Clock:
    """The time of day, and what the test adds to it."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


async def begin(discord: DiscordEmulator, http: Any, *, shard: tuple[int, int] | None = None, token: str = "") -> Any:
    """Send an IDENTIFY; give what the gateway answers, or the code with which it closes."""
    body: dict[str, Any] = {"token": token or discord.bot.token, "intents": 1, "properties": {}}
    body |= {} if shard is None else {"shard": list(shard)}
    async with http.ws_connect(f"{discord.gateway_url}?v=10") as socket:
        await socket.receive_json(timeout=LONG)
        await socket.send_json({"op": 2, "d": body})
        answer = await socket.receive(timeout=LONG)
        if answer.type is not aiohttp.WSMsgType.TEXT:
            return socket.close_code
        told = json.loads(answer.data)
        return told["t"] or (told["op"], told["d"])


async def limits(discord: DiscordEmulator, http: Any) -> Any:
    async with http.get(f"{discord.api_url}/gateway/bot") as response:
        return await response.json()


class TestPace:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(session_starts=StartRules(max_concurrency=2, is_paced=True))

    async def test_a_session_that_begins_too_soon_after_another_in_its_lane_is_invalid(
        self, discord: DiscordEmulator, http: Any
    ) -> None:
        assert await begin(discord, http, shard=(0, 4)) == "READY"
        assert await begin(discord, http, shard=(1, 4)) == "READY"
        assert await begin(discord, http, shard=(2, 4)) == (9, False)
        assert (await limits(discord, http))["session_start_limit"]["max_concurrency"] == 2


async def test_the_lane_is_free_again_after_five_seconds() -> None:
    clock = Clock()
    settings = Settings(session_starts=StartRules(is_paced=True))
    async with DiscordEmulator(clock=clock, settings=settings) as discord, aiohttp.ClientSession() as http:
        assert await begin(discord, http) == "READY"
        assert await begin(discord, http) == (9, False)
        clock.ahead += 5
        assert await begin(discord, http) == "READY"


async def test_who_begins_too_many_sessions_in_a_day_loses_all_of_them_and_the_token() -> None:
    clock = Clock()
    settings = Settings(session_starts=StartRules(per_day=2))
    async with DiscordEmulator(clock=clock, settings=settings) as discord, aiohttp.ClientSession() as http:
        token = discord.bot.token
        assert await begin(discord, http) == "READY"
        clock.ahead += 3_600
        assert await begin(discord, http) == "READY"
        http.headers["Authorization"] = f"Bot {token}"
        told = (await limits(discord, http))["session_start_limit"]
        assert (told["total"], told["remaining"]) == (2, 0)
        assert told["reset_after"] == pytest.approx(23 * 3_600_000, abs=60_000)

        assert await begin(discord, http) == 4004
        assert (discord.gateway.sessions, discord.gateway.identifies) == ((), 2)
        assert await begin(discord, http, token=token) == 4004
        assert discord.bot.token != token


async def test_the_sessions_of_yesterday_count_no_more() -> None:
    clock = Clock()
    settings = Settings(session_starts=StartRules(per_day=1))
    async with DiscordEmulator(clock=clock, settings=settings) as discord, aiohttp.ClientSession() as http:
        assert await begin(discord, http) == "READY"
        clock.ahead += 86_401
        assert await begin(discord, http) == "READY"


class TestLargeBots:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(session_starts=StartRules(guilds_per_shard=3))

    async def test_a_shard_with_too_many_servers_is_refused(self, discord: DiscordEmulator, http: Any) -> None:
        guilds = [discord.guild(f"Club {number}") for number in range(4)]
        assert await begin(discord, http) == 4011
        for number in range(2):
            held = sum((guild.id >> 22) % 2 == number for guild in guilds)
            assert await begin(discord, http, shard=(number, 2)) == ("READY" if held <= 3 else 4011)

    async def test_an_unmodified_client_is_told_that_it_needs_shards(self, discord: DiscordEmulator) -> None:
        for number in range(4):
            discord.guild(f"Club {number}")
        client = discord_py.Client(intents=discord_py.Intents(guilds=True))
        with pytest.raises(discord_py.ConnectionClosed) as refusal:
            async with asyncio.timeout(LONG):
                await client.start(discord.bot.token)
        await client.close()
        assert refusal.value.code == 4011


async def test_more_shards_are_recommended_to_a_bot_in_many_servers(discord: DiscordEmulator, http: Any) -> None:
    assert (await limits(discord, http))["shards"] == 1
    for number in range(1_001):
        discord.guild(f"Club {number}", members=[])
    assert (await limits(discord, http))["shards"] == 2


def stored_blocks(data: bytes) -> bytes:
    """Read blocks of Zstandard that hold their data as it is: https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.2"""
    found = b""
    while data:
        header = int.from_bytes(data[:3], "little")
        assert header & 0b111 == 0  # not the last one, and stored as it is
        size = header >> 3
        assert size <= 128 * 1024
        found, data = found + data[3 : 3 + size], data[3 + size :]
    return found


async def test_zstd_is_spoken_where_it_is_asked_for(discord: DiscordEmulator, http: Any) -> None:
    ann = discord.user("Ann")
    async with http.ws_connect(f"{discord.gateway_url}?v=10&encoding=json&compress=zstd-stream") as socket:
        first = (await socket.receive(timeout=LONG)).data
        assert first[:6] == bytes.fromhex("28b52ffd0038")
        assert json.loads(stored_blocks(first[6:]))["op"] == 10
        await socket.send_json({"op": 2, "d": {"token": discord.bot.token, "intents": 1 << 12, "properties": {}}})
        assert json.loads(stored_blocks((await socket.receive(timeout=LONG)).data))["t"] == "READY"
        # More than one block holds.
        discord.gateway.dispatch("SOMETHING_LONG", {"value": "ä" * 200_000})
        assert json.loads(stored_blocks((await socket.receive(timeout=LONG)).data))["d"]["value"] == "ä" * 200_000
        await ann.dm("hello")
        assert json.loads(stored_blocks((await socket.receive(timeout=LONG)).data))["t"] == "CHANNEL_CREATE"
        assert json.loads(stored_blocks((await socket.receive(timeout=LONG)).data))["d"]["content"] == "hello"
