"""Redis behind TLS, and for a user who may do no more than the store needs."""

import asyncio
import re
import ssl
from pathlib import Path

import pytest
import redis.asyncio
from structlog.testing import capture_logs

from threadkeep.chat.adapter import Acceptance
from threadkeep.errors import StoreConfigError, StoreError, StoreUnavailableError
from threadkeep.stores.redis import RedisStore

TLS = Path(__file__).parent / "tls"
"""A certificate for 127.0.0.1 that is its own authority, and its key; made for these tests, good for a century."""


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass
    finally:
        writer.close()


@pytest.fixture
async def tls_port(private_redis):
    """A TLS server in front of the server, which itself may have been built without TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem", TLS / "server.key")

    async def serve(reader, writer):
        upstream, up = await asyncio.open_connection("127.0.0.1", private_redis.port)
        await asyncio.gather(pump(reader, up), pump(upstream, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_store_speaks_tls_with_a_ca_of_one_s_own(tls_port, talk, claim):
    async with RedisStore(f"rediss://127.0.0.1:{tls_port}/0?ssl_ca_certs={TLS / 'server.pem'}") as store:
        assert store.description.endswith(f"at rediss://127.0.0.1:{tls_port}/0")
        async with store.control.signals() as signals:
            await store.inbox.accept(talk.say("a"))
            await claim(store)
            assert await store.inbox.accept(talk.stop()) is Acceptance.ACCEPTED
            async with asyncio.timeout(10):
                assert (await anext(signals)).session_id == talk.session_id


async def test_server_whose_certificate_nobody_vouches_for_is_refused(tls_port):
    with pytest.raises(StoreUnavailableError, match=r"rediss://127\.0\.0\.1.*certificate"):
        async with RedisStore(f"rediss://127.0.0.1:{tls_port}/0"):
            pass


async def test_plain_connection_to_a_tls_server_is_refused(tls_port):
    with pytest.raises(StoreError):
        async with RedisStore(f"redis://127.0.0.1:{tls_port}/0", timeout=2):
            pass


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
