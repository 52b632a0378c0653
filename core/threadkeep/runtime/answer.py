"""One claimed session, from the waiting messages to the committed run."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import partial

import structlog

from threadkeep.agent.loop import AgentRun
from threadkeep.chat.adapter import Adapter, Reply, ReplyContent, ReplyRequest
from threadkeep.chat.events import MessageReceived
from threadkeep.chat.policy import Policy, before_command, count_asked, take
from threadkeep.chat.speakers import to_messages
from threadkeep.errors import (
    LeaseLostError,
    PlatformError,
    PlatformRateLimitError,
    PlatformUnavailableError,
    ThreadkeepError,
)
from threadkeep.messages import Message
from threadkeep.runs import Run, RunStatus, RunSuspended
from threadkeep.runtime.answer_settings import AnswerSettings, AttemptsExhaustedError
from threadkeep.runtime.asides import AsideWrites, RunWrites
from threadkeep.runtime.beginning import begin_run
from threadkeep.runtime.commands import is_private
from threadkeep.runtime.ending import commit_run
from threadkeep.runtime.fenced import FencedReply
from threadkeep.runtime.journal import STOP, Outcome, RunJournal, until_stored
from threadkeep.runtime.order import Mark, Order, SpokenRun, unmarked
from threadkeep.runtime.people import People
from threadkeep.runtime.roster import Chosen
from threadkeep.runtime.titles import give_title
from threadkeep.runtime.view import (
    INTERRUPTED,
    QUESTION_DELETED,
    REFERENCE_LENGTH,
    STOPPED,
    WITHDRAWN,
    View,
    dropped_line,
    failure_line,
    late_line,
    stop_line,
)
from threadkeep.stores.base import Claim, Store
from threadkeep.stores.operations import Signal, SignalKind

_log = structlog.get_logger(__name__)

_HAND_BACK_SECONDS = 5.0


class Answer:
    """Answers the waiting messages of one claimed session.

    Args:
        claim: The session, what waits in it, and the right to run it.
        chosen: Who answers.
        store: Where the claim comes from.
        adapters: Where to reply, by platform.
        settings: How.
        clock: Gives the seconds since the epoch.
        is_held: Tells whether the claim's lease cannot have lapsed yet.
        writes: Takes what the run writes; None for the store's inbox.
    """

    def __init__(
        self,
        claim: Claim,
        *,
        chosen: Chosen,
        store: Store,
        adapters: Mapping[str, Adapter],
        settings: AnswerSettings,
        clock: Callable[[], float],
        is_held: Callable[[], bool],
        writes: RunWrites | None = None,
    ) -> None:
        self._claim = claim
        self._chosen = chosen
        self._store = store
        self._writes = writes or store.inbox
        self._adapters = adapters
        self._settings = settings
        self._clock = clock
        self._is_held = is_held
        self._claimed_at = clock()
        self._policy = settings.policies.of(claim.events[0].place) if claim.events else Policy.COLLECT
        self._journal = RunJournal(self._writes, claim, taken=take(claim.events, self._policy))
        self._view = View(has_stop=settings.has_stop_button, waiting=count_asked(claim.events[self._journal.taken :]))
        self._waiting = 0
        self._stop_line = stop_line(claim.steps.get(STOP))
        self._streaming: asyncio.Task[object] | None = None
        self._reply: Reply | None = None
        self._mark: Mark = unmarked
        self._committed: Run | None = None
        self._is_quiet = False
        self._is_suspended = False
        self._wait_seconds = 0.0
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
                await self._answer(adapter)
        except LeaseLostError:
            self._log.warning("lease_lost")
        except asyncio.CancelledError:
            await self._hand_back()
            raise

    async def name(self) -> None:
        """Name the conversation after its first exchange, when the lease has ended."""
        if self._committed is not None:
            events = self._claim.events[: self._journal.taken]
            adapter = self._adapters[events[-1].place.session.platform]
            await give_title(self._claim, self._committed, events, history=self._store.history, adapter=adapter)

    async def look_after(self) -> None:
        """Sum up and remember what the agent is told to, when the lease has ended and nobody waits."""
        if self._committed is not None:
            runs = (*self._claim.runs, self._committed)
            await self._chosen.agent.look_after(self._claim.session, self._store, runs=runs)

    async def signal(self, signal: Signal) -> None:
        """Hear what happened to the session meanwhile."""
        match signal.kind:
            case SignalKind.STOP:
                self._stop(STOPPED)
            case SignalKind.DELETED if signal.message in self._sources:
                self._stop(QUESTION_DELETED)
            case SignalKind.MESSAGE:
                self._waiting = signal.waiting
                if self._policy is Policy.INTERRUPT:
                    self._stop(INTERRUPTED)
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
        is_shown = self._settings.is_streamed and not self._is_quiet
        if self._reply is not None and self._streaming is not None and is_shown:
            try:
                await self._reply.show(self._view.content())
            except (PlatformError, LeaseLostError) as error:
                self._log.info("hint_not_shown", error=type(error).__name__)

    async def _resume(self, adapter: Adapter) -> People:
        """Settle what people were asked, where the run has waited for them."""
        people = People(
            self._claim, journal=self._journal, control=self._store.control, adapter=adapter, clock=self._clock
        )
        if people.is_asked:
            if self._stop_line is None:
                await people.settle()
            self._claim = people.claim
            self._waiting = self._view.waiting = people.waiting
            self._is_quiet = not people.has_settled
            self._view.add_decisions(people.decisions)
            if people.is_withdrawn:
                self._stop(WITHDRAWN)
            elif self._waiting and self._policy is Policy.INTERRUPT:
                self._stop(INTERRUPTED)
        return people

    async def _answer_asides(self, people: People) -> float:
        """Answer the commands that wait; give after how many seconds somebody must look again."""
        delays = []
        for event in people.asides:
            writes = AsideWrites(self._store, event)
            aside = Answer(
                writes.claim_of(self._claim),
                chosen=self._chosen,
                store=self._store,
                adapters=self._adapters,
                settings=self._settings,
                clock=self._clock,
                is_held=self._is_held,
                writes=writes,
            )
            await aside.run()
            if writes.delay is None:
                people.drop(event)
                self._view.waiting = max(0, self._view.waiting - 1)
            else:
                delays.append(writes.delay)
        return min([people.seconds, *delays])

    async def _answer(self, adapter: Adapter) -> None:
        people = await self._resume(adapter)
        events = people.asked
        opened = adapter.open_reply(
            ReplyRequest(
                place=events[-1].place,
                run_id=self._claim.run_id,
                posted=self._journal.posted,
                is_retry=self._claim.attempt > 1,
                on_posted=self._journal.note_posted,
                asked_by=events[-1].user,
                is_private=is_private(events[-1], self._settings.commands),
            )
        )
        reply = FencedReply(opened, is_held=self._is_held)
        self._reply = reply
        dead = None
        try:
            outcome = self._journal.outcome or await self._make(events, reply)
            try:
                await reply.finish(await self._last_content(outcome, people))
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
        if self._is_suspended:
            await self._suspend(people)
            return
        if outcome.run.error == AttemptsExhaustedError.__name__:
            dead = outcome.run.error
        await self._commit(outcome.run, dead=dead)

    async def _make(self, events: tuple[MessageReceived, ...], reply: Reply) -> Outcome:
        """Run the agent into the reply and record how it ended."""
        agent_run = await self._begin(events)
        sent_at = events[-1].sent_at
        if sent_at and (age := self._clock() - sent_at) > self._settings.late_seconds:
            self._view.text = f"{late_line(age)}\n\n"
        status, error = await self._stream(agent_run, reply)
        if self._policy is Policy.DROP and self._waiting and not self._is_suspended:
            await self._drop_waiting()
        run, text = self._mark(agent_run.close(status, error)), self._view.text
        if self._is_suspended:
            return Outcome(run=run, text=text)
        outcome = Outcome(run=run, text=text, elements=self._settings.below(run, self._view.offered))
        await self._journal.record_outcome(outcome)
        return outcome

    async def _last_content(self, outcome: Outcome, people: People) -> ReplyContent:
        """Give what the reply shows when this attempt ends."""
        if not self._is_suspended:
            return self._view.final_content(outcome.run, outcome.text, outcome.elements)
        self._wait_seconds = await self._answer_asides(people)
        await people.note_earlier()
        return self._view.waiting_content(people.open, self._claim.run_id)

    async def _suspend(self, people: People) -> None:
        """Let nobody hold the session until people have decided."""
        lease, seconds, handled = self._claim.lease, self._wait_seconds, people.handled
        await self._journal.save_posted()
        suspend = self._store.inbox.suspend
        await until_stored(lambda: suspend(lease, seconds=seconds, handled=handled), what="suspend")
        self._log.info("run_suspended", questions=len(people.open), seconds=round(seconds, 1))

    async def _begin(self, events: tuple[MessageReceived, ...]) -> AgentRun | SpokenRun:
        begin = partial(
            self._chosen.agent.begin,
            plan=self._chosen.plan,
            store=self._store,
            journal=self._journal,
            steering=self._steer if self._policy is Policy.STEER else None,
            is_streamed=self._settings.is_streamed,
        )
        order = Order(
            events=events,
            claim=self._claim,
            settings=self._settings,
            agent=self._chosen.agent,
            store=self._store,
            adapter=self._adapters[events[-1].place.session.platform],
            journal=self._journal,
            begin=begin,
            clock=self._clock,
        )
        run, self._mark = await begin_run(order)
        return run

    async def _stream(self, agent_run: AgentRun | SpokenRun, reply: Reply) -> tuple[RunStatus, str | None]:
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
        self._view.add_line(self._stop_line or STOPPED)
        return RunStatus.CANCELLED, None

    async def _show_events(self, agent_run: AgentRun | SpokenRun, reply: Reply) -> bool:
        """Follow the run; tell whether it was made, and not stopped before it began."""
        if self._claim.attempt > self._settings.max_attempts:
            raise AttemptsExhaustedError(f"{self._settings.max_attempts} attempts ended with their process")
        if self._stop_line is not None:
            await self._recall(agent_run)
            return False
        self._streaming = asyncio.current_task()
        if isinstance(agent_run, AgentRun) and not self._is_quiet:
            await reply.show(ReplyContent())  # Nothing is to be seen of it yet but that it has begun.
        async with aclosing(agent_run.stream()) as events:
            async for event in events:
                self._is_suspended = isinstance(event, RunSuspended)
                if self._view.follow(event) and self._settings.is_streamed and not self._is_quiet:
                    await reply.show(self._view.content())
        return True

    async def _recall(self, agent_run: AgentRun | SpokenRun) -> None:
        """Keep what earlier attempts of a run that is stopped have said."""
        if isinstance(agent_run, AgentRun):
            async with aclosing(agent_run.recall()) as events:
                async for event in events:
                    self._view.follow(event)

    async def _steer(self) -> tuple[Message, ...]:
        """Give what was said since the run began, and take it into the run."""
        if not self._waiting:
            return ()
        self._waiting = 0
        return to_messages(await self._take_waiting())

    async def _drop_waiting(self) -> None:
        """Take what came meanwhile without answering it, and say so."""
        dropped = await self._take_waiting()
        if dropped:
            self._view.add_line(dropped_line(len(dropped)))

    async def _take_waiting(self) -> tuple[MessageReceived, ...]:
        """Let the run take what came since it began, up to the next command."""
        lease, control, taken = self._claim.lease, self._store.control, self._journal.taken
        waiting = await until_stored(lambda: control.waiting(lease), what="waiting")
        count = taken + before_command(waiting[taken:])
        if count > taken:
            await until_stored(lambda: control.extend(lease, count), what="extend")
            await self._journal.extend(count)
        return waiting[taken:count]

    def _not_shown(self, outcome: Outcome, failure: PlatformError) -> Outcome:
        self._log.error("reply_not_shown", error=str(failure))
        self._is_suspended = False
        run = replace(outcome.run, status=RunStatus.FAILED, error=type(failure).__name__)
        return replace(outcome, run=run)

    async def _retry_later(self, failure: PlatformError) -> None:
        delay = self._settings.delay(self._claim.attempt)
        self._log.warning("platform_unavailable", error=str(failure), retry_in=delay)
        await self._release(delay)

    async def _release(self, delay: float) -> None:
        await until_stored(lambda: self._writes.release(self._claim.lease, delay=delay), what="release")

    async def _commit(self, run: Run, *, dead: str | None) -> None:
        span = (self._claimed_at, self._clock())
        self._committed = await commit_run(run, self._claim, self._writes, self._journal, dead=dead, span=span)

    async def _hand_back(self) -> None:
        """Let another worker go on at once, when this one was told to stop."""
        try:
            async with asyncio.timeout(_HAND_BACK_SECONDS):
                await asyncio.shield(self._writes.release(self._claim.lease))
        except (ThreadkeepError, TimeoutError) as error:
            self._log.warning("not_handed_back", error=str(error))
