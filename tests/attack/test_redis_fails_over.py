"""A replica takes the place of the primary: the people get their answers, each once and in order."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from siege.failover import ReplicatedRedis, WatchedRedis
from siege.proxy import Proxy
from siege.talks import open_talk

# The starter of the bots lives as long as the session, and so does its event loop.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


@pytest_asyncio.fixture(loop_scope="session")
async def watched(redis_server, tmp_path) -> AsyncIterator[WatchedRedis]:
    async with WatchedRedis(redis_server.executable, tmp_path) as servers:
        yield servers


@pytest_asyncio.fixture(loop_scope="session")
async def replicated(redis_server, tmp_path) -> AsyncIterator[ReplicatedRedis]:
    async with ReplicatedRedis(redis_server.executable, tmp_path) as servers:
        yield servers


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_killed_primary_is_followed_to_the_replica_that_sentinel_promotes(platform, starter, watched, tmp_path):
    async with open_talk(starter, platform, tmp_path, redis=watched.url, thinking=0.5) as talk:
        bot = await talk.start_bot()
        await talk.ask()
        await talk.until_answered()
        await talk.ask()
        await talk.model.wait_for_requests(talk.asked, timeout=20)
        await watched.until_replicated()
        watched.primary.kill()
        # Nobody can accept this one before there is a new primary.
        await talk.ask()
        await talk.until_answered()
        await bot.stop()
        talk.check()
    assert "store_unavailable" in talk.log


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_servers_that_change_places_behind_one_address_are_told_apart(platform, starter, replicated, tmp_path):
    """The old primary stays up and refuses writes: connections to it would be of no use for ever."""
    async with (
        Proxy(replicated.primary.port) as proxy,
        open_talk(starter, platform, tmp_path, redis=f"redis://127.0.0.1:{proxy.port}/0", thinking=0.5) as talk,
    ):
        bot = await talk.start_bot()
        await talk.ask()
        await talk.model.wait_for_requests(talk.asked, timeout=20)
        await replicated.change_places()
        proxy.lead_to(replicated.replica.port)
        await talk.until_answered()
        await talk.ask()
        await talk.until_answered()
        await bot.stop()
        talk.check()


async def test_replica_that_an_operator_promotes_goes_on_where_the_primary_died(starter, replicated, tmp_path):
    async with (
        Proxy(replicated.primary.port) as proxy,
        open_talk(starter, "slack", tmp_path, redis=f"redis://127.0.0.1:{proxy.port}/0", thinking=0.5) as talk,
    ):
        bot = await talk.start_bot()
        await talk.ask()
        await talk.model.wait_for_requests(talk.asked, timeout=20)
        await replicated.until_replicated()
        replicated.primary.kill()
        await talk.ask()
        await replicated.promote_by_hand()
        proxy.lead_to(replicated.replica.port)
        await talk.until_answered()
        await bot.stop()
        talk.check()
