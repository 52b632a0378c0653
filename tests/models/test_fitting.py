"""Requests that are too long, and answers that are empty: asked once more, in another way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep import Agent, ContextTooLongError, EmptyAnswerError, ScriptedModel, Step, ToolCall
from threadkeep.messages import Message, Role
from threadkeep.models.failures import is_too_long, stream_failure
from threadkeep.models.fitting import shortened_request
from threadkeep_emulators.openai import Answer

SYSTEM = Message(role=Role.SYSTEM, content="Be kind.")
TOO_LONG = ContextTooLongError("too long")


def user(text):
    return Message(role=Role.USER, content=text)


def agent_said(text="", *calls):
    made = tuple(ToolCall(id=call, name="look", arguments="{}") for call in calls)
    return Message(role=Role.ASSISTANT, content=text, tool_calls=made)


def result(call, text="seen"):
    return Message(role=Role.TOOL, content=text, tool_call_id=call)


def texts(messages):
    return [message.content for message in messages]


@pytest.mark.parametrize("code", ["context_length_exceeded", None])
async def test_a_server_that_finds_a_request_too_long_is_understood(openai, make_model, ask, code):
    words = "This model's maximum context length is 8192 tokens, however you requested 9000 tokens."
    openai.answers(Answer(status=400, error_code=code, error_message=words))
    with pytest.raises(ContextTooLongError, match="8192"):
        await ask(make_model())


@pytest.mark.parametrize(
    ("code", "words", "is_long"),
    [
        ("exceed_context_size_error", "", True),
        ("", "the request exceeds the available context size, try increasing it", True),
        ("", "prompt is too long: 210000 tokens > 200000 maximum", True),
        ("", "Input is too long for requested model.", True),
        ("invalid_image_url", "the image is too large", False),
        ("", "max_tokens must be 1 or more", False),
    ],
)
def test_the_words_of_many_servers_are_known(code, words, is_long):
    assert is_too_long(code, words) == is_long


def test_a_stream_that_breaks_off_for_length_says_so():
    error = stream_failure({"code": "context_length_exceeded", "message": "too long"})
    assert isinstance(error, ContextTooLongError)


async def test_a_conversation_that_is_too_long_is_shown_with_fewer_runs():
    with ScriptedModel("one " * 50, "two " * 50, "three", Step(error=TOO_LONG), "four") as model:
        agent = Agent(model=model, instructions="Be kind.", add_history_to_messages=True, num_history_runs=10)
        for question in ("1", "2", "3"):
            await agent.arun(question, session_id="s")
        response = await agent.arun("4", session_id="s")
    assert response.content == "four"
    assert [len(asked) for asked in model.asked[3:]] == [8, 4]
    assert texts(model.asked[4]) == ["Be kind.", "3", "three", "4"]
    await agent.aclose()


async def test_tightening_is_tried_once_only():
    with ScriptedModel("one", Step(error=TOO_LONG), Step(error=TOO_LONG)) as model:
        agent = Agent(model=model, add_history_to_messages=True)
        await agent.arun("1", session_id="s")
        with pytest.raises(ContextTooLongError):
            await agent.arun("2", session_id="s")
    await agent.aclose()


async def test_what_cannot_be_shortened_fails_at_once():
    with ScriptedModel(Step(error=TOO_LONG)) as model, pytest.raises(ContextTooLongError):
        await Agent(model=model).arun("a very long question")


async def test_what_people_have_read_is_not_written_anew():
    with ScriptedModel("one", Step(text="I beg", error=TOO_LONG)) as model:
        agent = Agent(model=model, add_history_to_messages=True)
        await agent.arun("1", session_id="s")
        with pytest.raises(ContextTooLongError):
            async for _ in agent.arun("2", session_id="s", stream=True):
                pass
    await agent.aclose()


def test_without_a_past_long_tool_results_are_cut():
    asked = [SYSTEM, user("Look"), agent_said("", "1"), result("1", "x" * 5_000)]
    short = shortened_request(asked)
    assert [message.role for message in short] == [message.role for message in asked]
    assert len(short[-1].content) < 1_100
    assert shortened_request(short) is None


@given(
    st.lists(st.tuples(st.text(max_size=40), st.integers(0, 2)), max_size=12),
    st.booleans(),
    st.integers(0, 2),
)
def test_a_shortened_request_is_valid_and_ends_with_the_question(runs, has_system, open_calls):
    messages = [SYSTEM] if has_system else []
    for number, (text, calls) in enumerate(runs):
        names = [f"{number}.{call}" for call in range(calls)]
        messages += [user(f"question {number}")]
        messages += [agent_said("", *names), *map(result, names)] if names else []
        messages += [agent_said(f"answer {text}")]
    names = [f"now.{call}" for call in range(open_calls)]
    tail = [user("question now"), *([agent_said("", *names), *map(result, names)] if names else [])]
    short = shortened_request([*messages, *tail])
    if not runs:
        assert short is None
        return
    assert list(short[-len(tail) :]) == tail
    assert (short[0] == SYSTEM) == has_system
    rest = short[1:] if has_system else short
    assert rest[0].role is Role.USER
    called = [call.id for message in rest for call in message.tool_calls]
    assert called == [message.tool_call_id for message in rest if message.role is Role.TOOL]
    past = sum(len(message.content) for message in messages if message.role is not Role.SYSTEM)
    assert sum(len(message.content) for message in rest[: -len(tail)]) <= past


async def test_an_empty_answer_is_asked_for_once_more():
    with ScriptedModel("", "Hello.") as model:
        response = await Agent(model=model).arun("Hi")
    assert response.content == "Hello."


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_two_empty_answers_are_a_failure(is_streamed):
    with ScriptedModel("", "") as model:
        agent = Agent(model=model)
        with pytest.raises(EmptyAnswerError, match="nothing") as caught:
            async for _ in agent.arun("Hi", stream=True) if is_streamed else [await agent.arun("Hi")]:
                pass
    assert caught.value.finish_reason == "stop"


@pytest.mark.parametrize("reason", ["content_filter", "length", "refusal"])
async def test_silence_for_a_reason_is_not_asked_about_again(reason):
    with ScriptedModel(Step(finish_reason=reason)) as model, pytest.raises(EmptyAnswerError) as caught:
        await Agent(model=model).arun("Hi")
    assert caught.value.finish_reason == reason


async def test_nothing_more_to_say_after_a_call_is_no_failure():
    def look() -> str:
        """Look."""
        return "seen"

    with ScriptedModel(Step(text="I looked.", calls=(ToolCall(id="1", name="look", arguments="{}"),)), "") as model:
        response = await Agent(model=model, tools=[look]).arun("Look")
    assert response.content == "I looked."


@pytest.mark.parametrize("reason", ["length", "content_filter", "refusal"])
async def test_a_response_says_why_the_model_ended(reason):
    with ScriptedModel(Step(text="I beg", finish_reason=reason)) as model:
        response = await Agent(model=model).arun("Hi")
    assert (response.content, response.finish_reason) == ("I beg", reason)
