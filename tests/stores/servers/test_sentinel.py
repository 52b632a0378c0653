"""A Redis whose primary is told by Sentinels, real ones."""

import asyncio

import pytest

from threadkeep.chat.adapter import Acceptance
from threadkeep.errors import ConfigError, StoreConfigError, StoreUnavailableError
from threadkeep.stores.redis import RedisStore
from threadkeep.stores.redis.sentinel import SentinelAddress


def url_of(port):
    return f"redis+sentinel://127.0.0.1:{port}/mymaster"


async def test_store_asks_the_sentinels_that_answer(watching, private_redis, talk):
    async with watching() as first, watching() as second, private_redis.client() as client:
        url = f"redis+sentinel://127.0.0.1:1,127.0.0.1:{first},127.0.0.1:{second}/mymaster/3"
        async with RedisStore(url) as store:
            assert await store.inbox.accept(talk.say("a")) is Acceptance.ACCEPTED
            version = (await client.info())["redis_version"]
            assert store.description == f"Redis {version} at {url}"
        await client.select(3)
        assert await client.dbsize() > 0


async def test_server_and_sentinels_have_logins_of_their_own(watching, private_redis, talk):
    async with private_redis.client() as client:
        await client.execute_command("ACL", "SETUSER", "ann", "on", ">hunter2", "~*", "&*", "+@all")
        await client.config_set("requirepass", "hunter3")
    lines = ("requirepass hunter4", "sentinel auth-pass mymaster hunter3")
    async with watching(*lines) as port:
        url = f"redis+sentinel://ann:hunter2@127.0.0.1:{port}/mymaster?sentinel_password=hunter4"
        async with RedisStore(url) as store:
            assert await store.inbox.accept(talk.say("a")) is Acceptance.ACCEPTED
            assert store.description.endswith(f"at redis+sentinel://127.0.0.1:{port}/mymaster/0")


async def test_sentinel_that_knows_no_such_service_is_named(watching):
    async with watching() as port:
        with pytest.raises(StoreUnavailableError, match="the Sentinels know no primary of theirmaster"):
            async with RedisStore(f"redis+sentinel://127.0.0.1:{port}/theirmaster"):
                pass


async def test_sentinels_that_do_not_answer_are_named_without_secrets():
    url = "redis+sentinel://ann:hunter2@127.0.0.1:1/mymaster?sentinel_password=hunter3"
    place = r"redis\+sentinel://127\.0\.0\.1:1/mymaster/0"
    with pytest.raises(StoreUnavailableError, match=f"{place} cannot be reached.*none of the Sentinels") as caught:
        async with RedisStore(url):
            pass
    assert "hunter" not in str(caught.value)


async def test_sentinel_that_stands_still_leaves_the_others_their_time(watching, talk):
    async def take_and_be_silent(reader, writer):
        while await reader.read():
            pass
        writer.close()

    silent = await asyncio.start_server(take_and_be_silent, "127.0.0.1")
    async with silent, watching() as port:
        url = f"redis+sentinel://127.0.0.1:{silent.sockets[0].getsockname()[1]},127.0.0.1:{port}/mymaster"
        async with RedisStore(url, timeout=1.5) as store:
            assert await store.inbox.accept(talk.say("a")) is Acceptance.ACCEPTED


async def test_wrong_password_of_the_server_is_no_matter_of_waiting(watching, private_redis):
    async with private_redis.client() as client:
        await client.config_set("requirepass", "hunter3")
    async with watching() as port:
        with pytest.raises(StoreConfigError, match="user name or the password"):
            async with RedisStore(url_of(port)):
                pass


async def test_server_that_became_a_replica_is_left_at_the_first_refusal(private_redis, watching, talk):
    """Its connections stand, and lead nowhere: the next call asks the Sentinels anew."""
    async with watching() as port, private_redis.client() as client, RedisStore(url_of(port)) as store:
        assert await store.inbox.accept(talk.say("a")) is Acceptance.ACCEPTED
        await client.execute_command("REPLICAOF", "127.0.0.1", "1")
        before = (await client.info("stats"))["total_connections_received"]
        for text in ("b", "c"):
            with pytest.raises(StoreUnavailableError, match="takes no writes now"):
                await store.inbox.accept(talk.say(text))
        assert (await client.info("stats"))["total_connections_received"] > before
        await client.execute_command("REPLICAOF", "NO", "ONE")
        assert await store.inbox.accept(talk.say("b")) is Acceptance.ACCEPTED


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis+sentinel://a:1,b:2/mymaster", "redis+sentinel://a:1,b:2/mymaster/0"),
        ("redis+sentinel://a/mymaster/4", "redis+sentinel://a:26379/mymaster/4"),
        (
            "rediss+sentinel://u:p%40@a,b/mymaster/4?ssl_ca_certs=/ca.pem",
            "rediss+sentinel://a:26379,b:26379/mymaster/4",
        ),
        ("redis+sentinel://[::1]:1,[::2]/mymaster", "redis+sentinel://[::1]:1,[::2]:26379/mymaster/0"),
    ],
)
def test_url_is_read_and_shown_without_secrets(url, shown):
    assert SentinelAddress.is_meant_by(url)
    assert str(SentinelAddress(url)) == shown


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://hunter2@a:1",
        "redis+sentinel:///mymaster?x=hunter2",
        "http+sentinel://hunter2@a/mymaster",
        "redis+sentinel://a:port/mymaster?x=hunter2",
        "redis+sentinel://a/mymaster/x?x=hunter2",
    ],
)
def test_url_that_cannot_be_read_is_refused_without_quoting_it(url):
    with pytest.raises(ConfigError, match="must look like redis") as caught:
        RedisStore(url)
    assert "hunter2" not in str(caught.value)
