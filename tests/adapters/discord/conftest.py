"""A running emulator, the adapter connected to it, and a sink that remembers."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from threadkeep.chat.adapter import Acceptance, ReplyRequest
from threadkeep.chat.events import Event, MessageReceived
from threadkeep_discord import DiscordAdapter
from threadkeep_emulators.discord import Channel, DiscordEmulator, Guild, Person, Settings


class Inbox:
    """A sink that keeps what it gets, and fails first where it is told to."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.failures: list[Exception] = []
        self._more = asyncio.Event()

    async def __call__(self, event: Event) -> Acceptance:
        if self.failures:
            raise self.failures.pop(0)
        self.events.append(event)
        self._more.set()
        self._more = asyncio.Event()
        return Acceptance.ACCEPTED

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.events]

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    async def wait_for(self, count: int) -> list[Event]:
        """Wait until so many events came, and give them."""
        async with asyncio.timeout(15):
            while len(self.events) < count:
                await self._more.wait()
        return self.events

    async def next(self) -> Event:
        """Give the only event, once it is there."""
        (event,) = await self.wait_for(1)
        return event


class Record:
    """What a reply reported as posted."""

    def __init__(self) -> None:
        self.posted: dict[int, str] = {}

    async def __call__(self, part: int, message_id: str) -> None:
        self.posted[part] = message_id

    def request(self, event: MessageReceived, *, run_id: str = "run-1", is_retry: bool = False) -> ReplyRequest:
        """Ask for the reply to an event, as the worker would."""
        return ReplyRequest(
            place=event.place, run_id=run_id, posted=dict(self.posted), on_posted=self, is_retry=is_retry
        )


class Shared:
    """What processes share, in memory, with a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.failures: list[Exception] = []
        self.notes: dict[str, tuple[str, float]] = {}
        self.slots: dict[str, dict[int, tuple[str, float]]] = {}
        self.spent: dict[str, list[float]] = {}

    async def recall(self, name: str) -> str | None:
        self._fail()
        text, until = self.notes.get(name, ("", 0.0))
        return text if text and until > self.now else None

    async def remember(self, name: str, text: str, *, seconds: float) -> None:
        self._fail()
        self.notes[name] = (text, self.now + seconds)

    async def take_slots(self, name: str, *, owner: str, total: int, most: int, seconds: float) -> frozenset[int]:
        self._fail()
        taken = self.slots.setdefault(name, {})
        for number in [number for number, (_, until) in taken.items() if until <= self.now]:
            del taken[number]
        mine = {number for number, (holder, _) in taken.items() if holder == owner}
        free = [number for number in range(total) if number not in taken]
        mine |= set(free[: max(0, most - len(mine))])
        taken |= dict.fromkeys(mine, (owner, self.now + seconds))
        return frozenset(mine)

    async def free_slots(self, name: str, *, owner: str) -> None:
        self._fail()
        taken = self.slots.get(name, {})
        for number in [number for number, (holder, _) in taken.items() if holder == owner]:
            del taken[number]

    async def spend(self, name: str, amount: int, *, limit: int, per_seconds: float) -> float:
        self._fail()
        spent = [at for at in self.spent.get(name, []) if at > self.now - per_seconds]
        if len(spent) + amount > limit:
            return spent[len(spent) + amount - limit - 1] + per_seconds - self.now if spent else per_seconds
        self.spent[name] = spent + [self.now] * amount
        return 0.0

    def note(self, prefix: str) -> str | None:
        """Give the text of the only note whose name begins so."""
        return next((text for name, (text, _) in self.notes.items() if name.startswith(prefix)), None)

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


async def kill(adapter: DiscordAdapter, discord: DiscordEmulator) -> None:
    """End an adapter as SIGKILL would: nothing of it goes on, nothing is told to anybody."""
    crew, adapter._crew = adapter._crew, None
    assert crew is not None
    runners = [*crew._runners.values()]
    tasks = {
        crew._task,
        *(runner._intake._task for runner in runners),
        *(task for one in runners for task in one._tasks),
    }
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await discord.gateway.drop()
    await discord.gateway.wait_disconnected()
    # The end of a process closes what it leaves open; here its sockets would be found open by the collector.
    for connection in [runner._connection for runner in runners if runner._connection is not None]:
        if connection._socket is not None:
            await connection._socket.socket.close()


Connect = Callable[..., Awaitable[DiscordAdapter]]


@pytest.fixture
def settings() -> Settings:
    """What the emulator is told; tests that need something else override it."""
    return Settings()


class Clock:
    """The emulator's clock: the time of day, and what the test adds to it."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def skip(self, seconds: float) -> None:
        self.ahead += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def discord(settings: Settings, clock: Clock) -> AsyncIterator[DiscordEmulator]:
    async with DiscordEmulator(seed=11, settings=settings, clock=clock) as emulator:
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
def shared() -> Shared:
    return Shared()


@pytest.fixture(name="kill")
def give_kill() -> Callable[[DiscordAdapter, DiscordEmulator], Awaitable[None]]:
    return kill


@pytest.fixture
def record() -> Record:
    return Record()


@pytest.fixture
async def connect(discord: DiscordEmulator, inbox: Inbox) -> AsyncIterator[Connect]:
    """Make adapters with options, connect them to the inbox, and stop them at the end."""
    started: list[DiscordAdapter] = []

    async def connect(
        sink: Callable[[Event], Awaitable[Acceptance]] | None = inbox, shared: Shared | None = None, **options: Any
    ) -> DiscordAdapter:
        adapter = DiscordAdapter(**{"token": discord.bot.token, "api_url": discord.api_url, **options})
        started.append(adapter)
        await adapter.start(sink, shared)
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
