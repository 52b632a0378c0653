"""A redis-server of its own that is paused, killed and started again."""

import signal
import socket
import subprocess
from pathlib import Path
from typing import Self

import redis.asyncio
from siege.waiting import until_told


class OwnRedis:
    """A server on a port that stays the same.

    Args:
        executable: The program.
        folder: For its files, which survive it.
        fsync: Its ``appendfsync``.
        of: The server of which it is a replica; None for a primary.
    """

    def __init__(self, executable: Path, folder: Path, *, fsync: str = "always", of: "OwnRedis | None" = None) -> None:
        self._command = [executable, "--bind", "127.0.0.1", "--save", "", "--dir", folder, "--appendonly", "yes"]
        self._command += ["--appendfsync", fsync]
        if of is not None:
            self._command += ["--replicaof", f"127.0.0.1 {of.port}"]
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
        self._spawn()
        await until_told(self._is_there, seconds=15)

    def _spawn(self) -> None:
        command = [*self._command, "--port", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    async def _is_there(self) -> bool:
        try:
            async with redis.asyncio.from_url(self.url) as client:
                await client.ping()
        except redis.exceptions.RedisError:
            return False
        return True

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
