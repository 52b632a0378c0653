"""People on Discord, and bots for them."""

from contextlib import asynccontextmanager

import pytest
from steps import until

from threadkeep import Agent, Bot
from threadkeep_discord import DiscordAdapter


@pytest.fixture
def ann(town):
    return town.discord.user("Ann")


@pytest.fixture
def bob(town):
    return town.discord.user("Bob")


@pytest.fixture
def ask(town, ann):
    """Ann mentions the bot in the channel."""

    async def say(text="hello", where=None, who=None, **fields):
        return await (who or ann).says(where or town.lounge, f"{town.discord.bot.mention} {text}", **fields)

    return say


@pytest.fixture
def ours(town):
    """Gives what the bot has said in a place."""
    return lambda place: [message.text for message in place.messages if message.author.id == town.discord.bot.id]


@pytest.fixture
def replica(town, make_store):
    """Makes bots that share everything, as in processes of their own."""

    def make(*, environ=None, bot=None, **agent):
        fields = {"model": town.model(), "add_history_to_messages": True, "num_history_runs": 3, **agent}
        adapter = DiscordAdapter.from_environment({**town.environ, **(environ or {})})
        settings = {"store": make_store(), "grace_seconds": 5, **(bot or {})}
        return Bot(agent=Agent(**fields), adapters=[adapter], **settings)

    return make


@pytest.fixture
def serving(town, replica, store):
    """Runs a bot on the store of the test around a block, once its commands are listed."""

    @asynccontextmanager
    async def run(*, environ=None, agent=None, **bot):
        async with replica(environ=environ, bot=bot | {"store": store}, **(agent or {})) as served:
            await until(lambda: "stop" in town.discord.commands)
            yield served

    return run
