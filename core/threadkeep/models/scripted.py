"""A model for tests: it answers what it was told to, and minds what nobody told it."""

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from threadkeep.errors import ModelError
from threadkeep.messages import Message, Role, ToolCall
from threadkeep.models.base import Media, ModelAnswer, ModelEvent, ModelSettings, TextDelta, ToolSpec, Usage
from threadkeep.models.media import checked_media

Check = Callable[[Sequence[Message], Sequence[ToolSpec]], object]
"""Looks at a request and asserts what it should be."""


class UnexpectedCallError(AssertionError):
    """The model was asked more often than its script has steps, or less often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One answer of a script.

    Attributes:
        text: What is said.
        calls: The tools that are called.
        error: Raised instead, after the text.
        check: Looks at the request first.
        finish_reason: Why the model ended; None takes ``tool_calls`` or ``stop``.
    """

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    error: ModelError | None = None
    check: Check | None = None
    finish_reason: str | None = None


class ScriptedModel:
    """Answers by a script, one step for each call. Implements ``models.base.Model``.

    As a context manager it fails on leaving if steps are left::

        with ScriptedModel("Hello!", Step(text="Bye.")) as model:
            assert (await Agent(model=model).arun("Hi")).content == "Hello!"
            ...

    Args:
        steps: The answers, in order; a text stands for a step that says it.
        takes: What besides text it says that it takes: some of ``image``, ``pdf`` and ``audio``.
    """

    def __init__(self, *steps: Step | str, takes: Collection[Media] = ()) -> None:
        self.takes = checked_media(takes)
        self._steps = [Step(text=step) if isinstance(step, str) else step for step in steps]
        self._asked: list[tuple[Message, ...]] = []

    @property
    def id(self) -> str:
        """``scripted``."""
        return "scripted"

    @property
    def asked(self) -> Sequence[tuple[Message, ...]]:
        """What the model was shown, call by call."""
        return self._asked

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Check that every step was used, unless something else went wrong.

        Raises:
            UnexpectedCallError: Steps are left, or there were further calls.
        """
        if kind is None:
            self.check_used()

    def check_used(self) -> None:
        """Check that the model was asked as often as its script has steps.

        Raises:
            UnexpectedCallError: Steps are left, or there were further calls, whose failure an agent may have handled.
        """
        if len(self._asked) != len(self._steps):
            raise UnexpectedCallError(
                f"the model was asked {len(self._asked)} times; its script has {len(self._steps)} steps"
            )

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncGenerator[ModelEvent, None]:
        """Give the next step's answer: streamed, word by word.

        Raises:
            UnexpectedCallError: The script has no further step.
            ModelError: The step says so.
        """
        number = len(self._asked)
        self._asked.append(tuple(messages))
        if number >= len(self._steps):
            raise UnexpectedCallError(f"call {number + 1} of a model whose script has {len(self._steps)} steps")
        step = self._steps[number]
        if step.check is not None:
            step.check(messages, tools)
        if settings.is_streamed:
            for piece in _words(step.text):
                yield TextDelta(text=piece)
        if step.error is not None:
            raise step.error
        yield ModelAnswer(
            message=Message(role=Role.ASSISTANT, content=step.text, tool_calls=step.calls),
            usage=Usage(),
            finish_reason=step.finish_reason or ("tool_calls" if step.calls else "stop"),
        )

    async def prepare(self) -> None:
        """Do nothing: there is nothing to prepare."""

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""


def _words(text: str) -> list[str]:
    """Cut a text after each space, so that the pieces joined are the text."""
    pieces = text.split(" ")
    return [piece for piece in (*(f"{piece} " for piece in pieces[:-1]), pieces[-1]) if piece]
