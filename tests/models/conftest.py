"""A running emulator, and the two models pointed at it."""

from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from threadkeep.messages import Message, Role
from threadkeep.models.base import Model, ModelAnswer, ModelSettings, TextDelta, ToolSpec
from threadkeep.models.limited import Limited
from threadkeep.models.openai_chat import OpenAIChat
from threadkeep.models.openai_responses import OpenAIResponses
from threadkeep.models.recording import Recording
from threadkeep.models.retrying import Retrying
from threadkeep_emulators.openai import OpenAIEmulator

MODELS = {"chat": OpenAIChat, "responses": OpenAIResponses}
HELLO = (Message(role=Role.USER, content="Hello"),)


@pytest.fixture
async def openai() -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator(offline=None, must_use_answers=True) as emulator:
        yield emulator


@pytest.fixture(params=MODELS)
def endpoint(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=[True, False], ids=["streamed", "whole"])
def is_streamed(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture
async def make_model(openai: OpenAIEmulator, endpoint: str) -> AsyncIterator[Callable[..., Model]]:
    made: list[Model] = []

    def make(**settings) -> Model:
        given = {"base_url": openai.url, "api_key": openai.api_key, "max_retries": 0, **settings}
        model = MODELS[endpoint](id="gpt-4o-mini", **given)
        made.append(model)
        return model

    yield make
    for model in made:
        await model.aclose()


@pytest.fixture(params=[False, True], ids=["bare", "wrapped"])
def model(request: pytest.FixtureRequest, make_model: Callable[..., Model]) -> Model:
    bare = make_model()
    if not request.param:
        return bare
    retrying = Retrying(model=bare, attempts=1)
    return Recording(Limited(retrying, max_calls=2, first_event_timeout=30, next_event_timeout=30), [].append)


@pytest.fixture
def ask(is_streamed: bool):
    async def ask(
        model: Model, messages: Sequence[Message] = HELLO, tools: Sequence[ToolSpec] = (), **settings
    ) -> tuple[list[str], ModelAnswer]:
        *deltas, answer = [
            event async for event in model.stream(messages, tools, ModelSettings(is_streamed=is_streamed, **settings))
        ]
        assert all(isinstance(delta, TextDelta) for delta in deltas)
        assert isinstance(answer, ModelAnswer)
        return [delta.text for delta in deltas], answer

    return ask
