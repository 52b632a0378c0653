"""What every model on the openai client must do, on both endpoints, streamed and not."""

import asyncio

import pytest

from threadkeep.errors import (
    ConfigError,
    ModelAuthError,
    ModelError,
    ModelRateLimitError,
    ModelRequestError,
    ModelResponseError,
    ModelUnavailableError,
)
from threadkeep.messages import Message, Role
from threadkeep.messages import ToolCall as Call
from threadkeep.models.base import ModelSettings, ToolSpec
from threadkeep.models.base import Usage as Cost
from threadkeep_emulators.faults import Fault
from threadkeep_emulators.openai import Answer, OpenAIEmulator, ToolCall, Usage

SEARCH = ToolSpec(
    name="search",
    description="Search the web.",
    parameters={"type": "object", "properties": {"query": {"type": "string"}}, "additionalProperties": False},
)
ROUTES = {"chat": "chat.completions", "responses": "responses"}


def user(text: str) -> Message:
    return Message(role=Role.USER, content=text)


async def test_deltas_joined_are_the_answer(openai, model, ask):
    openai.answers(Answer(text="Four words for you.", chunk_size=3))
    deltas, answer = await ask(model)
    assert "".join(deltas) == answer.message.content == "Four words for you."
    assert answer.message.role is Role.ASSISTANT
    assert answer.finish_reason == "stop"


async def test_usage_is_reported(openai, model, ask):
    openai.answers(Answer(text="ok", usage=Usage(input_tokens=100, cached_tokens=64, output_tokens=7)))
    _, answer = await ask(model)
    assert answer.usage == Cost(input_tokens=100, cached_tokens=64, output_tokens=7)


async def test_missing_usage_is_unknown_not_zero(openai, model, ask):
    openai.answers(Answer(text="ok", has_usage=False))
    _, answer = await ask(model)
    assert answer.usage == Cost()


async def test_parallel_tool_calls_come_in_order_with_their_arguments(openai, model, ask):
    openai.answers(
        Answer(
            text="Let me see.",
            tool_calls=(
                ToolCall(name="search", arguments='{"query": "a b"}', call_id="call_1"),
                ToolCall(name="search", arguments='{"query": "c"}', call_id="call_2"),
            ),
        )
    )
    _, answer = await ask(model, tools=[SEARCH])
    assert answer.message.content == "Let me see."
    assert answer.message.tool_calls == (
        Call(id="call_1", name="search", arguments='{"query": "a b"}'),
        Call(id="call_2", name="search", arguments='{"query": "c"}'),
    )
    assert answer.finish_reason == "tool_calls"


async def test_a_whole_conversation_with_tools_is_accepted(openai, model, ask):
    call = Call(id="call_1", name="search", arguments='{"query": "x"}')
    openai.answers(Answer(text="done"))
    messages = [
        Message(role=Role.SYSTEM, content="Be brief."),
        user("Find x"),
        Message(role=Role.ASSISTANT, tool_calls=(call,)),
        Message(role=Role.TOOL, content="x is 1", tool_call_id="call_1"),
        Message(role=Role.ASSISTANT, content="x is 1"),
        user("Thanks"),
    ]
    _, answer = await ask(model, messages, tools=[SEARCH])
    assert answer.message.content == "done"
    assert openai.log[0].tool_names == ["search"]


async def test_calls_that_servers_would_refuse_are_sent_in_a_form_that_they_take(openai, model, ask):
    call = Call(id="c" * 90, name="functions.search web", arguments='{"query": ')
    openai.answers(Answer(text="ok"))
    messages = [
        user("Find x"),
        Message(role=Role.ASSISTANT, tool_calls=(call,)),
        Message(role=Role.TOOL, content="there is no such tool", tool_call_id="c" * 90, is_error=True),
        user("Well?"),
    ]
    await ask(model, messages, tools=[SEARCH])
    assert "functions_search_web" in str(openai.log[0].body)


async def test_settings_and_extra_body_are_sent(openai, make_model, endpoint, ask):
    openai.answers(Answer(text="ok"))
    model = make_model(extra_body={"metadata": {"team": "blue"}, "temperature": 0.5})
    await ask(model, temperature=0.1, max_output_tokens=100)
    body = openai.log[0].body
    assert body["metadata"] == {"team": "blue"}
    assert body["temperature"] == 0.5
    assert body["max_completion_tokens" if endpoint == "chat" else "max_output_tokens"] == 100
    assert endpoint == "chat" or body["store"] is False


async def test_a_refusal_is_what_the_model_says(openai, model, ask):
    openai.answers(Answer(refusal="I will not do that."))
    deltas, answer = await ask(model)
    assert "".join(deltas) == answer.message.content == "I will not do that."


async def test_an_answer_cut_at_the_token_limit_says_so(openai, model, ask):
    openai.answers(Answer(text="and then", finish_reason="length"))
    _, answer = await ask(model)
    assert answer.finish_reason == "length"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ModelRequestError),
        (401, ModelAuthError),
        (403, ModelAuthError),
        (404, ModelRequestError),
        (422, ModelRequestError),
        (500, ModelUnavailableError),
        (503, ModelUnavailableError),
    ],
)
async def test_refusals_are_told_apart(openai, model, ask, status, error):
    openai.answers(Answer(status=status, error_message="the server's own words"))
    with pytest.raises(error, match="the server's own words"):
        await ask(model)


async def test_a_wrong_key_names_the_variable_to_set(openai, make_model, ask):
    with pytest.raises(ModelAuthError, match="OPENAI_API_KEY"):
        await ask(make_model(api_key="sk-wrong"))


async def test_a_rate_limit_carries_the_time_to_wait(openai, model, ask):
    openai.answers(Answer(status=429, retry_after=7))
    with pytest.raises(ModelRateLimitError) as caught:
        await ask(model)
    assert caught.value.retry_after == 7


async def test_a_request_without_an_answer_is_sent_again(openai, make_model, endpoint, ask):
    openai.faults.add(Fault(match=ROUTES[endpoint], kind="status", status=503, retry_after=0.01))
    openai.answers(Answer(text="at last"))
    _, answer = await ask(make_model(max_retries=1))
    assert answer.message.content == "at last"


async def test_a_missing_key_says_what_to_do(openai, make_model, ask, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY is missing"):
        await ask(make_model(api_key=None, base_url=None))


async def test_a_server_of_ones_own_needs_no_key(make_model, endpoint, ask, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    async with OpenAIEmulator(api_keys=("no-key",), offline=None) as server:
        server.answers(Answer(text="welcome"))
        _, answer = await ask(make_model(api_key=None, base_url=server.url))
    assert answer.message.content == "welcome"


async def test_key_and_address_come_from_the_environment(openai, make_model, ask, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", openai.api_key)
    monkeypatch.setenv("OPENAI_BASE_URL", openai.url)
    openai.answers(Answer(text="found"))
    _, answer = await ask(make_model(api_key=None, base_url=None))
    assert answer.message.content == "found"


async def test_an_unreachable_server_is_unavailable(make_model, ask):
    with pytest.raises(ModelUnavailableError, match="cannot be reached"):
        await ask(make_model(base_url="http://127.0.0.1:9/v1"))


async def test_secrets_in_the_address_of_the_server_are_not_told(make_model, ask):
    with pytest.raises(ModelError) as failed:
        await ask(make_model(base_url="http://ann:hunter2@127.0.0.1:9/v1?key=hunter2"))
    assert "127.0.0.1:9/v1" in str(failed.value)
    assert "hunter2" not in str(failed.value)


async def test_a_silent_server_is_unavailable(openai, make_model, ask):
    openai.answers(Answer(text="never", hold_after=0))
    with pytest.raises(ModelUnavailableError, match="silent"):
        await ask(make_model(timeout=0.2))


async def test_a_cut_connection_is_unavailable(openai, model, ask):
    openai.answers(Answer(text="one two three four", cut_after=3))
    with pytest.raises(ModelUnavailableError):
        await ask(model)


async def test_a_failure_in_the_middle_is_a_model_error(openai, model, ask):
    openai.answers(Answer(text="one two three four", fail_after=3))
    with pytest.raises(ModelError):
        await ask(model)


async def test_something_else_than_json_is_no_answer(openai, model):
    openai.answers(Answer(raw=("<html>gateway</html>",)))
    with pytest.raises(ModelResponseError):
        async for _ in model.stream([user("Hello")], [], ModelSettings(is_streamed=False)):
            pass


async def test_one_client_serves_many_calls_at_once(openai, make_model, ask):
    openai.answers(*(Answer(text=f"answer {number}") for number in range(20)))
    model = make_model()
    answers = await asyncio.gather(*(ask(model) for _ in range(20)))
    assert {answer.message.content for _, answer in answers} == {f"answer {number}" for number in range(20)}
