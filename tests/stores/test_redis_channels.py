"""The channels of a Redis store: wake-ups and signals between processes, and what is heard after a loss."""

import asyncio

import pytest
import redis.asyncio
from structlog.testing import capture_logs

from threadkeep.errors import StoreUnavailableError
from threadkeep.stores.operations import Signal, SignalKind
from threadkeep.stores.redis import RedisStore


@pytest.fixture
async def client(redis_server):
    async with redis.asyncio.from_url(redis_server.url, decode_responses=True) as client:
        yield client


async def listening(client, prefix, channel="wake"):
    [(_, listeners)] = await client.pubsub_numsub(f"{prefix}:{channel}")
    return listeners > 0


async def claim_after_a_wake_up(store, other, event):
    """Wait without a limit of consequence, and let another store accept a message."""
    async with asyncio.timeout(20):
        while (found := await store.inbox.claim("w", run_id="r", runs=0)) is None:
            waiting = asyncio.create_task(store.inbox.wait(60))
            await asyncio.sleep(0)
            await other.inbox.accept(event)
            await waiting
    return found


async def test_accept_in_another_process_ends_the_wait(open_redis, client, prefix, talk, reached):
    """Two stores know of each other through the server only."""
    store, other = await open_redis(), await open_redis()
    await store.inbox.wait(0)
    await reached(lambda: listening(client, prefix))
    found = await claim_after_a_wake_up(store, other, talk.say("a"))
    assert found.events[0].text == "a"


async def test_lost_wake_channel_is_opened_again(open_redis, client, prefix, talk, reached):
    store, other = await open_redis(), await open_redis()
    await store.inbox.wait(0)
    await reached(lambda: listening(client, prefix))
    with capture_logs() as logs:
        await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await reached(lambda: logs)
    assert logs[0]["event"] == "redis_channel_lost"
    await reached(lambda: listening(client, prefix))
    found = await claim_after_a_wake_up(store, other, talk.say("a"))
    assert found.events[0].text == "a"


async def test_lost_signals_are_heard_again_after_the_connection_is(open_redis, client, prefix, talk, claim, reached):
    store = await open_redis()
    await store.inbox.accept(talk.say("a"))
    await claim(store)
    async with store.control.signals() as signals:
        with capture_logs() as logs:
            await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            await reached(lambda: [log for log in logs if log["channel"] == f"{prefix}:control"])
            await reached(lambda: listening(client, prefix, "control"))
        assert [log["event"] for log in logs] == ["redis_channel_lost"]
        await store.inbox.accept(talk.stop())
        async with asyncio.timeout(10):
            assert [(await anext(signals)).kind for _ in range(2)] == ["missed", "stop"]


async def test_listener_learns_that_it_missed_signals_and_can_ask_for_them(
    open_redis, client, prefix, talk, claim, reached
):
    store = await open_redis()
    await store.inbox.accept(talk.say("a"))
    found = await claim(store)
    async with store.control.signals() as signals:
        await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        # Nobody listens now, and the subscription is opened again only after a pause.
        await store.inbox.accept(talk.stop())
        async with asyncio.timeout(10):
            assert await anext(signals) == Signal(session_id="", kind=SignalKind.MISSED)
        told = await store.control.repeat([found.lease])
        assert told == (Signal(session_id=talk.session_id, kind=SignalKind.STOP),)


async def test_outage_of_the_channel_is_logged_once(private_redis, talk, claim, reached):
    async with RedisStore(private_redis.url) as store, private_redis.client() as client:
        await store.inbox.accept(talk.say("a"))
        async with store.control.signals() as signals:
            with capture_logs() as logs:
                await private_redis.kill()
                await reached(lambda: logs)
                with pytest.raises(StoreUnavailableError):
                    async with store.control.signals():
                        pass
                await private_redis.start()
                await reached(lambda: listening(client, "tk", "control"))
            assert [log["event"] for log in logs] == ["redis_channel_lost"]
            await claim(store)
            await store.inbox.accept(talk.stop())
            async with asyncio.timeout(10):
                assert [(await anext(signals)).kind for _ in range(2)] == ["missed", "stop"]


async def test_signal_of_a_newer_version_is_passed_over(open_redis, client, prefix, talk, claim):
    store = await open_redis()
    await store.inbox.accept(talk.say("a"))
    await claim(store)
    async with store.control.signals() as signals:
        await client.publish(f"{prefix}:control", '{"s":"x","k":"party","w":0}')
        await store.inbox.accept(talk.stop())
        async with asyncio.timeout(10):
            assert (await anext(signals)).kind == "stop"
