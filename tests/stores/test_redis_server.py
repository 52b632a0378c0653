"""Which servers and addresses the store on Redis takes, and what it says of the others."""

import asyncio

import pytest
from structlog.testing import capture_logs

from threadkeep.chat.adapter import Acceptance
from threadkeep.errors import ConfigError, StoreConfigError, StoreUnavailableError
from threadkeep.stores.redis import RedisStore


async def test_server_that_may_lose_messages_is_warned_of(private_redis):
    with capture_logs() as logs:
        async with RedisStore(private_redis.url):
            pass
        assert logs == []
        async with private_redis.client() as client:
            await client.config_set("appendfsync", "everysec")
            async with RedisStore(private_redis.url):
                pass
            await client.config_set("appendonly", "no")
            async with RedisStore(private_redis.url) as store:
                assert store.description == f"Redis {(await client.info())['redis_version']} at {private_redis.url}"
    assert [log["event"] for log in logs] == ["redis_may_lose_messages"] * 2
    assert "everysec" in logs[0]["because"]
    assert "appendonly is off" in logs[1]["because"]


async def test_user_without_config_may_use_the_store(private_redis, talk):
    async with private_redis.client() as client:
        await client.execute_command("ACL", "SETUSER", "bot", "on", ">hunter2", "~*", "&*", "+@all", "-config")
    url = private_redis.url.replace("redis://", "redis://bot:hunter2@")
    with capture_logs() as logs:
        async with RedisStore(url) as store:
            assert await store.inbox.accept(talk.say("a")) is Acceptance.ACCEPTED
            assert "hunter2" not in store.description
    assert logs == []


async def test_wrong_password_is_said_without_saying_it(private_redis):
    url = private_redis.url.replace("redis://", "redis://bot:hunter2@")
    with pytest.raises(StoreConfigError, match="user name or the password") as caught:
        async with RedisStore(url):
            pass
    assert "hunter2" not in str(caught.value)
    async with private_redis.client() as client:
        await client.config_set("requirepass", "secret")
    with pytest.raises(StoreConfigError, match="user name or the password"):
        async with RedisStore(private_redis.url):
            pass


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://ann:hunter2@127.0.0.1:1/3", "redis://127.0.0.1:1/3"),
        ("redis://127.0.0.1:1?password=hunter2", "redis://127.0.0.1:1/0"),
        ("unix:///nowhere/redis.sock?db=2&password=hunter2", r"unix:///nowhere/redis\.sock\?db=2"),
        ("redis://[::1]:1/0", r"redis://\[::1\]:1/0"),
    ],
)
async def test_unreachable_server_is_named_without_secrets(url, shown):
    with pytest.raises(StoreUnavailableError, match=f"Redis at {shown} cannot be reached.*start the server") as caught:
        async with RedisStore(url):
            pass
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["localhost:6379", "http://ann:hunter2@host", "redis://host:port", "redis://h?db=x"])
def test_url_that_cannot_be_read_is_refused_without_quoting_it(url):
    with pytest.raises(ConfigError, match="must look like redis://") as caught:
        RedisStore(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("options", [{"prefix": "a:b"}, {"prefix": "{a}"}, {"prefix": ""}, {"partitions": 0}])
def test_layout_that_could_mix_keys_is_refused(options):
    with pytest.raises(ConfigError):
        RedisStore(**options)


@pytest.mark.parametrize(
    ("hello", "version"),
    [
        (b"-ERR unknown command `HELLO`, with args beginning with: `3`\r\n", b""),
        (b"%1\r\n+proto\r\n:3\r\n", b"$19\r\nredis_version:6.0.1\r\n"),
    ],
)
async def test_server_that_is_too_old_is_refused(hello, version):
    answers = {b"HELLO": hello, b"CLIENT": b"+OK\r\n", b"INFO": version}

    ended = asyncio.Event()

    async def serve(reader, writer):
        while request := await reader.read(1000):
            writer.write(next(answer for command, answer in answers.items() if command in request))
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(StoreConfigError, match=r"6\.2"):
            async with RedisStore(f"redis://127.0.0.1:{port}"):
                pass
        await ended.wait()
