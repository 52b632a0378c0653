"""A redis-server of its own that is paused, killed and started again."""

import asyncio
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import redis.asyncio


class OwnRedis:
    """A server on a port that stays the same.

    Args:
        executable: The program.
        folder: For its files, which survive it.
        fsync: Its ``appendfsync``.
    """

    def __init__(self, executable: Path, folder: Path, *, fsync: str = "always") -> None:
        self._command = [executable, "--bind", "127.0.0.1", "--save", "", "--dir", folder, "--appendonly", "yes"]
        self._command += ["--appendfsync", fsync]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
        self.kill()

    async def start(self) -> None:
        """Start it, with what it had written."""
        command = [*self._command, "--port", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 15
        while True:
            try:
                async with redis.asyncio.from_url(self.url) as client:
                    await client.ping()
                return
            except redis.exceptions.ConnectionError:
                assert time.monotonic() < deadline, "redis-server does not start"
                await asyncio.sleep(0.02)

    def kill(self) -> None:
        """Kill it at once."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Let it stand still."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def configure(self, name: str, value: str) -> None:
        """Change a setting."""
        async with redis.asyncio.from_url(self.url) as client:
            await client.config_set(name, value)
