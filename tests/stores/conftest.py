"""Stores under test: each test gets a place of its own that several stores may share."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pytest
import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

from threadkeep.chat.events import (
    Addressing,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    Place,
    PlaceKind,
    StopRequested,
)
from threadkeep.runs import Run
from threadkeep.sessions import MessageKey, SessionKey, UserKey
from threadkeep.stores.base import Claim, Store
from threadkeep.stores.redis import RedisStore
from threadkeep.stores.sqlite import SQLiteStore


@dataclass(frozen=True, slots=True)
class Talk:
    """Builds what is said in one channel of one workspace."""

    channel: str = "C1"
    workspace: str = "T1"
    platform: str = "slack"

    @property
    def session_id(self) -> str:
        return str(self._session)

    @property
    def _session(self) -> SessionKey:
        return SessionKey(platform=self.platform, workspace=self.workspace, channel=self.channel)

    def say(
        self, text: str, *, addressing: Addressing = Addressing.BOT, message: str | None = None, user: str = "U1"
    ) -> MessageReceived:
        """Build an event; its message id is its text unless another is given."""
        return MessageReceived(
            key=MessageKey(
                platform=self.platform, workspace=self.workspace, channel=self.channel, message=message or f"m-{text}"
            ),
            place=Place(session=self._session, kind=PlaceKind.CHANNEL),
            user=UserKey(platform=self.platform, workspace=self.workspace, user=user),
            speaker=user,
            text=text,
            addressing=addressing,
        )

    def edit(self, message: str, text: str, *, revision: str = "e1") -> MessageEdited:
        """Build the edit of a message, named by its first text."""
        user = UserKey(platform=self.platform, workspace=self.workspace, user="U1")
        return MessageEdited(
            key=self._revised(message, revision), place=self._place, user=user, speaker="U1", text=text
        )

    def delete(self, message: str) -> MessageDeleted:
        """Build the deletion of a message, named by its first text."""
        return MessageDeleted(key=self._revised(message, "deleted"), place=self._place)

    def stop(self, *, press: str = "p1", user: str = "U1") -> StopRequested:
        """Build the wish to stop."""
        asker = UserKey(platform=self.platform, workspace=self.workspace, user=user)
        return StopRequested(key=self._revised("reply", press), place=self._place, user=asker, speaker=user)

    def key(self, message: str) -> MessageKey:
        """Build the key of a message, named by its first text."""
        return self._revised(message, None)

    @property
    def _place(self) -> Place:
        return Place(session=self._session, kind=PlaceKind.CHANNEL)

    def _revised(self, message: str, revision: str | None) -> MessageKey:
        return MessageKey(
            platform=self.platform,
            workspace=self.workspace,
            channel=self.channel,
            message=f"m-{message}",
            revision=revision,
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
def reached() -> Callable[[Callable[[], Any]], Awaitable[None]]:
    """Waits for a state, given by a function that returns whether it is reached, or awaits that."""

    async def wait_until(state: Callable[[], Any]) -> None:
        async with asyncio.timeout(20):
            while True:
                found = state()
                if await found if asyncio.iscoroutine(found) else found:
                    return
                await asyncio.sleep(0.005)

    return wait_until


class ClaimOf(Protocol):
    """Claims from a store, and waits for it: a lapsed lease or a delay needs its time."""

    def __call__(self, store: Store, *, worker: str = "w1") -> Awaitable[Claim]: ...


@pytest.fixture
def claim() -> ClaimOf:
    numbers = count(1)

    async def wait_for_claim(store: Store, *, worker: str = "w1") -> Claim:
        async with asyncio.timeout(10):
            while (found := await store.inbox.claim(worker, run_id=f"run-{next(numbers)}", runs=10)) is None:
                await store.inbox.wait(0.02)
            return found

    return wait_for_claim


@pytest.fixture
def claim_nothing() -> Callable[[Store], Awaitable[bool]]:
    """Tells whether there is nothing to claim."""

    async def is_idle(store: Store) -> bool:
        return await store.inbox.claim("w1", run_id="none", runs=0) is None

    return is_idle


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


class PrivateRedis:
    """A server of one test's own, which may be stopped, killed and misconfigured."""

    def __init__(self, executable: Path, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._executable = executable
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *, fsync: str = "always") -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        self._process = await asyncio.create_subprocess_exec(
            self._executable, *options, "--appendonly", "yes", "--appendfsync", fsync, stdout=subprocess.DEVNULL
        )
        async with asyncio.timeout(15), self.client() as client:
            while True:
                try:
                    await client.ping()
                except redis.exceptions.ConnectionError:
                    await asyncio.sleep(0.01)
                else:
                    return

    async def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await process.wait()

    def client(self) -> redis.asyncio.Redis:
        return redis.asyncio.from_url(self.url, decode_responses=True, retry=Retry(NoBackoff(), 0))


@pytest.fixture
async def private_redis(redis_server, tmp_path: Path) -> AsyncIterator[PrivateRedis]:
    executable = redis_server.executable or shutil.which("redis-server")
    assert executable, "REDIS_URL is set, but these tests start a server of their own: install redis-server"
    server = PrivateRedis(Path(executable), tmp_path)
    await server.start()
    yield server
    await server.kill()


class RedisCluster:
    """Three nodes, each of which serves a third of the slots."""

    def __init__(self, executable: Path, folder: Path) -> None:
        self.ports = [_cluster_port() for _ in range(3)]
        self.url = "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in self.ports)
        self._nodes = [self._start(executable, folder, port) for port in self.ports]

    def _start(self, executable: Path, folder: Path, port: int) -> subprocess.Popen[bytes]:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
        cluster = [
            "--cluster-enabled",
            "yes",
            "--cluster-config-file",
            f"{port}.conf",
            "--cluster-node-timeout",
            "2000",
        ]
        return subprocess.Popen([executable, *options, *cluster], stdout=subprocess.DEVNULL)

    def join(self) -> None:
        """Make the three a cluster."""
        clients = [redis.Redis(port=port, retry=Retry(NoBackoff(), 0)) for port in self.ports]
        try:
            for index, client in enumerate(clients):
                _until(lambda client=client: client.ping())
                first, last = 16384 * index // 3, 16384 * (index + 1) // 3
                client.execute_command("CLUSTER", "ADDSLOTS", *range(first, last))
                client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", index + 1)
            for port in self.ports[1:]:
                clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", port)
            for client in clients:
                _until(lambda client=client: _is_joined(client))
        finally:
            for client in clients:
                client.close()

    def stop(self) -> None:
        for node in self._nodes:
            node.kill()
            node.wait()


def _is_joined(client: redis.Redis) -> bool:
    facts = client.execute_command("CLUSTER", "INFO")
    text = facts.decode() if isinstance(facts, bytes) else str(facts)
    return "cluster_state" in text and "ok" in text and "fail" not in text.split("cluster_state")[1][:10]


def _until(state: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            if state():
                return
        except redis.exceptions.ConnectionError:
            pass
        assert time.monotonic() < deadline, "the cluster does not come up"
        time.sleep(0.01)


def _cluster_port() -> int:
    """Give a free port with another one 10,000 above it, where the nodes talk to each other."""
    while True:
        with socket.socket() as probe, socket.socket() as bus:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            try:
                bus.bind(("127.0.0.1", port + 10_000))
            except (OSError, OverflowError):
                continue
            return port


@pytest.fixture(scope="session")
def make_cluster(redis_server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], RedisCluster]]:
    """Starts clusters."""
    executable = redis_server.executable or shutil.which("redis-server")
    assert executable, "REDIS_URL is set, but these tests start servers of their own: install redis-server"
    clusters: list[RedisCluster] = []

    def make() -> RedisCluster:
        clusters.append(RedisCluster(Path(executable), tmp_path_factory.mktemp("cluster")))
        clusters[-1].join()
        return clusters[-1]

    yield make
    for cluster in clusters:
        cluster.stop()


@pytest.fixture(scope="session")
def redis_cluster(make_cluster: Callable[[], RedisCluster]) -> RedisCluster:
    return make_cluster()


@pytest.fixture
async def open_cluster(redis_cluster) -> AsyncIterator[OpenStore]:
    """Nobody else uses this cluster: a prefix of each test's own is enough."""
    prefix = f"test-{uuid4().hex}"
    async with AsyncExitStack() as stack:

        async def open_store(**settings: Any) -> Store:
            return await stack.enter_async_context(RedisStore(redis_cluster.url, prefix=prefix, **settings))

        yield open_store


@pytest.fixture(params=["redis", "partitioned", "cluster", "sqlite", "memory"])
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    """The contract suite runs on every kind of store."""
    return request.getfixturevalue(f"open_{request.param}")
