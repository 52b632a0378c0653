"""Redis for a user who may do no more than the store needs."""

import asyncio
import re

import pytest
import redis.asyncio
from structlog.testing import capture_logs

from threadkeep.errors import ConfigError, StoreConfigError, StoreError
from threadkeep.stores.redis import RedisStore


def documented_rule():
    """Give the words of the ACL rule that the store's docstring names."""
    [rule] = re.findall(r"ACL SETUSER threadkeep ((?:.*\n)+?)\n", RedisStore.__doc__)
    return rule.replace("\\\n", " ").split()


async def act(store, talk, claim):
    """Use every room of a store."""
    async with store.control.signals() as signals:
        await store.inbox.accept(talk.say("a"))
        await store.inbox.wait(0)
        found = await claim(store)
        await store.inbox.accept(talk.say("b"))
        await store.inbox.accept(talk.edit("a", "a1"))
        await store.inbox.accept(talk.delete("b"))
        await store.inbox.accept(talk.stop())
        async with asyncio.timeout(10):
            for _ in range(3):
                await anext(signals)
        await store.inbox.record(found.lease, {"taken": "1"})
        await store.control.waiting(found.lease)
        await store.control.extend(found.lease, 2)
        await store.inbox.renew([found.lease])
        await store.inbox.release(found.lease, delay=0.01)
        found = await claim(store)
        run = talk.run("r", user_id="ann")
        await store.inbox.commit(found.lease, run, consumed=1, dead="Poison")
    await operate(store, talk)


async def operate(store, talk):
    """Use what operators and programs use."""
    assert len(await store.dead_letters.list()) == 1
    assert await store.dead_letters.get("r") is not None
    assert await store.dead_letters.retry("r")
    assert not await store.dead_letters.drop("r")
    assert len(await store.places.recent("slack", since=0, limit=9)) == 1
    assert await store.traces.find(talk.key("a")) is not None
    assert await store.traces.workspaces("slack") == ("T1",)
    await store.shared.remember("n", "x", seconds=60)
    assert await store.shared.recall("n") == "x"
    await store.shared.remember("n", "", seconds=60)
    await store.shared.take_slots("s", owner="o", total=2, most=1, seconds=60)
    await store.shared.free_slots("s", owner="o")
    await store.vault.put("v", b"x")
    assert await store.vault.names("") == ("v",)
    assert await store.vault.delete("v", expected=await store.vault.get("v"))
    memo = await store.memories.add("ann", "likes tea")
    assert len(await store.memories.list("ann", limit=5)) == 1
    await store.memories.remove("ann", memo.memo_id)
    await store.memories.change("ann", memo.memo_id, "likes coffee")
    await store.memories.clear("ann")
    assert await store.links.link("ann", "bob")
    assert len(await store.links.of("ann")) == 2
    assert await store.links.unlink("ann")
    assert await store.digests.page(talk.session_id, after=0, runs=1) is not None
    assert await store.digests.summarise(talk.session_id, "talk", since=0, until=1)
    assert await store.digests.mark_read(talk.session_id, since=0, until=1)
    await store.history.append(talk.run("r2", user_id="ann"))
    assert len(await store.history.sessions("ann")) == 1
    await store.history.rename(talk.session_id, "Tea")
    await store.history.set_state(talk.session_id, {"a": 1})
    await store.history.load(talk.session_id, runs=3)
    await store.history.delete(talk.session_id)
    assert await store.history.sessions("ann") == ()


async def test_documented_rule_suffices(private_redis, talk, claim):
    async with private_redis.client() as client:
        await client.execute_command("ACL", "SETUSER", "threadkeep", *documented_rule())
        await client.config_set("appendfsync", "everysec")
        url = private_redis.url.replace("redis://", "redis://threadkeep:password@")
        with capture_logs() as logs:
            async with RedisStore(url) as store:
                await act(store, talk, claim)
        assert await client.execute_command("ACL", "LOG") == []
        assert [log["event"] for log in logs] == ["redis_may_lose_messages"]


async def test_documented_rule_allows_nothing_else(private_redis):
    async with private_redis.client() as client:
        await client.execute_command("ACL", "SETUSER", "threadkeep", *documented_rule())
    url = private_redis.url.replace("redis://", "redis://threadkeep:password@")
    with pytest.raises(StoreError, match=r"refused.*(key|permission)"):
        await use(RedisStore(url, prefix="other"))
    async with redis.asyncio.from_url(url) as client:
        for words in (("GET", "x"), ("FLUSHALL",), ("KEYS", "tk:*"), ("CONFIG", "SET", "maxmemory", "1")):
            with pytest.raises(redis.exceptions.NoPermissionError):
                await client.execute_command(*words)
    with pytest.raises(StoreConfigError, match="user name or the password"):
        await use(RedisStore(url.replace("password", "wrong")))


async def use(store):
    async with store:
        await store.shared.recall("n")


async def test_documented_rule_suffices_on_a_cluster(redis_cluster, talk, claim):
    for port in redis_cluster.ports:
        await set_user(port, "SETUSER", "threadkeep", *documented_rule())
    url = redis_cluster.url.replace("redis+cluster://", "redis+cluster://threadkeep:password@")
    try:
        async with RedisStore(url) as store:
            assert "password" not in store.description
            await act(store, talk, claim)
    finally:
        for port in redis_cluster.ports:
            await set_user(port, "DELUSER", "threadkeep")


async def set_user(port, *words):
    async with redis.asyncio.Redis(port=port) as client:
        await client.execute_command("ACL", *words)


@pytest.mark.parametrize("scheme", ["redis", "rediss", "redis+cluster", "redis+sentinel"])
@pytest.mark.parametrize("password", ["hunter2/x", "hunter2#x", "hunter2?x", "a[hunter2]", "a:hunter2]/"])
def test_a_password_with_signs_of_a_url_is_not_told(scheme, password):
    with pytest.raises(ConfigError, match="the Redis URL cannot be read") as failed:
        RedisStore(f"{scheme}://:{password}@127.0.0.1:1/0")
    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize("url", ["redis://localhost:6379/bots", "redis://localhost:6379/1/2", "redis://localhost/-1"])
def test_a_database_that_is_no_number_is_refused(url):
    with pytest.raises(ConfigError, match="the database is a number"):
        RedisStore(url)
