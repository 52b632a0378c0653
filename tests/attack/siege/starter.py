"""Starts bots in processes of their own and hears what becomes of them."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

PROGRAM = Path(__file__).parents[1] / "bot_program.py"
_SECONDS = 30.0


@dataclass(eq=False)
class BotProcess:
    """A bot that was started.

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
    """The program that starts bots. Use it as an async context manager; what still runs at the end is killed."""

    def __init__(self) -> None:
        self._bots: dict[int, BotProcess] = {}
        self._program: asyncio.subprocess.Process | None = None
        self._hearing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK", "DISCORD", "OPENAI", "REDIS", "COV"))}
        self._program = await asyncio.create_subprocess_exec(
            sys.executable, PROGRAM, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=clean
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
        """Start a bot; see ``bot_program`` for what an order says."""
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
