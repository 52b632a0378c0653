"""Guardrails: functions that look at what people say and at what the model says, and may change or refuse it."""

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from threadkeep.agent.context import RunContext
from threadkeep.chat.speakers import is_wrapped
from threadkeep.errors import RefusedError
from threadkeep.messages import Attachment, Message, Role
from threadkeep.models.around import AroundModel
from threadkeep.models.base import Model, ModelAnswer, ModelEvent, ModelSettings, ToolSpec
from threadkeep.models.streams import closing_stream

Hook = Callable[[str, RunContext], str | Awaitable[str]]
"""Takes a text and gives the text to go on with; raises ``RefusedError`` to refuse it.

It is called in the event loop: it must not block. Whatever else it raises fails the run.
"""

REFUSED: Final = "refused"
"""The finish reason of an answer that stands for what was refused."""
_NOT_ACCEPTED: Final = "(not accepted)"
_END: Final = "</message>"


async def passed(text: str, hooks: Sequence[Hook], context: RunContext) -> str:
    """Give a text as the hooks leave it, each after the other.

    Raises:
        RefusedError: A hook refuses it.
    """
    for hook in hooks:
        checked = hook(text, context)
        text = await checked if inspect.isawaitable(checked) else checked
    return text


async def accepted(messages: Sequence[Message], hooks: Sequence[Hook], context: RunContext) -> tuple[Message, ...]:
    """Give what people said as the hooks leave it.

    Raises:
        RefusedError: A hook refuses it.
    """
    return tuple([await _accepted(message, hooks, context) for message in messages])


async def accepted_files(
    messages: Sequence[Message], hooks: Sequence[Hook], context: RunContext
) -> tuple[Message, ...]:
    """Give messages with the texts of their files, as far as they were read, as the hooks leave them.

    Raises:
        RefusedError: A hook refuses one.
    """
    return tuple(
        [
            replace(message, attachments=await accepted_attachments(message.attachments, hooks, context))
            for message in messages
        ]
    )


async def accepted_attachments(
    attachments: Sequence[Attachment], hooks: Sequence[Hook], context: RunContext
) -> tuple[Attachment, ...]:
    """Give files with their texts, as far as they were read, as the hooks leave them.

    Raises:
        RefusedError: A hook refuses one.
    """
    return tuple([await _accepted_file(one, hooks, context) for one in attachments])


def not_accepted(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Give what stays in the conversation of words that were refused: that there were some."""
    return tuple(replace(message, content=_NOT_ACCEPTED, attachments=(), files=()) for message in messages)


async def _accepted(message: Message, hooks: Sequence[Hook], context: RunContext) -> Message:
    head, text, tail = _parts(message.content)
    return replace(message, content=f"{head}{await passed(text, hooks, context)}{tail}") if text else message


async def _accepted_file(attachment: Attachment, hooks: Sequence[Hook], context: RunContext) -> Attachment:
    if not attachment.text:
        return attachment
    return replace(attachment, text=await passed(attachment.text, hooks, context))


def _parts(content: str) -> tuple[str, str, str]:
    """Cut what somebody said out of what names them, which is ours."""
    if not is_wrapped(content):
        return "", content, ""
    head, sign, rest = content.partition(">")
    return head + sign, rest.removesuffix(_END), _END


class Guarded(AroundModel):
    """Gives the answers of a model as hooks leave them. Implements ``models.base.Model``.

    Nothing is yielded while an answer is written: nobody is to read what a hook takes out of it.

    Args:
        model: Whom to ask.
        hooks: What looks at the answers.
        context: Gives the run's context.
    """

    def __init__(self, model: Model, hooks: Sequence[Hook], context: Callable[[], RunContext]) -> None:
        super().__init__(model)
        self._hooks = hooks
        self._context = context

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncGenerator[ModelEvent, None]:
        """Ask the model, and yield its answer when the hooks have seen it.

        Raises:
            ModelError: The model failed.
        """
        async with closing_stream(self._model.stream(messages, tools, settings)) as events:
            async for event in events:
                if isinstance(event, ModelAnswer):
                    yield await self._checked(event)

    async def _checked(self, answer: ModelAnswer) -> ModelAnswer:
        if not answer.message.content:
            return answer
        try:
            text = await passed(answer.message.content, self._hooks, self._context())
        except RefusedError as refusal:
            message = Message(role=Role.ASSISTANT, content=str(refusal))
            return replace(answer, message=message, finish_reason=REFUSED)
        return replace(answer, message=replace(answer.message, content=text))


def guarded(model: Model, hooks: Sequence[Hook], context: Callable[[], RunContext]) -> Model:
    """Give a model whose answers the hooks see; the model itself where there are none."""
    return Guarded(model, hooks, context) if hooks else model
