"""What a bot tells of its health, and to whom."""

import asyncio
import logging
import signal
import socket
import sqlite3
import subprocess
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest
import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

from threadkeep import Agent, Bot, RedisStore, SQLiteStore
from threadkeep.errors import ConfigError
from threadkeep.runtime.bot import Role
from threadkeep.runtime.health_server import HealthAddress
from threadkeep.runtime.serving import serve

SECONDS = 20
PASSWORD = "hunter2"


class OwnServer:
    """A redis-server of one test's own, with a password."""

    def __init__(self, executable, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"
        self._command = [executable, "--port", str(self.port), "--bind", "127.0.0.1", "--requirepass", PASSWORD]
        self._command += ["--save", "", "--dir", folder, "--appendonly", "yes", "--appendfsync", "always"]
        self.process = None

    def client(self):
        return redis.asyncio.from_url(self.url, retry=Retry(NoBackoff(), 0))

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(*self._command, stdout=subprocess.DEVNULL)
        async with asyncio.timeout(SECONDS), self.client() as client:
            while True:
                try:
                    await client.ping()
                except redis.exceptions.ConnectionError:
                    await asyncio.sleep(0.01)
                else:
                    return

    async def kill(self):
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            await self.process.wait()

    async def configure(self, name, value):
        async with self.client() as client:
            await client.config_set(name, value)


@pytest.fixture
async def server(redis_server, tmp_path):
    assert redis_server.executable, "REDIS_URL is set, but these tests start a server of their own"
    own = OwnServer(redis_server.executable, tmp_path)
    await own.start()
    yield own
    await own.kill()


@pytest.fixture
async def http():
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session:
        yield session


class Probe:
    """Whoever asks for the health of a bot."""

    def __init__(self, http, url):
        self._http = http
        self.url = url

    async def get(self, path, method="GET"):
        async with self._http.request(method, f"{self.url}{path}") as response:
            return response.status, await response.text()

    async def ready(self):
        async with self._http.get(f"{self.url}/ready") as response:
            return response.status, await response.json()

    async def until(self, status):
        """Ask until the bot is ready or is not, and give what it says."""
        async with asyncio.timeout(SECONDS):
            while True:
                found, report = await self.ready()
                if found == status:
                    assert report["ready"] is (status == 200)
                    return report
                await asyncio.sleep(0.02)


@pytest.fixture
def probed(http, platform, make_model, wait_for):
    """Serves a bot with its health around a block."""

    @asynccontextmanager
    async def run(store, **fields):
        model = make_model()
        bot = Bot(agent=Agent(model=model), adapters=[platform], store=store, grace_seconds=5, **fields)
        said = []
        task = asyncio.create_task(serve(bot, say=said.append, health="127.0.0.1:0"))
        try:
            await wait_for(lambda: any("Health" in line for line in said))
            probe = Probe(http, said[1].split()[1].removesuffix("/live"))
            probe.bot, probe.model, probe.said, probe.serving = bot, model, said, task
            yield probe
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return run


async def test_a_bot_that_works_is_live_and_ready(probed):
    before = datetime.now(UTC).isoformat(timespec="milliseconds")
    async with probed(SQLiteStore(":memory:"), max_concurrent_runs=7) as probe:
        report = await probe.until(200)
        assert await probe.get("/live") == (200, '{"live": true}')
    times = [report.pop("since"), *(report[part].pop("since") for part in ("store", "worker"))]
    times.append(report["platforms"]["test"].pop("since"))
    assert all(before <= since for since in times)
    assert report == {
        "ready": True,
        "phase": "running",
        "role": "all",
        "store": {"ok": True, "error": None},
        "platforms": {"test": {"ok": True, "error": None}},
        "worker": {"ok": True, "error": None, "sessions": 0, "max_sessions": 7},
    }


async def test_it_tells_how_many_sessions_are_at_work(probed, platform, wait_for):
    async with probed(SQLiteStore(":memory:")) as probe:
        await probe.until(200)
        probe.model.gate.clear()
        for channel in ("C1", "C2"):
            await platform.sink(platform.said("hello", channel=channel))
        await wait_for(lambda: probe.model.at_work == 2)
        assert (await probe.until(200))["worker"]["sessions"] == 2
        probe.model.gate.set()
        await wait_for(lambda: len(platform.finals) == 2)


async def test_a_redis_that_stands_still_makes_the_bot_unready_until_it_goes_on(probed, server, caplog):
    caplog.set_level(logging.INFO)
    async with probed(RedisStore(server.url, timeout=0.5)) as probe:
        well = await probe.until(200)
        server.process.send_signal(signal.SIGSTOP)
        ill = await probe.until(503)
        assert (await probe.get("/live"))[0] == 200
        server.process.send_signal(signal.SIGCONT)
        again = await probe.until(200)
    assert not ill["store"]["ok"]
    assert "no answer" in ill["store"]["error"]
    assert well["since"] < ill["since"] < again["since"]
    assert well["store"]["since"] < ill["store"]["since"] < again["store"]["since"]
    assert ill["platforms"]["test"]["ok"]
    told = [record for record in caplog.records if record.message in ("not_ready", "ready")]
    assert [record.message for record in told] == ["ready", "not_ready", "ready"]
    assert told[1].because == {"store": ill["store"]["error"]}


async def test_a_store_that_does_not_answer_in_time_counts_as_lost(probed, server):
    async with probed(RedisStore(server.url, timeout=10.0)) as probe:
        await probe.until(200)
        server.process.send_signal(signal.SIGSTOP)
        assert (await probe.until(503))["store"]["error"] == "no answer within 2 s"
        server.process.send_signal(signal.SIGCONT)
        await probe.until(200)


async def test_a_redis_that_died_is_named_without_its_password(probed, server):
    async with probed(RedisStore(server.url)) as probe:
        await probe.until(200)
        await server.kill()
        error = (await probe.until(503))["store"]["error"]
        assert f"redis://127.0.0.1:{server.port}/0 cannot be reached" in error
        assert PASSWORD not in error
        await server.start()
        await probe.until(200)


async def test_a_redis_that_takes_no_writes_makes_the_bot_unready(probed, server):
    async with probed(RedisStore(server.url)) as probe:
        await probe.until(200)
        await server.configure("maxmemory", "1")
        assert "takes no writes now" in (await probe.until(503))["store"]["error"]
        await server.configure("maxmemory", "0")
        await probe.until(200)


async def test_a_file_that_another_process_locks_makes_the_bot_unready(probed, tmp_path):
    path = tmp_path / "store.db"
    async with probed(SQLiteStore(path, timeout=0.5)) as probe:
        await probe.until(200)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        report = await probe.until(503)
        other.close()
        assert not report["store"]["ok"]
        await probe.until(200)


async def test_a_platform_whose_connection_is_lost_makes_the_bot_unready(probed, platform):
    platform.is_connected = True
    async with probed(SQLiteStore(":memory:")) as probe:
        await probe.until(200)
        platform.is_connected = False
        report = await probe.until(503)
        assert report["platforms"]["test"]["error"] == "the connection is lost"
        assert report["store"]["ok"]
        platform.is_connected = True
        await probe.until(200)


async def test_a_bot_that_still_connects_is_live_and_not_ready(probed, platform):
    may_start = asyncio.Event()
    start = platform.start

    async def start_late(*arguments):
        await may_start.wait()
        await start(*arguments)

    platform.start = start_late
    async with probed(SQLiteStore(":memory:")) as probe:
        report = await probe.until(503)
        assert report["phase"] == "starting"
        assert report["platforms"]["test"]["error"] == "not connected yet"
        assert (await probe.get("/live"))[0] == 200
        may_start.set()
        await probe.until(200)


async def test_a_bot_that_ends_its_runs_is_live_and_not_ready(probed, platform, wait_for):
    async with probed(SQLiteStore(":memory:")) as probe:
        await probe.until(200)
        probe.model.gate.clear()
        await platform.sink(platform.said("hello"))
        await wait_for(lambda: probe.model.at_work)
        platform.closed.set()
        report = await probe.until(503)
        assert report["phase"] == "stopping"
        assert report["worker"]["sessions"] == 1
        assert (await probe.get("/live"))[0] == 200
        probe.model.gate.set()
        async with asyncio.timeout(SECONDS):
            await probe.serving
    assert platform.finals == ["You said: hello"]


async def test_an_ingress_needs_no_worker(probed):
    async with probed(SQLiteStore(":memory:"), role=Role.INGRESS) as probe:
        report = await probe.until(200)
    assert report["worker"] is None
    assert report["role"] == "ingress"


async def test_nothing_else_is_served(probed):
    async with probed(SQLiteStore(":memory:")) as probe:
        await probe.until(200)
        assert (await probe.get("/"))[0] == 404
        assert (await probe.get("/ready", method="POST"))[0] == 405


async def test_the_port_is_closed_with_the_bot(probed, platform):
    async with probed(SQLiteStore(":memory:")) as probe:
        await probe.until(200)
        platform.closed.set()
        async with asyncio.timeout(SECONDS):
            await probe.serving
        with pytest.raises(aiohttp.ClientConnectionError):
            await probe.get("/live")


async def test_without_an_address_nothing_is_served(make_model, platform, wait_for):
    said = []
    bot = Bot(agent=Agent(model=make_model()), adapters=[platform], store=SQLiteStore(":memory:"))
    task = asyncio.create_task(serve(bot, say=said.append))
    await wait_for(lambda: "Ready." in said)
    platform.closed.set()
    await task
    assert not any("Health" in line for line in said)


async def test_an_address_that_is_taken_is_an_error_before_anything_is_connected(make_model, platform):
    bot = Bot(agent=Agent(model=make_model()), adapters=[platform], store=SQLiteStore(":memory:"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot serve health on 127.0.0.1:{port}"):
            await serve(bot, say=lambda _: None, health=str(port))
    assert platform.sink is None


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("8080", "127.0.0.1", 8080),
        (":8080", "127.0.0.1", 8080),
        ("0.0.0.0:80", "0.0.0.0", 80),
        ("[::1]:8080", "::1", 8080),
        ("localhost:0", "localhost", 0),
    ],
)
def test_an_address_is_of_this_machine_unless_another_is_given(text, host, port):
    assert HealthAddress.parse(text) == HealthAddress(host=host, port=port)


@pytest.mark.parametrize("text", ["", "host", "host:port", "1:2:3", "host:99999", "http://host:80", "host:80/path"])
def test_an_address_that_cannot_be_read_is_refused(text):
    with pytest.raises(ConfigError, match="must look like"):
        HealthAddress.parse(text)
