"""A model that is shown less of the past when a conversation is too long for it."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Final

import structlog

from threadkeep.errors import ContextTooLongError
from threadkeep.messages import Message, Role
from threadkeep.models.around import AroundModel
from threadkeep.models.base import ModelEvent, ModelSettings, TextDelta, ToolSpec
from threadkeep.models.streams import closing_stream

_log = structlog.get_logger(__name__)

_LONGEST_RESULT: Final = 1_000
_CUT: Final = "\n[cut: the conversation was too long]"


class Fitting(AroundModel):
    """Asks once more, with less of the past, where the model's server says that a request is too long.

    An agent puts it around its model by itself. Implements ``models.base.Model``.

    Args:
        model: Whom to ask.
    """

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncGenerator[ModelEvent, None]:
        """Ask the model. Closing the iterator ends the call.

        Raises:
            ContextTooLongError: The shortened request is too long as well, or cannot be shortened.
            ModelError: The model failed.
        """
        has_text = False
        try:
            async with closing_stream(self._model.stream(messages, tools, settings)) as events:
                async for event in events:
                    has_text = has_text or (isinstance(event, TextDelta) and bool(event.text))
                    yield event
        except ContextTooLongError:
            fewer = shortened_request(messages)
            if has_text or fewer is None:
                raise
            _log.warning("window_tightened", model=self.id, messages=len(messages), shown=len(fewer))
        else:
            return
        async with closing_stream(self._model.stream(fewer, tools, settings)) as events:
            async for event in events:
                yield event


def shortened_request(messages: Sequence[Message]) -> tuple[Message, ...] | None:
    """Give a request with at most half of its past, or, where it has none, with short tool results.

    The system message and what was said since the last whole answer stay. What is left begins with a user's words, and
    every tool call has its result. None if nothing can be left out.
    """
    system = 1 if messages and messages[0].role is Role.SYSTEM else 0
    starts = [
        number
        for number in range(system + 1, len(messages))
        if messages[number].role is Role.USER and _ends_run(messages[number - 1])
    ]
    if not starts:
        return _with_short_results(messages)
    room = sum(map(_size, messages[system : starts[-1]])) // 2
    first = starts[-1]
    # The newest runs of the past, as long as there is room.
    for start in reversed(starts[:-1]):
        room -= sum(map(_size, messages[start:first]))
        if room < 0:
            break
        first = start
    return (*messages[:system], *messages[first:])


def _ends_run(message: Message) -> bool:
    return message.role is Role.ASSISTANT and not message.tool_calls


def _size(message: Message) -> int:
    return len(message.content) + sum(len(call.arguments) for call in message.tool_calls)


def _with_short_results(messages: Sequence[Message]) -> tuple[Message, ...] | None:
    short = tuple(_short(message) for message in messages)
    return None if short == tuple(messages) else short


def _short(message: Message) -> Message:
    if message.role is not Role.TOOL:
        return message
    is_short = len(message.content) <= _LONGEST_RESULT + len(_CUT)
    return replace(message, content=message.content if is_short else message.content[:_LONGEST_RESULT] + _CUT, files=())
