"""Measure what the agent itself costs, and that a run at turn 10,000 costs what one at turn 10 does.

Writes AGENT.md beside this file, or prints with --quick.
"""

import argparse
import asyncio
import logging
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import count
from pathlib import Path

import structlog

from agent_town import EVERY, QUESTION, SHOWN, InstantModel, Town, agent_with, seed, session, sum_up, working
from redis_server import CountingProxy, redis_executable, running_redis, set_fsync
from report import table
from threadkeep import Agent, Message, RedisStore, Role, RunRequest, RunStatus, SQLiteStore, Summary
from threadkeep.stores.base import Store

RESULTS = Path(__file__).parent / "AGENT.md"
EARLY, LATE = 10, 10_000
BATCH = 4
BATCHES = 5
WEIGHED_BATCHES = 150
QUIET_SECONDS = 0.1
MOST_OVERHEAD, MOST_GROWTH = 0.5, 1.1


@dataclass(slots=True)
class Growth:
    """What runs cost in one store, by turn.

    Attributes:
        cpu: Seconds of CPU of a run, round by round.
        tokens: Estimated tokens that the model was shown, run by run.
        sent: Bytes written to the store for a run.
        received: Bytes read from it.
    """

    cpu: dict[int, list[float]] = field(default_factory=lambda: {EARLY: [], LATE: []})
    tokens: dict[int, list[int]] = field(default_factory=lambda: {EARLY: [], LATE: []})
    sent: dict[int, float] = field(default_factory=lambda: {EARLY: 0.0, LATE: 0.0})
    received: dict[int, float] = field(default_factory=lambda: {EARLY: 0.0, LATE: 0.0})


async def overhead(agent: Agent, runs: int) -> float:
    """Give the CPU milliseconds of a run, from its request to its record, with no store and no network."""
    transcript = await agent.store.history.load("s", runs=agent.most_runs)
    question = (Message(role=Role.USER, content=QUESTION),)

    async def once() -> None:
        run = agent.begin(RunRequest(run_id="r", session_id="s", user_id="ann", messages=question), transcript)
        async for _ in run.stream():
            pass
        run.close(RunStatus.COMPLETED)

    for _ in range(runs // 5):
        await once()
    spent = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(runs // 5):
            await once()
        spent.append((time.process_time() - began) / (runs // 5) * 1000)
    return statistics.median(spent)


async def overheads(runs: int) -> list[tuple[str, float]]:
    """Measure several agents."""
    settings = {"add_history_to_messages": True, "instructions": "You help the visitors of a library."}
    long = {**settings, "num_history_runs": 20, "max_history_tokens": 8_000, "summary": Summary()}
    agents = {
        "no history": Agent(model=InstantModel()),
        "3 runs of history": Agent(model=InstantModel(), **settings),
        "3 runs of history, an answer of 100 chunks": Agent(model=InstantModel(100), **settings),
        "20 runs of history within 8,000 tokens, a summary": Agent(model=InstantModel(), **long),
    }
    found = []
    for name, agent in agents.items():
        for _ in range(20):
            await agent.arun(QUESTION, session_id="s")
        await agent.settle()
        found.append((name, await overhead(agent, runs)))
        await agent.aclose()
    return found


class Trial:
    """Runs at two turns in one store.

    Args:
        store: Where.
        late: The conversations that are long.
    """

    def __init__(self, store: Store, late: Sequence[str]) -> None:
        self._store = store
        self._late = late
        self._town = Town()
        self._model = InstantModel()
        self._names = count()

    async def play(self, rounds: int, growth: Growth) -> None:
        """Measure CPU and tokens, one turn after the other in each round."""
        async with working(agent_with(self._model, self._store, InstantModel()), self._store, self._town):
            await self._batch(EARLY)
            await self._batch(LATE)
            for number in range(rounds):
                for turn in (EARLY, LATE) if number % 2 else (LATE, EARLY):
                    spent = 0.0
                    for _ in range(BATCHES):
                        spent += await self._batch(turn, growth)
                    growth.cpu[turn].append(spent / BATCHES / BATCH)

    async def weigh(self, read: Callable[[], tuple[int, int]], growth: Growth) -> None:
        """Measure what is written to the store and read from it.

        Args:
            read: Gives both, since the beginning.
            growth: Where it is kept.
        """
        async with working(agent_with(self._model, self._store, InstantModel()), self._store, self._town):
            await self._batch(EARLY)
            for _ in self._late:
                await self._batch(LATE)
            for turn in (EARLY, LATE) * WEIGHED_BATCHES:
                channel = await self._channel(turn)
                before = read()
                for _ in range(BATCH):
                    await self._town.ask(self._store, channel)
                # What is done after the last answer counts as well.
                await asyncio.sleep(QUIET_SECONDS)
                after = read()
                growth.sent[turn] += (after[0] - before[0]) / WEIGHED_BATCHES / BATCH
                growth.received[turn] += (after[1] - before[1]) / WEIGHED_BATCHES / BATCH

    async def _channel(self, turn: int) -> str:
        number = next(self._names)
        fresh = f"E{number}-{time.time_ns()}"
        # Also before runs of long conversations, so that caches and files are in the same state.
        await seed(self._store, fresh, EARLY)
        if turn == EARLY:
            return fresh
        channel = self._late[number % len(self._late)]
        await sum_up(self._store, channel)
        return channel

    async def _batch(self, turn: int, growth: Growth | None = None) -> float:
        """Make a few runs in a conversation of that length; give the CPU seconds."""
        channel = await self._channel(turn)
        before = len(self._model.shown)
        began = time.process_time()
        for _ in range(BATCH):
            await self._town.ask(self._store, channel)
        spent = time.process_time() - began
        if growth is not None:
            growth.tokens[turn] += self._model.shown[before:]
        return spent


async def calls(turns: int) -> tuple[int, int]:
    """Give how often the models are asked on the way of the answers, and in the background."""
    model, folder, town = InstantModel(), InstantModel(), Town()
    async with SQLiteStore(":memory:") as store:
        agent = agent_with(model, store, folder)
        async with working(agent, store, town):
            for _ in range(turns):
                await town.ask(store, "C")
        found = await store.history.load(str(session("C")), runs=turns)
        assert found is not None
        assert sum(run.metrics.model_calls for run in found.runs) == len(model.shown)
    return len(model.shown), len(folder.shown)


async def grow_in(make: Callable[[], Store], rounds: int, late: int) -> Growth:
    """Seed the long conversations and measure."""
    growth, names = Growth(), ["L0", "L1"]
    async with make() as store:
        for name in names:
            await seed(store, name, late)
        await Trial(store, names).play(rounds, growth)
    return growth


async def measure(redis_port: int, folder: Path, *, rounds: int, runs: int) -> tuple[list[list[str]], bool]:
    """Measure everything; give the rows, and whether all aims are met."""
    rows: list[list[str]] = []
    is_met = True
    for name, milliseconds in await overheads(runs):
        is_met = is_met and milliseconds <= MOST_OVERHEAD
        rows.append([f"CPU of a run without network: {name}", f"{milliseconds:.2f} ms", f"{MOST_OVERHEAD} ms"])
    set_fsync(redis_port, is_on=False)
    redis = await grow_in(lambda: RedisStore(f"redis://127.0.0.1:{redis_port}/0"), rounds, LATE)
    async with CountingProxy(redis_port) as proxy:
        proxied = RedisStore(f"redis://127.0.0.1:{proxy.port}/0")
        async with proxied:
            await Trial(proxied, ["L0", "L1"]).weigh(lambda: (proxy.traffic.sent, proxy.traffic.received), redis)
    file = folder / "bench.db"
    sqlite = await grow_in(lambda: SQLiteStore(file), rounds, LATE)
    async with SQLiteStore(file) as store:
        await Trial(store, ["L0", "L1"]).weigh(_disk, sqlite)
    for name, growth in (("Redis", redis), ("SQLite", sqlite)):
        for what, ratio, text in _growths(growth):
            is_met = is_met and ratio <= MOST_GROWTH
            rows.append([f"{name}, turn {LATE:,} : turn {EARLY}: {what}", text, f"{MOST_GROWTH}x"])
    asked, folded = await calls(200)
    rows.append(["model calls on the way of 200 answers", str(asked), "200"])
    rows.append([f"summary calls after 200 answers (one for each {EVERY} runs)", str(folded), str(200 // EVERY)])
    return rows, is_met and asked == 200 and folded <= 200 // EVERY


def _growths(growth: Growth) -> list[tuple[str, float, str]]:
    ratios = [late / early for late, early in zip(growth.cpu[LATE], growth.cpu[EARLY], strict=True)]
    ratio = statistics.median(ratios)
    early, late = (statistics.median(growth.cpu[turn]) * 1000 for turn in (EARLY, LATE))
    found = [("CPU", ratio, f"{ratio:.2f}x ({min(ratios):.2f}-{max(ratios):.2f}; {late:.2f} : {early:.2f} ms)")]
    pairs = {
        "tokens sent": {turn: statistics.mean(growth.tokens[turn]) for turn in (EARLY, LATE)},
        "bytes written": growth.sent,
        "bytes read": growth.received,
    }
    for what, by_turn in pairs.items():
        ratio = by_turn[LATE] / by_turn[EARLY]
        found.append((what, ratio, f"{ratio:.2f}x ({by_turn[LATE]:,.0f} : {by_turn[EARLY]:,.0f})"))
    return found


def _disk() -> tuple[int, int]:
    """Give how many bytes this process has written and read through system calls."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["wchar"]), int(fields["rchar"])


def page(rows: Sequence[Sequence[str]], redis_version: str) -> str:
    """Give the page that shows the figures."""
    return f"""# What the agent costs

Measured on {datetime.now(UTC):%Y-%m-%d} by `python benchmarks/agent_cost.py`, which writes this file.
Run it again to check.

Machine: {os.cpu_count()} cores, {platform.system()} {platform.release()}. Python {platform.python_version()},
{redis_version.strip()}, threadkeep {version("threadkeep")}; load average at the end {os.getloadavg()[0]:.1f}.

The model answers at once and the platform is an object in memory (agent_town.py), so that the agent is left; for the
turns also the worker and the store, with everything that a bot does from accepting a message to committing its run.
The agent shows {SHOWN} runs, has a summary of 3,500 characters that is renewed every {EVERY} runs, memory, and a budget
of 8,000 tokens. Runs at turn {EARLY} and turn {LATE:,} are made by turns, in rounds of {BATCH * BATCHES} each; the
ratio is the median of those within a round, the least and the greatest stand beside it. Bytes to and from Redis are
counted on the wire, those of SQLite by the kernel: whole pages of the file, and of what is read those that its cache
does not have. Tokens are estimated by length.

{table(("", "measured", "aim"), rows)}"""


async def run(options: argparse.Namespace) -> tuple[list[list[str]], bool]:
    """Measure on a server of its own."""
    with tempfile.TemporaryDirectory() as folder, running_redis() as port:
        if options.quick:
            return await measure(port, Path(folder), rounds=3, runs=500)
        return await measure(port, Path(folder), rounds=15, runs=5_000)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds; print, and write nothing")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    answer = subprocess.run([redis_executable(), "--version"], capture_output=True, text=True, check=True)
    rows, is_met = asyncio.run(run(options))
    text = page(rows, f"Redis {answer.stdout.split('v=', 1)[-1].split()[0]}")
    print(text)
    if not options.quick:
        RESULTS.write_text(text)
    if not is_met:
        sys.exit("An aim is not met.")


if __name__ == "__main__":
    main()
