"""The port of a language model."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from threadkeep.messages import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool as a model sees it.

    Attributes:
        name: 1 to 64 letters, digits, ``_`` or ``-``.
        description: What it does and when to use it.
        parameters: The JSON Schema of its arguments: an object.
    """

    name: str
    description: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSchema:
    """What an answer is to be, where it is data.

    Attributes:
        name: 1 to 64 letters, digits, ``_`` or ``-``.
        schema: Its JSON Schema: an object.
    """

    name: str
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """How to ask.

    Attributes:
        is_streamed: Whether the text should come while it is written.
        temperature: Sampling temperature; None leaves it to the server.
        max_output_tokens: The longest answer; None leaves it to the server.
        output: What the answer is to be; None for text.
    """

    is_streamed: bool = True
    temperature: float | None = None
    max_output_tokens: int | None = None
    output: OutputSchema | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one model call; None where the server did not say.

    Attributes:
        input_tokens: Tokens that were sent.
        cached_tokens: Those of them that the server had cached.
        output_tokens: Tokens that the model wrote.
    """

    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta:
    """Some more text of the answer; empty as a sign of life while a model writes what is not seen."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """The whole answer of one model call; always the last event.

    Attributes:
        message: The assistant message: text (that of all deltas, joined), tool calls, or both.
        usage: What it cost.
        finish_reason: Why the model ended: ``stop``, ``tool_calls``, ``length``, ``content_filter``, ``refusal`` where
            it says that it does not answer, or the server's own word.
        model: Which model answered; empty for the one that was asked.
    """

    message: Message
    usage: Usage
    finish_reason: str
    model: str = ""


ModelEvent = TextDelta | ModelAnswer
"""What a model call yields: any number of text deltas, then one answer."""


class Model(Protocol):
    """A language model. Holds no conversation: each call is complete in itself, and many may be under way."""

    @property
    def id(self) -> str:
        """The model's name, as its server knows it."""
        ...

    def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncIterator[ModelEvent]:
        """Ask the model. Closing the iterator ends the call.

        Raises:
            ModelError: There is no usable answer; the subclass says why.
        """
        ...

    async def prepare(self) -> None:
        """Do now what the first call would wait for. Harmless to repeat, and to leave out.

        Raises:
            ConfigError: A setting is missing or wrong.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        ...


Media = Literal["image", "pdf", "audio"]
"""What a model may take besides text: as it is, in ``Message.files``."""


@runtime_checkable
class TakesMedia(Protocol):
    """A model that takes more than text."""

    @property
    def takes(self) -> Collection[Media]:
        """What of images, PDFs and audio it takes."""
        ...


def media_taken(*models: Model) -> frozenset[Media]:
    """Give what besides text all of these models take."""
    taken = [frozenset(model.takes) if isinstance(model, TakesMedia) else frozenset[Media]() for model in models]
    return frozenset.intersection(*taken) if taken else frozenset()
