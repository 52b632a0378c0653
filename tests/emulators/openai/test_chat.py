import pytest
from openai import AsyncOpenAI
from openai.lib.streaming.chat import ChatCompletionStreamManager

from threadkeep_emulators.openai import Answer, OpenAIEmulator, ToolCall, Usage

USER = [{"role": "user", "content": "hello"}]


async def _chunks(client, **options):
    stream = await client.chat.completions.create(model="gpt-4o-mini", messages=USER, stream=True, **options)
    return [chunk async for chunk in stream]


async def test_a_completion_carries_the_scripted_text_and_its_usage(emulator, client):
    emulator.answers(Answer(text="Hi there.", usage=Usage(input_tokens=7, output_tokens=3, cached_tokens=4)))

    completion = await client.chat.completions.create(model="gpt-4o-mini", messages=USER)

    assert completion.object == "chat.completion"
    assert completion.id.startswith("chatcmpl-")
    assert completion.created == 1_790_000_000
    assert completion.model == "gpt-4o-mini"
    choice = completion.choices[0]
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", "Hi there.", "stop")
    assert completion.usage.prompt_tokens == 7
    assert completion.usage.completion_tokens == 3
    assert completion.usage.total_tokens == 10
    assert completion.usage.prompt_tokens_details.cached_tokens == 4


async def test_a_completion_with_parallel_tool_calls_has_no_content(emulator, client):
    emulator.answers(
        Answer(tool_calls=(ToolCall(name="one", arguments='{"a":1}', call_id="call_1"), ToolCall(name="two")))
    )

    completion = await client.chat.completions.create(model="gpt-4o-mini", messages=USER)

    choice = completion.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert [(call.function.name, call.function.arguments) for call in choice.message.tool_calls] == [
        ("one", '{"a":1}'),
        ("two", "{}"),
    ]
    assert choice.message.tool_calls[0].id == "call_1"
    assert choice.message.tool_calls[1].id.startswith("call_")


async def test_a_stream_gives_the_role_the_words_the_reason_and_nothing_more(emulator, client):
    emulator.answers(Answer(text="one two  three"))

    chunks = await _chunks(client)

    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert (deltas[0].role, deltas[0].content) == ("assistant", "")
    assert [delta.content for delta in deltas[1:-1]] == ["one", " two", "  three"]
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * 4 + ["stop"]
    assert all(chunk.usage is None for chunk in chunks)
    assert len({chunk.id for chunk in chunks}) == 1


async def test_a_stream_ends_with_the_usage_when_asked_for(emulator, client):
    emulator.answers(Answer(text="yes", usage=Usage(input_tokens=2000, output_tokens=1, cached_tokens=1920)))

    chunks = await _chunks(client, stream_options={"include_usage": True})

    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens == 2001
    assert chunks[-1].usage.prompt_tokens_details.cached_tokens == 1920
    assert chunks[-2].choices[0].finish_reason == "stop"


async def test_a_stream_on_the_wire_ends_with_done(emulator, client):
    emulator.answers(Answer(text="yes"))

    async with client.chat.completions.with_streaming_response.create(
        model="gpt-4o-mini", messages=USER, stream=True
    ) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        text = await response.text()

    lines = text.split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    assert all(line.startswith("data: {") for line in lines[:-2])


async def test_streamed_tool_calls_begin_with_id_and_name_and_go_on_with_arguments(emulator, client):
    calls = (
        ToolCall(name="one", arguments='{"city":"Rome"}', call_id="call_a"),
        ToolCall(name="two", arguments='{"n":1}', call_id="call_b"),
    )
    emulator.answers(Answer(text="Wait.", tool_calls=calls, chunk_size=5))

    chunks = await _chunks(client)

    deltas = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    openings = [delta for delta in deltas if delta.id is not None]
    assert [(call.index, call.id, call.type, call.function.name) for call in openings] == [
        (0, "call_a", "function", "one"),
        (1, "call_b", "function", "two"),
    ]
    assert [call.function.arguments for call in openings] == ["", ""]
    pieces = [delta.function.arguments for delta in deltas if delta.index == 0]
    assert pieces == ["", '{"cit', 'y":"R', 'ome"}']
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    assert chunks[1].choices[0].delta.content == "Wait."


async def test_tool_names_can_be_repeated_in_every_delta(emulator, client):
    call = ToolCall(name="one", arguments="[1,2]", call_id="call_a")
    emulator.answers(Answer(tool_calls=(call,), chunk_size=2, repeats_tool_names=True))

    chunks = await _chunks(client)

    deltas = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    assert {(delta.id, delta.function.name) for delta in deltas} == {("call_a", "one")}
    assert "".join(delta.function.arguments for delta in deltas) == "[1,2]"


async def test_the_clients_own_stream_accumulator_accepts_the_stream(emulator, client):
    calls = (ToolCall(name="get_weather", arguments='{"city":"Rome"}'), ToolCall(name="get_weather"))
    emulator.answers(Answer(text="Let me see.", tool_calls=calls))

    manager: ChatCompletionStreamManager = client.chat.completions.stream(
        model="gpt-4o-mini", messages=USER, stream_options={"include_usage": True}
    )
    async with manager as stream:
        completion = await stream.get_final_completion()

    message = completion.choices[0].message
    assert message.content == "Let me see."
    assert [call.function.arguments for call in message.tool_calls] == ['{"city":"Rome"}', "{}"]
    assert completion.usage is not None


@pytest.mark.parametrize("reason", ["length", "content_filter"])
async def test_the_finish_reason_can_be_set(emulator, client, reason):
    emulator.answers(Answer(text="cut sho", finish_reason=reason), Answer(text="cut", finish_reason=reason))

    whole = await client.chat.completions.create(model="gpt-4o-mini", messages=USER)
    chunks = await _chunks(client)

    assert whole.choices[0].finish_reason == reason
    assert chunks[-1].choices[0].finish_reason == reason


async def test_a_refusal_comes_apart_from_the_content(emulator, client):
    emulator.answers(Answer(refusal="I cannot do that."), Answer(refusal="I cannot do that."))

    whole = await client.chat.completions.create(model="gpt-4o-mini", messages=USER)
    chunks = await _chunks(client)

    assert whole.choices[0].message.content is None
    assert whole.choices[0].message.refusal == "I cannot do that."
    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert "".join(delta.refusal or "" for delta in deltas) == "I cannot do that."
    assert not any(delta.content for delta in deltas)


async def test_usage_is_left_out_when_the_server_is_said_to_lack_it(emulator, client):
    emulator.answers(Answer(text="a", has_usage=False), Answer(text="a", has_usage=False))

    whole = await client.chat.completions.create(model="gpt-4o-mini", messages=USER)
    chunks = await _chunks(client, stream_options={"include_usage": True})

    assert whole.usage is None
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


async def test_usage_counts_the_prompt_and_the_answer(emulator, client):
    emulator.answers(Answer(text="one two three"), Answer(text="one"))

    first = await client.chat.completions.create(model="gpt-4o-mini", messages=USER)
    longer = await client.chat.completions.create(model="gpt-4o-mini", messages=[*USER, *USER])

    assert first.usage.completion_tokens == 3
    assert longer.usage.prompt_tokens == 2 * first.usage.prompt_tokens


async def test_a_long_prompt_that_begins_like_an_earlier_one_is_cached(emulator, client):
    head = {"role": "system", "content": "word " * 1500}

    first = await client.chat.completions.create(model="gpt-4o-mini", messages=[head, *USER])
    second = await client.chat.completions.create(model="gpt-4o-mini", messages=[head, *USER, *USER])
    other = await client.chat.completions.create(model="gpt-4o", messages=[head, *USER])

    assert first.usage.prompt_tokens_details.cached_tokens == 0
    assert second.usage.prompt_tokens_details.cached_tokens == 1408
    assert other.usage.prompt_tokens_details.cached_tokens == 0


async def test_the_same_seed_gives_the_same_ids():
    ids = []
    for _ in range(2):
        async with (
            OpenAIEmulator(seed=7) as emulator,
            AsyncOpenAI(base_url=emulator.url, api_key=emulator.api_key) as client,
        ):
            ids.append((await client.chat.completions.create(model="offline", messages=USER)).id)

    assert ids[0] == ids[1]


async def test_models_are_listed_and_shown(client):
    listed = [model.id async for model in client.models.list()]
    shown = await client.models.retrieve("gpt-4o-mini")

    assert {"gpt-4o-mini", "gpt-5.4-mini", "offline"} <= set(listed)
    assert (shown.id, shown.object) == ("gpt-4o-mini", "model")
