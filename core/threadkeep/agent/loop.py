"""One run of an agent: ask the model, call the tools, ask again, until there is an answer.

A run can be closed at any moment into a record that is valid: the user's words first, every tool call with its result,
and what was already said.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from threadkeep.agent.asking import Questions
from threadkeep.agent.call_desk import Desks
from threadkeep.agent.calling import Calling, Toolset
from threadkeep.agent.context import RunContext
from threadkeep.agent.contexts import context_of
from threadkeep.agent.desk import ToolDesk
from threadkeep.agent.files import RunFiles, refused, unread
from threadkeep.agent.guards import REFUSED, accepted, accepted_files, guarded, not_accepted
from threadkeep.agent.handing import handed_to, with_system
from threadkeep.agent.history import UNFINISHED, shown_messages
from threadkeep.agent.instructions import instructions_text
from threadkeep.agent.memory import system_text
from threadkeep.agent.meter import Meter
from threadkeep.agent.permissions import others_in, permitted
from threadkeep.agent.plan import RunPlan
from threadkeep.agent.prompt import Past, past_of, remembered
from threadkeep.agent.record import RunRecord, with_own_ids
from threadkeep.agent.request import Journal, RunRequest, Steering
from threadkeep.agent.state import STATE, RunState
from threadkeep.agent.state_items import state_section
from threadkeep.agent.steps import AnswerStep, ToolStep
from threadkeep.agent.tool_calls import ToolCaller, recorded_results
from threadkeep.agent.tool_sources import offered
from threadkeep.errors import EmptyAnswerError, ModelRequestError, ModelResponseError, RefusedError, StepLimitError
from threadkeep.messages import Message, Role, ToolCall
from threadkeep.models.base import ModelAnswer, ModelEvent
from threadkeep.models.streams import closing_stream
from threadkeep.runs import (
    ContentDelta,
    Run,
    RunCompleted,
    RunEvent,
    RunResponse,
    RunStarted,
    RunStatus,
    RunSuspended,
    ToolCallCompleted,
    ToolCallProgressed,
    ToolCallStarted,
)
from threadkeep.stores.base import Store, Transcript

_CANCELLED: Final = "cancelled"


class AgentRun:
    """One run. ``stream`` it once; ``close`` it into a record when it has ended, in whatever way."""

    def __init__(
        self,
        plan: RunPlan,
        request: RunRequest,
        transcript: Transcript | None,
        *,
        store: Store,
        journal: Journal | None,
        steering: Steering | None = None,
    ) -> None:
        self._plan = plan
        self._request = request
        self._transcript = transcript
        self._store = store
        self._journal = journal
        self._steering = steering
        self._steps = journal.steps if journal is not None else {}
        self._meter = Meter(plan.clock)
        self._record = RunRecord()
        self._files = RunFiles(
            plan.files,
            run_id=request.run_id,
            session_id=request.session_id,
            fetch=request.fetch,
            journal=journal,
        )
        # What the hooks have not seen is not kept.
        self._said = not_accepted(request.messages) if plan.input_hooks else unread(request.messages)
        self._shown: tuple[Message, ...] = request.messages
        self._questions = Questions(journal, plan.on_question, can_wait=request.can_wait)
        self._state = RunState({} if transcript is None else transcript.session.state, self._steps.get(STATE))
        self._waiting = 0
        self._withheld: frozenset[str] = frozenset()
        self._finish_reason = "stop"
        self._past = Past()
        self._size = 0
        self._asked: tuple[Message, ...] = ()

    async def stream(self) -> AsyncGenerator[RunEvent, None]:
        """Make the run, yielding its events; closing the iterator ends it.

        Raises:
            ModelError: The model gave no usable answer.
            StoreError: The user's memories could not be read, or a step could not be recorded.
        """
        request, most = self._request, self._plan.max_steps
        self._meter.start()
        yield RunStarted(run_id=request.run_id, session_id=request.session_id, user_id=request.user_id)
        self._past = past_of(self._transcript, self._plan.window, self._plan.gauge, self._plan.model.id)
        try:
            self._said = await self._heard(request.messages)
        except RefusedError as refusal:
            self._finish_reason = REFUSED
            yield self._say(str(refusal))
            self._record.settle(Message(role=Role.ASSISTANT, content=str(refusal)))
            yield self._completed_run()
            return
        self._shown = shown_messages(system=await self._system(), past=self._past.runs, new=self._said)
        caller = await self._equipped()
        for number in range(most):
            for missing in self._files.not_read():
                yield missing
            async with aclosing(self._answer(number)) as deltas:
                async for delta in deltas:
                    yield delta
            calls = self._record.open_calls
            if not calls:
                yield self._completed_run()
                return
            # The last permitted answer's calls are not made: nobody would read their results.
            if number + 1 < most:
                async with aclosing(self._call_tools(number, calls, caller)) as events:
                    async for event in events:
                        yield event
                if self._waiting:
                    yield RunSuspended(questions=self._waiting)
                    return
                caller = await self._hand_over(calls, caller)
                if self._steering is not None:
                    caller = await self._hear(await self._steered(self._steering), caller)
        raise StepLimitError(
            f"the model still calls tools after {most} steps: raise max_steps, or make the tools answer what it needs"
        )

    async def recall(self) -> AsyncGenerator[RunEvent, None]:
        """Yield what earlier attempts have recorded, instead of ``stream``: nobody is asked, no tool is called.

        Raises:
            StoreError: A recorded step cannot be read.
        """
        self._meter.start()
        for number in range(self._plan.max_steps):
            if AnswerStep.name(number) not in self._steps:
                return
            async with aclosing(self._answer(number)) as deltas:
                async for delta in deltas:
                    yield delta
            calls = self._record.open_calls
            for call in calls:
                yield ToolCallStarted(call=call)
            for index, result in recorded_results(self._steps, number, len(calls)).items():
                yield self._completed(index, calls[index], result)

    @property
    def session_id(self) -> str:
        """Give the conversation."""
        return self._request.session_id

    @property
    def changed_state(self) -> Mapping[str, object] | None:
        """Give the session's state with what the tools have changed; None if they have changed nothing."""
        return self._state.values if self._state.is_changed else None

    def close(self, status: RunStatus, error: str | None = None) -> Run:
        """Give the record of this run as far as it went; it changes nothing and may be called at any time.

        Args:
            status: How the run ended.
            error: A short name of what went wrong, never a provider's text.
        """
        request = self._request
        missing = _CANCELLED if status is RunStatus.CANCELLED else UNFINISHED
        messages = (*self._said, *self._record.messages(missing))
        # What the model's server refuses once, it would refuse again with every later question.
        messages = refused(messages) if error == ModelRequestError.__name__ else messages
        return Run(
            run_id=request.run_id,
            session_id=request.session_id,
            user_id=request.user_id,
            status=status,
            messages=messages,
            content=self._record.content,
            error=error,
            metrics=self._meter.metrics(),
            created_at=self._meter.began if request.created_at is None else request.created_at,
            decisions=self._questions.decisions,
            kind=None if request.place is None else request.place.kind,
            is_confidential=request.place is not None and request.place.is_confidential,
        )

    async def _heard(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """Read what was said, and let the hooks look at it and at the texts of its files."""
        hooks = self._plan.input_hooks
        if not hooks:
            return await self._files.take(messages)
        messages = await accepted(messages, hooks, self._context())
        return await accepted_files(await self._files.take(messages), hooks, self._context())

    async def _steered(self, steering: Steering) -> tuple[Message, ...]:
        messages = await steering()
        try:
            return await self._heard(messages)
        except RefusedError:
            return not_accepted(messages)

    async def _hear(self, messages: tuple[Message, ...], caller: ToolCaller) -> ToolCaller:
        """Show the model what was said meanwhile; what somebody in it may not use, it uses no more in this run."""
        self._record.hear(messages)
        before, context = self._plan.tools, self._context()
        for user_id in others_in(messages, self._request.user_id):
            # What the platform tells is of who is answered.
            other = replace(context, user_id=user_id, speaker="", desk=ToolDesk())
            allowed = await permitted(self._plan.tools, other)
            self._plan = replace(self._plan, tools=allowed)
        self._withheld |= frozenset(before) - frozenset(self._plan.tools)
        return caller if self._plan.tools is before else self._caller()

    def _completed_run(self) -> RunCompleted:
        self._meter.stop()
        return RunCompleted(response=self._response())

    def _response(self) -> RunResponse:
        request, output = self._request, self._plan.output
        messages = self._record.messages(UNFINISHED)
        return RunResponse(
            run_id=request.run_id,
            session_id=request.session_id,
            user_id=request.user_id,
            content=self._record.content,
            messages=(*(self._asked[: len(self._shown)] or self._shown), *messages),
            metrics=self._meter.metrics(),
            status=RunStatus.COMPLETED,
            parsed=None if output is None else output.parsed(messages[-1].content),
            finish_reason=self._finish_reason,
        )

    async def _system(self) -> str:
        memories = await remembered(self._store, self._plan.memory, self._request, self._said, self._past)
        told = await instructions_text(self._plan.instructions, self._context())
        state = state_section(self._state.values, shown=self._plan.show_state)
        return system_text(told, self._past.section, self._request.note, memories, state)

    def _context(self) -> RunContext:
        began = self._meter.began if self._request.created_at is None else self._request.created_at
        return context_of(
            self._request, self._transcript, self._state, store=self._store, past=self._past, began_at=began
        )

    async def _hand_over(self, calls: tuple[ToolCall, ...], caller: ToolCaller) -> ToolCaller:
        """Go on as the agent to whom the calls have handed the conversation over, if they have."""
        plan = self._plan.crew.get(handed_to(calls, self._state.values) or "")
        if plan is None:
            return caller
        self._plan = replace(plan, settings=replace(plan.settings, is_streamed=self._plan.settings.is_streamed))
        self._files.read_for(plan.files)
        self._shown = with_system(self._shown, await self._system())
        return await self._equipped()

    async def _equipped(self) -> ToolCaller:
        """Take the tools that the sources offer for this run besides the plan's own, as far as they may be used."""
        plan, context = self._plan, self._context()
        tools = await offered(plan.tools, plan.sources, context) if plan.sources else plan.tools
        allowed = await permitted(tools, context)
        self._withheld = frozenset(tools) - frozenset(allowed)
        self._plan = replace(plan, tools=allowed)
        return self._caller()

    def _caller(self) -> ToolCaller:
        plan, request, journal = self._plan, self._request, self._journal
        calling = Calling(
            toolset=Toolset(
                tools=plan.tools,
                withheld=self._withheld,
                limits=plan.tool_limits,
                threads=plan.threads,
                hooks=plan.tool_hooks,
                result_hooks=plan.result_hooks,
            ),
            context=self._context(),
            state=self._state,
            questions=self._questions,
            journal=journal,
            files=self._files,
        )
        desks = Desks(self._questions, journal, request.send_file, request.rights, plan.clock)
        return ToolCaller(calling, desks, journal)

    def _visible(self, text: str) -> str:
        output = self._plan.output
        return text if output is None else output.shown(text, is_for_people=self._request.place is not None)

    def _say(self, text: str) -> ContentDelta:
        self._meter.note_text()
        return ContentDelta(content=self._record.say(text))

    async def _answer(self, number: int) -> AsyncGenerator[ContentDelta, None]:
        recorded = self._steps.get(AnswerStep.name(number))
        if recorded is not None:
            step = AnswerStep.decoded(recorded)
        else:
            answer: ModelAnswer | None = None
            async with closing_stream(await self._ask()) as events:
                async for event in events:
                    if isinstance(event, ModelAnswer):
                        answer = event
                    elif event.text:
                        yield self._say(event.text)
            step = await self._whole(number, answer)
            self._plan.gauge.learn(self._plan.model.id, self._size, step.usage.input_tokens)
        if step.message.content and not self._record.is_saying:
            yield self._say(self._visible(step.message.content))
        self._meter.add_call(step, self._plan.prices)
        self._record.settle(step.message)

    async def _ask(self) -> AsyncIterator[ModelEvent]:
        asked = await self._files.show((*self._shown, *self._record.messages(UNFINISHED)))
        self._asked = asked
        specs = [tool.spec for tool in self._plan.tools.values()]
        if self._plan.window.most_tokens is not None:
            self._size = self._plan.gauge.size(asked, specs)
        model = guarded(self._plan.model, self._plan.output_hooks, self._context)
        return model.stream(asked, specs, self._plan.settings)

    async def _whole(self, number: int, answer: ModelAnswer | None) -> AnswerStep:
        if answer is None:
            raise ModelResponseError("the model ended without an answer")
        self._finish_reason = answer.finish_reason
        model, is_told = answer.model or self._plan.model.id, answer.usage.input_tokens is not None
        step = AnswerStep(
            message=with_own_ids(answer.message),
            usage=answer.usage,
            model=model,
            estimate=None if is_told else self._plan.gauge.estimate(self._asked, answer.message, model),
        )
        if step.message.tool_calls:
            if self._journal is not None:
                await self._journal.record({AnswerStep.name(number): step.encoded()})
        elif not step.message.content and not self._record.content:
            raise EmptyAnswerError(
                f"the model answered with nothing (finish reason: {answer.finish_reason}); if it ran out of tokens,"
                " raise max_output_tokens",
                finish_reason=answer.finish_reason,
            )
        return step

    async def _call_tools(
        self, number: int, calls: tuple[ToolCall, ...], caller: ToolCaller
    ) -> AsyncGenerator[ToolCallStarted | ToolCallProgressed | ToolCallCompleted, None]:
        for call in calls:
            yield ToolCallStarted(call=call)
        async with aclosing(caller.call_all(number, calls)) as reports:
            async for report in reports:
                self._waiting += len(report.questions)
                if report.result is not None:
                    yield self._completed(report.index, calls[report.index], report.result)
                elif report.said:
                    yield ToolCallProgressed(call=calls[report.index], details=report.said)

    def _completed(self, index: int, call: ToolCall, result: ToolStep) -> ToolCallCompleted:
        self._record.keep_result(index, result)
        return ToolCallCompleted(
            call=call,
            result=result.text,
            is_error=result.is_error,
            duration=result.duration,
            details=result.details,
            sources=result.sources,
            elements=result.elements,
            attachments=result.attachments,
        )
