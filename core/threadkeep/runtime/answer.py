"""One claimed session, from the waiting messages to the committed run."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from threadkeep.agent.agent import Agent
from threadkeep.agent.loop import AgentRun
from threadkeep.agent.request import RunRequest
from threadkeep.chat.adapter import Adapter, Reply, ReplyContent, ReplyRequest
from threadkeep.chat.events import MessageReceived
from threadkeep.chat.speakers import SHARED_PLACE_NOTE, to_messages
from threadkeep.errors import (
    LeaseLostError,
    ModelRateLimitError,
    ModelResponseError,
    ModelUnavailableError,
    PlatformError,
    PlatformRateLimitError,
    PlatformUnavailableError,
    ThreadkeepError,
)
from threadkeep.runs import ContentDelta, Run, RunEvent, RunStatus, ToolCallCompleted, ToolCallStarted
from threadkeep.runtime.journal import RunJournal, until_stored
from threadkeep.stores.base import Claim, Store, Transcript

_log = structlog.get_logger(__name__)

_REFERENCE_LENGTH = 8
_HAND_BACK_SECONDS = 5.0
_PLATFORM_RETRY_SECONDS = 15.0


@dataclass(slots=True, kw_only=True)
class _View:
    """What the people see of the run: the text so far, and the tools at work by call id."""

    text: str = ""
    tools: dict[str, str] = field(default_factory=dict)

    def take(self, event: RunEvent) -> bool:
        """Follow an event; tell whether it changes what is seen."""
        match event:
            case ContentDelta(content=text):
                self.text += text
            case ToolCallStarted(call=call):
                self.tools[call.id] = call.name
            case ToolCallCompleted(call=call):
                self.tools.pop(call.id, None)
            case _:
                return False
        return True

    def content(self) -> ReplyContent:
        return ReplyContent(text=self.text, activity=tuple(f"Using {name} …" for name in self.tools.values()))

    def final(self) -> ReplyContent:
        return ReplyContent(text=self.text, is_final=True)

    def add_failure(self, line: str) -> None:
        self.text = f"{self.text}\n\n{line}" if self.text.strip() else line


def failure_line(error: BaseException, run_id: str) -> str:
    """Return the one line that people see when a run fails; it never holds a provider's text."""
    if isinstance(error, ModelUnavailableError | ModelRateLimitError):
        text = "Sorry, my language model is not available right now. Please try again in a minute."
    else:
        text = "Sorry, something went wrong and I could not finish this answer. Please try again."
    return f"{text} (reference {run_id[:_REFERENCE_LENGTH]})"


class AttemptsExhaustedError(ThreadkeepError):
    """Every attempt to answer ended with the process, not with an answer."""


class Answer:
    """Answers the waiting messages of one claimed session.

    Args:
        claim: The session, what waits in it, and the right to run it.
        agent: Who answers.
        store: Where the claim comes from.
        adapters: Where to reply, by platform.
        is_streamed: Whether the reply is shown while it is written.
        max_attempts: After so many attempts that ended with the process, the run is given up.
    """

    def __init__(
        self,
        claim: Claim,
        *,
        agent: Agent,
        store: Store,
        adapters: Mapping[str, Adapter],
        is_streamed: bool,
        max_attempts: int,
    ) -> None:
        self._claim = claim
        self._agent = agent
        self._store = store
        self._adapters = adapters
        self._is_streamed = is_streamed
        self._max_attempts = max_attempts
        self._journal = RunJournal(store.inbox, claim)
        self._events = claim.events[: self._journal.taken]
        self._view = _View()
        self._log = _log.bind(session_id=claim.lease.session_id, run_id=claim.run_id, attempt=claim.attempt)

    async def run(self) -> None:
        """Answer and commit, or hand the session back.

        Whatever goes wrong with the model, a tool or the platform ends in a visible line with a reference and a
        committed run; a lost lease or a cancellation ends without a trace of its own, for the next holder to go on.
        """
        try:
            if not self._events or self._adapter_name not in self._adapters:
                await self._give_to_others()
                return
            await self._answer(self._events[-1], self._adapters[self._adapter_name])
        except LeaseLostError:
            self._log.warning("lease_lost")
        except asyncio.CancelledError:
            await self._hand_back()
            raise

    @property
    def _adapter_name(self) -> str:
        return self._events[-1].place.session.platform

    async def _answer(self, question: MessageReceived, adapter: Adapter) -> None:
        agent_run = self._begin(question)
        reply = adapter.open_reply(
            ReplyRequest(
                place=question.place,
                run_id=self._claim.run_id,
                posted=self._journal.posted,
                is_retry=self._claim.attempt > 1,
                on_posted=self._journal.record_posted,
            )
        )
        try:
            status, error = await self._stream(agent_run, reply)
            try:
                await reply.finish(self._view.final())
            except (PlatformUnavailableError, PlatformRateLimitError) as failure:
                if self._claim.attempt < self._max_attempts:
                    self._log.warning("platform_unavailable", error=str(failure), retry_in=_PLATFORM_RETRY_SECONDS)
                    await self._store.inbox.release(self._claim.lease, delay=_PLATFORM_RETRY_SECONDS)
                    return
                status, error = self._cannot_show(failure)
            except PlatformError as failure:
                status, error = self._cannot_show(failure)
        finally:
            await reply.aclose()
        await self._commit(agent_run.close(status, error))

    def _begin(self, question: MessageReceived) -> AgentRun:
        claim = self._claim
        request = RunRequest(
            run_id=claim.run_id,
            session_id=claim.lease.session_id,
            user_id=str(question.user),
            messages=to_messages(self._events),
            note=SHARED_PLACE_NOTE if question.place.is_shared else "",
        )
        transcript = Transcript(session=claim.session, runs=claim.runs)
        return self._agent.begin(
            request, transcript, store=self._store, journal=self._journal, is_streamed=self._is_streamed
        )

    async def _stream(self, agent_run: AgentRun, reply: Reply) -> tuple[RunStatus, str | None]:
        """Run the agent into the reply; a failure becomes a line of the view."""
        try:
            await self._show_events(agent_run, reply)
        except (LeaseLostError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a model, tool or adapter raises is answered with a reference
            self._log.error("run_failed", reference=self._claim.run_id[:_REFERENCE_LENGTH], exc_info=error)
            self._view.add_failure(failure_line(error, self._claim.run_id))
            return RunStatus.FAILED, type(error).__name__
        return RunStatus.COMPLETED, None

    async def _show_events(self, agent_run: AgentRun, reply: Reply) -> None:
        if self._claim.attempt > self._max_attempts:
            raise AttemptsExhaustedError(f"{self._max_attempts} attempts ended with their process")
        async with aclosing(agent_run.stream()) as events:
            async for event in events:
                if self._view.take(event) and self._is_streamed:
                    await reply.show(self._view.content())
        if not self._view.text.strip():
            raise ModelResponseError("The model gave an empty answer.")

    def _cannot_show(self, failure: PlatformError) -> tuple[RunStatus, str]:
        self._log.error("reply_not_shown", error=str(failure))
        return RunStatus.FAILED, type(failure).__name__

    async def _commit(self, run: Run) -> None:
        lease = self._claim.lease
        await until_stored(lambda: self._store.inbox.commit(lease, run, consumed=self._journal.taken), what="commit")
        self._log.info(
            "run_committed",
            status=run.status.value,
            error=run.error,
            duration=round(run.metrics.duration, 3),
            input_tokens=run.metrics.input_tokens,
            output_tokens=run.metrics.output_tokens,
        )

    async def _give_to_others(self) -> None:
        """Hand back what this process cannot answer: it has no adapter for the platform, or nothing is asked."""
        self._log.warning("no_adapter_for_session", adapters=sorted(self._adapters))
        await self._store.inbox.release(self._claim.lease, delay=_PLATFORM_RETRY_SECONDS)

    async def _hand_back(self) -> None:
        """Let another worker go on at once, when this one was told to stop."""
        try:
            async with asyncio.timeout(_HAND_BACK_SECONDS):
                await asyncio.shield(self._store.inbox.release(self._claim.lease))
        except (ThreadkeepError, TimeoutError) as error:
            self._log.warning("not_handed_back", error=str(error))
