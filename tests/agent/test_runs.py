"""Runs of an agent over a real server: what is sent, what comes back, what is kept."""

import asyncio

import pytest

from threadkeep import (
    Agent,
    ConfigError,
    ContentDelta,
    InvalidKeyError,
    Message,
    ModelRequestError,
    ModelResponseError,
    Role,
    RunCompleted,
    RunStarted,
    RunStatus,
    StepLimitError,
)
from threadkeep_emulators.openai import Answer, ToolCall, Usage


def spoken(openai, position: int = -1) -> list[tuple[object, object]]:
    return [(message["role"], message["content"]) for message in openai.messages(position)]


async def test_a_run_answers_and_says_what_it_cost(openai, make_agent):
    openai.answers(Answer(text="Hello to you.", usage=Usage(input_tokens=9, cached_tokens=4, output_tokens=3)))
    response = await make_agent(instructions="Be nice.").arun("Hello", user_id="ann", session_id="s1")
    assert (response.content, response.session_id, response.user_id) == ("Hello to you.", "s1", "ann")
    assert response.status is RunStatus.COMPLETED
    assert [message.content for message in response.messages] == ["Be nice.", "Hello", "Hello to you."]
    metrics = response.metrics
    assert (metrics.input_tokens, metrics.cached_tokens, metrics.output_tokens, metrics.model_calls) == (9, 4, 3, 1)
    assert metrics.duration >= metrics.time_to_first_token >= 0
    assert openai.log[0].body.get("stream") is None


async def test_events_of_a_stream_joined_are_the_content(openai, make_agent):
    openai.answers(Answer(text="One two three."))
    events = [event async for event in make_agent().arun("Count", stream=True)]
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunCompleted)
    assert "".join(event.content for event in events) == events[-1].response.content == "One two three."
    assert sum(isinstance(event, ContentDelta) for event in events) == 3


async def test_texts_of_several_steps_are_parted_by_an_empty_line(openai, make_agent):
    def look() -> str:
        """Look."""
        return "seen"

    openai.answers(
        Answer(text="Let me look.", tool_calls=(ToolCall(name="look"),)),
        Answer(tool_calls=(ToolCall(name="look"),)),
        Answer(text="There it is."),
    )
    events = [event async for event in make_agent(tools=[look]).arun("Where?", stream=True)]
    assert "".join(event.content for event in events) == "Let me look.\n\nThere it is."
    assert events[-1].response.metrics.model_calls == 3


async def test_a_missing_session_id_is_made_for_each_run(openai, make_agent):
    agent = make_agent(add_history_to_messages=True)
    first, second = await agent.arun("One"), await agent.arun("Two")
    assert first.session_id != second.session_id
    assert first.run_id != second.run_id
    assert spoken(openai) == [("user", "Two")]


async def test_the_model_is_shown_exactly_the_last_runs_of_that_session(openai, make_agent):
    agent = make_agent(add_history_to_messages=True, num_history_runs=2, instructions="Be nice.")
    openai.answers(*(Answer(text=f"answer {number}") for number in range(8)))
    for number in range(4):
        await agent.arun(f"mine {number}", session_id="mine", user_id="ann")
        await agent.arun(f"yours {number}", session_id="yours", user_id="bob")
    assert spoken(openai) == [
        ("system", "Be nice."),
        ("user", "yours 1"),
        ("assistant", "answer 3"),
        ("user", "yours 2"),
        ("assistant", "answer 5"),
        ("user", "yours 3"),
    ]


async def test_without_history_each_run_stands_alone(openai, make_agent):
    agent = make_agent()
    await agent.arun("One", session_id="s")
    await agent.arun("Two", session_id="s")
    assert spoken(openai) == [("user", "Two")]


async def test_two_people_of_one_session_share_its_history(openai, make_agent):
    agent = make_agent(add_history_to_messages=True)
    openai.answers(Answer(text="Hello Ann."), Answer(text="Hello Bob."))
    await agent.arun("I am Ann", session_id="s", user_id="ann")
    await agent.arun("I am Bob", session_id="s", user_id="bob")
    assert spoken(openai) == [("user", "I am Ann"), ("assistant", "Hello Ann."), ("user", "I am Bob")]


async def test_nothing_is_substituted_in_anybodys_words(openai, make_agent):
    agent = make_agent(instructions="Say {name} and $name.")
    await agent.arun("{user_id} costs $$5 and {api_key}", user_id="ann", session_id="s")
    assert spoken(openai) == [("system", "Say {name} and $name."), ("user", "{user_id} costs $$5 and {api_key}")]


async def test_several_messages_become_one_run(openai, make_agent):
    await make_agent().arun(["One", Message(role=Role.USER, content="Two\ud83d")])
    assert spoken(openai) == [("user", "One"), ("user", "Two\ufffd")]


@pytest.mark.parametrize(
    ("message", "error"),
    [([], ValueError), (Message(role=Role.SYSTEM, content="x"), ValueError), (b"bytes", TypeError), ([1], TypeError)],
)
async def test_what_cannot_be_asked_is_refused_at_the_call(make_agent, message, error):
    with pytest.raises(error):
        make_agent().arun(message)


async def test_ids_that_cannot_be_stored_are_refused_at_the_call(make_agent):
    agent = make_agent()
    with pytest.raises(InvalidKeyError, match="session_id"):
        agent.arun("Hello", session_id="")
    with pytest.raises(InvalidKeyError, match="user_id"):
        agent.arun("Hello", user_id="a\nb")


async def test_a_failed_run_keeps_the_users_words_and_raises(openai, make_agent):
    agent = make_agent(add_history_to_messages=True)
    openai.answers(Answer(status=400, error_message="bad request, secret detail"), Answer(text="Here."))
    with pytest.raises(ModelRequestError):
        await agent.arun("Remember 42", session_id="s")
    (run,) = await agent.sessions.runs("s")
    assert (run.status, run.error) == (RunStatus.FAILED, "ModelRequestError")
    assert "secret detail" not in repr(run)
    await agent.arun("What number?", session_id="s")
    assert spoken(openai) == [
        ("user", "Remember 42"),
        ("assistant", "(no answer: the run failed)"),
        ("user", "What number?"),
    ]


async def test_a_cancelled_run_keeps_what_was_said(openai, make_agent):
    agent = make_agent(add_history_to_messages=True)
    openai.answers(Answer(text="One two three four", hold_after=3))
    heard = asyncio.Event()

    async def listen():
        async for event in agent.arun("Count", session_id="s", stream=True):
            if event.content == " two":
                heard.set()

    task = asyncio.create_task(listen())
    async with asyncio.timeout(10):
        await heard.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (run,) = await agent.sessions.runs("s")
    assert (run.status, run.content) == (RunStatus.CANCELLED, "One two")
    assert [message.content for message in run.messages] == ["Count", "One two"]


async def test_a_stream_closed_early_is_a_cancelled_run(openai, make_agent):
    agent = make_agent()
    openai.answers(Answer(text="One two three four", hold_after=3))
    events = agent.arun("Count", session_id="s", stream=True)
    assert [(await anext(events)).content for _ in range(3)] == ["", "One", " two"]
    await events.aclose()
    (run,) = await agent.sessions.runs("s")
    assert (run.status, run.content) == (RunStatus.CANCELLED, "One two")
    await openai.log.wait_for(lambda log: log[0].outcome == "client_left")


async def test_a_stream_left_at_its_last_event_is_a_complete_run(openai, make_agent):
    agent = make_agent()
    openai.answers(Answer(text="One"))
    events = agent.arun("Count", session_id="s", stream=True)
    async for event in events:
        if isinstance(event, RunCompleted):
            break
    await events.aclose()
    (run,) = await agent.sessions.runs("s")
    assert (run.status, run.content) == (RunStatus.COMPLETED, "One")


async def test_the_step_limit_ends_a_run_that_only_calls_tools(openai, make_agent):
    made = []
    agent = make_agent(tools=[lambda_tool(made)], max_steps=3)
    openai.answers(*(Answer(text=f"try {number}", tool_calls=(ToolCall(name="poke"),)) for number in range(3)))
    with pytest.raises(StepLimitError, match="max_steps"):
        await agent.arun("Go", session_id="s")
    (run,) = await agent.sessions.runs("s")
    assert made == [1, 1]
    assert run.messages[0].content == "Go"
    assert run.content == "try 0\n\ntry 1\n\ntry 2"
    assert run.messages[-1].content == "not finished"


def lambda_tool(made):
    def poke() -> str:
        """Poke."""
        made.append(1)
        return "poked"

    return poke


async def test_an_answer_of_nothing_is_an_error(openai, make_agent):
    openai.answers(Answer(text="", finish_reason="length"))
    with pytest.raises(ModelResponseError, match="max_output_tokens"):
        await make_agent().arun("Hello")


async def test_an_agent_is_never_changed_by_a_run(make_agent):
    agent = make_agent(add_history_to_messages=True)
    before = repr(agent)
    await asyncio.gather(*(agent.arun("Hello", session_id=f"s{number}") for number in range(5)))
    assert repr(agent) == before
    with pytest.raises(AttributeError):
        agent.instructions = "Be rude."


async def test_sessions_can_be_read_back_and_changed(make_agent):
    agent = make_agent()
    await agent.arun("One", session_id="a", user_id="ann")
    await agent.arun("Two", session_id="b", user_id="ann")
    sessions = agent.sessions
    assert [session.session_id for session in await sessions.of_user("ann")] == ["b", "a"]
    assert (await sessions.messages("a"))[0].content == "One"
    assert await sessions.rename("a", "First")
    assert await sessions.set_state("a", {"n": 1})
    assert await sessions.state("a") == {"n": 1}
    assert (await sessions.get("a")).name == "First"
    assert await sessions.delete("a")
    assert await sessions.get("a") is None
    assert await sessions.runs("a") == ()
    assert await sessions.state("a") == {}
    with pytest.raises(ValueError, match="limit"):
        await sessions.runs("b", limit=0)


async def test_the_clock_can_be_set(openai, scripted, script):
    times = iter([100.0, *range(200, 300)])
    agent = Agent(model=scripted(script("Hi")), clock=lambda: next(times))
    response = await agent.arun("Hello", session_id="s")
    (run,) = await agent.sessions.runs("s")
    assert run.created_at == 100.0
    assert response.metrics.duration > 0
    await agent.aclose()


@pytest.mark.parametrize(
    "setting",
    [{"num_history_runs": -1}, {"max_steps": 0}, {"tool_timeout": 0}, {"max_parallel_tools": 0}],
)
def test_settings_without_sense_are_refused(scripted, setting):
    with pytest.raises(ConfigError, match=next(iter(setting))):
        Agent(model=scripted(), **setting)
