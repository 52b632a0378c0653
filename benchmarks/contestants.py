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

    async def seed(self, channel: str, runs: int) -> float:
        """Give a session so many finished runs, and give the seconds which that took."""
        began = time.perf_counter()
        await self._command({"channel": self.channel(channel), "runs": runs}, limit=240)
        return time.perf_counter() - began

    async def ask(self, channel: str, *, limit: float = 60.0) -> float:
        """Ask in a session and give the seconds until the answer was visible."""
        return await self._platforms.ask(self.contestant.key, self.channel(channel), limit=limit)

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


def last_words(errors: Path) -> str:
    """Give the end of what a contestant wrote to its standard error."""
    return errors.read_text()[-3000:]


def environ_for(
    contestant: Contestant, platforms: Platforms, redis_port: int, *, is_streamed: bool = True
) -> dict[str, str]:
    """Give a contestant's environment: nothing in it tells of other servers, and nothing is reported home."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONUTF8": "1",
        "REDIS_URL": f"redis://127.0.0.1:{redis_port}/{contestant.database}",
        "STREAM": f"{is_streamed:d}",
        **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
        "AGNO_TELEMETRY": "false",
        "OPENAI_AGENTS_DISABLE_TRACING": "1",
        **platforms.environ(contestant.key),
    }


@asynccontextmanager
async def running(
    contestant: Contestant, platforms: Platforms, redis_port: int, errors: Path, *, is_streamed: bool
) -> AsyncIterator[Running]:
    """Start a contestant, and end it by closing its pipe."""
    errors = errors.with_name(f"{contestant.key}.log")
    with errors.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(PEERS / contestant.script)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env=environ_for(contestant, platforms, redis_port, is_streamed=is_streamed),
        )
        try:
            await connected(contestant, process, platforms, errors)
            one = Running(contestant, process, platforms)
            # It answers when it is ready for commands.
            await one.cpu()
            yield one
        except TimeoutError:
            print(f"{contestant.name} did not answer in time:\n{last_words(errors)}", file=sys.stderr)
            raise
        finally:
            await end(process)


async def connected(
    contestant: Contestant, process: asyncio.subprocess.Process, platforms: Platforms, errors: Path
) -> float:
    """Wait until a new process is connected to Slack and give that moment; end the program if it never is."""
    connecting = asyncio.create_task(platforms.connected(contestant.key))
    ending = asyncio.create_task(process.wait())
    await asyncio.wait((connecting, ending), return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if not connecting.done():
        connecting.cancel()
        raise SystemExit(f"{contestant.name} ended before it was connected:\n{last_words(errors)}")
    platforms.forget(contestant.key)
    return await connecting


async def end(process: asyncio.subprocess.Process) -> None:
    """End a process, by closing its pipe or else at once."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), 3)
    except TimeoutError:
        process.kill()
        await process.wait()
