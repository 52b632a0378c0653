"""What an agent is made of besides its settings: the plan of its runs, its own store, its background thread."""

import asyncio
from contextlib import suppress

from threadkeep.agent.loop import RunPlan
from threadkeep.agent.sync import LoopThread
from threadkeep.stores.base import Store


class AgentParts:
    """Hold what an agent opens and closes. It knows nothing of the agent, so that the agent can be collected.

    Attributes:
        plan: What each run needs.
        thread: Where synchronous calls run.
        own_store: The store that the agent made for itself, if none was given.
    """

    def __init__(self, plan: RunPlan, own_store: Store | None) -> None:
        self.plan = plan
        self.thread = LoopThread(self._close_here)
        self.own_store = own_store

    async def aclose(self) -> None:
        """Close everything: of the running event loop, and of the background thread."""
        await asyncio.to_thread(self.thread.close)
        await self._close_here()

    async def _close_here(self) -> None:
        await self.plan.model.aclose()
        if self.own_store is not None:
            # When the interpreter exits, no thread takes work any more: then the memory goes with the process.
            with suppress(RuntimeError):
                await self.own_store.__aexit__(None, None, None)


def memory_store() -> Store:
    """Give a store that keeps everything in this process, until it is closed."""
    # Slow to import, and not needed by an agent that is given a store.
    from threadkeep.stores.sqlite import SQLiteStore  # noqa: PLC0415

    return SQLiteStore(":memory:")
