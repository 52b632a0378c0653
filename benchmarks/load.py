"""How much one process does when many sessions ask at once."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from contestants import BARE, OURS, Running, running
from platforms import Platforms

FIRST_DELAY = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a process did: answers a second, CPU seconds an answer, and the answer times."""

    rate: float
    cpu: float
    median: float
    slowest: float


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
    async with (
        running(BARE, platforms, redis_port, errors) as bare,
        running(OURS, platforms, redis_port, errors) as ours,
    ):
        platforms.first_delay = FIRST_DELAY
        for is_streamed in (False, True):
            platforms.chunk_delay = 0.002 if is_streamed else 0.0
            questions = per_session[is_streamed]
            for one in (bare, ours):
                await one.set_streaming(is_streaming=is_streamed)
                await _wave(one, sessions=10, questions=2, name=f"W{is_streamed:d}")
            for number in range(rounds):
                for one in (bare, ours) if number % 2 else (ours, bare):
                    load = await _wave(one, sessions=sessions, questions=questions, name=f"L{is_streamed:d}")
                    loads.setdefault((one.contestant.key, is_streamed), []).append(load)
            print(f"  {'streamed' if is_streamed else 'whole'} answers done", flush=True)
        platforms.first_delay = platforms.chunk_delay = 0.0
    return loads


async def _wave(one: Running, *, sessions: int, questions: int, name: str) -> Load:
    walls: list[float] = []

    async def talk(number: int) -> None:
        for _ in range(questions):
            walls.append(await one.ask(f"{name}X{number}"))  # noqa: PERF401 - asked one after the other

    before, began = await one.cpu(), time.perf_counter()
    await asyncio.gather(*(talk(number) for number in range(sessions)))
    seconds = time.perf_counter() - began
    await asyncio.sleep(0.3)
    cpu = await one.cpu() - before
    walls.sort()
    return Load(rate=len(walls) / seconds, cpu=cpu / len(walls), median=walls[len(walls) // 2], slowest=walls[-1])
