"""A model that is asked again when it is busy or out of reach."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

import structlog

from threadkeep.errors import ConfigError, ModelRateLimitError, ModelUnavailableError
from threadkeep.messages import Message
from threadkeep.models.around import AroundModel
from threadkeep.models.base import Model, ModelEvent, ModelSettings, TextDelta, ToolSpec
from threadkeep.models.streams import closing_stream

_log = structlog.get_logger(__name__)


class Retrying(AroundModel):
    """Asks a model again after a failure that may pass. Implements ``models.base.Model``.

    Only a call that has brought no text yet is made again: what people have seen is not written anew. A server's own
    demand to wait (``Retry-After``) is obeyed up to ``longest_delay``; if it asks for more, the failure is raised.

    Args:
        model: Whom to ask. Set its own ``max_retries`` to 0, or the two multiply.
        attempts: How often to ask at most.
        first_delay: Seconds before the second attempt; doubled for each further one, with a random part of a quarter.
        longest_delay: The longest wait in seconds.
        sleep: Waits.
        random: Gives numbers from 0 to 1.

    Raises:
        ConfigError: ``attempts`` is less than 1.
    """

    def __init__(
        self,
        model: Model,
        *,
        attempts: int = 4,
        first_delay: float = 1.0,
        longest_delay: float = 60.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        if attempts < 1:
            raise ConfigError(f"Retrying needs at least 1 attempt, got {attempts}")
        super().__init__(model)
        self._attempts = attempts
        self._first_delay = first_delay
        self._longest_delay = longest_delay
        self._sleep = sleep
        self._random = random

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncGenerator[ModelEvent, None]:
        """Ask the model, again if it must be. Closing the iterator ends the call.

        Raises:
            ModelError: The last attempt failed, or one that had brought text.
        """
        for attempt in range(1, self._attempts + 1):
            has_text = False
            try:
                async with closing_stream(self._model.stream(messages, tools, settings)) as events:
                    async for event in events:
                        has_text = has_text or (isinstance(event, TextDelta) and bool(event.text))
                        yield event
            except (ModelRateLimitError, ModelUnavailableError) as error:
                delay = self._delay(attempt, error)
                if has_text or attempt == self._attempts or delay is None:
                    raise
                _log.warning("model_asked_again", model=self.id, attempt=attempt, delay=delay, error=str(error))
                await self._sleep(delay)
            else:
                return

    def _delay(self, attempt: int, error: ModelRateLimitError | ModelUnavailableError) -> float | None:
        """Return how long to wait; None if the server asks for more than we wait."""
        asked = error.retry_after
        if asked is not None:
            return asked if asked <= self._longest_delay else None
        own = self._first_delay * 2.0 ** min(attempt - 1, 20)
        return min(own * (1 + self._random() / 4), self._longest_delay)
