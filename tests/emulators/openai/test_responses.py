import pytest
from openai import BadRequestError

from threadkeep_emulators.openai import Answer, ToolCall, Usage

MODEL = "gpt-5.4-mini"
TOOL = {"type": "function", "name": "add", "parameters": {"type": "object", "properties": {}}, "strict": False}


async def _events(client, **options):
    stream = await client.responses.create(model=MODEL, input="hello", stream=True, **options)
    return [event async for event in stream]


async def test_a_response_carries_the_scripted_text_and_its_usage(emulator, client):
    usage = Usage(input_tokens=9, output_tokens=4, cached_tokens=5, reasoning_tokens=1)
    emulator.answers(Answer(text="Hi there.", usage=usage))

    response = await client.responses.create(model=MODEL, input="hello", metadata={"run": "r1"})

    assert (response.object, response.status, response.model) == ("response", "completed", MODEL)
    assert response.id.startswith("resp_")
    assert response.output_text == "Hi there."
    assert response.metadata == {"run": "r1"}
    assert response.usage.input_tokens == 9
    assert response.usage.input_tokens_details.cached_tokens == 5
    assert response.usage.output_tokens_details.reasoning_tokens == 1
    assert response.usage.total_tokens == 13


async def test_a_streamed_text_comes_as_the_documented_events(emulator, client):
    emulator.answers(Answer(text="one two"))

    events = await _events(client)

    assert [event.type for event in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in events] == list(range(10))
    assert [event.delta for event in events[4:6]] == ["one", " two"]
    assert events[6].text == "one two"
    assert events[0].response.usage is None
    assert events[-1].response.output_text == "one two"
    assert events[-1].response.usage.output_tokens == 2
    assert len({events[2].item.id, events[3].item_id, events[4].item_id, events[8].item.id}) == 1


async def test_events_are_named_on_the_wire(emulator, client):
    emulator.answers(Answer(text="yes"))

    async with client.responses.with_streaming_response.create(model=MODEL, input="hello", stream=True) as response:
        text = await response.text()

    first = text.split("\n\n")[0]
    assert first.startswith('event: response.created\ndata: {"type":"response.created","sequence_number":0,')
    assert "[DONE]" not in text


async def test_streamed_tool_calls_come_as_items_of_their_own(emulator, client):
    calls = (ToolCall(name="add", arguments='{"a":1}', call_id="call_a"), ToolCall(name="sub", call_id="call_b"))
    emulator.answers(Answer(text="Wait.", tool_calls=calls, chunk_size=4))

    events = await _events(client)

    added = [event for event in events if event.type == "response.output_item.added"]
    assert [(event.output_index, event.item.type) for event in added] == [
        (0, "message"),
        (1, "function_call"),
        (2, "function_call"),
    ]
    assert (added[1].item.name, added[1].item.call_id, added[1].item.arguments) == ("add", "call_a", "")
    deltas = [event for event in events if event.type == "response.function_call_arguments.delta"]
    assert [event.delta for event in deltas if event.output_index == 1] == ['{"a"', ":1}"]
    done = [event for event in events if event.type == "response.function_call_arguments.done"]
    assert [event.arguments for event in done] == ['{"a":1}', "{}"]
    output = events[-1].response.output
    assert [(item.type, getattr(item, "call_id", None)) for item in output] == [
        ("message", None),
        ("function_call", "call_a"),
        ("function_call", "call_b"),
    ]


async def test_calls_without_words_come_without_a_message(emulator, client):
    emulator.answers(Answer(tool_calls=(ToolCall(name="add"),)))

    response = await client.responses.create(model=MODEL, input="hello", tools=[TOOL])

    assert [item.type for item in response.output] == ["function_call"]


async def test_the_clients_own_stream_accumulator_accepts_the_stream(emulator, client):
    emulator.answers(Answer(text="Let me see.", tool_calls=(ToolCall(name="add", arguments='{"a":1}'),)))

    async with client.responses.stream(model=MODEL, input="hello") as stream:
        response = await stream.get_final_response()

    assert response.output_text == "Let me see."
    assert response.output[1].arguments == '{"a":1}'


@pytest.mark.parametrize(("reason", "told"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
async def test_an_answer_cut_short_is_incomplete(emulator, client, reason, told):
    emulator.answers(Answer(text="cut", finish_reason=reason), Answer(text="cut", finish_reason=reason))

    whole = await client.responses.create(model=MODEL, input="hello")
    last = (await _events(client))[-1]

    assert (whole.status, whole.incomplete_details.reason) == ("incomplete", told)
    assert (last.type, last.response.status) == ("response.incomplete", "incomplete")


async def test_a_refusal_has_events_of_its_own(emulator, client):
    emulator.answers(Answer(refusal="I cannot."))

    events = await _events(client)

    kinds = [event.type for event in events]
    assert kinds[4:7] == ["response.refusal.delta", "response.refusal.delta", "response.refusal.done"]
    assert events[-1].response.output[0].content[0].refusal == "I cannot."


async def test_a_response_can_be_continued_by_its_id(emulator, client):
    first = await client.responses.create(model="offline", input="My name is Ann.")

    second = await client.responses.create(model="offline", input="What is my name?", previous_response_id=first.id)

    assert second.output_text == "Your name is Ann."
    assert second.previous_response_id == first.id


async def test_a_stored_call_can_be_answered_by_the_next_request(emulator, client):
    emulator.answers(Answer(tool_calls=(ToolCall(name="add", call_id="call_a"),)))
    first = await client.responses.create(model=MODEL, input="hello")
    output = {"type": "function_call_output", "call_id": "call_a", "output": "5"}

    second = await client.responses.create(model=MODEL, input=[output], previous_response_id=first.id)

    assert second.output_text == "The result is 5."


async def test_a_response_that_was_not_stored_cannot_be_continued(emulator, client):
    first = await client.responses.create(model="offline", input="hello", store=False)

    with pytest.raises(BadRequestError) as caught:
        await client.responses.create(model="offline", input="hello", previous_response_id=first.id)

    assert caught.value.code == "previous_response_not_found"
