"""A whole bot that asks: the model's real client and server, the store, and presses that come from the platform."""

import pytest

from threadkeep import Agent, Bot, Button, OpenAIChat, OpenAIResponses, RunContext, tool
from threadkeep.chat.adapter import Acceptance, ReplyState


@pytest.fixture(params=[OpenAIChat, OpenAIResponses])
def model(request, openai):
    return request.param(id="gpt-5.4-mini", api_key=openai.api_key, base_url=openai.url)


async def test_an_approved_call_is_made_and_the_model_is_asked_twice(platform, model, openai, store, wait_for):
    @tool(requires_approval=True)
    async def deploy(environment: str, context: RunContext) -> str:
        """Deploy."""
        context.offer(Button(action="undo", label="Undo", value="Undo the deployment"))
        return f"deployed to {environment}"

    agent = Agent(model=model, tools=[deploy], add_history_to_messages=True)
    async with Bot(agent=agent, adapters=[platform], store=store):
        await platform.sink(platform.said('Use the tool deploy environment="staging"'))
        await wait_for(lambda: platform.finished)
        assert platform.finished[0].state is ReplyState.WAITING
        assert len(openai.requests) == 1
        press = platform.pressed("Approve")
        assert await platform.sink(press) is Acceptance.ACCEPTED
        assert await platform.sink(press) is Acceptance.DUPLICATE
        await wait_for(lambda: len(platform.finished) == 2)
        assert len(openai.requests) == 2
        assert "deployed to staging" in str(openai.messages(1))
        assert platform.finished[1].state is ReplyState.FINISHED
        assert "staging" in platform.finished[1].text
        # What a tool offered talks to the agent.
        assert await platform.sink(platform.pressed("Undo")) is Acceptance.ACCEPTED
        await wait_for(lambda: len(platform.finished) == 3)
        assert "Undo the deployment" in str(openai.messages(2))


async def test_a_denied_call_is_told_to_the_model_as_failed(platform, model, openai, store, wait_for):
    @tool(requires_approval=True)
    async def deploy(environment: str) -> str:
        """Deploy."""
        raise AssertionError(environment)

    async with Bot(agent=Agent(model=model, tools=[deploy]), adapters=[platform], store=store):
        await platform.sink(platform.said('Use the tool deploy environment="staging"'))
        await wait_for(lambda: platform.finished)
        await platform.sink(platform.pressed("Deny"))
        await wait_for(lambda: len(platform.finished) == 2)
    assert "this call was not made: Ann denied it" in str(openai.messages(1))
