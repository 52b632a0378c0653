"""One claimed session, from the waiting messages to the committed run."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace

import structlog

from threadkeep.agent.agent import Agent
from threadkeep.agent.loop import AgentRun
from threadkeep.agent.request import RunRequest
from threadkeep.chat.adapter import Adapter, Reply, ReplyContent, ReplyRequest
from threadkeep.chat.events import MessageReceived
from threadkeep.chat.policy import Policies, Policy, take
from threadkeep.chat.speakers import SHARED_PLACE_NOTE, to_messages
from threadkeep.errors import (
    LeaseLostError,
    PlatformError,
    PlatformRateLimitError,
    PlatformUnavailableError,
    ThreadkeepError,
)
from threadkeep.messages import Message
from threadkeep.runs import Run, RunStatus, RunTrace
from threadkeep.runtime.fenced import FencedReply
from threadkeep.runtime.journal import DELETED_BY, STOP, Outcome, RunJournal, until_stored
from threadkeep.runtime.view import REFERENCE_LENGTH, View, dropped_line, failure_line
from threadkeep.stores.base import Claim, Store, Transcript
from threadkeep.stores.operations import Signal, SignalKind

_log = structlog.get_logger(__name__)

_HAND_BACK_SECONDS = 5.0
_STOPPED = "_Stopped._"
_QUESTION_DELETED = "_Stopped: the question was deleted._"
_INTERRUPTED = "_Interrupted by the next message._"


def _stop_line(asked_by: str | None) -> str | None:
    """Return the line for a stop that is recorded with the run; None if there is none."""
    if asked_by is None:
        return None
    return _QUESTION_DELETED if asked_by == DELETED_BY else _STOPPED


class AttemptsExhaustedError(ThreadkeepError):
    """Every attempt to answer ended with the process, not with an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSettings:
    """How a bot answers.

    Attributes:
        is_streamed: Whether the reply is shown while it is written.
        policies: What becomes of messages that arrive meanwhile.
        max_attempts: After so many attempts that ended with their process or at the platform, a run is given up.
        retry_seconds: The delay before the second attempt; it doubles with each further one.
        longest_retry_seconds: The longest delay.
        late_seconds: An answer to a message older than this says how old it is.
    """

    is_streamed: bool = True
    policies: Policies = field(default_factory=Policies)
    max_attempts: int = 5
    retry_seconds: float = 2.0
    longest_retry_seconds: float = 120.0
    late_seconds: float = 1800.0

    def delay(self, attempt: int) -> float:
        """Return how long to wait after an attempt, counted from 1, before the next."""
        return min(self.retry_seconds * 2.0 ** min(attempt - 1, 20), self.longest_retry_seconds)


class Answer:
    """Answers the waiting messages of one claimed session.

    Args:
        claim: The session, what waits in it, and the right to run it.
        agent: Who answers.
        store: Where the claim comes from.
        adapters: Where to reply, by platform.
        settings: How.
        clock: Gives the seconds since the epoch.
        is_held: Tells whether the claim's lease cannot have lapsed yet.
    """

    def __init__(
        self,
        claim: Claim,
        *,
        agent: Agent,
        store: Store,
        adapters: Mapping[str, Adapter],
        settings: AnswerSettings,
        clock: Callable[[], float],
        is_held: Callable[[], bool],
    ) -> None:
        self._claim = claim
        self._agent = agent
        self._store = store
        self._adapters = adapters
        self._settings = settings
        self._clock = clock
        self._is_held = is_held
        self._claimed_at = clock()
        self._policy = settings.policies.of(claim.events[0].place) if claim.events else Policy.COLLECT
        self._journal = RunJournal(store.inbox, claim, taken=take(claim.events, self._policy))
        self._view = View()
        self._waiting = 0
        self._stop_line = _stop_line(claim.steps.get(STOP))
        self._streaming: asyncio.Task[object] | None = None
        self._reply: Reply | None = None
        self._log = _log.bind(session_id=claim.lease.session_id, run_id=claim.run_id, attempt=claim.attempt)

    async def run(self) -> None:
        """Answer and commit, or hand the session back.

        Whatever goes wrong with the model, a tool or the platform ends in a visible line with a reference and a
        committed run; a lost lease or a cancellation ends without a trace of its own, for the next holder to go on.
        """
        events = self._claim.events[: self._journal.taken]
        adapter = self._adapters.get(events[-1].place.session.platform) if events else None
        try:
            if adapter is None:
                self._log.warning("no_adapter_for_session", adapters=sorted(self._adapters))
                await self._release(self._settings.longest_retry_seconds)
                return
            async with self._journal:
                await self._answer(events, adapter)
        except LeaseLostError:
            self._log.warning("lease_lost")
        except asyncio.CancelledError:
            await self._hand_back()
            raise

    async def signal(self, signal: Signal) -> None:
        """Hear what happened to the session meanwhile."""
        match signal.kind:
            case SignalKind.STOP:
                self._stop(_STOPPED)
            case SignalKind.DELETED if signal.message in self._sources:
                self._stop(_QUESTION_DELETED)
            case SignalKind.MESSAGE:
                self._waiting = signal.waiting
                if self._policy is Policy.INTERRUPT:
                    self._stop(_INTERRUPTED)
                elif self._policy in (Policy.COLLECT, Policy.QUEUE):
                    await self._show_waiting()

    @property
    def _sources(self) -> set[str]:
        """The keys of the messages that the run takes."""
        return {str(event.key) for event in self._claim.events[: self._journal.taken]}

    def _stop(self, line: str) -> None:
        self._stop_line = self._stop_line or line
        if self._streaming is not None:
            self._streaming.cancel("stopped")
            self._streaming = None

    async def _show_waiting(self) -> None:
        self._view.waiting = self._waiting
        if self._reply is not None and self._streaming is not None and self._settings.is_streamed:
            try:
                await self._reply.show(self._view.content())
            except (PlatformError, LeaseLostError) as error:
                self._log.info("hint_not_shown", error=type(error).__name__)

    async def _answer(self, events: tuple[MessageReceived, ...], adapter: Adapter) -> None:
        opened = adapter.open_reply(
            ReplyRequest(
                place=events[-1].place,
                run_id=self._claim.run_id,
                posted=self._journal.posted,
                is_retry=self._claim.attempt > 1,
                on_posted=self._journal.note_posted,
            )
        )
        reply = FencedReply(opened, is_held=self._is_held)
        self._reply = reply
        dead = None
        try:
            outcome = self._journal.outcome or await self._make(events, reply)
            try:
                await reply.finish(ReplyContent(text=outcome.text, is_final=True))
            except (PlatformUnavailableError, PlatformRateLimitError) as failure:
                if self._claim.attempt < self._settings.max_attempts:
                    await self._retry_later(failure)
                    return
                dead = type(failure).__name__
                outcome = self._not_shown(outcome, failure)
            except PlatformError as failure:
                outcome = self._not_shown(outcome, failure)
        finally:
            await reply.aclose()
        if outcome.run.error == AttemptsExhaustedError.__name__:
            dead = outcome.run.error
        await self._commit(outcome.run, dead=dead)

    async def _make(self, events: tuple[MessageReceived, ...], reply: Reply) -> Outcome:
        """Run the agent into the reply and record how it ended."""
        agent_run = self._begin(events)
        self._add_age(events[-1])
        status, error = await self._stream(agent_run, reply)
        if self._policy is Policy.DROP and self._waiting:
            await self._drop_waiting()
        outcome = Outcome(run=agent_run.close(status, error), text=self._view.text)
        await self._journal.record_outcome(outcome)
        return outcome

    def _begin(self, events: tuple[MessageReceived, ...]) -> AgentRun:
        claim, question = self._claim, events[-1]
        request = RunRequest(
            run_id=claim.run_id,
            session_id=claim.lease.session_id,
            user_id=str(question.user),
            messages=to_messages(events),
            note=SHARED_PLACE_NOTE if question.place.is_shared else "",
        )
        transcript = Transcript(session=claim.session, runs=claim.runs, amendments=claim.amendments)
        return self._agent.begin(
            request,
            transcript,
            store=self._store,
            journal=self._journal,
            steering=self._steer if self._policy is Policy.STEER else None,
            is_streamed=self._settings.is_streamed,
        )

    async def _stream(self, agent_run: AgentRun, reply: Reply) -> tuple[RunStatus, str | None]:
        """Run the agent into the reply; a stop or a failure becomes a line of the view."""
        try:
            is_whole = await self._show_events(agent_run, reply)
        except LeaseLostError:
            raise
        except asyncio.CancelledError:
            # A stop cancels this task once; whatever else cancels it, ends it.
            if self._stop_line is None or (task := asyncio.current_task()) is None or task.uncancel() > 0:
                raise
            is_whole = False
        except Exception as error:  # noqa: BLE001 - whatever a model, tool or adapter raises is answered with a reference
            self._log.error("run_failed", reference=self._claim.run_id[:REFERENCE_LENGTH], exc_info=error)
            self._view.add_line(failure_line(error, self._claim.run_id))
            return RunStatus.FAILED, type(error).__name__
        finally:
            self._streaming = None
        if is_whole:
            return RunStatus.COMPLETED, None
        self._view.add_line(self._stop_line or _STOPPED)
        return RunStatus.CANCELLED, None

    async def _show_events(self, agent_run: AgentRun, reply: Reply) -> bool:
        """Follow the run; tell whether it was made, and not stopped before it began."""
        if self._claim.attempt > self._settings.max_attempts:
            raise AttemptsExhaustedError(f"{self._settings.max_attempts} attempts ended with their process")
        if self._stop_line is not None:
            return False
        self._streaming = asyncio.current_task()
        async with aclosing(agent_run.stream()) as events:
            async for event in events:
                if self._view.follow(event) and self._settings.is_streamed:
                    await reply.show(self._view.content())
        return True

    async def _steer(self) -> tuple[Message, ...]:
        """Give what was said since the run began, and take it into the run."""
        if not self._waiting:
            return ()
        lease, taken = self._claim.lease, self._journal.taken
        self._waiting = 0
        waiting = await until_stored(lambda: self._store.control.waiting(lease), what="waiting")
        if len(waiting) > taken:
            await self._take(len(waiting))
        return to_messages(waiting[taken:])

    async def _drop_waiting(self) -> None:
        """Take what came meanwhile without answering it, and say so."""
        lease, taken = self._claim.lease, self._journal.taken
        waiting = await until_stored(lambda: self._store.control.waiting(lease), what="waiting")
        if len(waiting) > taken:
            await self._take(len(waiting))
            self._view.add_line(dropped_line(len(waiting) - taken))

    async def _take(self, count: int) -> None:
        lease = self._claim.lease
        await until_stored(lambda: self._store.control.extend(lease, count), what="extend")
        await self._journal.extend(count)

    def _add_age(self, question: MessageReceived) -> None:
        """Say of which time a late answer is, so that nobody takes it for a new one."""
        age = self._clock() - question.sent_at
        if question.sent_at and age > self._settings.late_seconds:
            hours = age / 3600
            ago = f"{hours:.0f} hours" if hours >= 1.5 else f"{age / 60:.0f} minutes"
            self._view.text = f"_You asked this {ago} ago, while I was away._\n\n"

    def _not_shown(self, outcome: Outcome, failure: PlatformError) -> Outcome:
        self._log.error("reply_not_shown", error=str(failure))
        run = replace(outcome.run, status=RunStatus.FAILED, error=type(failure).__name__)
        return replace(outcome, run=run)

    async def _retry_later(self, failure: PlatformError) -> None:
        delay = self._settings.delay(self._claim.attempt)
        self._log.warning("platform_unavailable", error=str(failure), retry_in=delay)
        await self._release(delay)

    async def _release(self, delay: float) -> None:
        lease = self._claim.lease
        await until_stored(lambda: self._store.inbox.release(lease, delay=delay), what="release")

    async def _commit(self, run: Run, *, dead: str | None) -> None:
        lease, consumed = self._claim.lease, self._journal.taken
        trace = RunTrace(
            worker=lease.worker,
            attempt=self._claim.attempt,
            claimed_at=self._claimed_at,
            finished_at=self._clock(),
            posted=tuple(self._journal.posted.values()),
        )
        traced = replace(run, trace=trace)
        commit = self._store.inbox.commit
        await until_stored(lambda: commit(lease, traced, consumed=consumed, dead=dead), what="commit")
        self._log.info(
            "run_committed",
            status=run.status.value,
            error=run.error,
            duration=round(run.metrics.duration, 3),
            input_tokens=run.metrics.input_tokens,
            output_tokens=run.metrics.output_tokens,
        )

    async def _hand_back(self) -> None:
        """Let another worker go on at once, when this one was told to stop."""
        try:
            async with asyncio.timeout(_HAND_BACK_SECONDS):
                await asyncio.shield(self._store.inbox.release(self._claim.lease))
        except (ThreadkeepError, TimeoutError) as error:
            self._log.warning("not_handed_back", error=str(error))
