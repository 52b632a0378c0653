"""What an answer costs that Slack streams: questions in threads, each in a session of its own."""

import statistics
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from contestants import BARE, OURS, Contestant, running
from platforms import Platforms
from turns import Cost, Plan, measure_batch

FIELD = (BARE, OURS)
CHUNK_DELAY = 0.03
"""Seconds between two chunks: slow enough for an answer to grow visibly."""


@dataclass(slots=True)
class Streams:
    """The results, by contestant; batches in the order of the rounds.

    Attributes:
        costs: What a run cost.
        first_visible: Seconds from the model's first word until something was visible.
        calls: Calls of Slack for one answer, by method.
    """

    costs: dict[str, list[Cost]] = field(default_factory=lambda: defaultdict(list))
    first_visible: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    calls: dict[str, dict[str, float]] = field(default_factory=dict)


async def measure_streams(platforms: Platforms, redis_port: int, plan: Plan, errors: Path) -> Streams:
    """Run the contestants in turn, round after round."""
    streams = Streams()
    platforms.is_threaded, platforms.chunk_delay = True, CHUNK_DELAY
    async with AsyncExitStack() as stack:
        field_ = [
            await stack.enter_async_context(running(one, platforms, redis_port, errors, is_streamed=True))
            for one in FIELD
        ]
        for one in field_:
            for number in range(2):
                await one.ask(f"STREAMWARM{number}")
        platforms.calls.clear()
        size = plan.streamed
        for number in range(plan.rounds):
            for one in field_ if number % 2 else field_[::-1]:
                platforms.first_visible.clear()
                streams.costs[one.contestant.key].append(await measure_batch(one, 1, size, tag=f"SR{number}"))
                streams.first_visible[one.contestant.key] += platforms.first_visible
    for one in FIELD:
        streams.calls[one.key] = _calls(platforms, one, asked=size * plan.rounds)
    platforms.is_threaded, platforms.chunk_delay = False, 0.0
    return streams


def _calls(platforms: Platforms, contestant: Contestant, *, asked: int) -> dict[str, float]:
    return {
        method: count / asked
        for (key, method), count in sorted(platforms.calls.items())
        if key == contestant.key and method.startswith("chat.")
    }


def streams_table(streams: Streams) -> str:
    """Give the section of the report."""
    rows = []
    base = [cost.cpu for cost in streams.costs[BARE.key]]
    for one in FIELD:
        costs = streams.costs[one.key]
        ratios = [cost.cpu / bare for cost, bare in zip(costs, base, strict=True)]
        spread = f" ({min(ratios):.2f}-{max(ratios):.2f})" if one is not BARE else ""
        first = [seconds * 1000 for seconds in streams.first_visible[one.key]]
        shown = f"{statistics.median(first):.1f} ms | {max(first):.1f} ms" if first else "never before the end | "
        calls = ", ".join(
            f"{count:.1f} {method.removeprefix('chat.')}" for method, count in streams.calls[one.key].items()
        )
        cpu = statistics.median(cost.cpu for cost in costs) * 1000
        rows.append(
            f"| {one.name} | {cpu:.1f} ms | **{statistics.median(ratios):.2f}x**{spread} | {shown} | {calls} |\n"
        )
    return (
        "\n## Streamed by Slack: CPU of a run\n\n"
        "Questions stand in threads, so threadkeep streams with `chat.startStream`, `appendStream` and `stopStream`;\n"
        f"the thirty-line bot posts once, at the end. The model's chunks come {CHUNK_DELAY * 1000:g} ms apart, and\n"
        "*first visible* is counted from the first of them.\n\n"
        "| contestant | CPU | ratio | first visible, median | longest | Slack calls |\n"
        "| --- | ---: | ---: | ---: | ---: | --- |\n" + "".join(rows)
    )
