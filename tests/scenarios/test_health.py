"""Whether a bot tells that a platform is gone, over the real libraries."""

import asyncio
import re
from contextlib import asynccontextmanager

import aiohttp
import pytest

from threadkeep import Agent, Bot, SQLiteStore
from threadkeep.runtime.serving import serve
from threadkeep_emulators.faults import Fault

SECONDS = 40


@pytest.fixture
def ready_of(town):
    """Serves a bot on a platform around a block, which may wait until it is ready or not."""

    @asynccontextmanager
    async def run(platform):
        bot = Bot(agent=Agent(model=town.model()), adapters=town.adapters(platform), store=SQLiteStore(":memory:"))
        said = []
        serving = asyncio.create_task(serve(bot, say=said.append, health="0"))

        async def ready(status):
            async with asyncio.timeout(SECONDS), aiohttp.ClientSession() as http:
                while True:
                    found = re.search(r"http://\S+/ready", "\n".join(said))
                    if found is not None:
                        async with http.get(found[0]) as response:
                            report = await response.json()
                            if response.status == status:
                                return report
                    await asyncio.sleep(0.02)

        try:
            yield ready
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    return run


@pytest.mark.timeout(120)
async def test_a_bot_without_its_slack_socket_is_not_ready_until_it_has_a_new_one(town, ready_of):
    async with ready_of("slack") as ready:
        await ready(200)
        town.slack.faults.add(Fault(match="apps.connections.open", kind="status", status=503, times=1000))
        town.slack.cut_sockets()
        report = await ready(503)
        assert not report["platforms"]["slack"]["ok"]
        assert report["store"]["ok"]
        town.slack.faults.clear()
        await ready(200)


async def test_a_bot_without_its_discord_gateway_is_not_ready_until_it_is_connected_again(town, ready_of):
    async with ready_of("discord") as ready:
        await ready(200)
        await town.discord.gateway.drop()
        report = await ready(503)
        assert not report["platforms"]["discord"]["ok"]
        await ready(200)


async def test_a_bot_that_serves_slacks_requests_is_ready(town, ready_of, monkeypatch):
    environ = {**town.environ, "SLACK_SIGNING_SECRET": town.slack.signing_secret, "SLACK_PORT": "0"}
    del environ["SLACK_APP_TOKEN"]
    monkeypatch.setattr(type(town), "environ", environ)
    async with ready_of("slack") as ready:
        assert (await ready(200))["platforms"]["slack"]["ok"]
