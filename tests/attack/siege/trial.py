"""One bot that is killed at a point and started again, and what must hold of what the people saw."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from siege.starter import BotProcess, Starter, order_of_store
from siege.streets import (
    FIRST,
    SECOND,
    SECOND_ANSWER,
    Street,
    first_answer,
    open_model,
    open_street,
)
from siege.waiting import until, until_told

from threadkeep import RedisStore, SQLiteStore
from threadkeep.runs import RunStatus
from threadkeep.stores.base import Store

LEASE_SECONDS = 0.8
_SECONDS = 25.0
# What was accepted before the death stands in the store: the second question may come at once, and must wait its turn.
_BEFORE_ACCEPTED = ("inbox.accept:before",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is attacked.

    Attributes:
        platform: As ``calls_of`` tells.
        redis: The URL of the server; None for SQLite.
        has_tool: Whether the first question makes the bot call a tool, and answer at length, in a shared place; else
            it is a short talk in a direct message.
    """

    platform: str
    redis: str | None
    has_tool: bool


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a trial showed.

    Attributes:
        point: Where the bot was to die.
        faults: What did not hold; empty is well.
        was_reached: Whether the bot died there.
        passed: The points that its last process passed up to the end of the first run, in order.
        log: What all its processes logged.
    """

    point: str
    faults: list[str] = field(default_factory=list)
    was_reached: bool = False
    passed: tuple[str, ...] = ()
    log: str = ""


class Trial:
    """A bot with a conversation of its own.

    Args:
        starter: Starts its processes.
        setting: What is attacked.
        folder: For its files.
    """

    def __init__(self, starter: Starter, setting: Setting, folder: Path) -> None:
        self._starter = starter
        self._setting = setting
        self._folder = folder
        self._prefix = f"attack-{uuid4().hex}"
        self._environ: dict[str, str] = {}
        folder.mkdir(parents=True)

    async def run(self, *points: str, lost: str | None = None) -> Outcome:
        """Kill the bot at each point in turn, a process each, then let it end what it has to do.

        Args:
            points: Where the first, second ... process dies; none lets the first one live.
            lost: The platform's call whose first answer does not come; see ``calls_of``.
        """
        setting = self._setting
        outcome = Outcome(point=" then ".join(points) + (f" with a lost answer to {lost}" if lost else ""))
        is_direct = not setting.has_tool
        async with (
            open_street(setting.platform, is_direct=is_direct) as street,
            open_model(setting.platform, has_tool=setting.has_tool) as model,
        ):
            self._environ = {
                **street.environ,
                "OPENAI_API_KEY": model.api_key,
                "OPENAI_BASE_URL": model.url,
            }
            try:
                await self._play(street, points, lost, outcome)
            except TimeoutError as error:
                outcome.faults.append(f"not in time: {error}")
            except AssertionError as error:
                outcome.faults.append(str(error))
            if outcome.faults:
                outcome.faults += [f"  {'bot' if said.is_ours else 'ann'}: {said.text[:150]}" for said in street.seen]
        log = self._folder / "log"
        outcome.log = log.read_text(errors="replace") if log.exists() else ""
        return outcome

    async def _play(self, street: Street, points: Sequence[str], lost: str | None, outcome: Outcome) -> None:
        if lost is not None:
            street.strike(lost, "drop_after")
        has_asked = False
        for number, point in enumerate(points):
            async with self._bot(number, point) as bot:
                if await bot.wait_ready() and not has_asked:
                    await self._settle_in()
                    await street.say(FIRST)
                    has_asked = True
                await self._until_dead(bot)
                outcome.was_reached = bot.was_killed
                if not bot.was_killed:
                    break
        async with self._bot(len(points), None) as bot:
            assert await bot.wait_ready(), f"the bot did not start again: status {bot.status}"
            if not has_asked:
                await self._settle_in()
                await street.say(FIRST)
            if not points:
                await self._until_dead(bot)
            elif points[-1].startswith(_BEFORE_ACCEPTED):
                await street.wait(lambda seen: any(said.is_ours for said in seen), seconds=_SECONDS)
            await street.say(SECOND)
            await street.wait(lambda seen: SECOND_ANSWER in seen[-1].text, seconds=_SECONDS)
            await self._until_committed(street.session_id)
            await bot.stop()
            assert bot.status == 0, f"the bot ended with status {bot.status}"
        outcome.passed = until_committed(self._passed(len(points)))
        await self._judge(street, points, outcome)

    async def _settle_in(self) -> None:
        """Wait until a Discord session is noted in the store: before that the platform forgets what it delivered."""
        if self._setting.platform.startswith("discord"):
            await asyncio.sleep(0.3)

    async def _until_dead(self, bot: BotProcess) -> None:
        """Wait for the death, or for the end of the answer, which shows that the point is not reached."""
        await until(lambda: bot.ended.is_set() or self._is_idle(), seconds=_SECONDS)

    def _is_idle(self) -> bool:
        """Tell whether the last process has committed the first run."""
        traces = sorted(self._folder.glob("trace-*"))
        return bool(traces) and "inbox.commit:after:1" in traces[-1].read_text()

    @asynccontextmanager
    async def _bot(self, number: int, point: str | None) -> AsyncIterator[BotProcess]:
        setting = self._setting
        bot = await self._starter.start(
            log=self._folder / "log",
            environ=self._environ,
            **order_of_store(setting.redis, prefix=self._prefix, folder=self._folder, lease_seconds=LEASE_SECONDS),
            has_tool=setting.has_tool,
            ledger=str(self._ledger),
            point=point,
            trace=str(self._folder / f"trace-{number}"),
        )
        try:
            yield bot
        finally:
            if not bot.ended.is_set():
                bot.send(9)
                async with asyncio.timeout(_SECONDS):
                    await bot.ended.wait()

    def _passed(self, number: int) -> tuple[str, ...]:
        return tuple((self._folder / f"trace-{number}").read_text().split())

    @property
    def _ledger(self) -> Path:
        return self._folder / "ledger"

    def _store(self) -> Store:
        if self._setting.redis:
            return RedisStore(self._setting.redis, prefix=self._prefix, lease_seconds=LEASE_SECONDS)
        return SQLiteStore(self._folder / "store.db", lease_seconds=LEASE_SECONDS)

    async def _until_committed(self, session_id: str) -> None:
        async with self._store() as store:

            async def is_committed() -> bool:
                found = await store.history.load(session_id, runs=10)
                return found is not None and found.session.run_count >= 2

            await until_told(is_committed, seconds=_SECONDS)

    async def _judge(self, street: Street, points: Sequence[str], outcome: Outcome) -> None:
        faults, seen = outcome.faults, street.seen
        asked = [said.text for said in seen if not said.is_ours]
        answered = " ".join(said.text for said in seen if said.is_ours).split()
        first = first_answer(self._setting.platform, is_long=self._setting.has_tool)
        if answered != f"{first} {SECOND_ANSWER}".split():
            faults.append(f"the people do not see exactly the two answers, in order: {' '.join(answered)[:300]!r}")
        if len(asked) != 2:
            faults.append(f"the people's own messages changed: {asked}")
        self._judge_tool(points, faults)
        async with self._store() as store:
            found = await store.history.load(street.session_id, runs=10)
            runs = found.runs if found is not None else ()
            if [run.status for run in runs] != [RunStatus.COMPLETED] * 2 or found is None:
                faults.append(f"the session has the runs {[(run.status, run.error) for run in runs]}")
            elif [FIRST in str(runs[0].messages[0].content), SECOND in str(runs[1].messages[0].content)] != [True] * 2:
                faults.append("the runs do not answer one question each, in order")
            claim = await store.inbox.claim("judge", run_id="judge", runs=0)
            if claim is not None:
                faults.append(f"work is left in the store: {claim.events}")

    def _judge_tool(self, points: Sequence[str], faults: list[str]) -> None:
        if not self._setting.has_tool:
            return
        calls = len(self._ledger.read_text().splitlines()) if self._ledger.exists() else 0
        most = 1 + sum(self._may_repeat_tool(number) for number in range(len(points)))
        if not 1 <= calls <= most:
            faults.append(f"the tool was called {calls} times, of at most {most}")

    def _may_repeat_tool(self, number: int) -> bool:
        """Tell whether a process died with the tool's effect done and its result not recorded."""
        passed = self._passed(number)
        if "tool.note:after:1" not in passed:
            return False
        behind = passed[passed.index("tool.note:after:1") :]
        return "inbox.record:after" not in {point.rsplit(":", 1)[0] for point in behind}


def until_committed(points: Sequence[str]) -> tuple[str, ...]:
    """Give the points of the first run; those of the second one are the same."""
    last = points.index("inbox.commit:after:1") + 1 if "inbox.commit:after:1" in points else len(points)
    return tuple(points[:last])


def rounds(most: int) -> int:
    """Give how often to repeat what is the same each time: so often where ATTACK=all asks for it, else once."""
    return most if os.environ.get("ATTACK") == "all" else 1


def sampled(points: Sequence[str], *, every: int) -> list[str]:
    """Give the points to try: all of them where ATTACK=all asks for it, else each n-th from a random one on."""
    if os.environ.get("ATTACK") == "all":
        return list(points)
    return list(points)[random.randrange(every) :: every]
