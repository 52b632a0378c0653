"""A whole bot that asks: the model's real client and server, the store, and presses that come from the platform."""

import pytest

from threadkeep import Agent, Bot, Button, OpenAIChat, OpenAIResponses, RunContext, tool
from threadkeep.chat.adapter import Acceptance, ReplyState
from threadkeep.chat.events import ActionPressed
from threadkeep.sessions import MessageKey, UserKey
from threadkeep_emulators.openai import OpenAIEmulator


@pytest.fixture
async def openai():
    async with OpenAIEmulator() as emulator:
        yield emulator


@pytest.fixture(params=[OpenAIChat, OpenAIResponses])
def model(request, openai):
    return request.param(id="gpt-5.4-mini", api_key=openai.api_key, base_url=openai.url)


@pytest.fixture
def platform(platform):
    contents = platform.contents = []
    open_reply = platform.open_reply

    def opened(request):
        reply = open_reply(request)
        finish = reply.finish

        async def keep(content):
            await finish(content)
            contents.append(content)

        reply.finish = keep
        return reply

    platform.open_reply = opened
    return platform


def pressed(platform, label, *, press):
    button = next(one for one in platform.contents[-1].elements if one.label == label)
    return ActionPressed(
        key=MessageKey(platform="test", workspace="W", channel="C1", message="reply", revision=press),
        place=platform.said("").place,
        user=UserKey(platform="test", user="Ann"),
        speaker="Ann",
        action=button.action,
        value=button.value,
        label=button.label,
    )


async def test_an_approved_call_is_made_and_the_model_is_asked_twice(platform, model, openai, store, wait_for):
    @tool(requires_approval=True)
    async def deploy(environment: str, context: RunContext) -> str:
        """Deploy."""
        context.offer(Button(action="undo", label="Undo", value="Undo the deployment"))
        return f"deployed to {environment}"

    agent = Agent(model=model, tools=[deploy], add_history_to_messages=True)
    async with Bot(agent=agent, adapters=[platform], store=store):
        await platform.sink(platform.said('Use the tool deploy environment="staging"'))
        await wait_for(lambda: platform.contents)
        assert platform.contents[0].state is ReplyState.WAITING
        assert len(openai.requests) == 1
        press = pressed(platform, "Approve", press="p1")
        assert await platform.sink(press) is Acceptance.ACCEPTED
        assert await platform.sink(press) is Acceptance.DUPLICATE
        await wait_for(lambda: len(platform.contents) == 2)
        assert len(openai.requests) == 2
        assert "deployed to staging" in str(openai.messages(1))
        assert platform.contents[1].state is ReplyState.FINISHED
        assert "staging" in platform.contents[1].text
        # What a tool offered talks to the agent.
        assert await platform.sink(pressed(platform, "Undo", press="p2")) is Acceptance.ACCEPTED
        await wait_for(lambda: len(platform.contents) == 3)
        assert "Undo the deployment" in str(openai.messages(2))


async def test_a_denied_call_is_told_to_the_model_as_failed(platform, model, openai, store, wait_for):
    @tool(requires_approval=True)
    async def deploy(environment: str) -> str:
        """Deploy."""
        raise AssertionError(environment)

    async with Bot(agent=Agent(model=model, tools=[deploy]), adapters=[platform], store=store):
        await platform.sink(platform.said('Use the tool deploy environment="staging"'))
        await wait_for(lambda: platform.contents)
        await platform.sink(pressed(platform, "Deny", press="p1"))
        await wait_for(lambda: len(platform.contents) == 2)
    assert "this call was not made: Ann denied it" in str(openai.messages(1))
