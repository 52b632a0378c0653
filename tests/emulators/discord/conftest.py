"""A running emulator, and discord.py clients that believe it to be Discord."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import discord as discord_py
import pytest
import yarl
from blockbuster import BlockBuster, blockbuster_ctx
from discord.gateway import DiscordWebSocket
from discord.http import Route

from threadkeep_emulators.discord import DiscordEmulator, Settings

SMALL_INTENTS = discord_py.Intents(guilds=True, guild_messages=True, dm_messages=True)


class RecordingClient(discord_py.Client):
    """Keep what happened, and let tests wait for it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            guild_ready_timeout=0.01,
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord_py.MemberCacheFlags.none(),
            **options,
        )
        self.seen: list[tuple[str, tuple[Any, ...]]] = []
        self._more = asyncio.Event()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify at once; the library waits five seconds before a second IDENTIFY."""

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        super().dispatch(event, *args, **kwargs)
        self.seen.append((event, args))
        self._more.set()
        self._more = asyncio.Event()

    def all_of(self, event: str) -> list[Any]:
        """Give the arguments of each event of one name."""
        return [args[0] if args else None for name, args in self.seen if name == event]

    async def after(self, event: str, count: int = 1) -> Any:
        """Wait until an event came so often, and give the argument of that one."""
        async with asyncio.timeout(15):
            while len(self.all_of(event)) < count:
                await self._more.wait()
        return self.all_of(event)[count - 1]


Connect = Callable[..., Awaitable[RecordingClient]]


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[BlockBuster]:
    """Fail a test in which the emulator blocks the event loop; nothing else of ours is loaded here."""
    with blockbuster_ctx(scanned_modules=["threadkeep_emulators"]) as guard:
        yield guard


@pytest.fixture
def settings() -> Settings:
    """What the emulator is told; tests that need something else override it."""
    return Settings()


@pytest.fixture
async def discord(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordEmulator]:
    async with DiscordEmulator(seed=7, settings=settings) as emulator:
        monkeypatch.setattr(Route, "BASE", emulator.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(emulator.gateway_url))
        yield emulator


@pytest.fixture
async def connect(discord: DiscordEmulator) -> AsyncIterator[Connect]:
    running: list[tuple[RecordingClient, asyncio.Task[None]]] = []

    async def connect(
        intents: discord_py.Intents = SMALL_INTENTS, *, client: RecordingClient | None = None, **options: Any
    ) -> RecordingClient:
        client = client or RecordingClient(intents=intents, **options)
        task = asyncio.create_task(client.start(discord.bot.token))
        running.append((client, task))
        async with asyncio.timeout(15):
            await client.after("ready")
        return client

    yield connect
    for client, task in running:
        await client.close()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def http(discord: DiscordEmulator) -> AsyncIterator[aiohttp.ClientSession]:
    """A bare HTTP session with the bot's token, for what discord.py would not send."""
    headers = {"Authorization": f"Bot {discord.bot.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session
