"""What one run costs, at several lengths of its session."""

import asyncio
import statistics
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from contestants import ALL, Contestant, Running, running
from platforms import Platforms
from redis_server import CountingProxy, Traffic, set_fsync

SETTLE_SECONDS = 0.03
LONG_BATCH_SECONDS = 1.2
LONG_SESSION = 1_000
"""From this turn on one session serves all rounds: a few runs more change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured.

    Attributes:
        marks: The turns.
        rounds: How often each contestant has its turn.
        streamed: Streamed answers in a batch.
        whole: Other answers in a batch.
        chunk_delay: Seconds between two chunks of a streamed answer.
    """

    marks: tuple[int, ...]
    rounds: int
    streamed: int
    whole: int
    chunk_delay: float = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run cost: seconds of CPU, seconds until the answer was visible."""

    cpu: float
    wall: float


@dataclass(slots=True)
class Turns:
    """The results, by contestant, whether it streamed, and turn; batches in the order of the rounds."""

    costs: dict[tuple[str, bool, int], list[Cost]] = field(default_factory=lambda: defaultdict(list))
    traffic: dict[tuple[str, int], list[Traffic]] = field(default_factory=lambda: defaultdict(list))
    seeded: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    slack_calls: dict[tuple[str, bool], float] = field(default_factory=dict)


async def measure_turns(platforms: Platforms, redis_port: int, plan: Plan, errors: Path) -> Turns:
    """Run all contestants in turn, round after round."""
    turns = Turns()
    for is_streamed in (False, True):
        async with AsyncExitStack() as stack:
            field_ = [
                await stack.enter_async_context(
                    running(contestant, platforms, redis_port, errors, is_streamed=is_streamed)
                )
                for contestant in ALL
            ]
            tags = [f"{is_streamed:d}R{number}" for number in range(plan.rounds)]
            await _seed(field_, redis_port, plan, tags, turns)
            await _measure_mode(platforms, field_, plan, turns, is_streamed=is_streamed)
    platforms.chunk_delay = 0.0
    async with CountingProxy(redis_port) as proxy:
        for contestant in ALL:
            async with running(contestant, platforms, proxy.port, errors, is_streamed=False) as one:
                await _seed([one], redis_port, plan, ["COUNT"], turns)
                await _count(one, proxy, plan, turns)
    return turns


async def _seed(field_: list[Running], redis_port: int, plan: Plan, tags: list[str], turns: Turns) -> None:
    """Give the sessions their earlier runs; those of turn 1 are new ones for each question."""
    set_fsync(redis_port, is_on=False)
    for one in field_:
        seconds = 0.0
        for mark in plan.marks:
            for channel in {_channel(mark, tag) for tag in tags} - turns.seeded[one.contestant.key]:
                seconds += await one.seed(channel, mark - 1) if mark > 1 else 0.0
                turns.seeded[one.contestant.key].add(channel)
        print(f"  filled the sessions of {one.contestant.name} in {seconds:.1f} s", flush=True)
    set_fsync(redis_port, is_on=True)


def _channel(mark: int, tag: str, index: int = 0) -> str:
    """Name the session in which a turn is measured."""
    if mark == 1:
        return f"NEW{tag}X{index}"
    return f"M{mark}" if mark >= LONG_SESSION else f"M{mark}X{tag}"


async def _measure_mode(
    platforms: Platforms, field_: list[Running], plan: Plan, turns: Turns, *, is_streamed: bool
) -> None:
    platforms.chunk_delay = plan.chunk_delay if is_streamed else 0.0
    size = plan.streamed if is_streamed else plan.whole
    for one in field_:
        for number in range(5):
            await one.ask(f"WARM{is_streamed:d}{number}")
    platforms.calls.clear()
    asked: dict[str, int] = defaultdict(int)
    for number in range(plan.rounds):
        for index, mark in enumerate(plan.marks):
            # Each contestant is first and last equally often.
            shift = (number + index) % len(field_)
            for one in field_[shift:] + field_[:shift]:
                costs = turns.costs[one.contestant.key, is_streamed, mark]
                count = _batch_size(size, costs)
                asked[one.contestant.key] += count
                costs.append(await measure_batch(one, mark, count, tag=f"{is_streamed:d}R{number}"))
        print(f"  {'streamed' if is_streamed else 'in one piece'}: round {number + 1} of {plan.rounds}", flush=True)
    for one in field_:
        key = one.contestant.key
        made = sum(count for (name, _), count in platforms.calls.items() if name == key)
        turns.slack_calls[key, is_streamed] = made / asked[key]


def _batch_size(size: int, costs: list[Cost]) -> int:
    if not costs:
        return max(1, size // 2)
    return max(1, min(size, int(LONG_BATCH_SECONDS / statistics.median(cost.wall for cost in costs))))


async def measure_batch(one: Running, mark: int, count: int, *, tag: str) -> Cost:
    """Ask so often and give what a run cost."""
    walls = []
    before = await one.cpu()
    for index in range(count):
        walls.append(await one.ask(_channel(mark, tag, index)))
        # What is done after the answer is visible belongs to the run, and to no other.
        await asyncio.sleep(SETTLE_SECONDS)
    return Cost(cpu=(await one.cpu() - before) / count, wall=statistics.median(walls))


async def _count(one: Running, proxy: CountingProxy, plan: Plan, turns: Turns) -> None:
    for number in range(2):
        await one.ask(f"COUNTWARM{number}")
    for mark in plan.marks:
        for number in range(5):
            await asyncio.sleep(SETTLE_SECONDS)
            proxy.take()
            await one.ask(_channel(mark, "COUNT", number))
            await _quiet(proxy)
            turns.traffic[one.contestant.key, mark].append(proxy.take())


async def _quiet(proxy: CountingProxy) -> None:
    """Wait until nothing was sent for a moment."""
    deadline = time.perf_counter() + 1
    while time.perf_counter() < deadline:
        seen = proxy.traffic.sent
        await asyncio.sleep(SETTLE_SECONDS)
        if proxy.traffic.sent == seen:
            return


def contestants_of(turns: Turns) -> list[Contestant]:
    """Give the contestants that were measured, in the order of the tables."""
    measured = {key for key, _, _ in turns.costs}
    return [contestant for contestant in ALL if contestant.key in measured]
