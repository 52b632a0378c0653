"""What is measured again and again during a soak, whether it grows, and the page that shows it."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version

MAY_GROW = 1.15
"""By which factor the last third of a run may be above the second."""
ROWS = 10


@dataclass(slots=True)
class Series:
    """What was measured again and again, by name."""

    minutes: list[float] = field(default_factory=list)
    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        """Note a value."""
        self.values.setdefault(name, []).append(value)

    def growing(self) -> list[str]:
        """Name what goes on growing after its first third, in which caches and sessions fill."""
        found = []
        for name, values in self.values.items():
            second, last = _thirds(values)
            if last > second * MAY_GROW and name != "questions":
                found.append(f"{name}: {second:.1f} in the second third, {last:.1f} in the last")
        return found

    def page(self) -> str:
        """Give the page that shows the values, and whether something grows."""
        growing = self.growing()
        head = ["minute", *self.values]
        step = max(1, len(self.minutes) // ROWS)
        rows = [self._row(index) for index in range(step - 1, len(self.minutes), step)]
        growth = ["last third to second", *(_growth(name, values) for name, values in self.values.items())]
        lines = [head, ["---:"] * len(head), *rows, growth]
        table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        end = "Nothing grows." if not growing else "These go on growing: " + "; ".join(growing) + "."
        return f"{_heading(self.minutes[-1])}\n{table}\n\n{end}\n"

    def _row(self, index: int) -> list[str]:
        return [f"{self.minutes[index]:.0f}", *(_shown(name, values[index]) for name, values in self.values.items())]


def _thirds(values: Sequence[float]) -> tuple[float, float]:
    """Give the means of the second and of the last third; equal ones where there are too few values."""
    third = len(values) // 3
    if third < 2:
        return 1.0, 1.0
    second, last = values[third : 2 * third], values[2 * third :]
    return sum(second) / len(second), sum(last) / len(last)


def _shown(name: str, value: float) -> str:
    return f"{value:,.1f}" if "MiB" in name else f"{value:,.0f}"


def _growth(name: str, values: Sequence[float]) -> str:
    if name == "questions":
        return ""
    second, last = _thirds(values)
    return f"{(last / second - 1) * 100:+.1f} %"


def _heading(minutes: float) -> str:
    return f"""# Half an hour of mixed load

Measured on {datetime.now(UTC):%Y-%m-%d} by `make soak`, which runs `benchmarks/soak.py` for {minutes:.0f} minutes
and writes this file. Machine: {os.cpu_count()} cores, {platform.system()} {platform.release()}; Python
{platform.python_version()}, threadkeep {version("threadkeep")}; load average at the end {os.getloadavg()[0]:.1f}.

One bot of an ingress and two workers on Redis, at 50 questions a second, and one of a single process on SQLite, at 20:
some questions are edited, deleted or stopped. What is kept for a day in real life is kept for 20 seconds here. The
first third fills caches, sessions and lists that have a bound; after it nothing may grow
by more than {(MAY_GROW - 1) * 100:.0f} %.
"""
