"""Redis cuts, stands still, dies or is full: the people get their answers, each once and in order."""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from siege.proxy import Proxy
from siege.redis_server import OwnRedis
from siege.talks import LEASE_SECONDS, open_talk
from siege.trial import rounds

from threadkeep.stores.redis import scripts

# The starter of the bots lives as long as the session, and so does its event loop.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


@pytest_asyncio.fixture(loop_scope="session")
async def own_redis(redis_server, tmp_path) -> AsyncIterator[OwnRedis]:
    async with OwnRedis(redis_server.executable, tmp_path) as server:
        yield server


@pytest.mark.parametrize("script", ["ACCEPT", "CLAIM", "RECORD", "COMMIT", "RENEW"])
@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_calls_whose_answers_are_lost_are_performed_once(platform, script, starter, redis_server, tmp_path):
    port = int(redis_server.url.rsplit(":", 1)[1].split("/")[0])
    thinking = LEASE_SECONDS if script == "RENEW" else 0.0
    async with (
        Proxy(port) as proxy,
        open_talk(starter, platform, tmp_path, redis=f"redis://127.0.0.1:{proxy.port}/0", thinking=thinking) as talk,
    ):
        bot = await talk.start_bot()
        await talk.ask()
        await talk.until_answered()
        # The server knows the scripts by now, so that what is lost is the answer to the call itself.
        sha = getattr(scripts, script).sha.encode()
        for _ in range(rounds(3)):
            proxy.lose_answers_to(sha)
            await talk.ask()
            await talk.until_answered()
        await bot.stop()
        assert proxy.sprung
        talk.check()


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_server_that_stands_still_longer_than_a_lease_delays_the_answer(platform, starter, own_redis, tmp_path):
    async with open_talk(starter, platform, tmp_path, redis=own_redis.url, thinking=LEASE_SECONDS) as talk:
        bots = [await talk.start_bot(timeout=1.0), await talk.start_bot(timeout=1.0)]
        for _ in range(rounds(3)):
            await talk.ask()
            await talk.model.wait_for_requests(talk.asked, timeout=20)
            own_redis.pause()
            await asyncio.sleep(3 * LEASE_SECONDS)
            own_redis.go_on()
            await talk.until_answered()
        for bot in bots:
            await bot.stop()
        talk.check()
    assert "store_unavailable" in talk.log


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_killed_server_that_writes_always_loses_nothing(platform, starter, own_redis, tmp_path):
    async with open_talk(starter, platform, tmp_path, redis=own_redis.url, thinking=0.3) as talk:
        bot = await talk.start_bot()
        for _ in range(3):
            await talk.ask()
            await talk.model.wait_for_requests(talk.asked, timeout=20)
            own_redis.kill()
            await talk.ask()
            await own_redis.start()
            await talk.until_answered()
        await bot.stop()
        talk.check()


async def test_killed_server_that_writes_every_second_is_warned_of_and_goes_on(starter, redis_server, tmp_path):
    async with (
        OwnRedis(redis_server.executable, tmp_path, fsync="everysec") as server,
        open_talk(starter, "slack", tmp_path, redis=server.url) as talk,
    ):
        bot = await talk.start_bot()
        await talk.ask()
        await talk.until_answered()
        server.kill()
        await server.start()
        # What was acknowledged in the last second may be lost; what comes afterwards is not.
        await talk.ask()
        await talk.until_answered()
        await bot.stop()
        assert talk.answers[-1] == talk.asked
    assert "redis_may_lose_messages" in talk.log
    assert "appendfsync" in talk.log


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_server_without_memory_gets_the_message_when_it_has_some_again(platform, starter, own_redis, tmp_path):
    async with open_talk(starter, platform, tmp_path, redis=own_redis.url) as talk:
        bot = await talk.start_bot()
        await talk.ask()
        await talk.until_answered()
        await own_redis.configure("maxmemory", "1")
        await talk.ask()
        await talk.until_logged("takes no writes now")
        await asyncio.sleep(2 * LEASE_SECONDS)
        assert talk.answers == [1]
        await own_redis.configure("maxmemory", "0")
        await talk.until_answered()
        await bot.stop()
        talk.check()


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_server_that_fills_up_during_a_run_delays_its_end(platform, starter, own_redis, tmp_path):
    async with open_talk(starter, platform, tmp_path, redis=own_redis.url, thinking=0.3) as talk:
        bot = await talk.start_bot()
        await talk.ask()
        await talk.model.wait_for_requests(1, timeout=20)
        await own_redis.configure("maxmemory", "1")
        await talk.until_logged("takes no writes now")
        await asyncio.sleep(2 * LEASE_SECONDS)
        await own_redis.configure("maxmemory", "0")
        await talk.until_answered()
        await talk.ask()
        await talk.until_answered()
        await bot.stop()
        talk.check()


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_bot_that_stood_still_longer_than_its_lease_answers_once(platform, starter, own_redis, tmp_path):
    """Another process takes the session over; the first one goes on later and finds that it may not write."""
    async with open_talk(starter, platform, tmp_path, redis=own_redis.url, thinking=0.5) as talk:
        bots = [await talk.start_bot(), await talk.start_bot()]
        for _ in range(1 + rounds(5)):
            await talk.ask()
            await talk.model.wait_for_requests(talk.asked, timeout=20)
            # The one at work is one of them; it does not matter which.
            standing = bots[talk.asked % 2]
            standing.send(signal.SIGSTOP)
            await asyncio.sleep(3 * LEASE_SECONDS)
            standing.send(signal.SIGCONT)
            await talk.until_answered()
        for bot in bots:
            await bot.stop()
        talk.check()
