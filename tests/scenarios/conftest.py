"""A bot on the emulated platforms, through the real libraries and a real store."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis.asyncio

from threadkeep import Agent, Bot, OpenAIChat, RedisStore, SQLiteStore
from threadkeep.stores.base import Store, Transcript
from threadkeep_discord import DiscordAdapter
from threadkeep_emulators.discord import Channel, DiscordEmulator, Guild, Intent, Settings
from threadkeep_emulators.openai import OpenAIEmulator
from threadkeep_emulators.slack import Conversation, RetrySchedule, SlackEmulator, Workspace
from threadkeep_slack import SlackAdapter

# What scenarios share lies in a module beside them; tests are no packages.
sys.path.append(str(Path(__file__).parent))

from steps import LONG


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """The platforms, with a channel in each, and the model's server."""

    slack: SlackEmulator
    acme: Workspace
    general: Conversation
    discord: DiscordEmulator
    club: Guild
    lounge: Channel
    openai: OpenAIEmulator

    @property
    def environ(self) -> dict[str, str]:
        return {
            "SLACK_BOT_TOKEN": self.acme.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "DISCORD_BOT_TOKEN": self.discord.bot.token,
            "DISCORD_API_URL": self.discord.api_url,
            "DISCORD_MESSAGE_CONTENT": "1",
            "OPENAI_API_KEY": self.openai.api_key,
            "OPENAI_BASE_URL": self.openai.url,
        }

    def model(self, **settings: Any) -> OpenAIChat:
        fields = {"id": "gpt-5.4-mini", "api_key": self.openai.api_key, "base_url": self.openai.url, **settings}
        return OpenAIChat(**fields)

    def adapters(self, *names: str) -> list[Any]:
        known = {"slack": SlackAdapter, "discord": DiscordAdapter}
        found = [known[name].from_environment(self.environ) for name in names or known]
        return [adapter for adapter in found if adapter is not None]

    def said(self, number: int) -> list[str]:
        """What the n-th request showed the model, without the system message and without the speakers' ids."""
        return [
            re.sub(r'(<message from="[^"]*") id="[^"]*">', r"\1>", str(message["content"]))
            for message in self.openai.messages(number)
            if message["role"] not in ("system", "developer")
        ]


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    settings = Settings(privileged_intents=Intent.MESSAGE_CONTENT)
    # Short delays, so that redelivery is seen within a test; real Slack waits minutes.
    schedule = RetrySchedule(ack_timeout=1.0, scale=0.001)
    async with (
        SlackEmulator(schedule=schedule) as slack,
        DiscordEmulator(settings=settings) as discord,
        OpenAIEmulator() as openai,
    ):
        acme, club = slack.workspace("Acme"), discord.guild("Club")
        general, lounge = acme.channel("general"), club.channel("lounge")
        yield Town(slack=slack, acme=acme, general=general, discord=discord, club=club, lounge=lounge, openai=openai)


@pytest.fixture(params=["redis", "sqlite"])
async def make_store(request: pytest.FixtureRequest, tmp_path) -> AsyncIterator[Callable[..., Store]]:
    """Makes unopened stores that share everything, as those of two processes do."""
    if request.param == "sqlite":
        yield partial(SQLiteStore, tmp_path / "store.db")
        return
    url = request.getfixturevalue("redis_server").url
    prefix = f"test-{uuid4().hex}"
    yield partial(RedisStore, url, prefix=prefix)
    async with redis.asyncio.from_url(url) as client:
        keys = [key async for key in client.scan_iter(match=f"{prefix}:*")]
        if keys:
            await client.delete(*keys)


@pytest.fixture
def store(make_store: Callable[..., Store]) -> Store:
    """An unopened store; the bot opens and closes it."""
    return make_store()


@pytest.fixture
def deployed() -> list[str]:
    """What the tools of a test have deployed."""
    return []


RunBot = Callable[..., Any]


@pytest.fixture
def running(town: Town, store: Store) -> RunBot:
    """Runs a bot on the named platforms around a block."""

    @asynccontextmanager
    async def run(*names: str, model: OpenAIChat | None = None, **agent: Any) -> AsyncIterator[Bot]:
        fields = {"add_history_to_messages": True, "num_history_runs": 3, **agent}
        bot = Bot(
            agent=Agent(model=model or town.model(), **fields),
            adapters=town.adapters(*names),
            store=store,
            grace_seconds=5,
        )
        async with AsyncExitStack() as stack:
            yield await stack.enter_async_context(bot)

    return run


@pytest.fixture
def runs_of(store: Store) -> Callable[[str, int], Awaitable[Transcript]]:
    """Waits until a session has so many runs, and gives it."""

    async def load(session_id: str, count: int) -> Transcript:
        async with asyncio.timeout(LONG):
            while True:
                found = await store.history.load(session_id, runs=100)
                if found is not None and found.session.run_count >= count:
                    return found
                await asyncio.sleep(0.01)

    return load
