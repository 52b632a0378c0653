"""Answers that are data: described to the model by a pydantic class, and checked.

One that does not fit is asked for once more. What people see of such an answer in a bot is not its JSON.
"""

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticUserError

from threadkeep.errors import ConfigError, ModelResponseError
from threadkeep.messages import Message, Role
from threadkeep.models.base import (
    Media,
    Model,
    ModelAnswer,
    ModelEvent,
    ModelSettings,
    OutputSchema,
    ToolSpec,
    media_taken,
)
from threadkeep.models.streams import closing_stream
from threadkeep.models.usage import sum_of

Render = Callable[[BaseModel], str]
"""Gives what people are shown of an answer, as Markdown."""

_FENCED: Final = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n\s*```\s*", re.DOTALL)
_NAME: Final = re.compile(r"[^a-zA-Z0-9_-]+")
_NOT_ANSWERS: Final = frozenset({"refusal", "content_filter"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What an answer is to be.

    Attributes:
        response_model: The class.
        render: Gives what people are shown; None shows them the fields, in a bot.
        schema: The class as a model sees it.
    """

    response_model: type[BaseModel]
    render: Render | None
    schema: OutputSchema

    def parsed(self, text: str) -> BaseModel | None:
        """Give what a text says; None if it does not fit: a refusal, perhaps."""
        try:
            return self.response_model.model_validate_json(text)
        except ValidationError:
            return None

    def shown(self, text: str, *, is_for_people: bool) -> str:
        """Give what is shown of an answer.

        Args:
            text: The answer.
            is_for_people: Whether it stands in a place where people talk.
        """
        if self.render is None and not is_for_people:
            return text
        value = self.parsed(text)
        if value is None:
            return text
        return self.render(value) if self.render is not None else _listed(value)


def output_of(response_model: type[BaseModel], render: Render | None = None) -> Output:
    """Describe what an answer is to be.

    Raises:
        ConfigError: It is no class of pydantic, or has no JSON Schema.
    """
    given: object = response_model
    if not isinstance(given, type) or not issubclass(given, BaseModel):
        raise ConfigError(f"response_model is a class of pydantic, a subclass of BaseModel, got {response_model!r}")
    try:
        schema = response_model.model_json_schema()
    except (PydanticInvalidForJsonSchema, PydanticUserError) as error:
        raise ConfigError(
            f"response_model {response_model.__name__} cannot be described to a model: {error}"
        ) from error
    name = _NAME.sub("_", response_model.__name__)[:64]
    return Output(response_model=response_model, render=render, schema=OutputSchema(name=name, schema=schema))


class Structured:
    """Gives answers that fit a class; one that does not is asked for once more. Implements ``models.base.Model``.

    Nothing is yielded while an answer is written: half of an answer is no answer.

    Args:
        model: Whom to ask.
        output: What the answer is to be.
    """

    def __init__(self, model: Model, output: Output) -> None:
        self.bare: Model = model.bare if isinstance(model, Structured) else model
        self._output = output

    @property
    def id(self) -> str:
        """The wrapped model's name."""
        return self.bare.id

    @property
    def takes(self) -> frozenset[Media]:
        """What besides text the wrapped model takes."""
        return media_taken(self.bare)

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncGenerator[ModelEvent, None]:
        """Ask the model, and once more if its answer does not fit.

        Raises:
            ModelResponseError: The second answer does not fit either.
            ModelError: The model failed.
        """
        settings = replace(settings, output=self._output.schema)
        first = await self._answer(messages, tools, settings)
        answer, complaint = self._checked(first)
        if complaint:
            correction = Message(role=Role.USER, content=complaint)
            second = await self._answer((*messages, first.message, correction), tools, settings)
            answer, complaint = self._checked(second)
            answer = replace(answer, usage=sum_of(first.usage, second.usage))
        if complaint:
            name = self._output.response_model.__name__
            raise ModelResponseError(f"the model's answer is twice not what response_model={name} describes")
        yield answer

    async def prepare(self) -> None:
        """Prepare the wrapped model."""
        await self.bare.prepare()

    async def aclose(self) -> None:
        """Close the wrapped model."""
        await self.bare.aclose()

    async def _answer(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> ModelAnswer:
        async with closing_stream(self.bare.stream(messages, tools, settings)) as events:
            async for event in events:
                if isinstance(event, ModelAnswer):
                    return event
        raise ModelResponseError("the model ended without an answer")

    def _checked(self, answer: ModelAnswer) -> tuple[ModelAnswer, str]:
        """Give an answer without what servers put around it, and what is wrong with it."""
        message = answer.message
        if message.tool_calls:
            # Words between the calls would stand before the JSON in what was said.
            return replace(answer, message=replace(message, content="")), ""
        if answer.finish_reason in _NOT_ANSWERS:
            return answer, ""
        fenced = _FENCED.fullmatch(message.content)
        text = fenced[1] if fenced is not None else message.content
        try:
            self._output.response_model.model_validate_json(text)
        except ValidationError as error:
            return answer, _complaint(error)
        return replace(answer, message=replace(message, content=text)), ""


def _complaint(error: ValidationError) -> str:
    lines = [
        f"- {'.'.join(str(part) for part in problem['loc']) or 'the whole'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_context=False, include_input=False)[:20]
    ]
    return "\n".join(("Your last message does not fit the schema:", *lines, "Answer again, with the whole JSON alone."))


def _listed(value: BaseModel) -> str:
    """Give the fields of an answer as a list, as Markdown."""
    fields = value.model_dump(mode="json")
    return "\n".join(f"- **{name.replace('_', ' ')}**: {_plain(part)}" for name, part in fields.items())


def _plain(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(_plain(part) for part in value)
        case dict():
            return "; ".join(f"{name.replace('_', ' ')}: {_plain(part)}" for name, part in value.items())
        case _:
            return str(value)
