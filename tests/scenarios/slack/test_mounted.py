"""A whole bot inside of a web server: uvicorn and aiohttp start it, hand it Slack's requests, and stop it."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest
import uvicorn
from aiohttp import web
from steps import LONG

from threadkeep import Agent, Bot
from threadkeep_slack import SlackAdapter
from threadkeep_slack.aiohttp_app import slack_app
from threadkeep_slack.asgi import SlackASGI


@pytest.fixture
def slack(town):
    """An adapter with a signing secret beside the app-level token, which is not used."""
    adapter = SlackAdapter.from_environment({**town.environ, "SLACK_SIGNING_SECRET": town.slack.signing_secret})
    assert adapter is not None
    return adapter


@pytest.fixture
def bot(town, store, slack):
    return Bot(agent=Agent(model=town.model(), add_history_to_messages=True), adapters=[slack], store=store)


class Server(uvicorn.Server):
    """A server that says when it serves."""

    def __init__(self, config):
        super().__init__(config)
        self.is_serving = asyncio.Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.is_serving.set()


@asynccontextmanager
async def in_uvicorn(slack, bot):
    """Serve as ``uvicorn module:app`` does."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = Server(uvicorn.Config(SlackASGI(slack, bot), log_config=None, lifespan="on"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with asyncio.timeout(LONG):
            await server.is_serving.wait()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/slack/events"
    finally:
        server.should_exit = True
        await serving
        listening.close()


@asynccontextmanager
async def in_aiohttp(slack, bot):
    """Serve below a path of a larger application."""
    outer = web.Application()
    outer.add_subapp("/bots/", slack_app(slack, bot))
    runner = web.AppRunner(outer)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/bots/slack/events"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("serve", [in_uvicorn, in_aiohttp])
async def test_a_bot_in_a_web_server_answers_and_stops_with_it(town, slack, bot, serve, ann):
    async with serve(slack, bot) as url:
        await town.slack.use_request_url(url)
        root = await ann.says(town.general, f"{town.acme.bot.mention} My name is Ann.")
        await root.thread.wait_for_reply(timeout=LONG)
        await ann.replies(root, "What is my name?")
        await root.thread.wait_for_reply(contains="Your name is Ann", timeout=LONG)
        assert slack.is_connected
    assert not slack.is_connected
    assert not town.slack.calls("apps.connections.open")
