"""A bot that many Slack workspaces install: through the real libraries, a real store, and a browser."""

from contextlib import AsyncExitStack

import pytest
from cryptography.fernet import Fernet
from steps import LONG, install

from threadkeep import Agent, Bot
from threadkeep.errors import ConfigError
from threadkeep.runtime.bot import Role
from threadkeep_slack import SlackAdapter
from threadkeep_slack.installs.needs import scopes_for

KEY = Fernet.generate_key().decode()


@pytest.fixture
def environ(town):
    """The settings of an app that workspaces install, on a free port."""
    town.slack.app.scopes |= {need.scope for need in scopes_for()}
    town.slack.app.redirect_urls.append("http://127.0.0.1:")
    return {
        "SLACK_CLIENT_ID": town.slack.app.client_id,
        "SLACK_CLIENT_SECRET": town.slack.app.client_secret,
        "SLACK_SIGNING_SECRET": town.slack.signing_secret,
        "SLACK_API_URL": town.slack.api_url,
        "SLACK_PORT": "0",
        "THREADKEEP_SECRET_KEYS": KEY,
    }


@pytest.fixture
async def start(town, store, environ):
    """Starts processes of the bot; they are stopped when the test ends."""
    async with AsyncExitStack() as opened:

        async def start_one(role=Role.ALL, **changes):
            adapter = SlackAdapter.from_environment(environ | changes)
            agent = Agent(model=town.model(), add_history_to_messages=True, num_history_runs=3)
            bot = Bot(agent=agent, adapters=[adapter], store=store, role=role, grace_seconds=5)
            await opened.enter_async_context(bot)
            if adapter.request_url is not None:
                await town.slack.use_request_url(adapter.request_url)
            return adapter

        yield start_one


async def test_workspaces_that_install_the_bot_are_answered_each_from_its_own_history(town, start):
    globex = town.slack.workspace("Globex", is_installed=False)
    initech = town.slack.workspace("Initech", is_installed=False)
    adapter = await start()
    for team in ("Globex", "Initech"):
        await install(adapter, team)
    # The same ids in both workspaces: only the workspace tells the conversations apart.
    one, other = globex.channel("general", channel_id="C0SAME"), initech.channel("general", channel_id="C0SAME")
    ann, bob = globex.user("Ann"), initech.user("Bob")
    first = await ann.says(one, f"{globex.bot.mention} My favourite colour is green.")
    await first.thread.wait_for_reply(timeout=LONG)
    second = await bob.says(other, f"{initech.bot.mention} What is my favourite colour?")
    answer = await second.thread.wait_for_reply(timeout=LONG)
    await ann.replies(first, "What is my favourite colour?")
    await first.thread.wait_for_reply(contains="colour is green", timeout=LONG)
    assert "green" not in answer.text + str(town.said(1))


async def test_a_workspace_that_leaves_is_not_answered_and_the_others_are(town, start, ann):
    globex = town.slack.workspace("Globex", is_installed=False)
    adapter = await start()
    for team in ("Globex", "Acme"):
        await install(adapter, team)
    globex.revoke_token()
    await town.slack.wait_until_settled()
    await ann.dm("What is the speed of light?")
    await ann.direct.wait_for_reply(contains="299,792,458", timeout=LONG)


async def test_an_ingress_installs_and_a_worker_answers(town, start):
    globex = town.slack.workspace("Globex", is_installed=False)
    ingress = await start(Role.INGRESS)
    await start(Role.WORKER)
    await install(ingress, "Globex")
    ann = globex.user("Ann")
    await ann.dm("What is the speed of light?")
    await ann.direct.wait_for_reply(contains="299,792,458", timeout=LONG)


async def test_a_bot_without_the_key_of_its_installations_does_not_start(town, start):
    town.slack.workspace("Globex", is_installed=False)
    await install(await start(), "Globex")
    with pytest.raises(ConfigError, match="put the key back"):
        await start(THREADKEEP_SECRET_KEYS=Fernet.generate_key().decode())
