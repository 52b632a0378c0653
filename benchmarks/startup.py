"""How long it takes to start, and what an idle process holds."""

import asyncio
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from contestants import ALL, Contestant, connected, end, environ_for, memory_of
from platforms import Platforms

IDLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start: seconds until connected, MiB then, seconds of the first answer, MiB after it."""

    connect: float
    idle_memory: float
    first_answer: float
    used_memory: float


@dataclass(slots=True)
class Startup:
    """What starting costs.

    Attributes:
        help_seconds: Until ``threadkeep --help`` ended.
        python_seconds: Until an interpreter that does nothing ended.
        started: What each contestant needed, in the order of the rounds.
    """

    help_seconds: list[float] = field(default_factory=list)
    python_seconds: list[float] = field(default_factory=list)
    started: dict[str, list["Start"]] = field(default_factory=lambda: defaultdict(list))


PROGRAMS = {"bare": "thirty_line_bot.py", "ours": "ours.py", "agno": "agno_bot.py", "agents": "openai_agents_bot.py"}


async def measure_startup(platforms: Platforms, redis_port: int, *, rounds: int, errors: Path) -> Startup:
    """Start everything several times, in turn."""
    startup = Startup()
    command = Path(sys.executable).with_name("threadkeep")
    for _ in range(2 * rounds + 1):
        startup.python_seconds.append(_time([sys.executable, "-c", "pass"]))
        startup.help_seconds.append(_time([str(command), "--help"]))
    # The first of each warms the disk's cache.
    del startup.python_seconds[0], startup.help_seconds[0]
    for _ in range(rounds):
        for contestant in ALL:
            startup.started[contestant.key].append(await _start(contestant, platforms, redis_port, errors))
    return startup


async def _start(contestant: Contestant, platforms: Platforms, redis_port: int, errors: Path) -> Start:
    platforms.forget(contestant.key)
    errors = errors.with_name(f"{contestant.key}.log")
    with errors.open("ab") as log:
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(Path(__file__).parent / "peers" / PROGRAMS[contestant.key])),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=log,
            env=environ_for(contestant, platforms, redis_port),
        )
        try:
            connect = await connected(contestant, process, platforms, errors) - began
            await asyncio.sleep(IDLE_SECONDS)
            idle_memory = memory_of(process.pid)
            first_answer = await platforms.ask(contestant.key, f"D0{contestant.key}START".upper())
            await asyncio.sleep(IDLE_SECONDS)
            used_memory = memory_of(process.pid)
        finally:
            await end(process)
    return Start(connect=connect, idle_memory=idle_memory, first_answer=first_answer, used_memory=used_memory)


def _time(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began
