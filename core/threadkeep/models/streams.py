"""How the wrappers read the model that they wrap."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from threadkeep.models.base import ModelEvent


@asynccontextmanager
async def closing_stream(events: AsyncIterator[ModelEvent]) -> AsyncIterator[AsyncIterator[ModelEvent]]:
    """Close a model's iterator on leaving, where it is one that can be closed."""
    try:
        yield events
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()
