"""Several agents in one bot: who answers where, and how a conversation is handed over."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from threadkeep import Agent, Bot, ConfigError, ToolCall
from threadkeep.chat.events import PlaceKind
from threadkeep.errors import PlatformUnavailableError
from threadkeep.messages import Message, Role
from threadkeep.models.base import ModelAnswer, Usage
from threadkeep.runtime.answer_settings import AnswerSettings
from threadkeep.runtime.roster import Roster
from threadkeep.runtime.worker import Worker


def handing(to="billing"):
    call = ToolCall(id="1", name="hand_over", arguments=f'{{"to": "{to}"}}')
    message = Message(role=Role.ASSISTANT, tool_calls=(call,))
    return ModelAnswer(message=message, usage=Usage(), finish_reason="tool_calls")


def system(model, number=-1):
    return next((message.content for message in model.asked[number] if message.role is Role.SYSTEM), "")


@pytest.fixture
def front(make_model):
    """The first agent's model: hands over what is about invoices."""
    return make_model(lambda text: handing() if "invoice" in text else f"Front: {text}")


@pytest.fixture
def billing(make_model):
    return make_model(lambda text: handing("main") if "weather" in text else f"Billing: {text}")


@pytest.fixture
def agents(front, billing, store):
    shared = {"store": store, "add_history_to_messages": True}
    first = Agent(model=front, instructions="You greet.", **shared)
    second = Agent(model=billing, instructions="You bill.", role="invoices", **shared)
    return first, {"billing": second}


@pytest.fixture
def at_work(platform, store, agents):
    """Runs a bot's worker around a block."""

    @asynccontextmanager
    async def run(route=None, **settings):
        worker = Worker(
            agent=Roster(*agents, route),
            store=store,
            adapters={platform.name: platform},
            settings=AnswerSettings(**settings),
        )
        task = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            await worker.stop(grace=5)
            await task

    return run


async def test_a_route_says_by_place_who_answers(at_work, talk):
    async with at_work({PlaceKind.CHANNEL: "billing", "test:W:C2": "main"}):
        assert await talk("one") == ["Front: one"]
        assert (await talk("two", channel="C3", kind=PlaceKind.CHANNEL))[0].startswith("Billing: ")
        assert (await talk("three", channel="C2", kind=PlaceKind.CHANNEL))[0].startswith("Front: ")


async def test_a_rule_says_who_answers(at_work, talk):
    def rule(event, session):
        return "billing" if event.speaker == "Bob" else None

    async with at_work(rule):
        assert await talk("one") == ["Front: one"]
        assert await talk("two", user="Bob", channel="C2") == ["Billing: two"]


@pytest.mark.parametrize("answer", ["nobody", ZeroDivisionError()])
async def test_where_a_rule_fails_the_first_agent_answers(at_work, talk, answer):
    def rule(event, session):
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with at_work(rule):
        assert await talk("one") == ["Front: one"]


async def test_who_takes_over_answers_at_once_and_keeps_the_conversation(at_work, talk, front, billing, store):
    async with at_work():
        finals = await talk("Hello", "My invoice is wrong", "It is number 7")
        assert finals == [
            "Front: Hello",
            "Billing: billing has the conversation from now on",
            "Billing: It is number 7",
        ]
        assert len(front.asked) == 2
        assert (system(front), system(billing, 0)) == ("You greet.", "You bill.")
        shown = [message.content for message in billing.asked[1]]
        assert "My invoice is wrong" in shown
        assert "Front: Hello" in shown
        assert await talk("And here?", channel="C2") == ["Front: And here?"]


async def test_it_may_be_handed_back(at_work, talk):
    async with at_work():
        finals = await talk("My invoice is wrong", "How is the weather?", "Hello")
    assert finals[1:] == ["Front: main has the conversation from now on", "Front: Hello"]


async def test_a_new_conversation_begins_with_whom_the_route_names(at_work, talk):
    async with at_work():
        finals = await talk("My invoice is wrong", "!new", "Hello")
    assert finals[-1] == "Front: Hello"


async def test_a_retried_run_goes_on_with_who_took_over(at_work, talk, platform, front, billing):
    platform.refusals.append(PlatformUnavailableError("down"))
    async with at_work(retry_seconds=0.01):
        assert await talk("My invoice is wrong") == ["Billing: billing has the conversation from now on"]
    assert (len(front.asked), len(billing.asked)) == (1, 1)


async def test_nobody_takes_over_who_does_not_exist(at_work, talk, make_model, store, platform, wait_for):
    model = make_model(lambda text: handing("cook") if text == "Cook!" else text)
    worker = Bot(agent=Agent(model=model, store=store), agents={"billing": Agent(model=model, store=store)})
    async with Bot(agent=worker.agent, agents=worker.agents, adapters=[platform], store=store):
        assert await talk("Cook!") == ["there is no assistant 'cook'; there are: billing"]


async def test_agents_are_told_what_the_others_are_for(agents):
    tools = Roster(*agents, None)._plans
    assert "billing: invoices" in tools["main"].tools["hand_over"].description
    assert "main" in tools["billing"].tools["hand_over"].description


def test_one_agent_has_nobody_to_hand_over_to(agents):
    assert not Roster(agents[0], {}, None)._plans["main"].tools


def test_names_that_cannot_be_are_refused(agents):
    first, others = agents
    with pytest.raises(ConfigError, match="cook"):
        Bot(agent=first, agents=others, route={PlaceKind.DIRECT: "cook"})
    with pytest.raises(ConfigError, match="two agents"):
        Bot(agent=first, agents={"main": others["billing"]})

    def hand_over(to: str) -> str:
        """Do something else."""
        return to

    with pytest.raises(ConfigError, match="hand_over"):
        Bot(agent=first, agents={"other": Agent(model=first.model, tools=[hand_over])})
