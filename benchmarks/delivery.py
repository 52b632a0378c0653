"""Measure the delivery guarantees: how fast, and that nothing is lost; `make delivery` calls this.

Writes DELIVERY.md beside this file, or prints with --quick. The processes and the checks are those of the tests in
tests/attack.
"""

import argparse
import asyncio
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import redis.asyncio

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "tests" / "attack"))

from siege.crew import Crew  # noqa: E402
from siege.crowd import Crowd, CrowdPlan, CrowdResult, faults  # noqa: E402
from siege.ledger import message, read_ledger  # noqa: E402
from siege.starter import Starter  # noqa: E402
from siege.waiting import until  # noqa: E402

from redis_server import redis_executable, running_redis  # noqa: E402 - the line above finds what follows
from threadkeep.chat.adapter import Acceptance  # noqa: E402
from threadkeep.chat.events import StopRequested  # noqa: E402

RESULTS = HERE / "DELIVERY.md"
MAILBOX_PROCESSES = 6
MAILBOX_SESSIONS = 200
AT_ONCE = 5
PARTS = ("accept", "start", "mailbox", "take_over", "stop", "chaos")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured.

    Attributes:
        seconds: How long the steady loads go on.
        mailbox: How many messages go through the mailbox alone in a round.
        rounds: How many rounds there are for the mailbox, take-overs and stops.
        sessions: How many conversations the run with kills has.
        messages: How many messages.
    """

    seconds: float
    mailbox: int
    rounds: int
    sessions: int
    messages: int


FULL = Size(seconds=20.0, mailbox=24_000, rounds=5, sessions=1_000, messages=20_000)
QUICK = Size(seconds=4.0, mailbox=6_000, rounds=1, sessions=200, messages=2_000)


def milliseconds(values: Sequence[float], share: float) -> str:
    """Give a percentile in milliseconds."""
    ordered = sorted(values)
    return f"{ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000:.1f} ms"


def _whole(posts: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    return posts if len(posts) >= count else []


class Bench:
    """All measurements, on one redis-server.

    Args:
        starter: Starts the processes.
        url: The server.
        folder: For files.
        size: How much is measured.
    """

    def __init__(self, starter: Starter, url: str, folder: Path, size: Size) -> None:
        self._starter = starter
        self._url = url
        self._folder = folder
        self._size = size

    def _new_folder(self) -> Path:
        folder = self._folder / uuid4().hex
        folder.mkdir()
        return folder

    async def _play(self, plan: CrowdPlan) -> CrowdResult:
        crowd = Crowd(self._starter, plan, redis=self._url, folder=self._new_folder())
        result = await crowd.play()
        if plan.workers and (wrong := faults(plan, result)):
            sys.exit(f"The guarantees do not hold: {wrong[:10]}")
        return result

    async def accept(self) -> list[tuple[str, str, str]]:
        """Measure accepts at 400 messages a second."""
        messages = int(400 * self._size.seconds)
        plan = CrowdPlan(
            sessions=400, messages=messages, rate=400, workers=0, ingresses=1, kill_every=None, policy="queue"
        )
        values = (await self._play(plan)).accept
        return [
            ("accept at 400 messages/s, p50", milliseconds(values, 0.5), "2 ms"),
            ("accept at 400 messages/s, p99", milliseconds(values, 0.99), ""),
        ]

    async def start(self) -> list[tuple[str, str, str]]:
        """Measure how long an accepted message waits for its run on workers that have little to do."""
        plan = CrowdPlan(
            sessions=200,
            messages=int(40 * self._size.seconds),
            rate=40,
            workers=2,
            ingresses=1,
            kill_every=None,
        )
        values = (await self._play(plan)).start
        return [
            ("accepted to started on idle workers, p50", milliseconds(values, 0.5), "5 ms"),
            ("accepted to started on idle workers, p99", milliseconds(values, 0.99), "50 ms"),
        ]

    async def mailbox(self) -> list[tuple[str, str, str]]:
        """Measure the mailbox without an agent: with as little to take together as there can be, and with more."""
        rows = [
            *await self._mailbox("one by one, a run each", is_aimed=True),
            *await self._mailbox(f"{AT_ONCE} at a time, one run for them", at_once=AT_ONCE, is_aimed=True),
            *await self._mailbox("one by one, and a step recorded", records=True),
        ]
        async with redis.asyncio.from_url(self._url) as client:
            await client.config_set("appendfsync", "everysec")
            try:
                rows += await self._mailbox("one by one, with `everysec`")
            finally:
                await client.config_set("appendfsync", "always")
        return rows

    async def _mailbox(
        self, what: str, *, at_once: int = 1, records: bool = False, is_aimed: bool = False
    ) -> list[tuple[str, str, str]]:
        """Measure the mailbox alone: some processes accept, take and commit, and do nothing else.

        Give the median of the rounds, and the least and the greatest.
        """
        rounds = [await self._mailbox_round(at_once=at_once, records=records) for _ in range(self._size.rounds)]
        rates = sorted(rate for rate, _, _ in rounds)
        own, server = (statistics.median(costs) * 1000 for costs in list(zip(*rounds, strict=True))[1:])
        spread = f" ({rates[0]:,.0f} to {rates[-1]:,.0f})" if len(rates) > 1 else ""
        # What other work on the machine does not change much: two cores give 5,000 messages if none costs over 0.4 ms.
        cost = f"{own + server:.2f} ms ({own:.2f} + {server:.2f})"
        rate = f"{statistics.median(rates):,.0f}{spread}"
        return [
            (f"mailbox, {what}: messages a second", rate, "5,000" if is_aimed else ""),
            ("its CPU for a message (processes + Redis)", cost, "0.4 ms" if is_aimed else ""),
        ]

    async def _mailbox_round(self, *, at_once: int, records: bool) -> tuple[float, float, float]:
        """Give the messages a second, and the CPU seconds of the processes and of Redis for each message."""
        count, prefix = self._size.mailbox // MAILBOX_PROCESSES, f"mailbox-{uuid4().hex}"
        processes = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, HERE / "mailbox_load.py", self._url, f"{prefix}-{number}"),
                *(str(count), str(MAILBOX_SESSIONS), str(at_once), str(int(records))),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            for number in range(MAILBOX_PROCESSES)
        ]
        for process in processes:
            assert process.stdout is not None
            # The store says before it is ready that a server with ``everysec`` may lose what it has accepted.
            while await process.stdout.readline() != b"ready\n":
                pass
        server_cpu = -await self._server_cpu()
        answers = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
        server_cpu += await self._server_cpu()
        times = [tuple(map(float, out.split())) for out, _ in answers]
        total = MAILBOX_PROCESSES * (count // MAILBOX_SESSIONS // at_once * at_once * MAILBOX_SESSIONS)
        return total / max(wall for wall, _ in times), sum(own for _, own in times) / total, server_cpu / total

    async def _server_cpu(self) -> float:
        async with redis.asyncio.from_url(self._url) as client:
            used = await client.info("cpu")
        return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])

    async def take_over(self) -> list[tuple[str, str, str]]:
        """Measure from the kill of a worker to the next attempt of its runs, with default settings."""
        values: list[float] = []
        for _ in range(self._size.rounds):
            async with Crew(self._starter, folder=self._new_folder(), redis=self._url, model_seconds=5.0) as crew:
                await crew.add("ingress", "worker", "worker")
                for number in range(20):
                    await crew.platform.deliver(f"a{number}", 0)
                # At any moment between two renewals of the leases.
                await asyncio.sleep(random.uniform(0.5, 4.0))
                killed_at = time.time()
                await crew.kill(1)
                posts = await until(lambda ledger=crew.ledger: _whole(read_ledger(ledger), 20), seconds=60)
                started = [float(post["text"].split()[0]) for post in posts]
                values += [at - killed_at for at in started if at > killed_at]
        return [
            ("take-over after a kill, median", f"{statistics.median(values):.1f} s", ""),
            ("take-over after a kill, longest", f"{max(values):.1f} s", "5 s"),
        ]

    async def stop(self) -> list[tuple[str, str, str]]:
        """Measure from a stop that another process accepts to the visible end of the reply."""
        values: list[float] = []
        async with Crew(self._starter, folder=self._new_folder(), redis=self._url, model_seconds=60.0) as crew:
            await crew.add("worker")
            async with crew.open_store() as store:
                for number in range(10 * self._size.rounds):
                    question = message(f"a{number}", 0)
                    await store.inbox.accept(question)
                    await asyncio.sleep(0.2)
                    key = question.key
                    stop = StopRequested(
                        key=type(key)(
                            platform=key.platform,
                            workspace=key.workspace,
                            channel=key.channel,
                            message=key.message,
                            revision="stop",
                        ),
                        place=question.place,
                        user=question.user,
                        speaker="Ann",
                    )
                    asked_at = time.time()
                    assert await store.inbox.accept(stop) is Acceptance.ACCEPTED
                    posts = await until(
                        lambda count=number + 1: _whole(read_ledger(crew.ledger), count), seconds=60, pause=0.002
                    )
                    values.append(posts[-1]["at"] - asked_at)
        return [
            ("stop from another process, p50", milliseconds(values, 0.5), ""),
            ("stop from another process, longest", milliseconds(values, 1.0), "300 ms"),
        ]

    async def chaos(self) -> list[tuple[str, str, str]]:
        """Kill a process of six each second while a crowd talks; the messages are checked one by one."""
        size = self._size
        plan = CrowdPlan(sessions=size.sessions, messages=size.messages, rate=200, kill_every=1.0, seconds=600)
        result = await self._play(plan)
        kills = ", ".join(f"{count} {role}" for role, count in sorted(result.kills.items()))
        return [
            ("messages in the run with kills", f"{size.messages:,} in {size.sessions:,} sessions", ""),
            ("processes killed meanwhile", f"{kills} (of 4 workers, 2 ingresses)", "one a second"),
            ("deliveries repeated by the platform", f"{result.redelivered:,}", ""),
            ("messages lost, answered twice, out of order", "0, 0, 0", "0, 0, 0"),
        ]


def heading(redis_version: str) -> str:
    """Say when, where and with what it was measured."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"""# What the guarantees cost, and that they hold

Measured on {datetime.now(UTC):%Y-%m-%d} by `make delivery`, which runs `benchmarks/delivery.py` and writes this file.
Run it again to check.

Machine: {os.cpu_count()} cores of {model}, {platform.system()} {platform.release()}.
Python {platform.python_version()}, Redis {redis_version} with `appendfsync always`, threadkeep {version("threadkeep")};
load average at the end {os.getloadavg()[0]:.1f}.

Every bot is of several processes on one redis-server, with the real runtime and store; the model answers at once, and
the platform is a socket that delivers messages and a ledger that takes posts (tests/attack/siege). An accept is timed
by its ingress around the call; the start of a run when its model is asked. For the mailbox alone, six processes, of a
bot each, accept, take and commit without an agent. In 200 sessions of each process the next message is said when the
last one is answered, which leaves nothing to take together: or five are said at once, and answered by one run, as the
default policy does with what waits. The mailbox's figures are medians of five rounds, with the least and the greatest.
"""


async def measure(size: Size, parts: Sequence[str], url: str, folder: Path) -> str:
    """Measure the parts and give them as a table."""
    rows: list[tuple[str, str, str]] = []
    async with Starter("crowd_program.py") as starter:
        bench = Bench(starter, url, folder, size)
        for part in parts:
            found = await getattr(bench, part)()
            rows += found
            for what, value, _ in found:
                print(f"{what}: {value}", flush=True)
    head = ("", "measured", "aim")
    body = "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---", "---:", "---:"), *rows))
    return f"\n{body}\n"


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a coarse look in about a minute; prints, writes nothing")
    parser.add_argument("--only", nargs="*", choices=PARTS, help="some parts; prints, writes nothing")
    options = parser.parse_args()
    answer = subprocess.run([redis_executable(), "--version"], capture_output=True, text=True, check=True)
    redis_version = answer.stdout.split("v=", 1)[-1].split()[0]
    with tempfile.TemporaryDirectory() as folder, running_redis() as port:
        url = f"redis://127.0.0.1:{port}/0"
        size = QUICK if options.quick else FULL
        rows = asyncio.run(measure(size, options.only or PARTS, url, Path(folder)))
    if not options.quick and not options.only:
        RESULTS.write_text(heading(redis_version) + rows)
        print(f"Written: {RESULTS}")


if __name__ == "__main__":
    main()
