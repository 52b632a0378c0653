"""The programs that are measured, each in a process of its own."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from platforms import Platforms

PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A program to measure.

    Attributes:
        name: Its name in tables.
        key: Its name in tokens and channels.
        script: Its file among the peers.
        database: Its Redis database.
    """

    name: str
    key: str
    script: str
    database: int


BARE = Contestant(name="thirty-line bot", key="bare", script="bare.py", database=0)
OURS = Contestant(name="threadkeep", key="ours", script="ours.py", database=1)
AGNO = Contestant(name="Agno", key="agno", script="agno_bot.py", database=2)
AGENTS = Contestant(name="openai-agents", key="agents", script="openai_agents_bot.py", database=3)
ALL = (BARE, OURS, AGNO, AGENTS)


class Running:
    """A contestant's process."""

    def __init__(self, contestant: Contestant, process: asyncio.subprocess.Process, platforms: Platforms) -> None:
        self.contestant = contestant
        self.process = process
        self._platforms = platforms

    async def cpu(self) -> float:
        """Give the CPU seconds that the process has used."""
        return await self._command({})

    async def set_streaming(self, *, is_streaming: bool) -> None:
        """Choose how the model is asked from now on."""
        await self._command({"streaming": is_streaming})

    async def seed(self, channel: str, runs: int) -> float:
        """Give a session so many finished runs, and give the seconds which that took."""
        began = time.perf_counter()
        await self._command({"seed": self.channel(channel), "runs": runs}, limit=240)
        return time.perf_counter() - began

    async def ask(self, channel: str) -> float:
        """Ask in a session and give the seconds until the answer was visible."""
        return await self._platforms.ask(self.contestant.key, self.channel(channel))

    def channel(self, name: str) -> str:
        """Give the channel of a session: each contestant has its own."""
        return f"D0{self.contestant.key}{name}".upper()

    def memory(self) -> float:
        """Give the resident memory in MiB."""
        return memory_of(self.process.pid)

    async def _command(self, command: dict[str, object], *, limit: float = 60) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        line = await asyncio.wait_for(self.process.stdout.readline(), limit)
        if not line:
            raise SystemExit(f"{self.contestant.name} ended; see its errors above")
        return float(json.loads(line)["cpu"])


def memory_of(pid: int) -> float:
    """Give a process's resident memory in MiB."""
    answer = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(answer.stdout) / 1024


def environ_for(contestant: Contestant, platforms: Platforms, redis_port: int) -> dict[str, str]:
    """Give a contestant's environment: nothing in it tells of other servers, and nothing is reported home."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONUTF8": "1",
        "REDIS_URL": f"redis://127.0.0.1:{redis_port}/{contestant.database}",
        "LOG_LEVEL": "info",
        "AGNO_TELEMETRY": "false",
        "OPENAI_AGENTS_DISABLE_TRACING": "1",
        **platforms.environ(contestant.key),
    }


@asynccontextmanager
async def running(
    contestant: Contestant, platforms: Platforms, redis_port: int, errors: Path
) -> AsyncIterator[Running]:
    """Start a contestant, and end it by closing its pipe."""
    with errors.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(PEERS / contestant.script)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env=environ_for(contestant, platforms, redis_port),
        )
        try:
            yield await _connected(contestant, process, platforms)
        except Exception:
            print(errors.read_text()[-3000:], file=sys.stderr)
            raise
        finally:
            await _end(process)


async def _connected(contestant: Contestant, process: asyncio.subprocess.Process, platforms: Platforms) -> Running:
    connecting = asyncio.create_task(platforms.connected(contestant.key))
    ending = asyncio.create_task(process.wait())
    await asyncio.wait((connecting, ending), return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if not connecting.done():
        connecting.cancel()
        raise RuntimeError(f"{contestant.name} did not start")
    started = Running(contestant, process, platforms)
    await started.cpu()
    platforms.forget(contestant.key)
    return started


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), 5)
    except TimeoutError:
        process.kill()
        await process.wait()
