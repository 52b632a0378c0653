"""Every kind of event is known for longer than platforms deliver it again, which is a day."""

from dataclasses import replace
from uuid import uuid4

import pytest
import redis.asyncio

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import ActionPressed, FeedbackGiven
from threadkeep.stores.redis import RedisStore
from threadkeep.stores.sqlite import SQLiteStore

DAY = 24 * 3600
KINDS = ("message", "command", "edit", "deletion", "stop", "press", "feedback")


@pytest.fixture
def events(talk):
    """One event of each kind, by its name; the message ``question`` must be there before them."""
    wish = talk.stop()
    press = {"place": wish.place, "user": wish.user}
    found = {
        "message": talk.say("more"),
        "command": replace(talk.say("!help"), command="help", text=""),
        "edit": talk.edit("question", "Q"),
        "deletion": talk.delete("question"),
        "stop": wish,
        "press": ActionPressed(key=replace(wish.key, revision="pressed:1"), speaker="U1", action="a", **press),
        "feedback": FeedbackGiven(key=replace(wish.key, revision="feedback:1"), rating=1, **press),
    }
    assert tuple(found) == KINDS
    return found


async def take(store, talk, event):
    """Let an event come while a run is at work, and once more."""
    await store.inbox.accept(talk.say("question"))
    await store.inbox.claim("w", run_id="r", runs=0)
    first, again = await store.inbox.accept(event), await store.inbox.accept(event)
    assert first in (Acceptance.ACCEPTED, Acceptance.KEPT)
    assert again is Acceptance.DUPLICATE


@pytest.mark.parametrize("kind", KINDS)
async def test_sqlite_knows_it_for_more_than_a_day(talk, events, kind):
    now = 1e9
    async with SQLiteStore(":memory:", clock=lambda: now) as store:
        await take(store, talk, events[kind])
        now += 26 * 3600 - 1
        assert await store.inbox.accept(events[kind]) is Acceptance.DUPLICATE
        now += 2
        assert await store.inbox.accept(events[kind]) is not Acceptance.DUPLICATE


@pytest.mark.parametrize("kind", KINDS)
async def test_redis_knows_it_for_more_than_a_day(talk, events, kind, redis_server):
    prefix = f"test-{uuid4().hex}"
    async with redis.asyncio.from_url(redis_server.url, decode_responses=True) as client:
        async with RedisStore(redis_server.url, prefix=prefix) as store:
            await take(store, talk, events[kind])
        keys = [key async for key in client.scan_iter(match=f"{prefix}:*")]
        lives = {key: await client.pttl(key) for key in keys if key.endswith(f":seen:{events[kind].key}")}
        await client.delete(*keys)
    assert len(lives) == 1
    assert all(life > 1000 * DAY for life in lives.values())
