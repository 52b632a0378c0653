"""Starts processes that may be killed, and hears what becomes of them."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

_PROGRAMS = Path(__file__).parents[1]
# What a developer's own shell has set must not reach the bots.
_FOREIGN = ("SLACK", "DISCORD", "OPENAI", "REDIS", "THREADKEEP", "COV")
_SECONDS = 30.0


@dataclass(eq=False)
class BotProcess:
    """A process that was started.

    Attributes:
        log: Where it logs to.
        status: How it ended; negative for the signal that ended it.
    """

    log: Path
    pid: int = 0
    status: int | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def was_killed(self) -> bool:
        return self.status == -signal.SIGKILL

    async def wait_ready(self) -> bool:
        """Wait until it answers, or has ended before; tell which."""
        await wait_first(self.ready, self.ended, seconds=_SECONDS)
        return not self.ended.is_set()

    async def stop(self) -> None:
        """End it as an operator does."""
        self.send(signal.SIGTERM)
        async with asyncio.timeout(_SECONDS):
            await self.ended.wait()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        if not self.ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Starter:
    """A program that starts processes. Use it as an async context manager; what still runs at the end is killed.

    Args:
        program: Its file's name, beside the tests.
    """

    def __init__(self, program: str) -> None:
        self._path = _PROGRAMS / program
        self._bots: dict[int, BotProcess] = {}
        self._program: asyncio.subprocess.Process | None = None
        self._hearing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        self._program = await asyncio.create_subprocess_exec(
            sys.executable, self._path, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=clean
        )
        self._bots[0] = BotProcess(log=Path(os.devnull))
        self._hearing = asyncio.create_task(self._hear())
        assert await self._bots[0].wait_ready(), "the program that starts bots ended at once"
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._program is not None
        assert self._program.stdin is not None
        assert self._hearing is not None
        self._program.stdin.close()
        await self._program.wait()
        await self._hearing

    async def start(self, *, log: Path, **order: Any) -> BotProcess:
        """Start a process; the program says what its order holds."""
        assert self._program is not None
        assert self._program.stdin is not None
        number = len(self._bots)
        bot = self._bots[number] = BotProcess(log=log)
        self._program.stdin.write(json.dumps({"number": number, "log": str(log), **order}).encode() + b"\n")
        await self._program.stdin.drain()
        return bot

    async def _hear(self) -> None:
        assert self._program is not None
        assert self._program.stdout is not None
        async for line in self._program.stdout:
            number, event, *rest = line.decode().split()
            bot = self._bots[int(number)]
            if event == "started":
                bot.pid = int(rest[0])
            elif event == "ready":
                bot.ready.set()
            else:
                bot.status = int(rest[0])
                bot.ended.set()
        self._bots[0].ended.set()


def order_of_store(redis: str | None, *, prefix: str, folder: Path, **settings: float) -> dict[str, Any]:
    """Give the part of an order that says which store a bot has.

    Args:
        redis: The URL of the server; None for a file in the folder.
        prefix: The prefix of its keys.
        folder: For the file.
        settings: What the store is told besides.
    """
    return {"redis": redis, "prefix": prefix, "sqlite": str(folder / "store.db"), "store": settings}


async def wait_first(*events: asyncio.Event, seconds: float) -> None:
    """Wait until one of the events is set.

    Raises:
        TimeoutError: None is in time.
    """
    tasks = [asyncio.create_task(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise TimeoutError
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
