"""Instructions: as they are, by place, or made by a function for each run."""

from datetime import UTC, datetime

import pytest

from threadkeep import Agent, Instructions, RunContext, RunRequest, ScriptedModel, SessionKey
from threadkeep.chat.events import Place, PlaceKind
from threadkeep.chat.rights import Rights
from threadkeep.messages import Message, Role


def system(model, number=-1):
    return next((message.content for message in model.asked[number] if message.role is Role.SYSTEM), None)


def place(channel="C1", *, thread=None, kind=PlaceKind.CHANNEL):
    session = SessionKey(platform="slack", workspace="T1", channel=channel, thread=thread)
    return Place(session=session, kind=kind)


async def asked_in(agent, where):
    request = RunRequest(
        run_id="r", session_id=str(where.session), messages=(Message(role=Role.USER, content="Hi"),), place=where
    )
    async for _ in agent.begin(request, None).stream():
        pass


async def test_a_function_makes_the_instructions_of_each_run(scripted, script):
    seen = []

    def instructions(context: RunContext) -> str:
        seen.append(context)
        return f"You help {context.user_id}. It is {context.time:%Y}. Mood: {context.state.get('mood')}. {{user}}"

    moment = datetime(2031, 5, 1, tzinfo=UTC).timestamp()
    model = scripted(script("Hello."), script("Hello again."))
    agent = Agent(model=model, instructions=instructions, clock=lambda: moment)
    await agent.arun("Hi", user_id="ann", session_id="s")
    await agent.sessions.set_state("s", {"mood": "merry"})
    await agent.arun("Hi", user_id="bob", session_id="s")
    assert system(model, 0) == "You help ann. It is 2031. Mood: None. {user}"
    assert system(model, 1) == "You help bob. It is 2031. Mood: merry. {user}"
    assert [context.session_id for context in seen] == ["s", "s"]
    await agent.aclose()


async def test_the_function_may_be_asynchronous_and_may_say_nothing(scripted, script):
    async def instructions(context: RunContext) -> str | None:
        return None if context.user_id is None else f"You help {context.user_id}."

    model = scripted(script("Hello."), script("Hello."))
    agent = Agent(model=model, instructions=instructions)
    await agent.arun("Hi")
    await agent.arun("Hi", user_id="ann")
    assert [system(model, 0), system(model, 1)] == [None, "You help ann."]
    await agent.aclose()


async def test_a_function_that_fails_fails_the_run(scripted):
    def instructions(context: RunContext) -> str:
        raise LookupError("no such user")

    agent = Agent(model=scripted(), instructions=instructions)
    with pytest.raises(LookupError):
        await agent.arun("Hi", session_id="s")
    (run,) = await agent.sessions.runs("s")
    assert run.error == "LookupError"
    await agent.aclose()


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (place("C9"), "Be kind.\n\nOthers read this."),
        (place("C1"), "Be kind.\n\nThis is support."),
        (place("C1", thread="1.1", kind=PlaceKind.THREAD), "Be kind.\n\nThis is support."),
        (place("C1", thread="2.2", kind=PlaceKind.THREAD), "Be kind.\n\nThis thread is for Ann."),
        (place("C9", thread="1.1", kind=PlaceKind.THREAD), "Be kind."),
    ],
)
async def test_the_most_particular_instructions_of_a_place_count(scripted, script, where, said):
    model = scripted(script("Hello."))
    instructions = Instructions(
        everywhere="Be kind.",
        by_place={
            PlaceKind.CHANNEL: "Others read this.",
            "slack:T1:C1": "This is support.",
            "slack:T1:C1:2.2": lambda context: "This thread is for Ann.",
        },
    )
    agent = Agent(model=model, instructions=instructions)
    await asked_in(agent, where)
    assert system(model) == said
    await agent.aclose()


async def test_outside_a_bot_what_is_said_everywhere_counts(scripted, script):
    model = scripted(script("Hello."))
    agent = Agent(model=model, instructions=Instructions(everywhere="Be kind.", by_place={"direct": "Be brief."}))
    await agent.arun("Hi")
    assert system(model) == "Be kind."
    await agent.aclose()


async def test_the_function_may_ask_what_the_person_may_do():
    async def instructions(context: RunContext) -> str:
        return "Obey." if (await context.rights()).allow("admin") else "Be kind."

    async def rights():
        return Rights(permissions=frozenset({"admin"}))

    with ScriptedModel("Yes.") as model:
        said = (Message(role=Role.USER, content="Hi"),)
        request = RunRequest(run_id="r", session_id="s", messages=said, rights=rights)
        _ = [event async for event in Agent(model=model, instructions=instructions).begin(request, None).stream()]
    assert model.asked[0][0].content == "Obey."
