"""A Slack workspace on this machine, adapters connected to it, and a sink that shows what it got."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import aiohttp
import pytest
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import Event
from threadkeep.errors import StoreUnavailableError
from threadkeep_emulators.slack import RetrySchedule, SlackEmulator, Workspace
from threadkeep_slack import SlackAdapter, SlackSettings


class RecordingSink:
    """Keeps what it accepts and answers as it was told to; refuses so often; can be held shut."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.calls = 0
        self.refusals = 0
        self.acceptance = Acceptance.ACCEPTED
        self.error: Exception = StoreUnavailableError("the store is away")
        self.is_open = asyncio.Event()
        self.is_open.set()
        self._changed = asyncio.Condition()

    async def __call__(self, event: Event) -> Acceptance:
        self.calls += 1
        async with self._changed:
            self._changed.notify_all()
        await self.is_open.wait()
        if self.refusals:
            self.refusals -= 1
            raise self.error
        is_known = any(event.key == known.key for known in self.events)
        if not is_known:
            self.events.append(event)
        async with self._changed:
            self._changed.notify_all()
        return Acceptance.DUPLICATE if is_known else self.acceptance

    async def wait_for(self, count: int = 1) -> list[Event]:
        """Return when so many events were accepted."""
        await self._until(lambda: len(self.events) >= count)
        return self.events

    def of_kind(self, kind: str) -> list[Event]:
        """Give the events of one kind."""
        return [event for event in self.events if event.kind == kind]

    async def wait_for_calls(self, count: int = 1) -> None:
        """Return when so many events were handed over, accepted or not."""
        await self._until(lambda: self.calls >= count)

    async def _until(self, is_reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(is_reached)


@pytest.fixture
async def slack() -> AsyncIterator[SlackEmulator]:
    """Slack, which repeats what is not acknowledged after a fraction of its usual times."""
    async with SlackEmulator(schedule=RetrySchedule(ack_timeout=0.6, delays=(0.0, 0.1, 0.2))) as emulator:
        yield emulator


@pytest.fixture
def acme(slack: SlackEmulator) -> Workspace:
    return slack.workspace("Acme")


@pytest.fixture
def sink() -> RecordingSink:
    return RecordingSink()


MakeSettings = Callable[..., SlackSettings]


@pytest.fixture
def socket_settings(slack: SlackEmulator, acme: Workspace) -> MakeSettings:
    """Settings for Socket Mode; what is given replaces what would be right."""

    def make(**changes: object) -> SlackSettings:
        tokens = {"bot_token": SecretStr(acme.bot_token), "app_token": SecretStr(slack.app_token)}
        # Two sockets, which is the harder case; one is the default.
        return SlackSettings(**(tokens | {"api_url": slack.api_url, "sockets": 2} | changes))

    return make


@pytest.fixture
def http_settings(slack: SlackEmulator, acme: Workspace) -> MakeSettings:
    """Settings for HTTP on a free port; what is given replaces what would be right."""

    def make(**changes: object) -> SlackSettings:
        secrets = {"bot_token": SecretStr(acme.bot_token), "signing_secret": SecretStr(slack.signing_secret)}
        return SlackSettings(**(secrets | {"api_url": slack.api_url, "port": 0} | changes))

    return make


Connect = Callable[..., Awaitable[SlackAdapter]]


@pytest.fixture
async def connect(socket_settings: MakeSettings, sink: RecordingSink) -> AsyncIterator[Connect]:
    """Start adapters; they are stopped when the test ends."""
    async with AsyncExitStack() as opened:

        async def start(settings: SlackSettings | None = None, **changes: object) -> SlackAdapter:
            adapter = SlackAdapter(settings or socket_settings())
            await adapter.start(**({"sink": sink} | changes))
            opened.push_async_callback(adapter.stop)
            return adapter

        yield start


@pytest.fixture
async def adapter(connect: Connect) -> SlackAdapter:
    """An adapter connected over Socket Mode."""
    return await connect()


@pytest.fixture
async def slack_client(slack, acme):
    """A client that acts as the bot, beside the adapter."""
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(acme.bot_token, base_url=slack.api_url, session=session)


@pytest.fixture
def ann(acme):
    return acme.user("Ann")


@pytest.fixture
def general(acme):
    return acme.channel("general")
