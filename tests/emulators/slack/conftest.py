"""A Slack of one's own for each test, with real clients of Slack's own libraries."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep_emulators.slack import Conversation, Person, RetrySchedule, SlackEmulator, Workspace

BoltFactory = Callable[..., AsyncApp]
SocketStarter = Callable[[AsyncApp], Awaitable[AsyncSocketModeHandler]]


@pytest.fixture
def schedule() -> RetrySchedule:
    """Wait long for acknowledgements, so that a busy machine causes no retries; the delays are nothing."""
    return RetrySchedule(ack_timeout=10.0, scale=0.0001)


@pytest.fixture
async def slack(schedule: RetrySchedule) -> AsyncIterator[SlackEmulator]:
    async with SlackEmulator(schedule=schedule) as emulator:
        yield emulator


@pytest.fixture
def acme(slack: SlackEmulator) -> Workspace:
    return slack.workspace("Acme")


@pytest.fixture
def ann(acme: Workspace) -> Person:
    return acme.user("Ann")


@pytest.fixture
def general(acme: Workspace) -> Conversation:
    return acme.channel("general")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as open_session:
        yield open_session


@pytest.fixture
def client(slack: SlackEmulator, acme: Workspace, session: aiohttp.ClientSession) -> AsyncWebClient:
    return AsyncWebClient(token=acme.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])


@pytest.fixture
def make_bolt(slack: SlackEmulator, client: AsyncWebClient) -> BoltFactory:
    def make(**options: object) -> AsyncApp:
        logger = logging.getLogger("tests.bolt")
        return AsyncApp(client=client, signing_secret=slack.signing_secret, logger=logger, **options)

    return make


@pytest.fixture
async def connect(slack: SlackEmulator) -> AsyncIterator[SocketStarter]:
    async with AsyncExitStack() as stack:

        @asynccontextmanager
        async def connected(app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
            handler = AsyncSocketModeHandler(app, slack.app_token, ping_interval=0.2)
            before = len(slack.connections)
            try:
                await handler.connect_async()
                await slack.wait_for_connections(before + 1)
                yield handler
            finally:
                await handler.close_async()

        async def start(app: AsyncApp) -> AsyncSocketModeHandler:
            return await stack.enter_async_context(connected(app))

        yield start


@pytest.fixture
async def slack_with_fast_pings() -> AsyncIterator[SlackEmulator]:
    async with SlackEmulator(ping_interval=0.05) as emulator:
        yield emulator
