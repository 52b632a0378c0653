"""How much one process does when many sessions ask at once."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from contestants import BARE, OURS, Running, running
from platforms import Platforms

FIRST_DELAY = 0.05
PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a process did.

    Attributes:
        rate: Answers a second.
        cpu: CPU seconds an answer.
        median: Seconds until an answer was visible.
        slowest: The same of the slowest answer.
        lost: The share of the questions that were never answered.
        memory: The process's resident memory then, in MiB.
    """

    rate: float
    cpu: float
    median: float
    slowest: float
    lost: float
    memory: float


Loads = dict[tuple[str, bool], list[Load]]


async def measure_load(
    platforms: Platforms, redis_port: int, *, sessions: int, rounds: int, per_session: tuple[int, int], errors: Path
) -> Loads:
    """Let many sessions ask at once, each its next question as soon as it is answered.

    Args:
        platforms: The servers.
        redis_port: Where Redis is.
        sessions: How many ask at once.
        rounds: How often each contestant has its turn.
        per_session: Questions of each session, where answers come whole and where they are streamed.
        errors: Where contestants' errors go.
    """
    loads: Loads = {}
    platforms.first_delay = FIRST_DELAY
    for is_streamed in (False, True):
        platforms.chunk_delay = 0.002 if is_streamed else 0.0
        async with (
            running(BARE, platforms, redis_port, errors, is_streamed=is_streamed) as bare,
            running(OURS, platforms, redis_port, errors, is_streamed=is_streamed) as ours,
        ):
            for one in (bare, ours):
                await _wave(one, sessions=10, questions=2)
            for number in range(rounds):
                for one in (bare, ours) if number % 2 else (ours, bare):
                    load = await _wave(one, sessions=sessions, questions=per_session[is_streamed])
                    loads.setdefault((one.contestant.key, is_streamed), []).append(load)
                print(f"  {'streamed' if is_streamed else 'in one piece'}: round {number + 1} of {rounds}", flush=True)
    platforms.first_delay = platforms.chunk_delay = 0.0
    return loads


async def _wave(one: Running, *, sessions: int, questions: int) -> Load:
    walls: list[float] = []
    lost = 0
    ended = began = time.perf_counter()

    async def talk(number: int) -> None:
        nonlocal lost, ended
        for _ in range(questions):
            try:
                walls.append(await one.ask(f"L{number}", limit=PATIENCE_SECONDS))
                ended = time.perf_counter()
            except TimeoutError:
                lost += 1
                return

    before = await one.cpu()
    await asyncio.gather(*(talk(number) for number in range(sessions)))
    await asyncio.sleep(0.3)
    cpu = await one.cpu() - before
    walls.sort()
    count = len(walls)
    return Load(
        rate=count / (ended - began),
        cpu=cpu / count,
        median=walls[count // 2],
        slowest=walls[-1],
        lost=lost / (lost + count),
        memory=one.memory(),
    )
