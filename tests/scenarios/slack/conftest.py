"""People on Slack, and bots for them."""

import pytest

from threadkeep import Agent, Approval, Bot, tool
from threadkeep_slack import SlackAdapter


@pytest.fixture
def ann(town):
    return town.acme.user("Ann")


@pytest.fixture
def bob(town):
    return town.acme.user("Bob")


@pytest.fixture
def ask(town, ann):
    """Ann mentions the bot in the channel."""

    async def say(text="hello", where=None, **fields):
        return await ann.says(where or town.general, f"{town.acme.bot.mention} {text}", **fields)

    return say


@pytest.fixture
def replica(town, make_store):
    """Makes bots that share everything, as in processes of their own."""

    def make(*, environ=None, bot=None, store=None, **agent):
        fields = {"model": town.model(), "add_history_to_messages": True, "num_history_runs": 3, **agent}
        adapter = SlackAdapter.from_environment({**town.environ, **(environ or {})})
        settings = {"store": make_store(**(store or {})), "grace_seconds": 5, **(bot or {})}
        return Bot(agent=Agent(**fields), adapters=[adapter], **settings)

    return make


@pytest.fixture
def serving(replica, store):
    """Makes a bot on the store of the test."""
    return lambda agent=None, environ=None, **bot: replica(environ=environ, bot=bot | {"store": store}, **(agent or {}))


@pytest.fixture
def deploy(deployed):
    @tool(requires_approval=Approval())
    async def deploy(service: str) -> str:
        """Deploy a service."""
        deployed.append(service)
        return f"{service} is out"

    return deploy
