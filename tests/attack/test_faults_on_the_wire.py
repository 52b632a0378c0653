"""Calls, events and answers are cut off, late, doubled or overtaken: each question has one answer, in order."""

import asyncio

import pytest
from siege.proxy import Proxy
from siege.streets import calls_of
from siege.talks import LEASE_SECONDS, open_talk
from siege.trial import rounds

from threadkeep_emulators.faults import Fault

# The starter of the bots lives as long as the session, and so does its event loop.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

CALL_FAULTS = {
    "cut before": {"kind": "drop_before"},
    "cut after": {"kind": "drop_after"},
    "refused": {"kind": "status", "status": 503},
    "late": {"kind": "delay", "seconds": 1.0},
}
EVENT_FAULTS = {
    "cut before": {"kind": "drop_before"},
    "cut after": {"kind": "drop_after"},
    "twice": {"kind": "duplicate"},
    "late": {"kind": "delay", "seconds": 0.5},
}


@pytest.mark.parametrize("fault", CALL_FAULTS)
@pytest.mark.parametrize("platform", ["slack", "slack-edits", "discord"])
async def test_call_to_the_platform_that_fails_on_the_way_shows_each_answer_once(platform, fault, starter, tmp_path):
    calls = calls_of(platform, is_direct=False)
    # So slow that a streamed answer is appended to.
    pace = 0.3 if "append" in calls else 0.01
    async with open_talk(starter, platform, tmp_path, redis=None, pace=pace) as talk:
        bot = await talk.start_bot()
        for _ in range(rounds(3)):
            for call in calls:
                talk.street.strike(call, **CALL_FAULTS[fault])
                await talk.ask()
                await talk.until_answered()
        await bot.stop()
        assert talk.street.was_struck()
        talk.check()


@pytest.mark.parametrize("fault", EVENT_FAULTS)
@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_event_that_fails_on_the_way_is_answered_once(platform, fault, starter, tmp_path):
    async with open_talk(starter, platform, tmp_path, redis=None) as talk:
        bot = await talk.start_bot()
        await talk.ask()
        await talk.until_answered()
        for _ in range(rounds(3)):
            talk.street.strike("event", **EVENT_FAULTS[fault])
            await talk.ask()
            await talk.until_answered()
        await bot.stop()
        assert talk.street.was_struck()
        talk.check()


async def test_event_that_others_overtake_is_answered_once(starter, tmp_path):
    """Slack tells no order by which the bot could know; Discord numbers what it sends, on one connection."""
    async with open_talk(starter, "slack", tmp_path, redis=None) as talk:
        bot = await talk.start_bot()
        await talk.ask()
        await talk.until_answered()
        talk.street.strike("event", "delay", seconds=1.0)
        await talk.ask()
        await talk.ask()
        await talk.until_answered()
        assert talk.answers == [1, 3]
        await talk.street.wait(lambda _: 2 in talk.answers, seconds=30)
        await bot.stop()
        assert talk.answers == [1, 3, 2]


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_connection_that_is_cut_again_and_again_loses_and_doubles_nothing(platform, starter, tmp_path):
    async with open_talk(starter, platform, tmp_path, redis=None, thinking=0.3) as talk:
        bot = await talk.start_bot()
        for _ in range(1 + rounds(4)):
            await talk.ask()
            await talk.model.wait_for_requests(talk.asked, timeout=20)
            await talk.street.cut()
            # This one is said while nobody listens.
            await talk.ask()
            await talk.until_answered()
        await bot.stop()
        talk.check()


@pytest.mark.parametrize("fault", CALL_FAULTS)
async def test_request_to_the_model_that_fails_on_the_way_is_answered_once(fault, starter, tmp_path):
    async with open_talk(starter, "slack", tmp_path, redis=None) as talk:
        bot = await talk.start_bot()
        for _ in range(rounds(3)):
            talk.model.faults.add(Fault(match="*", **CALL_FAULTS[fault]))
            await talk.ask()
            await talk.until_answered()
        await bot.stop()
        assert not talk.model.faults.pending
        talk.check()


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_connections_to_redis_that_are_cut_again_and_again_cost_nothing(
    platform, starter, redis_server, tmp_path
):
    async with (
        Proxy(port_of(redis_server)) as proxy,
        open_talk(starter, platform, tmp_path, redis=f"redis://127.0.0.1:{proxy.port}/0", thinking=0.3) as talk,
    ):
        bot = await talk.start_bot()
        for _ in range(1 + rounds(4)):
            await talk.ask()
            proxy.cut()
            await talk.model.wait_for_requests(talk.asked, timeout=20)
            proxy.cut()
            await asyncio.sleep(0.1)
            proxy.cut()
            await talk.until_answered()
        await bot.stop()
        talk.check()


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_redis_that_is_far_away_delays_the_answer(platform, starter, redis_server, tmp_path):
    async with (
        Proxy(port_of(redis_server)) as proxy,
        open_talk(starter, platform, tmp_path, redis=f"redis://127.0.0.1:{proxy.port}/0") as talk,
    ):
        bot = await talk.start_bot(lease_seconds=2.0)
        proxy.delay = 0.1
        for _ in range(1 + rounds(3)):
            await talk.ask()
            await talk.until_answered()
        proxy.delay = 0.0
        await bot.stop()
        talk.check()


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_network_that_stands_still_and_goes_on_delays_the_answer(platform, starter, redis_server, tmp_path):
    """Nothing is cut: what was sent before arrives later, when others may have taken over."""
    async with (
        Proxy(port_of(redis_server)) as proxy,
        open_talk(starter, platform, tmp_path, redis=f"redis://127.0.0.1:{proxy.port}/0", thinking=0.3) as talk,
    ):
        bots = [await talk.start_bot(), await talk.start_bot()]
        for _ in range(1 + rounds(4)):
            await talk.ask()
            await talk.model.wait_for_requests(talk.asked, timeout=20)
            proxy.hold()
            await asyncio.sleep(2 * LEASE_SECONDS)
            proxy.release()
            await talk.until_answered()
        for bot in bots:
            await bot.stop()
        talk.check()


def port_of(server) -> int:
    return int(server.url.rsplit(":", 1)[1].split("/")[0])
