"""Takes ready sessions from the store and answers them, many side by side, each alone."""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from uuid import uuid4

import structlog

from threadkeep.agent.agent import Agent
from threadkeep.agent.background import Background
from threadkeep.chat.adapter import Adapter
from threadkeep.errors import StoreUnavailableError, ThreadkeepError
from threadkeep.runtime.answer import Answer
from threadkeep.runtime.answer_settings import AnswerSettings
from threadkeep.runtime.journal import until_stored
from threadkeep.runtime.roster import Roster
from threadkeep.sessions import new_run_id
from threadkeep.stores.base import Claim, Lease, Store
from threadkeep.stores.operations import Signal, SignalKind

_log = structlog.get_logger(__name__)

_IDLE_SECONDS = 0.5
_STORE_RETRY_SECONDS = 0.5
_RENEWALS_PER_LEASE = 3
_UNHEARD_SECONDS = 5.0
_MOST_UNHEARD = 1000
_BACKGROUND_SECONDS = 2.0
_DEFAULTS = AnswerSettings()


def new_worker_name() -> str:
    """Return a name for this process that no other worker has, readable in logs."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:6]}"


class RecentNames:
    """Remembers names for a while, the latest thousand.

    Args:
        seconds: For how long.
        clock: Gives seconds that only grow.
    """

    def __init__(self, *, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._added: dict[str, float] = {}

    def add(self, name: str) -> None:
        """Remember a name."""
        self._added.pop(name, None)
        self._added[name] = self._clock()
        if len(self._added) > _MOST_UNHEARD:
            del self._added[next(iter(self._added))]

    def take(self, name: str) -> bool:
        """Forget a name; tell whether it was remembered."""
        added = self._added.pop(name, None)
        return added is not None and self._clock() - added < self._seconds


class Worker:
    """Answers ready sessions until it is told to stop.

    Args:
        agent: Who answers: an agent, or several of whom one is chosen for each conversation.
        store: Where sessions wait.
        adapters: Where to reply, by platform.
        settings: How to answer.
        max_concurrent_runs: How many sessions are answered at a time; the rest waits in the store.
        name: Unique among all workers of the store; made up if None.
        monotonic: Gives seconds that only grow.
        clock: Gives the seconds since the epoch.
    """

    def __init__(
        self,
        *,
        agent: Agent | Roster,
        store: Store,
        adapters: Mapping[str, Adapter],
        settings: AnswerSettings = _DEFAULTS,
        max_concurrent_runs: int = 50,
        name: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._roster = agent if isinstance(agent, Roster) else Roster(agent, {}, None)
        self._store = store
        self._adapters = adapters
        self._settings = settings
        self._name = name or new_worker_name()
        self._monotonic = monotonic
        self._clock = clock
        self._slots = asyncio.Semaphore(max_concurrent_runs)
        self._stopping = asyncio.Event()
        self._listening = asyncio.Event()
        self._running: dict[Lease, asyncio.Task[None]] = {}
        self._kept_at: dict[Lease, float] = {}
        self._answers: dict[str, Answer] = {}
        self._unheard = RecentNames(seconds=_UNHEARD_SECONDS, clock=monotonic)
        self._missed_at = float("-inf")
        self._background = Background(grace=_BACKGROUND_SECONDS)

    @property
    def name(self) -> str:
        """The worker's name, as the store knows it."""
        return self._name

    @property
    def running(self) -> int:
        """How many sessions are being answered now."""
        return len(self._running)

    async def run(self) -> None:
        """Answer until ``stop``; returns when every run has ended."""
        async with self._background, asyncio.TaskGroup() as group:
            renewals = group.create_task(self._renew_leases(), name="renew-leases")
            signals = group.create_task(self._hear_signals(), name="hear-signals")
            # A stop that is asked for before anybody listens would not be heard.
            await self._listening.wait()
            claims = group.create_task(self._claim_sessions(group), name="claim-sessions")
            await self._stopping.wait()
            claims.cancel()
            while self._running:
                await asyncio.wait(list(self._running.values()))
            renewals.cancel()
            signals.cancel()

    async def stop(self, *, grace: float) -> None:
        """Take no more sessions; let the runs at work end, and hand back those that take longer than the grace time.

        Args:
            grace: Seconds that runs may still take.
        """
        self._stopping.set()
        self._listening.set()
        if self._running:
            _log.info("waiting_for_runs", count=len(self._running), seconds=grace)
            await asyncio.wait(list(self._running.values()), timeout=grace)
        for task in self._running.values():
            task.cancel("the worker stops")

    async def _claim_sessions(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._slots.acquire()
            claim = None
            try:
                asked_at = self._monotonic()
                claim = await self._claim()
                if claim is not None:
                    self._start(group, claim, kept_at=asked_at)
            finally:
                if claim is None:
                    self._slots.release()
            if claim is None or not claim.has_more:
                await self._store.inbox.wait(_IDLE_SECONDS)

    async def _claim(self) -> Claim | None:
        try:
            roster = self._roster
            return await self._store.inbox.claim(
                self._name,
                run_id=new_run_id(),
                runs=roster.needed_runs,
                most_runs=roster.most_runs,
                platforms=frozenset(self._adapters),
            )
        except StoreUnavailableError as error:
            _log.warning("store_unavailable", call="claim", error=str(error), retry_in=_STORE_RETRY_SECONDS)
            await asyncio.sleep(_STORE_RETRY_SECONDS)
            return None

    def _start(self, group: asyncio.TaskGroup, claim: Claim, *, kept_at: float) -> None:
        task = group.create_task(self._answer(claim), name=f"run-{claim.run_id}")
        self._running[claim.lease] = task
        self._kept_at[claim.lease] = kept_at
        task.add_done_callback(lambda _: self._end(claim.lease))

    def _end(self, lease: Lease) -> None:
        if self._running.pop(lease, None) is not None:
            del self._kept_at[lease]
            self._slots.release()

    async def _answer(self, claim: Claim) -> None:
        answer = Answer(
            claim,
            chosen=self._roster.choose(claim),
            store=self._store,
            adapters=self._adapters,
            settings=self._settings,
            clock=self._clock,
            is_held=lambda: self._is_held(claim.lease),
        )
        session_id = claim.lease.session_id
        self._answers[session_id] = answer
        try:
            if self._unheard.take(session_id) or self._kept_at[claim.lease] <= self._missed_at:
                await self._repeat_signals([claim.lease])
            await answer.run()
        except Exception:  # noqa: BLE001 - one session's trouble never stops the others; it is tried again later
            _log.exception("session_failed", session_id=claim.lease.session_id, run_id=claim.run_id)
            await self._release_later(claim)
        finally:
            if self._answers.get(session_id) is answer:
                del self._answers[session_id]
        # The lease has ended: it is not renewed, and the next run does not wait, while the conversation is named.
        self._end(claim.lease)
        self._background.start(session_id, answer.look_after)
        await answer.name()

    async def _release_later(self, claim: Claim) -> None:
        delay = self._settings.delay(claim.attempt)
        try:
            await self._store.inbox.release(claim.lease, delay=delay)
        except ThreadkeepError as error:
            _log.warning("not_handed_back", session_id=claim.lease.session_id, error=str(error))

    async def _hear_signals(self) -> None:
        """Hand each signal to the answer that it is about; most are about those of other workers."""
        while True:
            try:
                async with self._store.control.signals() as signals:
                    self._listening.set()
                    await self._repeat_signals(tuple(self._running))
                    async for signal in signals:
                        await self._hear(signal)
            except StoreUnavailableError as error:
                _log.warning("store_unavailable", call="signals", error=str(error), retry_in=_STORE_RETRY_SECONDS)
            await asyncio.sleep(_STORE_RETRY_SECONDS)

    async def _hear(self, signal: Signal) -> None:
        if signal.kind is SignalKind.MISSED:
            self._missed_at = self._monotonic()
            await self._repeat_signals(tuple(self._running))
        elif signal.session_id in self._answers:
            await self._answers[signal.session_id].signal(signal)
        else:
            self._unheard.add(signal.session_id)

    async def _repeat_signals(self, leases: Sequence[Lease]) -> None:
        """Tell the answers what was said to their runs while nobody heard it, as the store knows it.

        That is while the connection was lost, and between a claim and the beginning of its answer.
        """
        if not leases:
            return
        for signal in await until_stored(lambda: self._store.control.repeat(leases), what="repeat"):
            await self._hear(signal)

    async def _renew_leases(self) -> None:
        """Keep the leases of all runs alive with one call; stop the runs whose lease is gone."""
        pause = self._store.lease_seconds / _RENEWALS_PER_LEASE
        while True:
            await asyncio.sleep(pause)
            # After this process stood still another may be at its runs: nothing more is shown of them, also before the
            # store can say so.
            self._cancel_lapsed()
            asked_at = self._monotonic()
            leases = tuple(self._running)
            try:
                lost = await self._store.inbox.renew(leases) if leases else frozenset()
            except StoreUnavailableError as error:
                _log.warning("store_unavailable", call="renew", error=str(error), retry_in=pause)
                self._cancel_lapsed()
                continue
            self._kept_at.update((lease, asked_at) for lease in leases if lease in self._running)
            for lease in lost:
                self._cancel_lost(lease)

    def _is_held(self, lease: Lease) -> bool:
        """Tell whether a lease cannot have lapsed yet, by this process's own clock."""
        kept_at = self._kept_at.get(lease)
        return kept_at is not None and self._monotonic() - kept_at < self._store.lease_seconds

    def _cancel_lapsed(self) -> None:
        for lease in tuple(self._kept_at):
            if not self._is_held(lease):
                self._cancel_lost(lease)

    def _cancel_lost(self, lease: Lease) -> None:
        task = self._running.get(lease)
        if task is not None:
            _log.warning("lease_lost", session_id=lease.session_id, worker=self._name)
            task.cancel("the lease is lost")
