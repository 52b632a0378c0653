"""A bot: one agent, the platforms it answers on, and the store that keeps its conversations."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from types import TracebackType
from typing import Self

import structlog

from threadkeep.agent.agent import Agent
from threadkeep.chat.adapter import Acceptance, Adapter
from threadkeep.chat.commands import Command, OffersCommands, command_table, read_command
from threadkeep.chat.events import Event, PlaceKind
from threadkeep.chat.home import ShowsHome
from threadkeep.chat.policy import Policies, Policy
from threadkeep.errors import ConfigError
from threadkeep.redactor import Redactor
from threadkeep.runtime.answer_settings import AnswerSettings, MakeElements, no_elements
from threadkeep.runtime.catch_up import CatchUp, CatchUpLimits
from threadkeep.runtime.home import StoredHome
from threadkeep.runtime.presses import hear_presses
from threadkeep.runtime.roster import Roster, Route
from threadkeep.runtime.stopping import guard_stops
from threadkeep.runtime.suggesting import with_suggestions
from threadkeep.runtime.worker import Worker
from threadkeep.stores.base import Inbox, Store
from threadkeep.vault import UsesVault

_log = structlog.get_logger(__name__)

_QUIET = frozenset({Acceptance.DUPLICATE, Acceptance.IGNORED, Acceptance.KEPT})


class Role(StrEnum):
    """What a process does for its bot."""

    ALL = "all"
    """It accepts events and answers them."""
    INGRESS = "ingress"
    """It accepts events for workers elsewhere."""
    WORKER = "worker"
    """It answers what ingresses elsewhere accepted."""


@dataclass(kw_only=True, eq=False)
class Bot:
    """One agent answering on any number of platforms.

    A bot file only needs ``bot = Bot(agent=...)``: ``threadkeep run`` adds the adapters whose credentials are set and
    the store. A program may give both itself, and run the bot as an async context manager::

        async with Bot(agent=agent, adapters=[adapter], store=store) as bot:
            await bot.wait_closed()

    Attributes:
        agent: Who answers.
        adapters: The platforms; each platform at most once.
        store: Where the conversations are kept; if None, the agent's own or what ``threadkeep run`` is told.
        stream: Whether replies are shown while they are written.
        policy: What becomes of messages that arrive during a run.
        policies: The policy of single places where it differs: by kind of place or by session id.
        max_concurrent_runs: How many sessions are answered at a time in this process.
        max_attempts: After so many attempts that ended with their process or at the platform, a run is given up and
            becomes a dead letter.
        grace_seconds: How long runs may go on when the bot stops; then they are handed back to the store.
        role: What this process does.
        catch_up: How far back a starting bot reads what was said while nobody listened, and what counts as late.
        commands: Commands of the bot's own, besides the built-in ones.
        description: What the bot says of itself in its list of commands.
        context_messages: How many messages it reads that were said before it was called into a place; 0 reads none.
        stop_button: Whether a button to stop stands under a reply while it is written, where the platform has buttons.
        elements: Gives what can be pressed and chosen under a finished answer, from its run.
        admins: The ids of users (``slack:T1:U1``) who may stop every answer; others only where they take part.
        agents: Further agents by name, to whom ``route`` and the agents' tool ``hand_over`` may give a conversation.
        route: Which agent answers where: a rule, or names by session id, channel or kind of place.
        redactor: Takes secrets and personal data out of what people say before it is stored; None keeps all.
        clock: Gives the seconds since the epoch.

    Raises:
        ConfigError: Two adapters have the same name, or a command cannot be used.
    """

    agent: Agent
    adapters: Sequence[Adapter] = ()
    store: Store | None = None
    stream: bool = True
    policy: Policy = Policy.COLLECT
    policies: Mapping[PlaceKind | str, Policy] = field(default_factory=dict)
    max_concurrent_runs: int = 50
    max_attempts: int = 5
    grace_seconds: float = 20.0
    role: Role = Role.ALL
    catch_up: CatchUpLimits = CatchUpLimits()  # noqa: RUF009 - it is frozen
    commands: Sequence[Command] = ()
    description: str = ""
    context_messages: int = 30
    stop_button: bool = True
    elements: MakeElements = no_elements
    admins: Collection[str] = ()
    agents: Mapping[str, Agent] = field(default_factory=dict)
    route: Route | None = None
    redactor: Redactor | None = None
    clock: Callable[[], float] = time.time
    _roster: Roster = field(init=False, repr=False)
    _command_table: Mapping[str, Command] = field(init=False, repr=False)
    _stack: AsyncExitStack | None = field(default=None, init=False, repr=False)
    _work: asyncio.Task[None] | None = field(default=None, init=False, repr=False)
    _worker: Worker | None = field(default=None, init=False, repr=False)
    _descriptions: tuple[str, ...] = field(default=(), init=False, repr=False)

    def __post_init__(self) -> None:
        if len({adapter.name for adapter in self.adapters}) < len(self.adapters):
            raise ConfigError("A bot takes one adapter for each platform; two of those given have the same name.")
        self._command_table = command_table(self.commands)
        self._roster = Roster(self.agent, self.agents, self.route)
        if self.store is None and not self.agent.has_own_store:
            self.store = self.agent.store

    def connected_to(
        self,
        adapters: Sequence[Adapter],
        store: Store,
        *,
        max_concurrent_runs: int | None = None,
        grace_seconds: float | None = None,
        role: Role | None = None,
    ) -> "Bot":
        """Return the same bot on other platforms and another store, for whoever starts a bot file."""
        return replace(
            self,
            adapters=adapters,
            store=store,
            max_concurrent_runs=max_concurrent_runs or self.max_concurrent_runs,
            grace_seconds=self.grace_seconds if grace_seconds is None else grace_seconds,
            role=role or self.role,
        )

    async def __aenter__(self) -> Self:
        """Open the store, connect the platforms, then begin to answer.

        Raises:
            ConfigError: There is no adapter, or a setting of the model is missing.
            RuntimeError: The bot is running already.
            StoreError: The store cannot be reached or is not fit.
            PlatformError: A platform cannot be reached or refuses the token.
        """
        if self._stack is not None:
            raise RuntimeError("this bot is running already")
        if not self.adapters:
            raise ConfigError("This bot has no adapter: nobody could talk to it.")
        store = self.store or self.agent.store
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(store)
            # Who only accepts asks no model and needs no tool: their servers are not started for it.
            for agent in self._roster.agents if self.role is not Role.INGRESS else ():
                stack.push_async_callback(agent.aclose)
                await agent.prepare()
            # The stack unwinds from the end: runs end while the platforms can still show their replies. What is said
            # meanwhile is accepted into the store and answered by the next process.
            for adapter in self.adapters:
                await self._connect(adapter, store, stack)
            if self.role is not Role.INGRESS:
                self._worker = worker = self._make_worker(store)
                self._work = asyncio.create_task(worker.run(), name="worker")
                stack.push_async_callback(self._end_work, worker, self._work)
            self._descriptions = (store.description, *(adapter.description for adapter in self.adapters))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let runs end within the grace time, hand back the others, disconnect, close everything."""
        stack, self._stack = self._stack, None
        if stack is not None:
            await stack.__aexit__(kind, error, trace)
        self._work = self._worker = None

    def _make_worker(self, store: Store) -> Worker:
        return Worker(
            agent=self._roster,
            store=store,
            adapters={adapter.name: adapter for adapter in self.adapters},
            settings=AnswerSettings(
                is_streamed=self.stream,
                policies=Policies(default=self.policy, by_place=self.policies),
                max_attempts=self.max_attempts,
                late_seconds=self.catch_up.late_after,
                commands=self._command_table,
                description=self.description,
                context_messages=self.context_messages,
                has_stop_button=self.stop_button,
                elements=self.elements,
            ),
            max_concurrent_runs=self.max_concurrent_runs,
            clock=self.clock,
        )

    async def _connect(self, adapter: Adapter, store: Store, stack: AsyncExitStack) -> None:
        """Connect a platform and read what was missed on it."""
        stack.push_async_callback(adapter.stop)
        if isinstance(adapter, UsesVault):
            adapter.use_vault(store.vault)
        if isinstance(adapter, OffersCommands):
            adapter.offer_commands(with_suggestions(self._command_table.values(), store))
        if isinstance(adapter, ShowsHome):
            has_memory = self.agent.memory is not None
            adapter.use_home(StoredHome(store, has_memory=has_memory, description=self.description))
        if self.role is Role.WORKER:
            await adapter.start(None, store.shared)
            return
        sink = guard_stops(partial(self._accept, store.inbox), adapter, store.history, self.admins)
        sink = hear_presses(sink, adapter)
        catch_up = CatchUp(adapter, store, sink, limits=self.catch_up, clock=self.clock)
        places = await catch_up.prepare()
        await adapter.start(catch_up.accept, store.shared)
        reading = asyncio.create_task(catch_up.run(places), name=f"catch-up-{adapter.name}")
        stack.push_async_callback(_end_task, reading)

    @property
    def worker(self) -> Worker | None:
        """Who answers in this process; None where nobody does, or not any more."""
        return None if self._work is None or self._work.done() else self._worker

    @property
    def descriptions(self) -> tuple[str, ...]:
        """What the running bot is connected to, a line each: the store, then the platforms."""
        return self._descriptions

    async def wait_closed(self) -> None:
        """Return when every platform has nothing more to come.

        Raises:
            PlatformError: A platform ended its connection for good.
            RuntimeError: The bot is not running.
        """
        if self._stack is None:
            raise RuntimeError("this bot is not running: enter it first, `async with bot:`")
        closing = {asyncio.create_task(adapter.wait_closed()) for adapter in self.adapters}
        # The worker only ends by itself if it fails, which nobody can answer after.
        working = set() if self._work is None else {self._work}
        try:
            waiting = set(closing)
            while waiting and not any(task.done() for task in working):
                done, _ = await asyncio.wait(waiting | working, return_when=asyncio.FIRST_COMPLETED)
                waiting -= done
                for task in done:
                    task.result()
        finally:
            for task in closing:
                task.cancel()
            await asyncio.gather(*closing, return_exceptions=True)

    async def _end_work(self, worker: Worker, work: asyncio.Task[None]) -> None:
        """Let the worker end its runs; a failure of its own is raised here at the latest."""
        await worker.stop(grace=self.grace_seconds)
        try:
            await work
        finally:
            work.cancel()

    async def _accept(self, inbox: Inbox, event: Event) -> Acceptance:
        if self.redactor is not None:
            event = self.redactor.event(event)
        acceptance = await inbox.accept(read_command(event, self._command_table))
        log = _log.debug if acceptance in _QUIET else _log.info
        if acceptance is Acceptance.FULL:
            log = _log.error
        log(
            "message_received", session_id=str(event.place.session), message_key=str(event.key), result=acceptance.value
        )
        return acceptance


async def _end_task(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
