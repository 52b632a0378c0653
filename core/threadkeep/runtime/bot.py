"""A bot: one agent, the platforms it answers on, and the store that keeps its conversations."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from types import TracebackType
from typing import Self

import structlog

from threadkeep.agent.agent import Agent
from threadkeep.chat.adapter import Acceptance, Adapter
from threadkeep.chat.events import Event
from threadkeep.errors import ConfigError
from threadkeep.runtime.worker import Worker
from threadkeep.stores.base import Inbox, Store

_log = structlog.get_logger(__name__)

_QUIET = frozenset({Acceptance.DUPLICATE, Acceptance.IGNORED, Acceptance.KEPT})


class Bot:
    """One agent answering on any number of platforms.

    A bot file only needs ``bot = Bot(agent=...)``: ``threadkeep run`` adds the adapters whose credentials are set and
    the store. A program may give both itself, and run the bot as an async context manager::

        async with Bot(agent=agent, adapters=[adapter], store=store) as bot:
            await bot.wait_closed()

    Args:
        agent: Who answers.
        adapters: The platforms; each platform at most once.
        store: Where the conversations are kept; if None, the agent's own or what ``threadkeep run`` is told.
        stream: Whether replies are shown while they are written.
        max_concurrent_runs: How many sessions are answered at a time in this process.
        max_attempts: After so many attempts that ended with their process, a run is given up.
        grace_seconds: How long runs may go on when the bot stops; then they are handed back to the store.

    Raises:
        ConfigError: Two adapters have the same name.
    """

    def __init__(
        self,
        *,
        agent: Agent,
        adapters: Sequence[Adapter] = (),
        store: Store | None = None,
        stream: bool = True,
        max_concurrent_runs: int = 50,
        max_attempts: int = 5,
        grace_seconds: float = 20.0,
    ) -> None:
        self.agent = agent
        self.store = agent.store if store is None and not agent.has_own_store else store
        self.adapters = {adapter.name: adapter for adapter in adapters}
        if len(self.adapters) < len(adapters):
            raise ConfigError("A bot takes one adapter for each platform; two of those given have the same name.")
        self._is_streamed = stream
        self._max_concurrent_runs = max_concurrent_runs
        self._max_attempts = max_attempts
        self._grace_seconds = grace_seconds
        self._stack: AsyncExitStack | None = None
        self._descriptions: tuple[str, ...] = ()
        self._work: asyncio.Task[None] | None = None

    def connected_to(
        self,
        adapters: Sequence[Adapter],
        store: Store,
        *,
        max_concurrent_runs: int | None = None,
        grace_seconds: float | None = None,
    ) -> "Bot":
        """Return the same bot on other platforms and another store, for whoever starts a bot file."""
        return Bot(
            agent=self.agent,
            adapters=adapters,
            store=store,
            stream=self._is_streamed,
            max_concurrent_runs=max_concurrent_runs or self._max_concurrent_runs,
            max_attempts=self._max_attempts,
            grace_seconds=self._grace_seconds if grace_seconds is None else grace_seconds,
        )

    async def __aenter__(self) -> Self:
        """Open the store, start answering, then connect the platforms.

        Raises:
            ConfigError: There is no adapter.
            StoreError: The store cannot be reached or is not fit.
            PlatformError: A platform cannot be reached or refuses the token.
        """
        if not self.adapters:
            raise ConfigError("This bot has no adapter: nobody could talk to it.")
        store = self.store or self.agent.store
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(store)
            stack.push_async_callback(self.agent.aclose)
            worker = Worker(
                agent=self.agent,
                store=store,
                adapters=self.adapters,
                is_streamed=self._is_streamed,
                max_concurrent_runs=self._max_concurrent_runs,
                max_attempts=self._max_attempts,
            )
            self._work = asyncio.create_task(worker.run(), name="worker")
            stack.push_async_callback(self._end_work, self._work)
            # The stack unwinds from the end: runs end while the platforms can still show their replies. What is said
            # meanwhile is accepted into the store and answered by the next process.
            for adapter in self.adapters.values():
                stack.push_async_callback(adapter.stop)
            stack.push_async_callback(worker.stop, grace=self._grace_seconds)
            for adapter in self.adapters.values():
                await adapter.start(partial(self._accept, store.inbox))
            self._descriptions = (store.description, *(adapter.description for adapter in self.adapters.values()))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let runs end within the grace time, hand back the others, disconnect, close everything."""
        stack, self._stack = self._stack, None
        if stack is not None:
            await stack.__aexit__(kind, error, trace)
        self._work = None

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
        if self._work is None:
            raise RuntimeError("this bot is not running: enter it first, `async with bot:`")
        closing = {asyncio.create_task(adapter.wait_closed()) for adapter in self.adapters.values()}
        try:
            waiting = set(closing)
            while waiting and not self._work.done():
                done, _ = await asyncio.wait({*waiting, self._work}, return_when=asyncio.FIRST_COMPLETED)
                waiting -= done
                for task in done:
                    task.result()
        finally:
            for task in closing:
                task.cancel()
            await asyncio.gather(*closing, return_exceptions=True)

    @staticmethod
    async def _end_work(work: asyncio.Task[None]) -> None:
        """Await the worker, which was told to stop; a failure of its own is raised here at the latest."""
        try:
            await work
        finally:
            work.cancel()

    @staticmethod
    async def _accept(inbox: Inbox, event: Event) -> Acceptance:
        acceptance = await inbox.accept(event)
        log = _log.debug if acceptance in _QUIET else _log.info
        if acceptance is Acceptance.FULL:
            log = _log.error
        log(
            "message_received", session_id=str(event.place.session), message_key=str(event.key), result=acceptance.value
        )
        return acceptance
