"""Let bots answer mixed load for a long time, and check that memory and stores do not grow; `make soak` calls this.

One bot of an ingress and two workers on Redis, and one of a single process on SQLite. What is kept for a day in real
life is kept for seconds here, so that what is dropped is seen to be dropped. The first third fills caches, sessions and
lists that have a bound, which takes some ten minutes: a run of less than half an hour shows more growth.

Writes SOAK.md beside this file after the full time; a shorter run only prints.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import psutil
import redis.asyncio

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "tests" / "attack"))

from siege.crew import Crew  # noqa: E402
from siege.haste import forget_messages_after  # noqa: E402
from siege.ledger import message  # noqa: E402
from siege.starter import Starter  # noqa: E402

from redis_server import running_redis  # noqa: E402 - the line above finds what follows
from soak_series import Series  # noqa: E402
from threadkeep.chat.events import MessageDeleted, MessageEdited, StopRequested  # noqa: E402
from threadkeep.stores.base import Store  # noqa: E402

SEEN_SECONDS = 20.0
STORE = {"max_runs": 5, "lease_seconds": 2.0}
SESSIONS = 100
CHANGED_SESSIONS = 2
RESULTS = HERE / "SOAK.md"
FULL_MINUTES = 30.0


class Load:
    """Mixed load on one bot: questions, some edited, deleted or stopped, in sessions that stay the same.

    Args:
        crew: The bot.
        rate: Questions a second.
    """

    def __init__(self, crew: Crew, rate: float) -> None:
        self._crew = crew
        self._pause = 1 / rate
        self._numbers = [0] * SESSIONS
        self.said = 0

    async def go_on(self) -> None:
        """Speak until it is cancelled."""
        async with self._crew.open_store() as store, asyncio.TaskGroup() as group:
            while True:
                luck = random.random()
                # Of changed messages some hundred are kept in each session: in few sessions that is soon reached.
                among = CHANGED_SESSIONS if luck < 0.15 else SESSIONS
                group.create_task(self._speak(store, random.randrange(among), luck))
                await asyncio.sleep(self._pause)

    async def _speak(self, store: Store, session: int, luck: float) -> None:
        number = self._numbers[session]
        self._numbers[session] += 1
        await self._crew.platform.deliver(f"s{session}", number)
        self.said += 1
        question = message(f"s{session}", number)
        who = {"user": question.user, "speaker": question.speaker, "place": question.place}
        if luck < 0.1:
            key = replace(question.key, revision="edited")
            await store.inbox.accept(MessageEdited(key=key, text=question.text, **who))
        elif luck < 0.15:
            key = replace(question.key, revision="deleted")
            await store.inbox.accept(MessageDeleted(key=key, place=question.place))
        elif luck < 0.2:
            await store.inbox.accept(StopRequested(key=replace(question.key, revision="stop"), **who))


async def measure(crews: dict[str, Crew], port: int, folder: Path, series: Series) -> None:
    """Note what all processes and stores take now."""
    for name, crew in crews.items():
        sizes = [psutil.Process(member.pid).memory_info().rss for _, member in crew.members]
        series.add(f"{name} processes, MiB", sum(sizes) / 2**20)
    async with redis.asyncio.Redis(port=port) as client:
        series.add("redis data, MiB", (await client.info("memory"))["used_memory_dataset"] / 2**20)
        series.add("redis keys", await client.dbsize())
    size = sum(file.stat().st_size for file in (folder / "sqlite").glob("store.db*"))
    series.add("sqlite file, MiB", size / 2**20)


async def soak(minutes: float, port: int, folder: Path) -> Series:
    """Play for so long; give what was measured."""
    series = Series()
    # Edits, deletions and stops are handed to the stores from here.
    forget_messages_after(SEEN_SECONDS)
    for name in ("redis", "sqlite"):
        (folder / name).mkdir()
    async with Starter("crowd_program.py") as starter:
        on_redis = Crew(
            starter,
            folder=folder / "redis",
            redis=f"redis://127.0.0.1:{port}/0",
            seen_seconds=SEEN_SECONDS,
            store=STORE,
            model_seconds=0.01,
        )
        on_sqlite = Crew(
            starter, folder=folder / "sqlite", redis=None, seen_seconds=SEEN_SECONDS, store=STORE, model_seconds=0.01
        )
        async with on_redis, on_sqlite:
            await on_redis.add("ingress", "worker", "worker")
            await on_sqlite.add("all")
            loads = [Load(on_redis, 50.0), Load(on_sqlite, 20.0)]
            tasks = [asyncio.create_task(load.go_on()) for load in loads]
            began_at, pause = time.monotonic(), max(2.0, minutes * 60 / 60)
            try:
                while time.monotonic() < began_at + minutes * 60:
                    done, _ = await asyncio.wait(tasks, timeout=pause, return_when=asyncio.FIRST_EXCEPTION)
                    for task in done:
                        task.result()
                    series.minutes.append((time.monotonic() - began_at) / 60)
                    series.add("questions", sum(load.said for load in loads))
                    await measure({"redis": on_redis, "sqlite": on_sqlite}, port, folder, series)
                    print(", ".join(f"{name} {values[-1]:.1f}" for name, values in series.values.items()), flush=True)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    return series


def main() -> None:
    """Soak, and exit with an error if something grew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=FULL_MINUTES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_redis() as port:
        series = asyncio.run(soak(options.minutes, port, Path(folder)))
    page = series.page()
    print(page)
    if options.minutes >= FULL_MINUTES:
        RESULTS.write_text(page)
    if series.growing():
        sys.exit("Something grows.")


if __name__ == "__main__":
    main()
