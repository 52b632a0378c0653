"""A running emulator, agents pointed at it, and a model that says what a test tells it to."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from threadkeep import Agent, Message, OpenAIChat, Role, ToolCall
from threadkeep.models.base import ModelAnswer, ModelEvent, ModelSettings, TextDelta, ToolSpec, Usage
from threadkeep_emulators.openai import OpenAIEmulator


def said(*texts: str, calls: Sequence[ToolCall] = (), usage: Usage | None = None) -> list[ModelEvent | Exception]:
    """One answer: its deltas, then the whole."""
    message = Message(role=Role.ASSISTANT, content="".join(texts), tool_calls=tuple(calls))
    answer = ModelAnswer(message=message, usage=usage or Usage(), finish_reason="tool_calls" if calls else "stop")
    return [*(TextDelta(text=text) for text in texts), answer]


@dataclass
class ScriptedModel:
    """Gives scripted answers in order; an exception in one is raised at its place."""

    answers: list[list[ModelEvent | Exception]] = field(default_factory=list)
    asked: list[tuple[Message, ...]] = field(default_factory=list)
    tools: list[tuple[ToolSpec, ...]] = field(default_factory=list)
    id: str = "scripted"

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], _settings: ModelSettings
    ) -> AsyncIterator[ModelEvent]:
        self.asked.append(tuple(messages))
        self.tools.append(tuple(tools))
        for event in self.answers.pop(0):
            if isinstance(event, Exception):
                raise event
            yield event

    async def prepare(self) -> None:
        return None

    async def aclose(self) -> None:
        return None


@dataclass
class Notebook:
    """A journal in memory."""

    steps: dict[str, str] = field(default_factory=dict)

    async def record(self, steps: Mapping[str, str]) -> None:
        self.steps.update(steps)


@pytest.fixture
def script() -> Callable[..., list[ModelEvent | Exception]]:
    return said


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def scripted() -> Callable[..., ScriptedModel]:
    return lambda *answers: ScriptedModel(answers=list(answers))


@pytest.fixture
async def openai() -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator() as emulator:
        yield emulator


@pytest.fixture
async def make_agent(openai: OpenAIEmulator) -> AsyncIterator[Callable[..., Agent]]:
    made: list[Agent] = []

    def make(**settings) -> Agent:
        model = OpenAIChat("gpt-4o-mini", base_url=openai.url, api_key=openai.api_key, max_retries=0)
        agent = Agent(**{"model": model, **settings})
        made.append(agent)
        return agent

    yield make
    for agent in made:
        await agent.aclose()
