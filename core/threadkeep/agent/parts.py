"""What an agent is made of besides its settings: the plan of its runs, its own store, its background thread."""

import asyncio
from contextlib import suppress
from functools import partial

from threadkeep.agent.aftercare import Aftercare
from threadkeep.agent.background import Background
from threadkeep.agent.plan import RunPlan
from threadkeep.agent.sync import LoopThread
from threadkeep.sessions import Session
from threadkeep.stores.base import Store, Transcript


class AgentParts:
    """Hold what an agent opens and closes. It knows nothing of the agent, so that the agent can be collected.

    Attributes:
        plan: What each run needs.
        thread: Where synchronous calls run.
        own_store: The store that the agent made for itself, if none was given.
        aftercare: What is done after runs.
        background: Where that is done.
    """

    def __init__(self, plan: RunPlan, own_store: Store | None, aftercare: Aftercare) -> None:
        self.plan = plan
        self.aftercare = aftercare
        self.background = Background()
        self.thread = LoopThread(self._close_here)
        self.own_store = own_store

    def look_after(self, session_id: str, transcript: Transcript | None, store: Store) -> None:
        """Begin what is to be done after a run, in the background of the running event loop."""
        if self.aftercare.is_needed:
            session = Session(session_id=session_id) if transcript is None else transcript.session
            self.background.start(session_id, partial(self.aftercare.after_run, session, store))

    async def aclose(self) -> None:
        """Close everything: of the running event loop, and of the background thread."""
        await asyncio.to_thread(self.thread.close)
        await self._close_here()

    async def _close_here(self) -> None:
        await self.background.aclose()
        await self.aftercare.aclose()
        await asyncio.gather(self.plan.model.aclose(), *(source.aclose() for source in self.plan.sources))
        if self.own_store is not None:
            # When the interpreter exits, no thread takes work any more: then the memory goes with the process.
            with suppress(RuntimeError):
                await self.own_store.__aexit__(None, None, None)


def memory_store() -> Store:
    """Give a store that keeps everything in this process, until it is closed."""
    # Slow to import, and not needed by an agent that is given a store.
    from threadkeep.stores.sqlite import SQLiteStore  # noqa: PLC0415

    return SQLiteStore(":memory:")
