"""One call of a tool: the approval, the time limit, every failure put into words, and what it leaves behind."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

import structlog

from threadkeep.agent.approvals import refusal_of
from threadkeep.agent.asking import Questions, Suspended
from threadkeep.agent.context import RunContext
from threadkeep.agent.desk import SendFile, ToolDesk
from threadkeep.agent.notes import Notes
from threadkeep.agent.questions import Question
from threadkeep.agent.request import Journal
from threadkeep.agent.state import STATE, RunState
from threadkeep.agent.steps import ToolStep
from threadkeep.agent.tool_hooks import Called, ToolHook, after_call, before_call
from threadkeep.agent.tool_threads import ToolThreads
from threadkeep.agent.tools import Tool
from threadkeep.chat.rights import AskRights
from threadkeep.errors import PlatformError, StoreError, ToolError
from threadkeep.messages import File, ToolCall, clean_text
from threadkeep.runs import Decision

_LONGEST_RESULT: Final = 32_000
_SENT: Final = "sent:"
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


class CallDesk(ToolDesk):
    """The desk of a call of a run: it knows whether the call waits for people, and does not count that time.

    Attributes:
        waits_for: What it was asked and nobody has decided.
        limit: The time limit of the call, where one is running.
    """

    waits_for: Question | None = None
    limit: asyncio.Timeout | None = None

    async def ask(self, question: Question) -> Decision:
        """Ask; see ``ToolDesk``."""
        async with _paused(self.limit):
            try:
                return await super().ask(question)
            except Suspended:
                # Also a tool that catches everything ends here.
                self.waits_for = question
                raise


class Desks:
    """Makes the desks of a run's calls.

    Args:
        questions: The run's questions.
        journal: Where it is recorded which files were sent, and what calls keep.
        send_file: Sends files; None where there is nowhere to send them.
        rights: Asks the platform what who is answered may do; None where it has no rights.
        clock: Gives the seconds since the epoch.
    """

    def __init__(
        self,
        questions: Questions,
        journal: Journal | None,
        send_file: SendFile | None,
        rights: AskRights | None,
        clock: Callable[[], float],
    ) -> None:
        self._questions = questions
        self._journal = journal
        self._send_file = send_file
        self._rights = rights
        self._clock = clock

    def desk(self, call: str, *, on_said: Callable[[str], None]) -> CallDesk:
        """Give the desk of one call, named by its step and its number in it."""
        return CallDesk(
            call,
            on_said=on_said,
            on_question=self._questions.decide,
            on_file=self._send,
            on_rights=self._rights,
            notes=Notes(self._journal),
            clock=self._clock,
        )

    async def _send(self, name: str, file: File, caption: str) -> None:
        journal, step = self._journal, f"{_SENT}{name}"
        if journal is not None and step in journal.steps:
            return
        if self._send_file is None:
            raise ToolError("files cannot be sent here")
        try:
            sent = await self._send_file(file, caption)
        except PlatformError as error:
            _log.warning("file_not_sent", error=str(error))
            raise ToolError(f"the file {file.name} could not be sent") from error
        if journal is not None:
            await journal.record({step: sent})


class Calling:
    """Make single calls of the tools of one run."""

    def __init__(
        self,
        *,
        tools: Mapping[str, Tool],
        limits: ToolLimits,
        threads: ToolThreads,
        context: RunContext,
        state: RunState,
        questions: Questions,
        journal: Journal | None,
        hooks: Sequence[ToolHook] = (),
    ) -> None:
        self._tools = tools
        self._hooks = hooks
        self._limits = limits
        self._threads = threads
        self._context = context
        self._state = state
        self._questions = questions
        self._journal = journal
        self._slots = asyncio.Semaphore(limits.most_parallel)

    async def make(self, name: str, call: ToolCall, desk: CallDesk) -> ToolStep | tuple[Question, ...]:
        """Make a call; give its result, which is recorded, or the questions that it waits for.

        Args:
            name: Under which the result is recorded.
            call: The call.
            desk: What it leaves things on.

        Raises:
            StoreError: The result could not be recorded.
        """
        waiting = self._questions.open_of(desk.call)
        if waiting:
            return waiting
        began: list[float] = []
        try:
            text, is_error = await self._outcome(call, desk, began)
        except Suspended as suspended:
            return (desk.waits_for or suspended.question,)
        steps: dict[str, str] = {}
        try:
            changes = self._state.changes()
        except ToolError as error:
            text, is_error = str(error), True
        else:
            steps = {} if changes is None else {STATE: changes}
        result = ToolStep(
            text=_bounded(text),
            is_error=is_error,
            duration=max(0.0, desk.clock() - began[0]) if began else 0.0,
            details=clean_text(desk.said),
            sources=tuple(desk.cited),
            elements=tuple(desk.offered),
        )
        if self._journal is not None:
            await self._journal.record({name: result.encoded(), **steps})
        return result

    async def _outcome(self, call: ToolCall, desk: CallDesk, began: list[float]) -> tuple[str, bool]:
        tool = self._tools.get(call.name)
        if tool is None:
            return f"there is no tool {call.name!r}; there are: {', '.join(self._tools) or 'none'}", True
        context = replace(self._context, desk=desk)
        try:
            arguments = await before_call(self._hooks, tool.name, tool.arguments.parse(call.arguments), context)
            refusal = await self._refusal(tool, arguments, context)
            if refusal is not None:
                return refusal, True
            return await self._called(tool, arguments, context, desk, began)
        except Suspended:
            raise
        except ToolError as error:
            return str(error), True
        except StoreError:
            # What could not be recorded is not the tool's failure.
            raise
        except Exception as error:  # noqa: BLE001 - whatever a function in Approval(by=...) raises
            return self._failure(tool, error), True

    async def _refusal(self, tool: Tool, arguments: Mapping[str, object], context: RunContext) -> str | None:
        if tool.approval is None:
            return None
        question = tool.approval.question(tool.name, arguments, context)
        return refusal_of(await self._questions.decide(question))

    async def _called(
        self, tool: Tool, arguments: dict[str, object], context: RunContext, desk: CallDesk, began: list[float]
    ) -> tuple[str, bool]:
        async with self._slots, tool.bounds.slot():
            # Only now: the same call may have been under way.
            known = tool.bounds.kept(arguments, context)
            if known is not None:
                return known, False
            began.append(desk.clock())
            text, is_error = await self._tried(tool, arguments, context, desk)
            called = Called(arguments=arguments, result=text, is_error=is_error)
            text = await after_call(self._hooks, tool.name, called, context)
            if not is_error:
                tool.bounds.keep(arguments, context, text)
        return text, is_error

    async def _tried(
        self, tool: Tool, arguments: dict[str, object], context: RunContext, desk: CallDesk
    ) -> tuple[str, bool]:
        """Make the call, again where it failed and may be made again."""
        failures = 0
        while True:
            text, is_error, is_failure = await self._limited(tool, arguments, context, desk)
            failures += is_failure
            delay = tool.bounds.delay(failures) if is_failure else None
            if delay is None:
                return text, is_error
            await asyncio.sleep(delay)

    async def _limited(
        self, tool: Tool, arguments: dict[str, object], context: RunContext, desk: CallDesk
    ) -> tuple[str, bool, bool]:
        """Make the call once; give its result, whether that is an error, and whether the tool itself has failed."""
        timeout = tool.timeout or self._limits.timeout
        desk.limit = asyncio.timeout(timeout)
        try:
            async with desk.limit:
                returned = await self._result(tool, arguments, context)
        except ToolError as error:
            returned, is_error, is_failure = str(error), True, False
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            # A tool may raise anything, even a cancellation of its own making: it is logged, and the run goes on.
            if isinstance(error, asyncio.CancelledError) and _is_being_cancelled():
                raise
            returned, is_error, is_failure = self._failed(tool, error, desk, timeout), True, True
        else:
            is_error = is_failure = False
        if desk.waits_for is not None:
            raise Suspended(desk.waits_for)
        return returned, is_error, is_failure

    async def _result(self, tool: Tool, arguments: dict[str, object], context: RunContext) -> str:
        # A tool exists only after its schema was made, so pydantic is loaded by now.
        from threadkeep.agent.tool_schema import result_text  # noqa: PLC0415

        if tool.arguments.context is not None:
            arguments = {**arguments, tool.arguments.context: context}
        if inspect.iscoroutinefunction(tool.function):
            returned = await tool.function(**arguments)
        else:
            returned = await self._threads.call(lambda: tool.function(**arguments))
            if inspect.isawaitable(returned):
                returned = await returned
        return result_text(returned)

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


@asynccontextmanager
async def _paused(limit: asyncio.Timeout | None) -> AsyncIterator[None]:
    """Let a time limit stand still: people take longer than tools may."""
    until = None if limit is None or limit.expired() else limit.when()
    if limit is None or until is None:
        yield
        return
    loop = asyncio.get_running_loop()
    left = until - loop.time()
    limit.reschedule(None)
    try:
        yield
    finally:
        limit.reschedule(loop.time() + left)


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _bounded(text: str) -> str:
    text = clean_text(text)
    if len(text) <= _LONGEST_RESULT:
        return text
    return f"{text[:_LONGEST_RESULT]}\n[cut: the first {_LONGEST_RESULT} of {len(text)} characters are shown]"
