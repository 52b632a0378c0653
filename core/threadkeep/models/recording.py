"""A model whose calls are written down, to see what was asked and answered."""

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

from threadkeep.messages import Message
from threadkeep.models.around import AroundModel
from threadkeep.models.base import Model, ModelAnswer, ModelEvent, ModelSettings, ToolSpec
from threadkeep.models.streams import closing_stream


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One call of a model.

    Attributes:
        model: The model's name.
        messages: What it was shown.
        tools: The tools that it could call.
        settings: How it was asked.
        answer: What it answered; None if it failed or was not heard to the end.
        error: The failure's class name, if it failed.
        seconds: How long it took.
    """

    model: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    settings: ModelSettings
    answer: ModelAnswer | None
    error: str | None
    seconds: float


class Recording(AroundModel):
    """Hands each call to a function when it has ended. Implements ``models.base.Model``.

    What people say is in the calls: record them only where that is allowed.

    Args:
        model: Whom to ask.
        record: Takes each call, such as ``calls.append``. It is called in the event loop: it must not block.
        clock: Gives seconds that only grow.
    """

    def __init__(
        self, model: Model, record: Callable[[ModelCall], object], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(model)
        self._record = record
        self._clock = clock

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncGenerator[ModelEvent, None]:
        """Ask the model. Closing the iterator ends the call.

        Raises:
            ModelError: The model failed.
        """
        began = self._clock()
        answer: ModelAnswer | None = None
        failure: str | None = None
        try:
            async with closing_stream(self._model.stream(messages, tools, settings)) as events:
                async for event in events:
                    if isinstance(event, ModelAnswer):
                        answer = event
                    yield event
        except Exception as error:
            failure = type(error).__name__
            raise
        finally:
            self._record(
                ModelCall(
                    model=self.id,
                    messages=tuple(messages),
                    tools=tuple(tools),
                    settings=settings,
                    answer=answer,
                    error=failure,
                    seconds=self._clock() - began,
                )
            )
