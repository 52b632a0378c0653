"""A primary with a replica, and a Sentinel that lets the replica take over."""

import asyncio
import socket
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import redis.asyncio
from siege.redis_server import OwnRedis
from siege.waiting import until_told

_SERVICE = "mymaster"
_SECONDS = 30.0
_SENTINEL = """\
port {port}
bind 127.0.0.1
dir {folder}
sentinel monitor {service} 127.0.0.1 {primary} 1
sentinel down-after-milliseconds {service} 500
sentinel failover-timeout {service} 3000
"""


class ReplicatedRedis:
    """A primary and its replica. Use it as an async context manager.

    Args:
        executable: The redis-server.
        folder: For files.
    """

    def __init__(self, executable: Path, folder: Path) -> None:
        self._executable = executable
        self._folder = folder
        self._stack = AsyncExitStack()
        (folder / "primary").mkdir()
        (folder / "replica").mkdir()
        self.primary = OwnRedis(executable, folder / "primary")
        self.replica = OwnRedis(executable, folder / "replica", of=self.primary)

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.primary)
        await self._stack.enter_async_context(self.replica)
        await self.until_replicated()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._stack.__aexit__(*exc_info)

    async def until_replicated(self) -> None:
        """Wait until the replica has all that the primary has."""

        async def is_level() -> bool:
            facts = await _ask(self.primary.port, "INFO", "replication")
            return facts.get("slave0", {}).get("offset") == facts["master_repl_offset"]

        await until_told(is_level, seconds=_SECONDS)

    async def promote_by_hand(self) -> None:
        """Let the replica be a primary, as an operator does after the death of the primary."""
        await _ask(self.replica.port, "REPLICAOF", "NO", "ONE")

    async def change_places(self) -> None:
        """Let the two change places without a loss, as an operator does before maintenance."""
        await _ask(self.primary.port, "FAILOVER")

        async def has_changed() -> bool:
            return (await _ask(self.replica.port, "ROLE"))[0] == b"master"

        await until_told(has_changed, seconds=_SECONDS)


class WatchedRedis(ReplicatedRedis):
    """The same, watched by a Sentinel."""

    def __init__(self, executable: Path, folder: Path) -> None:
        super().__init__(executable, folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._sentinel: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL that names the Sentinel, behind another one that is not there."""
        return f"redis+sentinel://127.0.0.1:1,127.0.0.1:{self.port}/{_SERVICE}/0"

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        # A Sentinel writes into its own configuration.
        file = self._folder / "sentinel.conf"
        text = _SENTINEL.format(port=self.port, folder=self._folder, service=_SERVICE, primary=self.primary.port)
        await asyncio.to_thread(file.write_text, text)
        self._spawn_sentinel(file)
        await until_told(self._knows_replica, seconds=_SECONDS)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._sentinel is not None:
            self._sentinel.kill()
            self._sentinel.wait()
        await super().__aexit__(*exc_info)

    def _spawn_sentinel(self, file: Path) -> None:
        self._sentinel = subprocess.Popen([self._executable, file, "--sentinel"], stdout=subprocess.DEVNULL)

    async def _knows_replica(self) -> bool:
        try:
            return len(await _ask(self.port, "SENTINEL", "REPLICAS", _SERVICE)) == 1
        except redis.exceptions.ConnectionError:
            return False


async def _ask(port: int, *words: str) -> Any:
    """Call a server; a Sentinel's lists are given as they come."""
    async with redis.asyncio.Redis(port=port) as client:
        return await client.execute_command(*words)
