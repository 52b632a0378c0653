"""A running emulator, the adapter connected to it, and a sink that remembers."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from threadkeep.chat.adapter import Acceptance, ReplyRequest
from threadkeep.chat.events import MessageReceived
from threadkeep_discord import DiscordAdapter
from threadkeep_emulators.discord import Channel, DiscordEmulator, Guild, Person, Settings


class Inbox:
    """A sink that keeps what it gets, and fails first where it is told to."""

    def __init__(self) -> None:
        self.events: list[MessageReceived] = []
        self.failures: list[Exception] = []
        self._more = asyncio.Event()

    async def __call__(self, event: MessageReceived) -> Acceptance:
        if self.failures:
            raise self.failures.pop(0)
        self.events.append(event)
        self._more.set()
        self._more = asyncio.Event()
        return Acceptance.ACCEPTED

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.events]

    async def wait_for(self, count: int) -> list[MessageReceived]:
        """Wait until so many events came, and give them."""
        async with asyncio.timeout(5):
            while len(self.events) < count:
                await self._more.wait()
        return self.events

    async def next(self) -> MessageReceived:
        """Give the only event, once it is there."""
        (event,) = await self.wait_for(1)
        return event


class Record:
    """What a reply reported as posted."""

    def __init__(self) -> None:
        self.posted: dict[int, str] = {}

    async def __call__(self, part: int, message_id: str) -> None:
        self.posted[part] = message_id

    def request(self, event: MessageReceived, *, run_id: str = "run-1") -> ReplyRequest:
        """Ask for the reply to an event, as the worker would."""
        return ReplyRequest(place=event.place, run_id=run_id, posted=dict(self.posted), on_posted=self)


Connect = Callable[..., Awaitable[DiscordAdapter]]


@pytest.fixture
def settings() -> Settings:
    """What the emulator is told; tests that need something else override it."""
    return Settings()


@pytest.fixture
async def discord(settings: Settings) -> AsyncIterator[DiscordEmulator]:
    async with DiscordEmulator(seed=11, settings=settings) as emulator:
        yield emulator


@pytest.fixture
def guild(discord: DiscordEmulator) -> Guild:
    return discord.guild("Club")


@pytest.fixture
def general(guild: Guild) -> Channel:
    return guild.channel("general")


@pytest.fixture
def ann(discord: DiscordEmulator, guild: Guild) -> Person:
    return discord.user("Ann", guilds=[guild])


@pytest.fixture
def ben(discord: DiscordEmulator, guild: Guild) -> Person:
    return discord.user("Ben", guilds=[guild])


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def record() -> Record:
    return Record()


@pytest.fixture
async def connect(discord: DiscordEmulator, inbox: Inbox) -> AsyncIterator[Connect]:
    """Make adapters with options, connect them to the inbox, and stop them at the end."""
    started: list[DiscordAdapter] = []

    async def connect(**options: Any) -> DiscordAdapter:
        adapter = DiscordAdapter(discord.bot.token, api_url=discord.api_url, **options)
        started.append(adapter)
        await adapter.start(inbox)
        return adapter

    yield connect
    for adapter in started:
        await adapter.stop()


@pytest.fixture
async def adapter(connect: Connect, guild: Guild, general: Channel, ann: Person) -> DiscordAdapter:
    """The adapter with its defaults, connected to a server with a channel and a member."""
    return await connect()


@pytest.fixture
def unused_url() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/api/v10"
