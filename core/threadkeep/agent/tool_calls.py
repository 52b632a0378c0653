"""Making the tool calls of one answer: side by side, and telling how far they have come."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from threadkeep.agent.call_desk import Desks
from threadkeep.agent.calling import Calling, ToolLimits
from threadkeep.agent.questions import Question
from threadkeep.agent.request import Journal
from threadkeep.agent.steps import ToolStep
from threadkeep.messages import ToolCall

__all__ = ["Report", "ToolCaller", "ToolLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What there is to say of one call.

    Attributes:
        index: Its number in the answer.
        result: How it ended; None if it has not.
        said: A line of progress.
        questions: What it waits for.
    """

    index: int
    result: ToolStep | None = None
    said: str = ""
    questions: tuple[Question, ...] = ()


class _Progress:
    """What calls under way say, from any thread; of several lines of one call the latest counts."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._said: dict[int, str] = {}
        self._is_there = asyncio.Event()

    def say(self, index: int, text: str) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._keep, index, text)

    async def wait(self) -> None:
        await self._is_there.wait()

    def take(self) -> dict[int, str]:
        said, self._said = self._said, {}
        self._is_there.clear()
        return said

    def _keep(self, index: int, text: str) -> None:
        self._said[index] = text
        self._is_there.set()


class ToolCaller:
    """Make the tool calls of one run.

    Args:
        calling: Makes a single call.
        desks: Makes what a call leaves things on.
        journal: What is recorded already is not done again.
    """

    def __init__(self, calling: Calling, desks: Desks, journal: Journal | None) -> None:
        self._calling = calling
        self._desks = desks
        self._journal = journal

    async def call_all(self, step: int, calls: Sequence[ToolCall]) -> AsyncGenerator[Report, None]:
        """Make the calls of the n-th answer; yield what each says, and how it ended or what it waits for.

        Calls that the journal knows are not made again. Each new result is recorded before it is yielded. Closing the
        iterator cancels what is under way.

        Raises:
            StoreError: A result could not be recorded.
        """
        known = recorded_results(self._journal.steps if self._journal is not None else {}, step, len(calls))
        for index, result in known.items():
            yield Report(index=index, result=result)
        progress = _Progress()
        tasks = {
            asyncio.create_task(self._call(step, index, call, progress)): index
            for index, call in enumerate(calls)
            if index not in known
        }
        hearing = asyncio.create_task(progress.wait())
        pending = set(tasks)
        try:
            while pending:
                await asyncio.wait({*pending, hearing}, return_when=asyncio.FIRST_COMPLETED)
                done = {task for task in pending if task.done()}
                pending -= done
                for index, text in progress.take().items():
                    yield Report(index=index, said=await self._calling.told(text))
                for task in sorted(done, key=tasks.__getitem__):
                    yield task.result()
                if hearing.done():
                    hearing = asyncio.create_task(progress.wait())
        finally:
            for under_way in (*tasks, hearing):
                under_way.cancel()
            await asyncio.gather(*tasks, hearing, return_exceptions=True)

    async def _call(self, step: int, index: int, call: ToolCall, progress: _Progress) -> Report:
        desk = self._desks.desk(f"{step}.{index}", on_said=partial(progress.say, index))
        ended = await self._calling.make(ToolStep.name(step, index), call, desk)
        if isinstance(ended, ToolStep):
            return Report(index=index, result=ended)
        return Report(index=index, questions=ended)


def recorded_results(steps: Mapping[str, str], step: int, count: int) -> dict[int, ToolStep]:
    """Give the results of the n-th answer's calls that are recorded, by their number.

    Raises:
        StoreError: One cannot be read.
    """
    known = {index: steps.get(ToolStep.name(step, index)) for index in range(count)}
    return {index: ToolStep.decoded(text) for index, text in known.items() if text is not None}
