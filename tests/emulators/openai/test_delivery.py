import asyncio
import json

import httpx2
import openai
import pytest
from openai import APIConnectionError, APIError, AsyncOpenAI, InternalServerError, RateLimitError

from threadkeep_emulators.faults import Fault
from threadkeep_emulators.openai import Answer, ToolCall

USER = [{"role": "user", "content": "hello"}]
ENDPOINTS = ["chat.completions", "responses"]


async def _call(client, endpoint, *, stream=False):
    if endpoint == "responses":
        return await client.responses.create(model="offline", input="hello", stream=stream)
    return await client.chat.completions.create(model="offline", messages=USER, stream=stream)


def _said(events):
    """Give the text pieces of a stream of either endpoint."""
    deltas = [event.delta for event in events if getattr(event, "type", "") == "response.output_text.delta"]
    choices = [choice for event in events for choice in getattr(event, "choices", None) or []]
    return deltas + [choice.delta.content for choice in choices if choice.delta.content]


async def _collect(stream, events):
    async for event in stream:
        events.append(event)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (400, openai.BadRequestError, None),
        (401, openai.AuthenticationError, "invalid_api_key"),
        (404, openai.NotFoundError, "model_not_found"),
        (429, openai.RateLimitError, "rate_limit_exceeded"),
        (500, openai.InternalServerError, None),
        (503, openai.InternalServerError, None),
    ],
)
async def test_an_answer_can_be_an_error_status(emulator, client, endpoint, stream, status, error, code):
    emulator.answers(Answer(status=status))

    with pytest.raises(error) as caught:
        await _call(client, endpoint, stream=stream)

    assert caught.value.status_code == status
    assert caught.value.code == code
    assert emulator.requests[0].status == status


async def test_a_rate_limit_names_the_time_to_wait_and_the_client_obeys_it(emulator):
    emulator.answers(Answer(status=429, retry_after=0.01), Answer(text="now"))

    async with AsyncOpenAI(base_url=emulator.url, api_key=emulator.api_key, max_retries=1) as client:
        completion = await _call(client, "chat.completions")

    assert completion.choices[0].message.content == "now"
    assert [record.outcome for record in emulator.requests] == ["refused", "answered"]


async def test_an_error_can_have_a_code_and_a_message_of_its_own(emulator, client):
    emulator.answers(Answer(status=429, error_code="insufficient_quota", error_message="No money.", retry_after=60))

    with pytest.raises(RateLimitError, match="No money") as caught:
        await _call(client, "chat.completions")

    assert caught.value.code == "insufficient_quota"
    assert caught.value.response.headers["retry-after"] == "60"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_a_stream_can_be_cut_in_the_middle(emulator, client, endpoint):
    emulator.answers(Answer(text="one two three four five six", cut_after=6))
    events = []
    stream = await _call(client, endpoint, stream=True)

    with pytest.raises((APIConnectionError, httpx2.RemoteProtocolError)):
        await _collect(stream, events)

    assert len(events) == 6
    await emulator.log.wait_for(lambda log: log[0].outcome == "cut")
    assert emulator.requests[0].status == 200


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_can_be_cut_before_its_headers(emulator, client, endpoint, stream):
    emulator.answers(Answer(text="never seen", cut_after=0))

    with pytest.raises(APIConnectionError):
        await _call(client, endpoint, stream=stream)

    assert emulator.requests[0].status is None


async def test_the_server_goes_on_after_a_cut(emulator, client):
    emulator.answers(Answer(text="never seen", cut_after=0), Answer(text="seen"))

    with pytest.raises(APIConnectionError):
        await _call(client, "chat.completions")

    assert (await _call(client, "chat.completions")).choices[0].message.content == "seen"


async def test_an_error_can_break_off_a_completion(emulator, client):
    emulator.answers(Answer(text="one two three four", fail_after=3, error_message="Overloaded."))
    events = []
    stream = await _call(client, "chat.completions", stream=True)

    with pytest.raises(APIError, match="Overloaded"):
        await _collect(stream, events)

    assert _said(events) == ["one", " two"]


async def test_an_error_can_break_off_a_response(emulator, client):
    emulator.answers(Answer(text="one two three four", fail_after=6, error_message="Overloaded."))

    events = [event async for event in await _call(client, "responses", stream=True)]

    assert _said(events) == ["one", " two"]
    assert [event.type for event in events[-2:]] == ["error", "response.failed"]
    assert events[-1].response.error.message == "Overloaded."


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_a_stream_can_be_held_and_released(emulator, client, endpoint):
    release = asyncio.Event()
    emulator.answers(Answer(text="one two three four five", hold_after=6, release=release))
    stream = await _call(client, endpoint, stream=True)

    before = [await anext(stream) for _ in range(6)]
    release.set()
    after = [event async for event in stream]

    assert _said(before + after) == ["one", " two", " three", " four", " five"]
    assert emulator.requests[0].outcome == "answered"


async def test_an_answer_that_hangs_runs_into_the_clients_timeout_and_the_log_says_who_left(emulator):
    emulator.answers(Answer(hold_after=0))

    async with AsyncOpenAI(base_url=emulator.url, api_key=emulator.api_key, max_retries=0, timeout=0.2) as client:
        with pytest.raises(openai.APITimeoutError):
            await _call(client, "chat.completions", stream=True)

    await emulator.log.wait_for(lambda log: log[0].outcome == "client_left")


async def test_the_log_sees_a_client_that_stops_reading_a_stream(emulator, client):
    emulator.answers(Answer(text="one two three", hold_after=2))
    stream = await _call(client, "chat.completions", stream=True)
    await anext(stream)

    await stream.close()

    await emulator.log.wait_for(lambda log: log[0].outcome == "client_left")


async def test_closing_the_emulator_ends_an_answer_that_hangs(client, emulator):
    emulator.answers(Answer(text="one two three", hold_after=2))
    stream = await _call(client, "chat.completions", stream=True)
    await anext(stream)

    await emulator.__aexit__(None, None, None)

    with pytest.raises((APIConnectionError, httpx2.RemoteProtocolError)):
        await _collect(stream, [])
    assert emulator.requests[0].outcome == "cut"


async def test_a_slow_stream_arrives_whole(emulator, client):
    emulator.answers(Answer(text="one two three", first_delay=0.02, delay=0.01))

    events = [event async for event in await _call(client, "chat.completions", stream=True)]

    assert _said(events) == ["one", " two", " three"]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_pieces_can_be_given_exactly(emulator, client, endpoint):
    emulator.answers(Answer(chunks=("a", "", "bc\n", " d")), Answer(text="abcdef", chunk_size=4))

    exact = _said([event async for event in await _call(client, endpoint, stream=True)])
    sized = _said([event async for event in await _call(client, endpoint, stream=True)])

    assert [piece for piece in exact if piece] == ["a", "bc\n", " d"]
    assert sized == ["abcd", "ef"]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("size", [1, 3, 7])
async def test_torn_packets_change_nothing(emulator, client, endpoint, size):
    text = "Grüße 👩‍🚀 日本 ok"
    emulator.answers(Answer(text=text, packet_size=size))

    events = [event async for event in await _call(client, endpoint, stream=True)]

    assert "".join(_said(events)) == text


async def test_letters_go_unescaped_and_lone_surrogates_as_escapes(emulator, client):
    emulator.answers(Answer(chunks=("é", "\ud83d", "\ude00")))

    async with client.chat.completions.with_streaming_response.create(
        model="offline", messages=USER, stream=True
    ) as response:
        lines = [line async for line in response.iter_lines() if line.startswith("data: {")]

    assert '"content":"é"' in lines[1]
    assert '"content":"\\ud83d"' in lines[2].replace(" ", "")
    pieces = [json.loads(line[6:])["choices"][0]["delta"].get("content") for line in lines]
    assert pieces[1:4] == ["é", "\ud83d", "\ude00"]


async def test_raw_events_go_out_literally(emulator, client):
    good = '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}'
    emulator.answers(Answer(raw=(good, '{"id": "c", "choices"', "[DONE]")))
    events = []
    stream = await _call(client, "chat.completions", stream=True)

    with pytest.raises(json.JSONDecodeError):
        await _collect(stream, events)

    assert len(events) == 1


async def test_events_can_be_put_between_the_others(emulator, client):
    empty = '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}'
    emulator.answers(Answer(text="one two", inserted={0: empty, 2: empty}))

    events = [event async for event in await _call(client, "chat.completions", stream=True)]

    assert [len(event.choices) for event in events] == [0, 1, 1, 0, 1, 1]
    assert _said(events) == ["one", " two"]


async def test_a_body_can_be_malformed(emulator, client):
    emulator.answers(Answer(raw=('{"id": "c", "choi',)))

    with pytest.raises(json.JSONDecodeError):
        await _call(client, "chat.completions")


async def test_arguments_need_not_be_json(emulator, client):
    emulator.answers(Answer(tool_calls=(ToolCall(name="add", arguments='{"a": '),)))

    completion = await _call(client, "chat.completions")

    assert completion.choices[0].message.tool_calls[0].function.arguments == '{"a": '


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "a", "chunks": ("a",)},
        {"text": "a", "refusal": "no"},
        {"status": 200},
        {"chunk_size": 0},
        {"packet_size": 0},
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"answer|chunk"):
        Answer(**wrong)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_a_status_fault_strikes_its_endpoint_only(emulator, client, endpoint):
    emulator.faults.add(Fault(match=endpoint, kind="status", status=503, body={"error": {"message": "down"}}))

    await client.models.retrieve("offline")
    with pytest.raises(InternalServerError, match="down"):
        await _call(client, endpoint)

    assert (await _call(client, endpoint)).object in {"chat.completion", "response"}
    assert emulator.faults.pending == ()


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(("kind", "left"), [("drop_before", 2), ("drop_after", 1)])
async def test_a_dropped_request_is_or_is_not_performed(emulator, client, endpoint, kind, left):
    emulator.answers(Answer(text="one"), Answer(text="two"))
    emulator.faults.add(Fault(match=endpoint, kind=kind))

    with pytest.raises(APIConnectionError):
        await _call(client, endpoint)

    assert emulator.scripts.unused == left
    assert emulator.requests[0].outcome == "cut"


async def test_a_delay_fault_only_delays(emulator, client):
    emulator.faults.add(Fault(match="*", kind="delay", seconds=0.01))

    assert (await _call(client, "chat.completions")).choices[0].message.content


async def test_a_duplicate_fault_is_refused_since_there_are_no_events(emulator, client):
    emulator.faults.add(Fault(match="*", kind="duplicate"))

    with pytest.raises(openai.APIStatusError, match="duplicate"):
        await _call(client, "chat.completions")
