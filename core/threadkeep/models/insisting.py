"""A model that is asked once more when it says nothing at all."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Final

import structlog

from threadkeep.messages import Message, Role
from threadkeep.models.around import AroundModel
from threadkeep.models.base import (
    ModelAnswer,
    ModelEvent,
    ModelSettings,
    TextDelta,
    ToolSpec,
)
from threadkeep.models.streams import closing_stream
from threadkeep.models.usage import sum_of

_log = structlog.get_logger(__name__)

# Asked again, it would end for the same reason.
_FINAL: Final = frozenset({"content_filter", "length", "refusal"})


class Insisting(AroundModel):
    """Asks once more where an answer has neither words nor calls, which models do now and then.

    An agent puts it around its model by itself. Implements ``models.base.Model``.

    Args:
        model: Whom to ask.
    """

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncGenerator[ModelEvent, None]:
        """Ask the model. Closing the iterator ends the call.

        Raises:
            ModelError: The model failed.
        """
        empty: ModelAnswer | None = None
        async with closing_stream(self._model.stream(messages, tools, settings)) as events:
            async for event in events:
                if isinstance(event, TextDelta) or not _is_empty(event) or _has_spoken(messages):
                    yield event
                else:
                    empty = event
        if empty is None:
            return
        _log.warning("model_said_nothing", model=self.id, finish_reason=empty.finish_reason)
        async with closing_stream(self._model.stream(messages, tools, settings)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    yield event
                else:
                    yield replace(event, usage=sum_of(empty.usage, event.usage))


def _is_empty(answer: ModelAnswer) -> bool:
    message = answer.message
    return not message.content and not message.tool_calls and answer.finish_reason not in _FINAL


def _has_spoken(messages: Sequence[Message]) -> bool:
    """Tell whether the model has said something since the user's last words: then silence may be all that is left."""
    for message in reversed(messages):
        if message.role is Role.USER:
            return False
        if message.role is Role.ASSISTANT and message.content:
            return True
    return False
