"""The results as Markdown."""

import os
import platform
import statistics
import subprocess
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


def heading(*, redis_version: str, load_before: float) -> str:
    """Say when, where and with what it was measured."""
    model = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"""# What a run costs

Measured on {datetime.now(UTC):%Y-%m-%d} by `make bench`, which runs `benchmarks/run.py` and writes this file.
Run it again to check.

Code: {_revision()}.

Machine: {os.cpu_count()} cores of {model}, {platform.system()} {platform.release()}.
Python {platform.python_version()}, Redis {redis_version} with `appendfsync always`; load average {load_before:.1f}
before, {os.getloadavg()[0]:.1f} after.

Versions: {versions}.

What else is measured: the guarantees and the mailbox ([DELIVERY.md](DELIVERY.md), `make delivery`), kills and faults
([ATTACK.md](ATTACK.md), `make attack`), thirty minutes of load ([SOAK.md](SOAK.md), `make soak`), Slack's socket
refreshes ([REFRESHES.md](REFRESHES.md), `python benchmarks/refreshes.py`), Discord ([DISCORD.md](DISCORD.md),
`python benchmarks/discord_scale.py`), long conversations ([AGENT.md](AGENT.md), `python benchmarks/agent_cost.py`).
"""


def _revision() -> str:
    """Name the commit that was measured."""
    command = ["git", "describe", "--always", "--dirty=, with changes"]
    answer = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return f"commit {answer.stdout.strip()}" if answer.returncode == 0 else "no known commit"


def method(plan: Plan) -> str:
    """Say what is compared, and how."""
    return f"""
## How it is measured

Every contestant is a process of its own, all in one process group, and is asked over Socket Mode by a Slack that
shows its answer when `chat.postMessage` or `chat.update` arrives. That Slack, and the model server, which streams
100 chunks of text {plan.chunk_delay * 1000:g} ms apart or answers at once, run in the process of the benchmark: their
CPU is nobody's. All are plain apps without Slack's agent view, whose statuses and titles only threadkeep would set.
The contestants have their turns interleaved, in {plan.rounds} rounds whose order rotates. CPU is `time.process_time` of
the whole process, with what is done after the answer is visible. A ratio is taken within a round, against the
thirty-line bot of the same round. The median of the ratios is shown, and the least and the greatest: other work on the
machine counts little.

- **thirty-line bot**: [peers/thirty_line_bot.py](peers/thirty_line_bot.py): bolt, `AsyncOpenAI` and redis-py as their
  READMEs use them, with a history of three runs. It shows nothing before the end, and keeps none of our promises.
- **threadkeep**: [peers/ours.py](peers/ours.py): `Bot`, `SlackAdapter`, `RedisStore` and `OpenAIChat`. A streamed
  answer is shown while it is written. The adapter's pacing, which keeps to Slack's tiers, is lifted.
- **Agno**, **openai-agents**: [peers/agno_bot.py](peers/agno_bot.py) and
  [peers/openai_agents_bot.py](peers/openai_agents_bot.py): their agents with their Redis stores in the same bolt
  handler, with the same history. openai-agents is given a limit of six items, without which it sends the whole session.

Sessions are filled before, through each contestant's own store. While a turn is measured its session grows by the few
runs that measure it: up to turn 100 each round has a session of its own, and at turn 1 each question.
"""


def turn_tables(turns: Turns, plan: Plan) -> str:
    """Give CPU, wall time and store traffic."""
    parts = []
    for is_streamed in (True, False):
        kind = "Streamed, 100 chunks" if is_streamed else "In one piece"
        parts.append(f"\n## {kind}: CPU of a run\n\n" + _cpu_table(turns, plan, is_streamed=is_streamed))
        parts.append("\n### Until the answer is visible\n\n" + _wall_table(turns, plan, is_streamed=is_streamed))
    parts.append("\n## The store, for one run\n\n" + _traffic_table(turns, plan))
    return "".join(parts)


def _cpu_table(turns: Turns, plan: Plan, *, is_streamed: bool) -> str:
    first, last = plan.marks[0], plan.marks[-1]
    head = ["contestant", *(f"turn {mark:,}" for mark in plan.marks), f"turn {last:,} : turn {first:,}", "Slack calls"]
    rows = []
    for one in contestants_of(turns):
        cells = []
        for mark in plan.marks:
            costs = turns.costs[one.key, is_streamed, mark]
            ratios = _ratios(costs, turns.costs[BARE.key, is_streamed, mark], _cpu)
            spread = (
                "" if one is BARE else f" = **{statistics.median(ratios):.2f}x** ({min(ratios):.2f}-{max(ratios):.2f})"
            )
            cells.append(f"{_milliseconds(costs, _cpu)} ms{spread}")
        growth = _ratios(turns.costs[one.key, is_streamed, last], turns.costs[one.key, is_streamed, first], _cpu)
        calls = turns.slack_calls[one.key, is_streamed]
        rows.append([one.name, *cells, f"{statistics.median(growth):.2f}x", f"{calls:.1f}"])
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
                    f"{statistics.mean(run.lost for run in runs):.1%}",
                    f"{statistics.median(run.memory for run in runs):.0f} MiB",
                ]
            )
    head = [
        "one process",
        "answers a second",
        "CPU an answer",
        "ratio",
        "median answer",
        "slowest answer",
        "never answered",
        "memory",
    ]
    introduction = """
The model begins to answer after 50 ms, and every session asks again when it is answered. Where the thirty-line bot
never answers, redis-py's default pool had no connection left.
"""
    return f"\n## {sessions} sessions at once\n{introduction}\n{table(head, rows)}"


def startup_table(startup: Startup) -> str:
    """Give start-up times and memory."""
    rows = []
    for one in ALL:
        starts = startup.started[one.key]
        rows.append(
            [
                one.name,
                f"{statistics.median(start.connect for start in starts):.2f} s",
                f"{statistics.median(start.first_answer for start in starts):.2f} s",
                f"{statistics.median(start.idle_memory for start in starts):.0f} MiB",
                f"{statistics.median(start.used_memory for start in starts):.0f} MiB",
            ]
        )
    times = startup.help_seconds
    python = statistics.median(startup.python_seconds)
    spread = f"{min(times):.2f}-{max(times):.2f}"
    answer = f"`threadkeep --help` takes {statistics.median(times):.2f} s ({spread}), {python:.2f} s of it for Python."
    head = ["contestant", "start to connected", "first answer", "memory, idle", "memory after the answer"]
    return f"\n## Start-up and memory\n\n{answer}\n\n{table(head, rows)}"


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
