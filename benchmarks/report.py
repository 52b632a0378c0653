"""The results as Markdown."""

import os
import platform
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from contestants import ALL, BARE, OURS
from load import Loads
from startup import Startup
from turns import Cost, Plan, Turns, contestants_of

LIBRARIES = ("threadkeep", "openai", "slack-bolt", "slack-sdk", "redis", "hiredis", "aiohttp", "agno", "openai-agents")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Give a table with its numbers to the right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows)) + "\n"


def heading(*, redis_version: str, command: str) -> str:
    """Say when, where and with what it was measured."""
    model = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"""# What a run costs

Measured on {datetime.now(UTC):%Y-%m-%d} by `{command}`, which writes this file. Run it again to check.

Machine: {os.cpu_count()} cores of {model}, {platform.system()} {platform.release()},
Python {platform.python_version()}, Redis {redis_version} with `appendfsync always`.
Versions: {versions}.
"""


def method(plan: Plan) -> str:
    """Say what is compared, and how."""
    return f"""
## How it is measured

Every contestant is a process of its own, all in one process group, and is asked over Socket Mode by a Slack that
shows its answer when `chat.postMessage` or `chat.update` arrives. That Slack and the model server, which answers with
100 chunks of text at once or {plan.chunk_delay * 1000:g} ms apart, run in the process of the benchmark: their CPU is nobody's.
The contestants have their turns interleaved, in {plan.rounds} rounds whose order rotates. CPU is `time.process_time`
of the whole process, with what is done after the answer is visible. A ratio is taken within a round, against the
thirty-line bot of the same round; what is shown is the median of the ratios, so other work on the machine counts little.

- **thirty-line bot**: [peers/thirty_line_bot.py](peers/thirty_line_bot.py), bolt, `AsyncOpenAI` and redis-py as their READMEs
  use them, with a history of three runs. It loses messages, mixes their order and shows nothing before the end.
- **threadkeep**: [peers/ours.py](peers/ours.py), `Bot`, `SlackAdapter`, `RedisStore` and `OpenAIChat`; the answer is
  shown while it is written. Its pacing of edits, which keeps to Slack's 50 a minute, is lifted, as nobody else has one.
- **Agno** and **openai-agents**: [peers/agno_bot.py](peers/agno_bot.py), [peers/openai_agents_bot.py](peers/openai_agents_bot.py),
  their agents with their Redis stores in the same bolt handler, with the same history. openai-agents has been given a
  limit of six items, without which it sends the whole session to the model.

Sessions are filled through each contestant's own store before. From turn to turn of a column a session grows by the few
runs that are measured in it.
"""


def turn_tables(turns: Turns, plan: Plan) -> str:
    """Give CPU, wall time and store traffic."""
    parts = []
    for is_streamed in (True, False):
        kind = "Streamed, 100 chunks" if is_streamed else "In one piece"
        parts.append(f"\n## {kind}: CPU of a run\n\n" + _cpu_table(turns, plan, is_streamed=is_streamed))
        parts.append(f"\n### Until the answer is visible\n\n" + _wall_table(turns, plan, is_streamed=is_streamed))
    parts.append("\n## The store, for one run\n\n" + _traffic_table(turns, plan))
    return "".join(parts)


def _cpu_table(turns: Turns, plan: Plan, *, is_streamed: bool) -> str:
    head = ["contestant", *(f"turn {mark:,}" for mark in plan.marks), f"turn {plan.marks[-1]:,} : turn {plan.marks[0]:,}", "Slack calls"]
    rows = []
    for one in contestants_of(turns):
        cells = []
        for mark in plan.marks:
            costs = turns.costs[one.key, is_streamed, mark]
            ratios = _ratios(costs, turns.costs[BARE.key, is_streamed, mark], _cpu)
            cells.append(f"{_milliseconds(costs, _cpu)} ms = **{statistics.median(ratios):.2f}x** ({min(ratios):.2f}-{max(ratios):.2f})")
        growth = _ratios(turns.costs[one.key, is_streamed, plan.marks[-1]], turns.costs[one.key, is_streamed, plan.marks[0]], _cpu)
        rows.append([one.name, *cells, f"{statistics.median(growth):.2f}x", f"{turns.slack_calls[one.key, is_streamed]:.1f}"])
    return table(head, rows)


def _wall_table(turns: Turns, plan: Plan, *, is_streamed: bool) -> str:
    head = ["contestant", *(f"turn {mark:,}" for mark in plan.marks)]
    rows = [
        [one.name, *(f"{_milliseconds(turns.costs[one.key, is_streamed, mark], _wall)} ms" for mark in plan.marks)]
        for one in contestants_of(turns)
    ]
    return table(head, rows)


def _traffic_table(turns: Turns, plan: Plan) -> str:
    head = ["contestant", "turn", "round trips", "commands", "bytes sent", "bytes read", "which commands"]
    rows = []
    for one in contestants_of(turns):
        for mark in plan.marks:
            runs = turns.traffic[one.key, mark]
            middle = sorted(runs, key=lambda run: (run.round_trips, run.received))[len(runs) // 2]
            names = ", ".join(f"{count:,} {name}" for name, count in middle.commands.most_common(6))
            numbers = (middle.round_trips, middle.commands.total(), middle.sent, middle.received)
            rows.append([one.name, f"{mark:,}", *(f"{number:,}" for number in numbers), names])
    return table(head, rows)


def load_table(loads: Loads, *, sessions: int) -> str:
    """Give what one process does under load."""
    rows = []
    for is_streamed in (True, False):
        for one in (BARE, OURS):
            runs = loads[one.key, is_streamed]
            ratios = [ours.cpu / bare.cpu for ours, bare in zip(runs, loads[BARE.key, is_streamed], strict=True)]
            rows.append(
                [
                    f"{one.name}, {'streamed' if is_streamed else 'in one piece'}",
                    f"{statistics.median(run.rate for run in runs):.0f}",
                    f"{statistics.median(run.cpu for run in runs) * 1000:.1f} ms",
                    f"**{statistics.median(ratios):.2f}x**",
                    f"{statistics.median(run.median for run in runs):.2f} s",
                    f"{statistics.median(run.slowest for run in runs):.2f} s",
                ]
            )
    head = ["one process", "answers a second", "CPU an answer", "ratio", "median answer", "slowest answer"]
    return (
        f"\n## {sessions} sessions at once\n\nThe model begins to answer after 50 ms; every session asks again when it is "
        "answered.\n\n" + table(head, rows)
    )


def startup_table(startup: Startup) -> str:
    """Give start-up times and memory."""
    rows = [
        [one.name, f"{statistics.median(startup.connect_seconds[one.key]):.2f} s", f"{statistics.median(startup.memory[one.key]):.0f} MiB"]
        for one in ALL
    ]
    answer = statistics.median(startup.help_seconds)
    python = statistics.median(startup.python_seconds)
    return (
        f"\n## Start-up and memory\n\n`threadkeep --help` takes {answer:.2f} s ({python:.2f} s of it to start Python), from "
        f"{min(startup.help_seconds):.2f} to {max(startup.help_seconds):.2f} s.\n\n"
        + table(["contestant", "from start to connected", "resident memory, idle"], rows)
    )


def _ratios(costs: Sequence[Cost], others: Sequence[Cost], of: Callable[[Cost], float]) -> list[float]:
    return [of(cost) / of(other) for cost, other in zip(costs, others, strict=True)]


def _milliseconds(costs: Sequence[Cost], of: Callable[[Cost], float]) -> str:
    value = statistics.median(of(cost) for cost in costs) * 1000
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def _cpu(cost: Cost) -> float:
    return cost.cpu


def _wall(cost: Cost) -> float:
    return cost.wall


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
