"""Streams as servers really send them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from threadkeep.errors import ModelRateLimitError, ModelRequestError, ModelUnavailableError
from threadkeep.messages import Message, Role
from threadkeep.models.base import ModelAnswer, ModelSettings
from threadkeep.models.openai_chat import OpenAIChat
from threadkeep.models.openai_responses import OpenAIResponses
from threadkeep_emulators.openai import Answer, OpenAIEmulator, ToolCall

HELLO = (Message(role=Role.USER, content="Hello"),)


@pytest.fixture
def is_streamed() -> bool:
    return True


@pytest.fixture
async def chat(openai: OpenAIEmulator):
    model = OpenAIChat("gpt-4o-mini", base_url=openai.url, api_key=openai.api_key, max_retries=0)
    yield model
    await model.aclose()


def chunk(delta: dict | None, finish: str | None = None, **fields) -> str:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return json.dumps({"object": "chat.completion.chunk", "choices": choices, **fields})


async def answered(openai: OpenAIEmulator, chat: OpenAIChat, ask, *events: str) -> ModelAnswer:
    openai.answers(Answer(raw=events))
    deltas, answer = await ask(chat)
    assert "".join(deltas) == answer.message.content
    return answer


async def test_bytes_torn_anywhere_are_put_together(openai, model, ask):
    openai.answers(Answer(text="Grüße an 世界 👋", packet_size=1))
    _, answer = await ask(model)
    assert answer.message.content == "Grüße an 世界 👋"


async def test_a_pair_of_surrogates_torn_between_deltas_is_joined(openai, model, ask):
    openai.answers(Answer(chunks=("wave ", "\ud83d", "\udc4b", " bye")))
    deltas, answer = await ask(model)
    assert "".join(deltas) == answer.message.content == "wave 👋 bye"


async def test_a_lone_surrogate_becomes_a_replacement(openai, model, ask):
    openai.answers(Answer(chunks=("a", "\ud83d", "b\udc4b", "\ud83d")))
    deltas, answer = await ask(model)
    assert "".join(deltas) == answer.message.content == "a\ufffdb\ufffd\ufffd"


async def test_a_damaged_event_is_passed_over(openai, model, ask):
    openai.answers(Answer(text="one two three", inserted={2: "{damaged", 3: "[1]"}))
    _, answer = await ask(model)
    assert answer.message.content == "one two three"


async def test_the_name_of_a_tool_in_every_delta_counts_once(openai, chat, ask):
    call = ToolCall(name="search", arguments='{"query": "long enough to be cut"}', call_id="call_1")
    openai.answers(Answer(tool_calls=(call,), repeats_tool_names=True))
    _, answer = await ask(chat)
    assert [(call.id, call.name, call.arguments) for call in answer.message.tool_calls] == [
        ("call_1", "search", '{"query": "long enough to be cut"}')
    ]


async def test_calls_without_an_index_are_told_apart_by_their_ids(openai, chat, ask):
    answer = await answered(
        openai,
        chat,
        ask,
        chunk({"tool_calls": [{"id": "a", "function": {"name": "one", "arguments": '{"x":'}}]}),
        chunk({"tool_calls": [{"function": {"arguments": "1}"}}]}),
        chunk({"tool_calls": [{"id": "b", "function": {"name": "two", "arguments": "{}"}}]}, "tool_calls"),
    )
    assert [(call.id, call.name, call.arguments) for call in answer.message.tool_calls] == [
        ("a", "one", '{"x":1}'),
        ("b", "two", "{}"),
    ]


async def test_calls_all_under_index_0_are_told_apart_by_their_ids(openai, chat, ask):
    answer = await answered(
        openai,
        chat,
        ask,
        chunk({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "one", "arguments": {"x": 1}}}]}),
        chunk({"tool_calls": [{"index": 0, "id": "b", "function": {"name": "two", "arguments": "{}"}}]}, "stop"),
    )
    assert [(call.name, call.arguments) for call in answer.message.tool_calls] == [("one", '{"x": 1}'), ("two", "{}")]


async def test_a_call_without_an_id_gets_one(openai, chat, ask):
    piece = {"index": 0, "function": {"name": "one", "arguments": ""}}
    answer = await answered(openai, chat, ask, chunk({"tool_calls": [piece]}, "tool_calls"))
    assert answer.message.tool_calls[0].id
    assert answer.message.tool_calls[0].arguments == "{}"


async def test_nulls_and_empty_choices_add_nothing(openai, chat, ask):
    answer = await answered(
        openai,
        chat,
        ask,
        chunk(None),
        chunk({"role": "assistant", "content": None, "tool_calls": None}),
        chunk({"content": "hi", "refusal": None}),
        json.dumps({"choices": [{"index": 0, "delta": None, "finish_reason": "stop"}], "usage": None}),
        "[DONE]",
    )
    assert answer.message.content == "hi"


async def test_an_answer_may_end_without_the_end_mark(openai, chat, ask):
    answer = await answered(openai, chat, ask, chunk({"content": "hi"}, "stop"))
    assert answer.message.content == "hi"


async def test_an_end_mark_may_stand_for_the_finish_reason(openai, chat, ask):
    answer = await answered(openai, chat, ask, chunk({"content": "hi"}), "[DONE]")
    assert answer.finish_reason == "stop"


async def test_a_stream_that_ends_before_its_end_is_cut_off(openai, chat, ask):
    openai.answers(Answer(raw=(chunk({"content": "hi"}),)))
    with pytest.raises(ModelUnavailableError, match="cut the answer off"):
        await ask(chat)


async def test_a_stream_with_nothing_in_it_is_cut_off(openai, model, ask):
    openai.answers(Answer(raw=("[DONE]",)))
    with pytest.raises(ModelUnavailableError):
        await ask(model)


async def test_closing_the_iterator_ends_the_call_at_the_server(openai, model):
    openai.answers(Answer(text="one two three four", hold_after=5))
    events = model.stream(HELLO, [], ModelSettings())
    await anext(events)
    await events.aclose()
    await openai.log.wait_for(lambda log: log[0].outcome == "client_left")


async def test_cancelling_the_reader_ends_the_call_at_the_server(openai, model, ask):
    openai.answers(Answer(text="one two three four", hold_after=5))
    task = asyncio.create_task(ask(model))
    await openai.wait_for_requests(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await openai.log.wait_for(lambda log: log[0].outcome == "client_left")


async def test_the_connection_is_used_again_after_a_stream(openai, make_model, ask):
    model = make_model()
    openai.answers(*(Answer(text="hello there") for _ in range(5)))
    for _ in range(5):
        await ask(model)
    client = next(iter(model._server._open.values())).client
    pool = client._openai._client._transport.client.connector
    assert sum(len(connections) for connections in pool._conns.values()) == 1


async def test_content_may_come_in_parts(openai, chat, ask):
    parts = [{"type": "text", "text": "hi "}, {"type": "text", "text": "there"}]
    answer = await answered(openai, chat, ask, chunk({"content": parts}, "stop"))
    assert answer.message.content == "hi there"


async def test_a_server_that_answers_whole_though_asked_to_stream_is_heard(ask):
    choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    async with whole_answers({"choices": [choice]}) as url:
        model = OpenAIChat("any", base_url=url, max_retries=0, api_key="k")
        _, answer = await ask(model)
        await model.aclose()
    assert answer.message.content == "hi"


async def test_a_server_that_keeps_a_finished_stream_open_is_not_waited_for(ask):
    done = f"data: {chunk({'content': 'hi'}, 'stop')}\n\ndata: [DONE]\n\n"
    async with endless_stream(done.encode()) as url:
        model = OpenAIChat("any", base_url=url, max_retries=0, api_key="k", timeout=30)
        async with asyncio.timeout(10):
            _, answer = await ask(model)
        await model.aclose()
    assert answer.message.content == "hi"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "rate_limit_exceeded", "message": "slow down"}, ModelRateLimitError),
        ({"type": "invalid_request_error", "message": "too long"}, ModelRequestError),
        ({"code": "context_length_exceeded", "message": "too long"}, ModelRequestError),
        ({"type": "server_error", "message": "x" * 1000}, ModelUnavailableError),
        ("overloaded", ModelUnavailableError),
    ],
)
async def test_a_failure_inside_a_stream_is_told_apart(openai, model, ask, error, kind):
    openai.answers(Answer(raw=(json.dumps({"error": error}),)))
    with pytest.raises(kind) as caught:
        await ask(model)
    assert len(str(caught.value)) < 600


async def test_several_messages_of_a_response_are_parted_by_an_empty_line(openai, ask):
    responses = OpenAIResponses("gpt-4o-mini", base_url=openai.url, api_key=openai.api_key, max_retries=0)
    events = [
        {"type": "response.output_text.delta", "item_id": "msg_1", "delta": "One."},
        {"type": "response.output_text.delta", "item_id": "msg_2", "delta": "Two"},
        {"type": "response.output_text.delta", "item_id": "msg_2", "delta": "."},
        {"type": "response.completed", "response": {"status": "completed", "output": []}},
    ]
    openai.answers(Answer(raw=tuple(json.dumps(event) for event in events)))
    deltas, answer = await ask(responses)
    await responses.aclose()
    assert "".join(deltas) == answer.message.content == "One.\n\nTwo."


@asynccontextmanager
async def serving(handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/chat/completions", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def whole_answers(payload: dict):
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response(payload)

    return serving(answer)


def endless_stream(data: bytes):
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        await response.write(data)
        await asyncio.Event().wait()
        return response

    return serving(answer)
