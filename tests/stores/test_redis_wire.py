"""The pipelined connection when the network misbehaves: cuts, silence, cancelled callers."""

import asyncio
from typing import Self

import pytest

from threadkeep.chat.adapter import Acceptance
from threadkeep.errors import StoreUnavailableError
from threadkeep.stores.redis import RedisStore


class Proxy:
    """Stands between a store and its server, and can cut the line after a request was passed on."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._writers: list[asyncio.StreamWriter] = []
        self.is_deaf = False
        """Whether answers of the server are swallowed and the line is cut instead."""
        self.connections = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1")
        self.url = f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/0"
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        upstream, up = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers += [writer, up]

        async def answers() -> None:
            while data := await upstream.read(65536):
                if self.is_deaf:
                    self.cut()
                    return
                writer.write(data)

        answering = asyncio.create_task(answers())
        try:
            while data := await reader.read(65536):
                up.write(data)
        except ConnectionError:
            pass
        up.close()
        await asyncio.gather(answering, return_exceptions=True)
        writer.close()


@pytest.fixture
async def proxy(private_redis):
    async with Proxy(private_redis.port) as proxy:
        yield proxy


async def test_accept_whose_answer_was_cut_off_is_stored_once(proxy, talk):
    async with RedisStore(proxy.url) as store:
        await store.inbox.accept(talk.say("before"))
        proxy.is_deaf = True
        with pytest.raises(StoreUnavailableError):
            await store.inbox.accept(talk.say("a"))
        proxy.is_deaf = False
        assert await store.inbox.accept(talk.say("a")) is Acceptance.DUPLICATE
        found = await store.inbox.claim("w", run_id="r", runs=0)
        assert [event.text for event in found.events] == ["before", "a"]


async def test_commit_whose_answer_was_cut_off_may_be_repeated(proxy, talk):
    async with RedisStore(proxy.url) as store:
        await store.inbox.accept(talk.say("a"))
        found = await store.inbox.claim("w", run_id="r", runs=0)
        proxy.is_deaf = True
        with pytest.raises(StoreUnavailableError):
            await store.inbox.commit(found.lease, talk.run("r"), consumed=1)
        proxy.is_deaf = False
        await store.inbox.commit(found.lease, talk.run("r"), consumed=1)
        assert (await store.history.load(talk.session_id, runs=5)).session.run_count == 1


async def test_cut_fails_all_waiting_calls_and_the_next_one_reconnects(proxy, talk):
    async with RedisStore(proxy.url) as store:
        await store.inbox.accept(talk.say("x"))
        proxy.is_deaf = True
        calls = [store.inbox.accept(talk.say(str(number))) for number in range(20)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {StoreUnavailableError}
        assert len({id(outcome) for outcome in outcomes}) == 20
        proxy.is_deaf = False
        # Said again in the same order, each is there once.
        for number in range(25):
            await store.inbox.accept(talk.say(str(number)))
        found = await store.inbox.claim("w", run_id="r", runs=0)
        assert [event.text for event in found.events] == ["x", *map(str, range(25))]
        assert proxy.connections == 2


async def test_idle_connection_that_was_cut_costs_no_call(proxy, talk, reached):
    async with RedisStore(proxy.url) as store:
        await store.inbox.accept(talk.say("x"))
        proxy.cut()
        connection = store._lines.here().wire._connection
        await reached(connection.can_read)
        assert await store.inbox.accept(talk.say("a")) is Acceptance.ACCEPTED
        assert proxy.connections == 2


async def test_cancelled_caller_does_not_disturb_the_others(proxy, talk):
    async with RedisStore(proxy.url) as store:
        calls = [asyncio.create_task(store.inbox.accept(talk.say(str(number)))) for number in range(10)]
        await asyncio.sleep(0)
        for call in calls[::2]:
            call.cancel()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert outcomes[1::2] == [Acceptance.ACCEPTED] * 5
        found = await store.inbox.claim("w", run_id="r", runs=0)
        assert [event.text for event in found.events] == [str(number) for number in range(10)]
        assert proxy.connections == 1


async def test_closing_fails_the_calls_that_wait(proxy, talk):
    store = RedisStore(proxy.url)
    async with store:
        call = asyncio.create_task(store.inbox.accept(talk.say("a")))
        await asyncio.sleep(0)
    with pytest.raises(StoreUnavailableError, match="was closed"):
        await call


async def test_text_that_cannot_be_sent_fails_its_caller_only(proxy, talk):
    async with RedisStore(proxy.url) as store:
        good, bad = await asyncio.gather(
            store.inbox.accept(talk.say("a")), store.memories.clear("\ud800"), return_exceptions=True
        )
        assert good is Acceptance.ACCEPTED
        assert isinstance(bad, UnicodeEncodeError)
