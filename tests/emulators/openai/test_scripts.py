import asyncio

import pytest
from openai import APIStatusError, AsyncOpenAI

from threadkeep_emulators.openai import Answer, OpenAIEmulator, UnusedAnswersError


async def test_answers_are_given_in_order_and_then_the_offline_model_answers(emulator, ask):
    emulator.answers(Answer(text="one"), Answer(text="two"))

    assert [await ask("hello") for _ in range(2)] == ["one", "two"]
    assert "offline model" in await ask("hello")
    assert [record.answered_by for record in emulator.requests] == ["script", "script", "offline"]


async def test_conversations_are_scripted_apart(emulator, ask):
    emulator.answers(Answer(text="general"))
    emulator.answers(Answer(text="A1"), Answer(text="A2"), when=lambda request: "from A" in request.last_user_text)
    emulator.answers(Answer(text="B1"), Answer(text="B2"), when=lambda request: "from B" in request.last_user_text)

    said = await asyncio.gather(*(ask(f"hello from {who}") for who in "ABABC"))

    assert sorted(said[0::2][:2]) == ["A1", "A2"]
    assert sorted(said[1::2]) == ["B1", "B2"]
    assert said[4] == "general"


async def test_an_answer_can_be_made_from_the_request(emulator, ask):
    emulator.answers(lambda request: Answer(text=f"{request.model} heard {request.last_user_text}"))

    assert await ask("a word") == "offline heard a word"


async def test_leaving_with_answers_left_is_an_error_where_asked_for():
    with pytest.raises(UnusedAnswersError, match="never asked for"):
        async with OpenAIEmulator(must_use_answers=True) as emulator:
            emulator.answers(Answer(text="never"))


async def _fail_inside(emulator):
    async with emulator:
        emulator.answers(Answer(text="never"))
        raise KeyError


async def test_leaving_by_an_error_does_not_hide_it():
    with pytest.raises(KeyError):
        await _fail_inside(OpenAIEmulator(must_use_answers=True))


async def test_without_the_offline_model_an_unscripted_request_is_refused_once():
    async with (
        OpenAIEmulator(offline=None) as emulator,
        AsyncOpenAI(base_url=emulator.url, api_key=emulator.api_key, max_retries=3) as client,
    ):
        with pytest.raises(APIStatusError, match="No scripted answer"):
            await client.chat.completions.create(model="offline", messages=[{"role": "user", "content": "hello"}])
        assert len(emulator.requests) == 1


async def test_a_refused_request_takes_no_answer(emulator, client, ask):
    emulator.answers(Answer(text="kept"))

    with pytest.raises(APIStatusError):
        await client.chat.completions.create(model="offline", messages=[])

    assert await ask("hello") == "kept"


async def test_the_log_shows_what_was_sent(emulator, client, ask):
    tool = {"type": "function", "function": {"name": "add"}}

    await ask({"role": "system", "content": "Be kind."}, "hello", tools=[tool])
    await client.responses.create(model="offline", input="hello")

    first, second = emulator.requests
    assert first.path == "/v1/chat/completions"
    assert first.time == 1_790_000_000.5
    assert first.headers["authorization"] == f"Bearer {emulator.api_key}"
    assert first.tool_names == ["add"]
    assert (first.outcome, first.status) == ("answered", 200)
    assert emulator.messages(0) == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hello"}]
    assert second.messages == [{"role": "user", "content": "hello"}]


async def test_waiting_for_requests_wakes_when_they_come(emulator, ask):
    waiting = asyncio.create_task(emulator.wait_for_requests(2))

    await ask("one")
    await ask("two")

    assert [record.messages[0]["content"] for record in await waiting] == ["one", "two"]


async def test_waiting_in_vain_tells_what_was_received(emulator, ask):
    await ask("only this")

    with pytest.raises(TimeoutError, match=r"2 request\(s\); received:\n  POST /v1/chat/completions offline"):
        await emulator.wait_for_requests(2, timeout=0.01)


async def test_the_log_forgets_the_oldest_beyond_its_limit():
    async with (
        OpenAIEmulator(log_limit=2) as emulator,
        AsyncOpenAI(base_url=emulator.url, api_key=emulator.api_key) as client,
    ):
        for number in range(3):
            await client.responses.create(model="offline", input=f"message {number}")

        assert [record.messages[0]["content"] for record in emulator.requests] == ["message 1", "message 2"]
        assert emulator.log.total == 3
        emulator.log.clear()
        assert len(emulator.log) == 0


def test_there_is_no_url_before_the_start():
    with pytest.raises(RuntimeError, match="async with"):
        _ = OpenAIEmulator().url
