"""What was said to a run while nobody could hear it: the connections that listen are killed."""

import pytest
import redis.asyncio

from threadkeep.chat.policy import Policies, Policy

pytestmark = pytest.mark.parametrize("open_store", ["redis"], indirect=True)


@pytest.fixture
async def client(redis_server):
    async with redis.asyncio.from_url(redis_server.url) as client:
        yield client


async def test_stop_that_nobody_heard_ends_the_run(platform, held_model, store, working, wait_for, client):
    async with working(held_model, store):
        question = platform.said("one")
        await store.inbox.accept(question)
        await wait_for(lambda: platform.replies and platform.replies[0].shown)
        await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await store.inbox.accept(platform.stopped(question))
        await wait_for(lambda: platform.finals)
    assert platform.finals[0].endswith("_Stopped._")


async def test_message_that_nobody_heard_interrupts(platform, held_model, store, working, wait_for, client):
    async with working(held_model, store, policies=Policies(default=Policy.INTERRUPT)):
        await store.inbox.accept(platform.said("one"))
        await wait_for(lambda: platform.replies and platform.replies[0].shown)
        await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await store.inbox.accept(platform.said("two"))
        await wait_for(lambda: len(platform.replies) == 2)
        held_model.gate.set()
        await wait_for(lambda: len(platform.finals) == 2)
    assert platform.finals[1].endswith("two")
