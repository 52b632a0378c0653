"""Runs that wait for people, whose processes are killed: while they wait, and between a decision and its effect."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from siege.asking import SESSION, command, press, question, read_lines
from siege.starter import BotProcess, Starter, order_of_store
from siege.trial import rounds, sampled
from siege.waiting import until, until_told

from threadkeep import RedisStore, Run, SQLiteStore
from threadkeep.agent.asking import DECISION, QUESTION
from threadkeep.chat.adapter import Acceptance
from threadkeep.stores.base import Store

# The starter of the processes lives as long as the session, and so does its event loop.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(200 * rounds(3))]

_SECONDS = 20
_SIDE_BY_SIDE = 4


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def asking_starter() -> AsyncIterator[Starter]:
    """Start workers that ask people."""
    async with Starter("asking_program.py") as running:
        yield running


@dataclass
class Waiting:
    """One bot whose run waits for people.

    Attributes:
        starter: Starts its workers.
        folder: For its files.
        store: Its store, seen from here.
        order: What each worker is told.
    """

    starter: Starter
    folder: Path
    store: Store
    order: dict[str, Any]
    started: int = 0

    async def start(self, point: str | None = None) -> BotProcess:
        """Start a worker, which dies at a point if one is given."""
        self.started += 1
        trace = str(self.folder / f"trace-{self.started}")
        bot = await self.starter.start(log=self.folder / f"log-{self.started}", point=point, trace=trace, **self.order)
        await bot.wait_ready()
        return bot

    @property
    def shown(self) -> list[dict[str, Any]]:
        return read_lines(self.order["shown"])

    @property
    def notes(self) -> list[str]:
        file = Path(self.order["notes"])
        return file.read_text().splitlines() if file.exists() else []

    def passed(self, number: int) -> list[str]:
        """Give the points that the n-th worker passed."""
        return (self.folder / f"trace-{number}").read_text().splitlines()

    async def is_asleep(self) -> bool:
        mailbox = await self.store.traces.mailbox(str(SESSION))
        if mailbox is None or mailbox.worker is not None:
            return False
        asked = [name for name in mailbox.steps if name.startswith(QUESTION)]
        decided = [name for name in mailbox.steps if name.startswith(DECISION)]
        return len(asked) == 2 and not decided

    async def runs(self) -> tuple[Run, ...]:
        transcript = await self.store.history.load(str(SESSION), runs=10)
        return () if transcript is None else transcript.runs

    async def fall_asleep(self) -> None:
        """Let a worker ask, and kill it while nobody has answered."""
        await self.store.inbox.accept(question())
        bot = await self.start()
        await until_told(self.is_asleep, seconds=_SECONDS)
        bot.send(signal.SIGKILL)
        await bot.ended.wait()

    async def answer(self) -> None:
        """Press what is shown: approve, and choose."""
        buttons = {button["label"]: button for button in self.shown[-1]["buttons"]}
        for label in ("1: Approve", "2: b"):
            assert await self.store.inbox.accept(press(buttons[label])) is Acceptance.ACCEPTED

    async def until_aside(self) -> None:
        """Wait until a command was answered, and the run waits again."""
        await until_told(self.runs, seconds=_SECONDS)
        await until_told(self.is_asleep, seconds=_SECONDS)

    async def faults(self, *before: str) -> list[str]:
        """Wait for the end of the run, and say what does not hold.

        Args:
            before: The commands that were given while it waited.
        """

        async def is_over() -> bool:
            return len(await self.runs()) > len(before)

        await until_told(is_over, seconds=_SECONDS)
        await until(lambda: not self.shown[-1]["buttons"], seconds=_SECONDS)
        *asides, run = await self.runs()
        transcript = await self.store.history.load(str(SESSION), runs=1)
        state = transcript.session.state if transcript is not None else {}
        checks = {
            "one run each": tuple(aside.command for aside in asides) == before,
            "the answer": run.content == "I note it.\n\nnoted b",
            "the state": state == {"picked": True},
            "each decided once": [one.choice for one in run.decisions] == ["approve", "b"],
            "by Ann": {one.speaker for one in run.decisions} == {"Ann"},
            "one message each": [line["id"] for line in self.shown if line["call"] == "post"]
            == [f"{one.run_id}/0" for one in (run, *asides)],
            "what is shown": self.shown[-1]["text"] == f"_Approved by Ann_\n\n_Ann: b_\n\n{run.content}",
        }
        return [what for what, holds in checks.items() if not holds]


MakeWaiting = Callable[[str], Any]


@pytest.fixture(params=["redis", "sqlite"])
def waiting(request, asking_starter, tmp_path) -> MakeWaiting:
    url = request.getfixturevalue("redis_server").url if request.param == "redis" else None

    @asynccontextmanager
    async def make(name: str) -> AsyncIterator[Waiting]:
        folder, prefix = tmp_path / name, f"asking-{uuid4().hex}"
        folder.mkdir()
        files = {"shown": str(folder / "shown"), "notes": str(folder / "notes")}
        order = {**order_of_store(url, prefix=prefix, folder=folder, lease_seconds=0.6), **files}
        path = folder / "store.db"
        opened = RedisStore(url, prefix=prefix, lease_seconds=0.6) if url else SQLiteStore(path, lease_seconds=0.6)
        async with opened as store:
            yield Waiting(asking_starter, folder, store, order)

    return make


async def test_a_run_whose_process_is_killed_while_it_waits_goes_on_in_another(waiting):
    async with waiting("one") as bot:
        await bot.fall_asleep()
        assert bot.notes == []
        await bot.answer()
        worker = await bot.start()
        assert await bot.faults() == []
        await worker.stop()
        assert bot.notes == ["x"]
        assert (await bot.runs())[0].trace.attempt == 1


async def test_killed_anywhere_between_decision_and_answer_it_decides_once(waiting):
    slots = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def whole() -> list[str]:
        async with waiting("whole") as bot:
            await bot.fall_asleep()
            await bot.answer()
            worker = await bot.start()
            assert await bot.faults() == []
            await worker.stop()
            return bot.passed(2)

    async def killed(number: int, point: str) -> tuple[str, list[str]]:
        async with slots, waiting(str(number)) as bot:
            await bot.fall_asleep()
            await bot.answer()
            doomed = await bot.start(point)
            async with asyncio.timeout(_SECONDS):
                await doomed.ended.wait()
            rescuer = await bot.start()
            faults = [] if doomed.was_killed else ["it did not die there"]
            faults += await bot.faults()
            # A call that was under way when its process died is made again.
            if not 1 <= len(bot.notes) <= 2:
                faults.append(f"noted {len(bot.notes)} times")
            await rescuer.stop()
            return point, faults

    points = sampled(await whole(), every=3)
    outcomes = await asyncio.gather(*(killed(number, point) for number, point in enumerate(points)))
    assert {point: faults for point, faults in outcomes if faults} == {}
    assert len(outcomes) >= 4


async def test_killed_anywhere_over_a_command_it_answers_it_once_and_still_waits(waiting):
    slots = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def settled(bot: Waiting) -> list[str]:
        await bot.until_aside()
        await bot.answer()
        return await bot.faults("help")

    async def whole() -> list[str]:
        async with waiting("whole") as bot:
            await bot.fall_asleep()
            await bot.store.inbox.accept(command())
            worker = await bot.start()
            await bot.until_aside()
            passed = bot.passed(2)
            assert await settled(bot) == []
            await worker.stop()
            return passed

    async def killed(number: int, point: str) -> tuple[str, list[str]]:
        async with slots, waiting(str(number)) as bot:
            await bot.fall_asleep()
            await bot.store.inbox.accept(command())
            doomed = await bot.start(point)
            async with asyncio.timeout(_SECONDS):
                await doomed.ended.wait()
            rescuer = await bot.start()
            faults = [] if doomed.was_killed else ["it did not die there"]
            faults += await settled(bot)
            await rescuer.stop()
            return point, faults

    points = sampled(await whole(), every=2)
    outcomes = await asyncio.gather(*(killed(number, point) for number, point in enumerate(points)))
    assert {point: faults for point, faults in outcomes if faults} == {}
    assert len(outcomes) >= 3
