"""How long it takes to start, and what an idle process holds."""

import asyncio
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from contestants import ALL, environ_for, memory_of
from platforms import Platforms

IDLE_SECONDS = 1.5


@dataclass(slots=True)
class Startup:
    """Seconds for ``--help``, seconds to a connected socket by contestant, MiB when idle by contestant."""

    help_seconds: list[float] = field(default_factory=list)
    python_seconds: list[float] = field(default_factory=list)
    connect_seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    memory: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


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
    for number in range(rounds + 1):
        for contestant in ALL:
            seconds, memory = await _start(contestant.key, platforms, redis_port, errors)
            if number:
                startup.connect_seconds[contestant.key].append(seconds)
                startup.memory[contestant.key].append(memory)
    return startup


async def _start(key: str, platforms: Platforms, redis_port: int, errors: Path) -> tuple[float, float]:
    contestant = next(one for one in ALL if one.key == key)
    platforms.forget(key)
    with errors.open("ab") as log:
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(Path(__file__).parent / "peers" / PROGRAMS[key])),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=log,
            env=environ_for(contestant, platforms, redis_port),
        )
        try:
            seconds = await platforms.connected(key) - began
            await asyncio.sleep(IDLE_SECONDS)
            memory = memory_of(process.pid)
        finally:
            process.kill()
            await process.wait()
    return seconds, memory


def _time(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began
