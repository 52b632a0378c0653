"""Run all attacks, each at all of its points instead of a sample, and count them; `make attack` calls this.

Writes ATTACK.md beside this file if nothing failed. Arguments are given to pytest; with any nothing is written.
"""

import os
import platform
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree as ET

HERE = Path(__file__).parent
RESULTS = HERE / "ATTACK.md"
TESTS = HERE.parent / "tests" / "attack"


@dataclass(slots=True)
class Tally:
    """What the tests of one name did.

    Attributes:
        cases: How many there were: platforms, stores, faults.
        counts: What they counted themselves, such as trials.
    """

    cases: int = 0
    counts: Counter[str] = field(default_factory=Counter)


def run_tests(report: Path, arguments: list[str]) -> int:
    """Run the attacks, with a report in a file; give pytest's status."""
    command = [sys.executable, "-m", "pytest", TESTS, f"--junitxml={report}", "-o", "junit_family=xunit1", *arguments]
    return subprocess.run(command, env={**os.environ, "ATTACK": "all"}, cwd=HERE.parent, check=False).returncode


def read_report(report: Path) -> dict[str, Tally]:
    """Count what ran, by file and test."""
    tallies: dict[str, Tally] = {}
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.get('classname', '').rpartition('.')[2]}.py::{case.get('name', '').partition('[')[0]}"
        tally = tallies.setdefault(name, Tally())
        tally.cases += 1
        for counted in case.iter("property"):
            tally.counts[counted.get("name", "")] += int(counted.get("value", "0"))
    return tallies


def page(tallies: dict[str, Tally]) -> str:
    """Give the page that shows the counts."""
    whole = sum((tally.counts for tally in tallies.values()), Counter[str]())
    rows = [
        f"| `{name}` | {tally.cases} | {tally.counts['trials'] or ''} | {tally.counts['trials with a kill'] or ''} |"
        for name, tally in sorted(tallies.items())
    ]
    cases = sum(tally.cases for tally in tallies.values())
    table = "\n".join(["| in `tests/attack` | cases | trials | with a kill |", "| --- | ---: | ---: | ---: |", *rows])
    return f"""# The attacks, at all points

Run on {datetime.now(UTC):%Y-%m-%d} by `make attack`, which runs `tests/attack` with `ATTACK=all` and writes this file
if nothing fails; `make test` tries a random tenth of the points each time. Machine: {os.cpu_count()} cores,
{platform.system()} {platform.release()}; Python {platform.python_version()}, threadkeep {version("threadkeep")}.

A case is a platform, a store or a fault. A trial is a bot of its own that dies by SIGKILL at one step of a run, or at
one step and again at one of its recovery, on Slack or Discord, Redis or SQLite, with or without a tool; started again
it must have answered two questions, once each and in order. A trial without a kill is of a point that this run did not
come to: it edited its reply less often than the one before.

{cases} cases; {whole["trials"]} trials, {whole["trials with a kill"]} with a kill.
0 failed.

{table}
"""


def main() -> None:
    """Attack and report."""
    arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        status = run_tests(report, arguments)
        if status:
            sys.exit(status)
        text = page(read_report(report))
    print(text)
    if not arguments:
        RESULTS.write_text(text)


if __name__ == "__main__":
    main()
