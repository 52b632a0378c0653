"""One call of a tool: the approval, the time limit, every failure put into words, and what it leaves behind."""

import asyncio
import inspect
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from threadkeep.agent.approvals import refusal_of
from threadkeep.agent.asking import Questions, Suspended
from threadkeep.agent.call_desk import CallDesk
from threadkeep.agent.context import RunContext
from threadkeep.agent.files import RunFiles
from threadkeep.agent.guards import Hook, accepted_attachments, passed
from threadkeep.agent.questions import Question
from threadkeep.agent.request import Journal
from threadkeep.agent.state import STATE, RunState
from threadkeep.agent.steps import ToolStep
from threadkeep.agent.tool_hooks import Called, ToolHook, after_call, before_call
from threadkeep.agent.tool_results import Result, bounded, result_of
from threadkeep.agent.tool_threads import ToolThreads
from threadkeep.agent.tools import Tool
from threadkeep.errors import RefusedError, StoreError, ToolError
from threadkeep.messages import Attachment, ToolCall, clean_text

_REFUSED: Final = "the result is not shown"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolset:
    """What may be called in a run, and how.

    Attributes:
        tools: What may be called, by name.
        withheld: The names of what exists and may not be called in this run.
        limits: How it is called.
        threads: Where synchronous tools run.
        hooks: What looks at each call before and after it.
        result_hooks: What looks at every text that comes of one.
    """

    tools: Mapping[str, Tool]
    withheld: Collection[str] = ()
    limits: ToolLimits
    threads: ToolThreads
    hooks: Sequence[ToolHook] = ()
    result_hooks: Sequence[Hook] = ()


class Calling:
    """Make single calls of the tools of one run.

    Args:
        toolset: What may be called, and how.
        context: The run, as tools know it.
        state: The session's state, which tools change.
        questions: What people are asked.
        journal: Where results are recorded.
        files: Reads what tools give back besides text.
    """

    def __init__(
        self,
        *,
        toolset: Toolset,
        context: RunContext,
        state: RunState,
        questions: Questions,
        journal: Journal | None,
        files: RunFiles,
    ) -> None:
        self._toolset = toolset
        self._context = context
        self._state = state
        self._questions = questions
        self._journal = journal
        self._files = files
        self._slots = asyncio.Semaphore(toolset.limits.most_parallel)

    async def make(self, name: str, call: ToolCall, desk: CallDesk) -> ToolStep | tuple[Question, ...]:
        """Make a call; give its result, which is recorded, or the questions that it waits for.

        Args:
            name: Under which the result is recorded.
            call: The call.
            desk: What it leaves things on.

        Raises:
            StoreError: The result could not be recorded.
            Exception: Whatever a hook on results raises.
        """
        waiting = self._questions.open_of(desk.call)
        if waiting:
            return waiting
        began: list[float] = []
        try:
            result = await self._outcome(call, desk, began)
        except Suspended as suspended:
            return (desk.waits_for or suspended.question,)
        steps: dict[str, str] = {}
        try:
            changes = self._state.changes()
        except ToolError as error:
            result = Result(text=str(error), is_error=True)
        else:
            steps = {} if changes is None else {STATE: changes}
        kept, files = await self._files.keep(desk.call, result.files)
        text, is_error, attachments = await self._passed(result, kept)
        step = ToolStep(
            text=bounded(text),
            is_error=is_error,
            duration=max(0.0, desk.clock() - began[0]) if began else 0.0,
            details=await self.told(clean_text(desk.said)),
            sources=tuple(desk.cited),
            elements=tuple(desk.offered),
            attachments=attachments,
        )
        if self._journal is not None:
            await self._journal.record({name: step.encoded(), **steps, **(files if attachments else {})})
        return step

    async def told(self, text: str) -> str:
        """Give a line of progress as the hooks leave it; empty where one refuses it.

        Raises:
            Exception: Whatever a hook raises.
        """
        try:
            return await passed(text, self._toolset.result_hooks, self._context) if text else ""
        except RefusedError:
            return ""

    async def _passed(
        self, result: Result, attachments: tuple[Attachment, ...]
    ) -> tuple[str, bool, tuple[Attachment, ...]]:
        """Give the text of a result, whether it is an error, and its files, as the hooks leave them."""
        hooks = self._toolset.result_hooks
        if not hooks:
            return result.text, result.is_error, attachments
        try:
            text = await passed(result.text, hooks, self._context) if result.text else ""
            return text, result.is_error, await accepted_attachments(attachments, hooks, self._context)
        except RefusedError as refusal:
            return f"{_REFUSED}: {refusal}", True, ()

    async def _outcome(self, call: ToolCall, desk: CallDesk, began: list[float]) -> Result:
        tool = self._toolset.tools.get(call.name)
        if tool is None:
            return Result(text=self._missing(call.name), is_error=True)
        context = replace(self._context, desk=desk)
        try:
            arguments = await before_call(self._toolset.hooks, tool.name, tool.arguments.parse(call.arguments), context)
            refusal = await self._refusal(tool, arguments, context)
            if refusal is not None:
                return Result(text=refusal, is_error=True)
            return await self._called(tool, arguments, context, desk, began)
        except Suspended:
            raise
        except ToolError as error:
            return Result(text=str(error), is_error=True)
        except StoreError:
            # What could not be recorded is not the tool's failure.
            raise
        except Exception as error:  # noqa: BLE001 - whatever a function in Approval(by=...) raises
            return Result(text=self._failure(tool, error), is_error=True)

    def _missing(self, name: str) -> str:
        if name in self._toolset.withheld:
            return f"this person may not use the tool {name} here: say so, and do not try it another way"
        return f"there is no tool {name!r}; there are: {', '.join(self._toolset.tools) or 'none'}"

    async def _refusal(self, tool: Tool, arguments: Mapping[str, object], context: RunContext) -> str | None:
        if tool.approval is None:
            return None
        question = tool.approval.question(tool.name, arguments, context)
        return refusal_of(await self._questions.decide(question))

    async def _called(
        self, tool: Tool, arguments: dict[str, object], context: RunContext, desk: CallDesk, began: list[float]
    ) -> Result:
        async with self._slots, tool.bounds.slot():
            # Only now: the same call may have been under way.
            known = tool.bounds.kept(arguments, context)
            if known is not None:
                return known
            began.append(desk.clock())
            result = await self._tried(tool, arguments, context, desk)
            called = Called(arguments=arguments, result=result.text, is_error=result.is_error, files=result.files)
            called = await after_call(self._toolset.hooks, tool.name, called, context)
            result = replace(result, text=called.result, files=called.files)
            if not result.is_error:
                tool.bounds.keep(arguments, context, result)
        return result

    async def _tried(self, tool: Tool, arguments: dict[str, object], context: RunContext, desk: CallDesk) -> Result:
        """Make the call, again where it failed and may be made again."""
        failures = 0
        while True:
            result = await self._limited(tool, arguments, context, desk)
            failures += result.has_broken
            delay = tool.bounds.delay(failures) if result.has_broken else None
            if delay is None:
                return result
            await asyncio.sleep(delay)

    async def _limited(self, tool: Tool, arguments: dict[str, object], context: RunContext, desk: CallDesk) -> Result:
        """Make the call once."""
        timeout = tool.timeout or self._toolset.limits.timeout
        desk.limit = asyncio.timeout(timeout)
        try:
            async with desk.limit:
                result = await self._result(tool, arguments, context)
        except ToolError as error:
            result = Result(text=str(error), is_error=True)
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            # A tool may raise anything, even a cancellation of its own making: it is logged, and the run goes on.
            if isinstance(error, asyncio.CancelledError) and _is_being_cancelled():
                raise
            result = Result(text=self._failed(tool, error, desk, timeout), is_error=True, has_broken=True)
        if desk.waits_for is not None:
            raise Suspended(desk.waits_for)
        return result

    async def _result(self, tool: Tool, arguments: dict[str, object], context: RunContext) -> Result:
        if tool.arguments.context is not None:
            arguments = {**arguments, tool.arguments.context: context}
        if inspect.iscoroutinefunction(tool.function):
            returned = await tool.function(**arguments)
        else:
            returned = await self._toolset.threads.call(lambda: tool.function(**arguments))
            if inspect.isawaitable(returned):
                returned = await returned
        return result_of(returned)

    def _failed(self, tool: Tool, error: BaseException, desk: CallDesk, timeout: float) -> str:
        if desk.waits_for is not None:
            return ""
        if isinstance(error, TimeoutError) and desk.limit is not None and desk.limit.expired():
            return f"the tool did not finish within {timeout:g} s"
        return self._failure(tool, error)

    def _failure(self, tool: Tool, error: BaseException) -> str:
        _log.warning("tool_failed", tool=tool.name, run_id=self._context.run_id, exc_info=error)
        # Other exceptions may hold secrets or paths: the model, and so the people, learn the kind only.
        return f"the tool failed: {type(error).__name__}"


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
