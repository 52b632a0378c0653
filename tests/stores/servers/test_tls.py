"""Redis behind TLS: a server, a service that Sentinels watch, and a cluster."""

import asyncio

import pytest
import redis.asyncio

from threadkeep.chat.adapter import Acceptance
from threadkeep.errors import StoreError, StoreUnavailableError
from threadkeep.stores.redis import RedisStore


@pytest.fixture
async def tls_port(private_redis, behind_tls):
    return await behind_tls(private_redis.port)


async def use(store, talk, claim):
    """Let the store do what needs each of its connections."""
    async with store.control.signals() as signals:
        await store.inbox.accept(talk.say("a"))
        await claim(store)
        assert await store.inbox.accept(talk.stop()) is Acceptance.ACCEPTED
        async with asyncio.timeout(15):
            assert (await anext(signals)).session_id == talk.session_id


async def test_store_speaks_tls_with_a_ca_of_one_s_own(tls_port, certificate, talk, claim):
    async with RedisStore(f"rediss://127.0.0.1:{tls_port}/0?ssl_ca_certs={certificate}") as store:
        assert store.description.endswith(f"at rediss://127.0.0.1:{tls_port}/0")
        await use(store, talk, claim)


async def test_server_whose_certificate_nobody_vouches_for_is_refused(tls_port):
    with pytest.raises(StoreUnavailableError, match=r"rediss://127\.0\.0\.1.*certificate"):
        async with RedisStore(f"rediss://127.0.0.1:{tls_port}/0"):
            pass


async def test_plain_connection_to_a_tls_server_is_refused(tls_port):
    with pytest.raises(StoreError):
        async with RedisStore(f"redis://127.0.0.1:{tls_port}/0", timeout=2):
            pass


async def test_service_and_its_sentinels_are_reached_over_tls(
    watching, private_redis, behind_tls, tls_port, certificate, talk, claim
):
    async with watching(watched=tls_port) as sentinel:
        covered = await behind_tls(sentinel)
        url = f"rediss+sentinel://127.0.0.1:{covered}/mymaster/0?ssl_ca_certs={certificate}"
        async with RedisStore(url) as store:
            await use(store, talk, claim)
            assert store.description.endswith(f"at rediss+sentinel://127.0.0.1:{covered}/mymaster/0")
    async with private_redis.client() as client:
        assert await client.dbsize() > 0


async def test_cluster_is_reached_over_tls(make_cluster, behind_tls, certificate, talk, claim):
    cluster = make_cluster()
    covered = {port: await behind_tls(port) for port in cluster.ports}
    await announce(covered)
    first = next(iter(covered.values()))
    async with RedisStore(f"rediss+cluster://127.0.0.1:{first}/0?ssl_ca_certs={certificate}") as store:
        await use(store, talk, claim)
        for number in range(30):
            session = type(talk)(channel=f"C{number}")
            assert await store.inbox.accept(session.say("b")) is Acceptance.ACCEPTED
    for port in cluster.ports:
        async with redis.asyncio.Redis(port=port) as client:
            assert await client.dbsize() > 0


async def announce(covered):
    """Let each node tell the others and its clients the port at which TLS is spoken for it."""
    clients = [redis.asyncio.Redis(port=port) for port in covered]
    try:
        for client, (port, tls) in zip(clients, covered.items(), strict=True):
            await client.config_set("cluster-announce-bus-port", port + 10_000)
            await client.config_set("cluster-announce-port", tls)
        async with asyncio.timeout(20):
            for client in clients:
                while await told_by(client) != set(covered.values()):  # noqa: ASYNC110 - Redis tells nobody of it
                    await asyncio.sleep(0.02)
    finally:
        for client in clients:
            await client.aclose()


async def told_by(client):
    """Give the ports that a node tells of."""
    slots = await client.execute_command("CLUSTER SLOTS")
    return {node[1] if isinstance(node, list | tuple) else node for _, _, node, *_ in slots}
