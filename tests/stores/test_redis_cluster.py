"""What is particular to a Redis Cluster: its URL, its nodes, slots that move, nodes that fail."""

import asyncio

import pytest
import redis.asyncio
from redis.crc import key_slot

from threadkeep.chat.adapter import Acceptance
from threadkeep.errors import ConfigError, StoreConfigError, StoreUnavailableError
from threadkeep.stores.redis import RedisStore
from threadkeep.stores.redis.address import ClusterAddress


async def on_node(port, *words):
    async with redis.asyncio.Redis(port=port, decode_responses=True) as client:
        return await client.execute_command(*words)


@pytest.fixture
async def nodes(redis_cluster):
    """The ports of the nodes by the slot ranges that they serve, and their ids."""
    ids = {port: await on_node(port, "CLUSTER", "MYID") for port in redis_cluster.ports}
    return [(port, ids[port]) for port in redis_cluster.ports]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis+cluster://a:1,b:2", "redis+cluster://a:1,b:2"),
        ("redis+cluster://ann:hunter2@a:1,[::1]:2/0", "redis+cluster://a:1,[::1]:2"),
        ("rediss+cluster://:hunter2@a,b/?ssl_ca_certs=/x:y", "rediss+cluster://a:6379,b:6379"),
    ],
)
def test_cluster_address_is_shown_without_secrets(url, shown):
    assert ClusterAddress.is_meant_by(url)
    assert str(ClusterAddress(url)) == shown


@pytest.mark.parametrize("url", ["redis+cluster://a:1,b:2/3", "unix+cluster:///x", "redis+cluster://a:b"])
def test_cluster_url_that_cannot_be_read_is_refused(url):
    with pytest.raises(ConfigError, match="the Redis URL cannot be read"):
        RedisStore(url)


async def test_cluster_is_described_by_version_and_nodes(redis_cluster):
    async with RedisStore(f"redis+cluster://127.0.0.1:{redis_cluster.ports[2]}") as store:
        assert store.description.startswith("Redis Cluster ")
        assert "(3 nodes)" in store.description


async def test_server_that_is_no_cluster_is_named(private_redis):
    with pytest.raises(StoreConfigError, match="is not a node of a cluster"):
        async with RedisStore(private_redis.url.replace("redis://", "redis+cluster://")):
            pass


async def test_cluster_is_found_by_any_node_that_is_up(redis_cluster):
    url = f"redis+cluster://127.0.0.1:1,127.0.0.1:{redis_cluster.ports[0]}"
    async with RedisStore(url) as store, store.control.signals():
        await store.shared.remember("n", "x", seconds=60)
    with pytest.raises(
        StoreUnavailableError, match=r"no node of the Redis Cluster at redis\+cluster://127\.0\.0\.1:1 "
    ):
        async with RedisStore("redis+cluster://127.0.0.1:1"):
            pass


async def test_sessions_are_spread_over_the_nodes(redis_cluster, open_cluster, make_talk, nodes):
    store = await open_cluster()
    for number in range(30):
        await store.inbox.accept(make_talk(channel=f"C{number}").say("a"))
    prefix = store._inbox._keys.prefix
    for port, _ in nodes:
        found = await on_node(port, "KEYS", f"{prefix}:*:meta")
        assert found
    assert len(store._lines.here().wire._wires) == 3


async def test_slot_that_moved_is_followed(open_cluster, nodes, talk):
    store = await open_cluster()
    await store.shared.remember("warm", "x", seconds=60)
    slot = key_slot(store._inbox._keys.session(talk.session_id)[0].encode())
    old, new = nodes[slot * 3 // 16384], nodes[(slot * 3 // 16384 + 1) % 3]
    for port, _ in nodes:
        await on_node(port, "FLUSHALL")
    try:
        for port, _ in (new, old):
            await on_node(port, "CLUSTER", "SETSLOT", slot, "NODE", new[1])
        outcomes = await asyncio.gather(*[store.inbox.accept(talk.say(str(number))) for number in range(20)])
        assert set(outcomes) == {Acceptance.ACCEPTED}
        assert await on_node(new[0], "CLUSTER", "COUNTKEYSINSLOT", slot) > 0
        found = await store.inbox.claim("w", run_id="r", runs=0)
        assert [event.text for event in found.events] == [str(number) for number in range(20)]
    finally:
        await on_node(new[0], "FLUSHALL")
        for port, _ in (old, new):
            await on_node(port, "CLUSTER", "SETSLOT", slot, "NODE", old[1])


async def test_slot_that_is_moving_is_asked_for_at_its_new_node(open_cluster, nodes):
    store = await open_cluster()
    key = store._inbox._keys.note("n")
    slot = key_slot(key.encode())
    old, new = nodes[slot * 3 // 16384], nodes[(slot * 3 // 16384 + 1) % 3]
    await on_node(new[0], "CLUSTER", "SETSLOT", slot, "IMPORTING", old[1])
    await on_node(old[0], "CLUSTER", "SETSLOT", slot, "MIGRATING", new[1])
    try:
        await store.shared.remember("n", "x", seconds=60)
        assert await store.shared.recall("n") == "x"
        assert await on_node(new[0], "CLUSTER", "COUNTKEYSINSLOT", slot) == 1
    finally:
        await on_node(new[0], "FLUSHALL")
        for port, _ in (new, old):
            await on_node(port, "CLUSTER", "SETSLOT", slot, "STABLE")


async def test_node_whose_connections_are_cut_is_connected_to_again(open_cluster, nodes, make_talk, reached):
    store = await open_cluster()
    talks = [make_talk(channel=f"C{number}") for number in range(10)]

    async def all_are_accepted():
        try:
            await asyncio.gather(*[store.inbox.accept(talk.say("a")) for talk in talks])
        except StoreUnavailableError:
            return False
        return True

    assert await all_are_accepted()
    for port, _ in nodes:
        await on_node(port, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    await reached(all_are_accepted)
    assert {await store.inbox.accept(talk.say("a")) for talk in talks} == {Acceptance.DUPLICATE}


async def test_message_accepted_by_one_process_is_claimed_by_another_at_once(
    redis_cluster, open_cluster, talk, reached
):
    """The wake-up names the partition: the other process need not look at all of them."""
    store, other = await open_cluster(lease_seconds=10_000), await open_cluster(lease_seconds=10_000)
    await store.inbox.wait(0)
    await reached(lambda: is_listening(store, redis_cluster.ports))
    # It looks at an empty store, and would look again after twenty minutes.
    assert await store.inbox.claim("w", run_id="r", runs=0) is None
    await other.inbox.accept(talk.say("a"))
    async with asyncio.timeout(20):
        while (found := await store.inbox.claim("w", run_id="r", runs=0)) is None:
            await store.inbox.wait(60)
    assert found.lease.session_id == talk.session_id


async def is_listening(store, ports):
    """Tell whether some node has a subscriber; each gives the channel and how many it has."""
    channel = store._inbox._keys.wake_channel
    return any([(await on_node(port, "PUBSUB", "NUMSUB", channel))[1] for port in ports])
