"""chat.*Stream, assistant.threads.*, agents.sessions.*."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep_emulators.slack import SlackEmulator, WorldLimits


async def refusal(awaitable) -> str:
    with pytest.raises(SlackApiError) as caught:
        await awaitable
    return caught.value.response["error"]


@pytest.fixture
async def question(ann):
    return await ann.dm("tell me")


@pytest.fixture
async def stream_ts(client, question) -> str:
    answer = await client.chat_startStream(channel=question.channel_id, thread_ts=question.ts, markdown_text="He")
    return answer["ts"]


async def test_stream_grows_and_finishes(client, question, stream_ts):
    await client.chat_appendStream(channel=question.channel_id, ts=stream_ts, markdown_text="llo")
    [seen] = question.thread.replies
    assert (seen.text, seen.is_streaming) == ("Hello", True)
    metadata = {"event_type": "turn", "event_payload": {}}
    await client.chat_stopStream(channel=question.channel_id, ts=stream_ts, markdown_text="!", metadata=metadata)
    [seen] = question.thread.replies
    assert (seen.text, seen.is_streaming, seen.metadata) == ("Hello!", False, metadata)


async def test_sdk_stream_helper_works_in_channels(client, acme, ann, general):
    root = await ann.says(general, "tell me")
    stream = await client.chat_stream(
        channel=general.id,
        thread_ts=root.ts,
        recipient_team_id=acme.id,
        recipient_user_id=ann.id,
        buffer_size=4,
    )
    for part in ("Hel", "lo ", "world"):
        await stream.append(markdown_text=part)
    await stream.stop()
    assert (await root.thread.wait_for_reply()).text == "Hello world"


async def test_channel_stream_needs_its_recipient(client, acme, ann, general):
    root = await ann.says(general, "tell me")
    place = {"channel": general.id, "thread_ts": root.ts}
    assert await refusal(client.chat_startStream(**place)) == "missing_recipient_team_id"
    refused = client.chat_startStream(**place, recipient_team_id=acme.id)
    assert await refusal(refused) == "missing_recipient_user_id"
    refused = client.chat_startStream(**place, recipient_team_id=acme.id, recipient_user_id="U0NOBODY000")
    assert await refusal(refused) == "user_not_found"


async def test_stream_needs_an_existing_thread(client, ann):
    refused = client.chat_startStream(channel=ann.direct.id, thread_ts="1.000001")
    assert await refusal(refused) == "thread_not_found"
    refused = client.api_call("chat.startStream", json={"channel": ann.direct.id})
    assert await refusal(refused) == "invalid_arguments"


async def test_append_refusals(client, question, stream_ts):
    async def attempt(**content: object) -> str:
        return await refusal(client.chat_appendStream(**{"channel": question.channel_id, "ts": stream_ts, **content}))

    chunk = {"type": "markdown_text", "text": "a"}
    assert await attempt() == "markdown_text_or_chunks_required"
    assert await attempt(markdown_text="x" * 12_001) == "msg_too_long"
    assert await attempt(chunks=[chunk], markdown_text="a") == "cannot_provide_both_markdown_text_and_chunks"
    assert await attempt(chunks=[chunk]) == "streaming_mode_mismatch"
    assert await attempt(ts=question.ts, markdown_text="a") == "message_not_owned_by_app"
    assert await attempt(ts="1.000001", markdown_text="a") == "message_not_found"


@pytest.mark.parametrize(
    "chunk",
    [
        {"type": "poem"},
        {"type": "markdown_text"},
        {"type": "task_update", "id": "1", "title": "t", "status": "odd"},
        {"type": "task_update", "id": "1", "title": "t", "status": "complete", "sources": ["https://example.org"]},
        {"type": "task_update", "id": "1", "title": "t", "status": "complete", "details": ["x"]},
    ],
)
async def test_broken_chunks_are_refused_whole(client, question, chunk):
    good = {"type": "markdown_text", "text": "a"}
    refused = client.chat_startStream(channel=question.channel_id, thread_ts=question.ts, chunks=[good, chunk])
    assert await refusal(refused) == "invalid_chunks"
    assert question.thread.replies == []


async def test_task_chunks_are_merged_by_id(client, question):
    tasks = [{"type": "task_update", "id": "1", "title": "Search", "status": "in_progress"}]
    place = {"channel": question.channel_id}
    answer = await client.chat_startStream(**place, thread_ts=question.ts, chunks=tasks)
    tasks[0]["status"] = "complete"
    await client.chat_appendStream(**place, ts=answer["ts"], chunks=tasks)
    [seen] = question.thread.replies
    assert [task["status"] for task in seen.tasks] == ["complete"]


async def test_details_of_a_card_are_added_up(client, question):
    card = {"type": "task_update", "id": "1", "title": "Search", "status": "in_progress", "details": "page 1"}
    place = {"channel": question.channel_id}
    answer = await client.chat_startStream(**place, thread_ts=question.ts, chunks=[card])
    source = {"type": "url", "url": "https://example.org", "text": "Example"}
    more = card | {"title": "Searched", "details": ", page 2", "sources": [source]}
    await client.chat_appendStream(**place, ts=answer["ts"], chunks=[more])
    (shown,) = question.thread.replies[0].tasks
    assert (shown["title"], shown["details"], shown["sources"]) == ("Searched", "page 1, page 2", [source])


async def test_a_card_left_open_is_shown_as_failed_when_the_stream_ends(client, question):
    card = {"type": "task_update", "id": "1", "title": "Search", "status": "in_progress"}
    place = {"channel": question.channel_id}
    answer = await client.chat_startStream(**place, thread_ts=question.ts, chunks=[card])
    await client.chat_stopStream(**place, ts=answer["ts"])
    assert [shown["status"] for shown in question.thread.replies[0].tasks] == ["error"]


async def test_a_stream_takes_so_many_cards_and_so_much_text(client, question):
    cards = [{"type": "task_update", "id": str(n), "title": "t", "status": "complete"} for n in range(51)]
    place = {"channel": question.channel_id}
    refused = client.chat_startStream(**place, thread_ts=question.ts, chunks=cards)
    assert await refusal(refused) == "msg_blocks_too_many"
    answer = await client.chat_startStream(**place, thread_ts=question.ts, markdown_text="x" * 12_000)
    for _ in range(2):
        await client.chat_appendStream(**place, ts=answer["ts"], markdown_text="x" * 12_000)
    refused = client.chat_appendStream(**place, ts=answer["ts"], markdown_text="x" * 4_001)
    assert await refusal(refused) == "msg_too_long"


async def test_a_repaired_stream_shows_its_blocks_only(client, question, stream_ts):
    place = {"channel": question.channel_id, "ts": stream_ts}
    await client.chat_stopStream(**place)
    await client.chat_update(**place, text="Hello", blocks=[{"type": "markdown", "text": "Hello"}])
    assert question.thread.replies[0].text == "Hello"


async def test_calls_above_a_tier_are_refused_with_the_seconds_to_wait(session):
    now = 1_000.0
    async with SlackEmulator(clock=lambda: now, enforce_rate_limits=True) as slack:
        acme = slack.workspace("Acme")
        question = await acme.user("Ann").dm("hi")
        client = AsyncWebClient(token=acme.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])
        place = {"channel": question.channel_id, "thread_ts": question.ts}
        for _ in range(20):
            await client.chat_startStream(**place, markdown_text="a")
        now += 10
        with pytest.raises(SlackApiError) as caught:
            await client.chat_startStream(**place, markdown_text="a")
        assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
        assert caught.value.response.headers["Retry-After"] == "50"
        now += 50
        await client.chat_startStream(**place, markdown_text="a")


async def test_finished_stream_takes_no_more(client, question, stream_ts):
    place = {"channel": question.channel_id, "ts": stream_ts}
    await client.chat_stopStream(**place)
    refused = client.chat_appendStream(**place, markdown_text="a")
    assert await refusal(refused) == "message_not_in_streaming_state"
    assert await refusal(client.chat_stopStream(**place)) == "message_not_in_streaming_state"
    await client.chat_update(**place, text="edited instead")


async def test_running_stream_cannot_be_updated(client, question, stream_ts):
    refused = client.chat_update(channel=question.channel_id, ts=stream_ts, text="t")
    assert await refusal(refused) == "streaming_state_conflict"


async def test_stream_expires(session):
    now = 1_000.0
    async with SlackEmulator(clock=lambda: now, limits=WorldLimits(stream_lifetime=300)) as slack:
        acme = slack.workspace("Acme")
        question = await acme.user("Ann").dm("hi")
        client = AsyncWebClient(token=acme.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])
        place = {"channel": question.channel_id}
        ts = (await client.chat_startStream(**place, thread_ts=question.ts, markdown_text="a"))["ts"]
        now += 301
        refused = client.chat_appendStream(**place, ts=ts, markdown_text="b")
        assert await refusal(refused) == "message_not_in_streaming_state"
        await client.chat_update(**place, ts=ts, text="ab")
        assert question.thread.replies[0].text == "ab"


async def test_stop_button_ends_the_stream_and_tells_the_app(slack, client, ann, question, stream_ts):
    place = {"channel_id": question.channel_id, "thread_ts": question.ts}
    with pytest.raises(LookupError, match="no stop button"):
        await ann.stops(question.thread)
    await client.agents_sessions_setStatus(**place, status="processing")
    delivery = await ann.stops(question.thread)
    assert delivery is not None
    assert delivery.event["streaming_message_ts"] == [stream_ts]
    assert delivery.event["thread_ts"] == question.ts
    stream = {"channel": question.channel_id, "ts": stream_ts}
    assert await refusal(client.chat_appendStream(**stream, markdown_text="a")) == "stopped_by_user"
    assert question.thread.session.status == "processing"
    await client.chat_stopStream(**stream, session_status="suspended")
    assert question.thread.session.status == "suspended"


async def test_thread_status_is_shown_until_the_app_answers(client, question):
    place = {"channel_id": question.channel_id, "thread_ts": question.ts}
    await client.assistant_threads_setStatus(**place, status="is thinking", loading_messages=["a", "b"])
    assert question.thread.status == "is thinking"
    await client.chat_postMessage(channel=question.channel_id, text="done", thread_ts=question.ts)
    assert question.thread.status == ""


async def test_thread_title_and_prompts(client, question, general, ann):
    place = {"channel_id": question.channel_id, "thread_ts": question.ts}
    await client.assistant_threads_setTitle(**place, title="Stories")
    prompts = [{"title": "More", "message": "Tell me more"}]
    await client.assistant_threads_setSuggestedPrompts(**place, prompts=prompts)
    assert (question.thread.title, question.thread.prompts) == ("Stories", prompts)
    refused = client.assistant_threads_setSuggestedPrompts(**place, prompts=prompts * 5)
    assert await refusal(refused) == "invalid_arguments"
    refused = client.assistant_threads_setStatus(channel_id=general.id, thread_ts="1.0", status="x")
    assert await refusal(refused) == "invalid_thread_ts"


async def test_session_is_made_by_its_first_status(client, question):
    place = {"channel_id": question.channel_id, "thread_ts": question.ts}
    assert await refusal(client.agents_sessions_rename(**place, title="t")) == "not_authorized"
    answer = await client.agents_sessions_setStatus(**place, status="processing", title="Stories")
    assert (answer["agent_status"], answer["title"]) == ("processing", "Stories")
    assert "warning" not in answer.data
    await client.agents_sessions_setStatus(**place, status="active", title="ignored")
    assert (question.thread.session.status, question.thread.session.title) == ("active", "Stories")
    await client.agents_sessions_rename(**place, title="Tales")
    assert question.thread.session.title == "Tales"


async def test_session_refusals_and_warning(slack, client, question):
    place = {"channel_id": question.channel_id, "thread_ts": question.ts}
    assert await refusal(client.agents_sessions_setStatus(**place, status="busy")) == "invalid_arguments"
    refused = client.agents_sessions_setStatus(**place, status="active", title="x" * 201)
    assert await refusal(refused) == "invalid_arguments"
    slack.app.events.discard("agent_session_stopped")
    answer = await client.agents_sessions_setStatus(**place, status="processing")
    assert answer["warning"] == "missing_agent_session_stopped_event_subscription"
    slack.app.is_agent = False
    assert await refusal(client.agents_sessions_setStatus(**place, status="active")) == "not_authorized"
