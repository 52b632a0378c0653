"""Measure threadkeep against the bare libraries and the peers; `make bench` calls this.

Writes RESULTS.md beside this file, or prints with --quick.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from load import measure_load
from platforms import Platforms
from redis_server import redis_executable, running_redis
from report import heading, load_table, method, startup_table, turn_tables
from startup import measure_startup
from streams import measure_streams, streams_table
from turns import Plan, measure_turns

RESULTS = Path(__file__).parent / "RESULTS.md"
FULL = Plan(marks=(1, 10, 100, 1_000, 2_000), rounds=7, streamed=2, whole=10)
QUICK = Plan(marks=(1, 100, 1_000), rounds=2, streamed=1, whole=4)
SESSIONS = 100


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a coarse look in about a minute; prints, writes nothing")
    parser.add_argument(
        "--only", choices=["turns", "streams", "load", "startup"], help="one part; prints, writes nothing"
    )
    return parser.parse_args()


async def measure(options: argparse.Namespace, redis_port: int, errors: Path) -> str:
    """Measure what was asked for, and give it as Markdown."""
    plan = QUICK if options.quick else FULL
    parts = []
    async with Platforms() as platforms:
        if options.only in {None, "turns"}:
            print("A run, turn by turn ...", flush=True)
            parts.append(turn_tables(await measure_turns(platforms, redis_port, plan, errors), plan))
        if options.only in {None, "streams"}:
            print("Streamed by Slack ...", flush=True)
            parts.append(streams_table(await measure_streams(platforms, redis_port, plan, errors)))
        if options.only in {None, "load"}:
            print("Many sessions at once ...", flush=True)
            rounds, per_session = (1, (2, 1)) if options.quick else (3, (4, 2))
            loads = await measure_load(
                platforms, redis_port, sessions=SESSIONS, rounds=rounds, per_session=per_session, errors=errors
            )
            parts.append(load_table(loads, sessions=SESSIONS))
        if options.only in {None, "startup"}:
            print("Start-up ...", flush=True)
            rounds = 1 if options.quick else 5
            parts.append(startup_table(await measure_startup(platforms, redis_port, rounds=rounds, errors=errors)))
    return method(plan) + "".join(parts)


def main() -> None:
    """Measure and report."""
    options = arguments()
    missing = [name for name in ("agno", "agents", "threadkeep") if find_spec(name) is None]
    if missing:
        sys.exit(f"Not installed: {', '.join(missing)}. Run `make bench`, which installs them.")
    began, load_before = time.monotonic(), os.getloadavg()[0]
    answer = subprocess.run([redis_executable(), "--version"], capture_output=True, text=True, check=True)
    redis_version = answer.stdout.split("v=", 1)[-1].split()[0]
    with tempfile.TemporaryDirectory() as folder, running_redis() as redis_port:
        results = asyncio.run(measure(options, redis_port, Path(folder) / "errors.log"))
    text = heading(redis_version=redis_version, load_before=load_before) + results
    if options.quick or options.only:
        print(text)
    else:
        RESULTS.write_text(text)
        print(f"Written: {RESULTS.relative_to(Path.cwd()) if RESULTS.is_relative_to(Path.cwd()) else RESULTS}")
    print(f"Took {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
