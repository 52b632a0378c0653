"""A model with limits of its own: how many calls at a time, and how long each may be silent."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, nullcontext

from threadkeep.errors import ConfigError, ModelUnavailableError
from threadkeep.messages import Message
from threadkeep.models.around import AroundModel
from threadkeep.models.base import Model, ModelAnswer, ModelEvent, ModelSettings, ToolSpec
from threadkeep.models.streams import closing_stream


class Limited(AroundModel):
    """Bounds the calls to a model. Implements ``models.base.Model``.

    Args:
        model: Whom to ask.
        max_calls: How many calls of this process may be under way; the others wait. None for no bound.
        first_event_timeout: Seconds in which the model must begin to write, the waiting for a free call not counted; an
            answer that comes whole has to come in it. None for no bound.
        next_event_timeout: Seconds between two pieces of what it writes: text, thoughts or the call of a tool. None for
            no bound.

    Raises:
        ConfigError: A bound is not more than 0.
    """

    def __init__(
        self,
        model: Model,
        *,
        max_calls: int | None = None,
        first_event_timeout: float | None = None,
        next_event_timeout: float | None = None,
    ) -> None:
        bounds = {
            "max_calls": max_calls,
            "first_event_timeout": first_event_timeout,
            "next_event_timeout": next_event_timeout,
        }
        for name, bound in bounds.items():
            if bound is not None and bound <= 0:
                raise ConfigError(f"{name} must be more than 0, got {bound!r}")
        super().__init__(model)
        self._calls = asyncio.Semaphore(max_calls) if max_calls is not None else None
        self._first = first_event_timeout
        self._next = next_event_timeout

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncGenerator[ModelEvent, None]:
        """Ask the model within the limits. Closing the iterator ends the call.

        Raises:
            ModelUnavailableError: It was silent for too long.
            ModelError: The model failed.
        """
        async with self._calls or nullcontext(), aclosing(self._timed(messages, tools, settings)) as events:
            async for event in events:
                yield event

    async def _timed(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncGenerator[ModelEvent, None]:
        limit = self._first
        async with closing_stream(self._model.stream(messages, tools, settings)) as events:
            while True:
                try:
                    async with asyncio.timeout(limit) as timeout:
                        event = await anext(events, None)
                except TimeoutError as error:
                    if not timeout.expired():
                        raise
                    raise ModelUnavailableError(f"the model {self.id} was silent for {limit:g} s") from error
                if event is None:
                    return
                yield event
                if isinstance(event, ModelAnswer):
                    return
                limit = self._next
