"""Stores under test: each test gets a place of its own that several stores may share."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pytest
import redis.asyncio

from threadkeep.chat.events import Addressing, MessageReceived, Place, PlaceKind
from threadkeep.runs import Run
from threadkeep.sessions import MessageKey, SessionKey, UserKey
from threadkeep.stores.base import Store
from threadkeep.stores.redis import RedisStore
from threadkeep.stores.sqlite import SQLiteStore


@dataclass(frozen=True, slots=True)
class Talk:
    """Builds what is said in one channel of one workspace."""

    channel: str = "C1"
    workspace: str = "T1"

    @property
    def session_id(self) -> str:
        return str(self._session)

    @property
    def _session(self) -> SessionKey:
        return SessionKey(platform="slack", workspace=self.workspace, channel=self.channel)

    def say(
        self, text: str, *, addressing: Addressing = Addressing.BOT, message: str | None = None, user: str = "U1"
    ) -> MessageReceived:
        """Build an event; its message id is its text unless another is given."""
        return MessageReceived(
            key=MessageKey(
                platform="slack", workspace=self.workspace, channel=self.channel, message=message or f"m-{text}"
            ),
            place=Place(session=self._session, kind=PlaceKind.CHANNEL),
            user=UserKey(platform="slack", workspace=self.workspace, user=user),
            speaker=user,
            text=text,
            addressing=addressing,
        )

    def run(self, run_id: str, **fields: Any) -> Run:
        """Build a finished run."""
        return Run(run_id=run_id, session_id=self.session_id, **fields)


class OpenStore(Protocol):
    """Opens a store at the test's place; all of them see the same data."""

    def __call__(self, **settings: Any) -> Awaitable[Store]: ...


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def other_talk() -> Talk:
    return Talk(channel="C2")


@pytest.fixture
def make_talk() -> Callable[..., Talk]:
    return Talk


@pytest.fixture
async def prefix(redis_server) -> AsyncIterator[str]:
    """A key prefix of this test, whose keys are deleted after it."""
    name = f"test-{uuid4().hex}"
    yield name
    async with redis.asyncio.from_url(redis_server.url) as client:
        async for key in client.scan_iter(match=f"{name}:*", count=1000):
            await client.delete(key)


@pytest.fixture
async def open_redis(redis_server, prefix) -> AsyncIterator[OpenStore]:
    async with AsyncExitStack() as stack:

        async def open_store(**settings: Any) -> Store:
            store = RedisStore(redis_server.url, prefix=prefix, **settings)
            return await stack.enter_async_context(store)

        yield open_store


@pytest.fixture
async def open_partitioned(redis_server, prefix) -> AsyncIterator[OpenStore]:
    async with AsyncExitStack() as stack:

        async def open_store(**settings: Any) -> Store:
            store = RedisStore(redis_server.url, prefix=prefix, partitions=4, **settings)
            return await stack.enter_async_context(store)

        yield open_store


@pytest.fixture
async def open_sqlite(tmp_path: Path) -> AsyncIterator[OpenStore]:
    async with AsyncExitStack() as stack:

        async def open_store(**settings: Any) -> Store:
            return await stack.enter_async_context(SQLiteStore(tmp_path / "store.db", **settings))

        yield open_store


@pytest.fixture
async def open_memory() -> AsyncIterator[OpenStore]:
    """Memory is of one store only: who opens another gets the same."""
    async with AsyncExitStack() as stack:
        opened: list[Store] = []

        async def open_store(**settings: Any) -> Store:
            if not opened:
                opened.append(await stack.enter_async_context(SQLiteStore(":memory:", **settings)))
            return opened[0]

        yield open_store


@pytest.fixture(params=["redis", "partitioned", "sqlite", "memory"])
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    """The contract suite runs on every kind of store."""
    return request.getfixturevalue(f"open_{request.param}")
