"""Making the tool calls of one answer: side by side, each with a time limit, every failure put into words."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from threadkeep.agent.request import Journal
from threadkeep.agent.steps import ToolStep
from threadkeep.agent.tool_threads import ToolThreads
from threadkeep.agent.tools import RunContext, Tool
from threadkeep.errors import ToolError
from threadkeep.messages import ToolCall, clean_text

_LONGEST_RESULT: Final = 32_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolLimits:
    """How tools are run.

    Attributes:
        timeout: Seconds that a call may take, for tools without a limit of their own.
        most_parallel: How many calls of one run may be under way.
    """

    timeout: float
    most_parallel: int


class ToolCaller:
    """Make the tool calls of one run."""

    def __init__(
        self,
        *,
        tools: Mapping[str, Tool],
        limits: ToolLimits,
        threads: ToolThreads,
        context: RunContext,
        journal: Journal | None,
        clock: Callable[[], float],
    ) -> None:
        self._tools = tools
        self._limits = limits
        self._threads = threads
        self._context = context
        self._journal = journal
        self._clock = clock
        self._slots = asyncio.Semaphore(limits.most_parallel)

    async def call_all(self, step: int, calls: Sequence[ToolCall]) -> AsyncGenerator[tuple[int, ToolStep], None]:
        """Make the calls of the n-th answer; yield the number and result of each as it ends.

        Calls that the journal knows are not made again. Each new result is recorded before it is yielded. Closing the
        iterator cancels what is under way.

        Raises:
            StoreError: A result could not be recorded.
        """
        recorded = self._journal.steps if self._journal is not None else {}
        known = {index: recorded.get(ToolStep.name(step, index)) for index in range(len(calls))}
        for index, text in known.items():
            if text is not None:
                yield index, ToolStep.decoded(text)
        tasks = {
            asyncio.create_task(self._call(step, index, calls[index])): index
            for index, text in known.items()
            if text is None
        }
        pending = set(tasks)
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in sorted(done, key=tasks.__getitem__):
                    yield tasks[task], task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _call(self, step: int, index: int, call: ToolCall) -> ToolStep:
        async with self._slots:
            began = self._clock()
            text, is_error = await self._outcome(call)
            result = ToolStep(text=_bounded(text), is_error=is_error, duration=max(0.0, self._clock() - began))
        if self._journal is not None:
            await self._journal.record({ToolStep.name(step, index): result.encoded()})
        return result

    async def _outcome(self, call: ToolCall) -> tuple[str, bool]:
        tool = self._tools.get(call.name)
        if tool is None:
            return f"there is no tool {call.name!r}; there are: {', '.join(self._tools) or 'none'}", True
        timeout = tool.timeout or self._limits.timeout
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                return await self._result(tool, call), False
        except ToolError as error:
            return str(error), True
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            # A tool may raise anything, even a cancellation of its own making: it is logged, and the run goes on.
            if isinstance(error, asyncio.CancelledError) and _is_being_cancelled():
                raise
            if isinstance(error, TimeoutError) and limit.expired():
                return f"the tool did not finish within {timeout:g} s", True
            return self._failure(tool, error), True

    async def _result(self, tool: Tool, call: ToolCall) -> str:
        # A tool exists only after its schema was made, so pydantic is loaded by now.
        from threadkeep.agent.tool_schema import result_text  # noqa: PLC0415

        arguments = tool.arguments.parse(call.arguments)
        if tool.arguments.context is not None:
            arguments[tool.arguments.context] = self._context
        if inspect.iscoroutinefunction(tool.function):
            returned = await tool.function(**arguments)
        else:
            returned = await self._threads.call(lambda: tool.function(**arguments))
            if inspect.isawaitable(returned):
                returned = await returned
        return result_text(returned)

    def _failure(self, tool: Tool, error: BaseException) -> str:
        _log.warning("tool_failed", tool=tool.name, run_id=self._context.run_id, exc_info=error)
        # Other exceptions may hold secrets or paths: the model, and so the people, learn the kind only.
        return f"the tool failed: {type(error).__name__}"


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _bounded(text: str) -> str:
    text = clean_text(text)
    if len(text) <= _LONGEST_RESULT:
        return text
    return f"{text[:_LONGEST_RESULT]}\n[cut: the first {_LONGEST_RESULT} of {len(text)} characters are shown]"
