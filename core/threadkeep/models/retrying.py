"""A model that is asked again when it is busy or out of reach."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from threadkeep.errors import ConfigError, ModelError, ModelRateLimitError, ModelUnavailableError
from threadkeep.messages import Message
from threadkeep.models.base import Media, Model, ModelEvent, ModelSettings, TextDelta, ToolSpec, media_taken
from threadkeep.models.streams import closing_stream

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class Retrying:
    """Asks a model again after a failure that may pass. Implements ``models.base.Model``.

    Only a call that has brought no text yet is made again: what people have seen is not written anew. A server's own
    demand to wait (``Retry-After``) is obeyed up to ``longest_delay``; if it asks for more, the failure is raised.

    Attributes:
        model: Whom to ask. Set its own ``max_retries`` to 0, or the two multiply.
        attempts: How often to ask at most.
        first_delay: Seconds before the second attempt; doubled for each further one, with a random part of a quarter.
        longest_delay: The longest wait in seconds.
        sleep: Waits.
        random: Gives numbers from 0 to 1.

    Raises:
        ConfigError: ``attempts`` is less than 1.
    """

    model: Model
    attempts: int = 4
    first_delay: float = 1.0
    longest_delay: float = 60.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ConfigError(f"Retrying needs at least 1 attempt, got {self.attempts}")

    @property
    def id(self) -> str:
        """The wrapped model's name."""
        return self.model.id

    @property
    def takes(self) -> frozenset[Media]:
        """What besides text the wrapped model takes."""
        return media_taken(self.model)

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncGenerator[ModelEvent, None]:
        """Ask the model, again if it must be. Closing the iterator ends the call.

        Raises:
            ModelError: The last attempt failed, or one that had brought text.
        """
        for attempt in range(1, self.attempts + 1):
            has_text = False
            try:
                async with closing_stream(self.model.stream(messages, tools, settings)) as events:
                    async for event in events:
                        has_text = has_text or (isinstance(event, TextDelta) and bool(event.text))
                        yield event
            except (ModelRateLimitError, ModelUnavailableError) as error:
                delay = self._delay(attempt, error)
                if has_text or attempt == self.attempts or delay is None:
                    raise
                _log.warning("model_asked_again", model=self.id, attempt=attempt, delay=delay, error=str(error))
                await self.sleep(delay)
            else:
                return

    async def prepare(self) -> None:
        """Prepare the wrapped model."""
        await self.model.prepare()

    async def aclose(self) -> None:
        """Close the wrapped model."""
        await self.model.aclose()

    def _delay(self, attempt: int, error: ModelError) -> float | None:
        """Return how long to wait; None if the server asks for more than we wait."""
        asked = error.retry_after if isinstance(error, ModelRateLimitError) else None
        if asked is not None:
            return asked if asked <= self.longest_delay else None
        own = self.first_delay * 2.0 ** min(attempt - 1, 20)
        return min(own * (1 + self.random() / 4), self.longest_delay)
