"""Many people who talk at once to a bot of several processes, which are killed at random meanwhile."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from siege.crew import Crew
from siege.ledger import read_ledger, session_key
from siege.starter import Starter

from threadkeep.errors import StoreUnavailableError
from threadkeep.messages import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdPlan:
    """How many talk, and to what.

    Attributes:
        sessions: How many conversations there are.
        messages: How many messages in all of them.
        rate: How many messages a second are said.
        workers: How many worker processes there are.
        ingresses: How many ingress processes.
        kill_every: Seconds between two kills; None for no kills.
        policy: The bot's policy.
        lease_seconds: The store's lease; None for its default.
        model_seconds: How long the model thinks.
        seconds: How long all of it may take.
    """

    sessions: int
    messages: int
    rate: float
    workers: int = 4
    ingresses: int = 2
    kill_every: float | None = 1.0
    policy: str = "collect"
    lease_seconds: float | None = None
    model_seconds: float = 0.0
    seconds: float = 300.0


@dataclass(slots=True, kw_only=True)
class CrowdResult:
    """What came out.

    Attributes:
        kills: How many processes were killed, by role.
        redelivered: How many messages were delivered again.
        answered: The messages that the posts answer, by channel, in order.
        committed: The messages that the finished runs answer, by channel, in order.
        accept: Seconds that an accept took, as its ingress saw it, one for each message.
        start: Seconds from an accepted message to its run, for messages that did not wait for another one's answer.
        seconds: How long all of it took.
    """

    kills: Counter[str] = field(default_factory=Counter)
    redelivered: int = 0
    answered: dict[str, list[int]] = field(default_factory=dict)
    committed: dict[str, list[int]] = field(default_factory=dict)
    accept: list[float] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    seconds: float = 0.0


class Crowd:
    """One play of a plan.

    Args:
        starter: Starts the processes, of ``crowd_program.py``.
        plan: What is played.
        redis: The URL of the server.
        folder: For the files.
    """

    def __init__(self, starter: Starter, plan: CrowdPlan, *, redis: str, folder: Path) -> None:
        self._plan = plan
        settings = {} if plan.lease_seconds is None else {"lease_seconds": plan.lease_seconds}
        self._crew = Crew(starter, folder=folder, redis=redis, policy=plan.policy, store=settings)
        self._counts = Counter(f"c{number % plan.sessions}" for number in range(plan.messages))

    async def play(self) -> CrowdResult:
        """Let everybody say everything, kill meanwhile, and read what came out when all is answered.

        Raises:
            TimeoutError: Not all was answered in time.
        """
        plan, result = self._plan, CrowdResult()
        loop = asyncio.get_running_loop()
        async with self._crew as crew:
            await crew.add(*["ingress"] * plan.ingresses, *["worker"] * plan.workers)
            began = loop.time()
            killing = asyncio.create_task(self._kill(result))
            try:
                async with asyncio.timeout(plan.seconds):
                    await self._talk()
                    await self._until_answered()
            finally:
                result.seconds = loop.time() - began
                killing.cancel()
                await asyncio.gather(killing, return_exceptions=True)
            result.redelivered = crew.platform.redelivered
            result.accept = crew.platform.accept
            self._read_posts(result)
        await self._read_runs(result)
        return result

    async def _talk(self) -> None:
        """Let each channel's people speak one after the other, at the plan's rate altogether."""
        pause = self._plan.sessions / self._plan.rate
        loop = asyncio.get_running_loop()

        async def channel(name: str, count: int) -> None:
            next_at = loop.time() + random.random() * pause
            for number in range(count):
                await asyncio.sleep(max(0.0, next_at - loop.time()))
                await self._crew.platform.deliver(name, number)
                next_at += pause

        async with asyncio.TaskGroup() as group:
            for name, count in self._counts.items():
                group.create_task(channel(name, count))

    async def _kill(self, result: CrowdResult) -> None:
        while self._plan.kill_every is not None:
            await asyncio.sleep(self._plan.kill_every)
            role = await self._crew.kill(random.randrange(len(self._crew.members)))
            result.kills[role] += 1

    async def _until_answered(self) -> None:
        """Wait until the run that answers the last message of each channel is committed."""
        async with self._crew.open_store() as store:
            left = set(self._counts) if self._plan.workers else set()
            while left:
                for name in tuple(left):
                    try:
                        found = await store.history.load(str(session_key(name)), runs=1)
                    except StoreUnavailableError:
                        continue
                    last = f"{name}/{self._counts[name] - 1}"
                    if found is not None and found.runs and last in found.runs[0].messages[-2].content.split():
                        left.discard(name)
                await asyncio.sleep(0.05)

    def _read_posts(self, result: CrowdResult) -> None:
        answered: defaultdict[str, list[int]] = defaultdict(list)
        posted_at: dict[tuple[str, int], float] = {}
        for post in read_ledger(self._crew.ledger):
            started, *said = post["text"].split()
            channel, numbers = post["channel"], [int(text.rsplit("/", 1)[1]) for text in said]
            answered[channel] += numbers
            posted_at |= {(channel, number): post["at"] for number in numbers}
            accepted = self._crew.platform.accepted_at.get((channel, numbers[0]))
            if accepted is not None and posted_at.get((channel, numbers[0] - 1), 0.0) < accepted - 0.05:
                result.start.append(max(0.0, float(started) - accepted))
        result.answered = dict(answered)

    async def _read_runs(self, result: CrowdResult) -> None:
        if not self._plan.workers:
            return
        async with self._crew.open_store() as store:
            for name in self._counts:
                found = await store.history.load(str(session_key(name)), runs=1000)
                runs = found.runs if found is not None else ()
                said = " ".join(
                    message.content for run in runs for message in run.messages if message.role is Role.USER
                )
                result.committed[name] = [int(text.rsplit("/", 1)[1]) for text in said.split()]
            assert await store.inbox.claim("judge", run_id="judge", runs=0) is None, "work is left in the store"


def faults(plan: CrowdPlan, result: CrowdResult) -> list[str]:
    """Say what is wrong: messages that were lost, answered twice or out of order; empty is well."""
    found: list[str] = []
    for number in range(min(plan.sessions, plan.messages)):
        name = f"c{number}"
        expected = list(range(len(range(number, plan.messages, plan.sessions))))
        for what, seen in (("posts", result.answered.get(name, [])), ("runs", result.committed.get(name, []))):
            if list(seen) != expected:
                found.append(f"{name}: the {what} {_difference(expected, seen)}")
    return found


def _difference(expected: Sequence[int], seen: Sequence[int]) -> str:
    twice = [number for number, count in Counter(seen).items() if count > 1]
    lost = sorted(set(expected) - set(seen))
    if not twice and not lost:
        return f"are out of order: {list(seen)}"
    return f"lose {lost}, repeat {twice}"
