"""Several models, of which the next is asked where one fails."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

import structlog

from threadkeep.errors import ConfigError, ModelError, ModelResponseError
from threadkeep.messages import Message, Role
from threadkeep.models.base import Media, Model, ModelEvent, ModelSettings, TextDelta, ToolSpec, media_taken
from threadkeep.models.streams import closing_stream

_log = structlog.get_logger(__name__)

CONTINUE: Final = (
    "Your last message was cut off by a technical failure. Continue it exactly where it ends: do not repeat anything"
    " of it and do not mention the interruption."
)
"""What the next model is told when another had begun to answer."""


@dataclass(slots=True)
class _Said:
    """What people have seen of the answer so far."""

    text: str = ""

    def asked(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Give the request with the text that is to be continued."""
        if not self.text:
            return messages
        begun = Message(role=Role.ASSISTANT, content=self.text)
        return (*messages, begun, Message(role=Role.USER, content=CONTINUE))


class Fallback:
    """Asks the first model, and where it fails the next. Implements ``models.base.Model``.

    Nobody notices when a model fails before its first text. When it fails after that, what people have seen is kept:
    the next model is given it and continues.

    Args:
        models: Whom to ask, in order; two or more.

    Raises:
        ConfigError: There are fewer.
    """

    def __init__(self, *models: Model) -> None:
        if len(models) < 2:
            raise ConfigError("Fallback needs at least two models: Fallback(first, second)")
        self._models = models

    @property
    def id(self) -> str:
        """The first model's name."""
        return self._models[0].id

    @property
    def takes(self) -> frozenset[Media]:
        """What besides text all of the models take: any of them may be asked."""
        return media_taken(*self._models)

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncGenerator[ModelEvent, None]:
        """Ask the models until one has answered. Closing the iterator ends the call.

        Raises:
            ModelError: The last model failed too; its failure.
        """
        said = _Said()
        for number, model in enumerate(self._models, start=1):
            try:
                asked = said.asked(messages)
                async with (
                    closing_stream(model.stream(asked, tools, settings)) as answering,
                    aclosing(_continued(answering, said)) as events,
                ):
                    async for event in events:
                        yield _signed(event, model.id)
            except ModelError as error:
                if number == len(self._models):
                    raise
                _log.warning(
                    "model_failed_over",
                    model=model.id,
                    to=self._models[number].id,
                    error=type(error).__name__,
                    has_text=bool(said.text),
                )
            else:
                return

    async def prepare(self) -> None:
        """Prepare all models: the moment at which one fails is no time to import its client."""
        for model in self._models:
            await model.prepare()

    async def aclose(self) -> None:
        """Close all models."""
        for model in self._models:
            await model.aclose()


def _signed(event: ModelEvent, model_id: str) -> ModelEvent:
    """Give an answer with the name of who gave it."""
    return event if isinstance(event, TextDelta) or event.model else replace(event, model=model_id)


async def _continued(events: AsyncIterator[ModelEvent], said: _Said) -> AsyncGenerator[ModelEvent, None]:
    """Yield a model's events, the answer with what was said before it.

    Raises:
        ModelResponseError: There was no answer.
    """
    before = said.text
    async for event in events:
        if isinstance(event, TextDelta):
            said.text += event.text
            yield event
        else:
            yield replace(event, message=replace(event.message, content=before + event.message.content))
            return
    raise ModelResponseError("the model ended without an answer")
