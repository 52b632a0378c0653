"""Refusals and corners that bots meet seldom, and should survive."""

import pytest
from slack_sdk.errors import SlackApiError

from threadkeep_emulators.slack import RetrySchedule, WaitTimeoutError


async def refusal(awaitable) -> str:
    with pytest.raises(SlackApiError) as caught:
        await awaitable
    return caught.value.response["error"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"text": ["a"]}, "invalid_arguments"),
        ({"text": "t", "link_names": "maybe"}, "invalid_arguments"),
        ({"text": "t", "metadata": ["a"]}, "invalid_metadata_format"),
        ({"text": "t", "metadata": {"event_type": "a", "event_payload": {"b": "x" * 16_000}}}, "metadata_too_large"),
    ],
)
async def test_odd_arguments(client, general, arguments, error):
    refused = client.api_call("chat.postMessage", json={"channel": general.id, **arguments})
    assert await refusal(refused) == error


async def test_numbers_are_taken_as_text(client, general):
    await client.api_call("chat.postMessage", json={"channel": general.id, "text": 42})
    assert general.messages[0].text == "42"


async def test_odd_pages(client, general):
    refused = client.api_call("conversations.history", params={"channel": general.id, "limit": "many"})
    assert await refusal(refused) == "invalid_limit"
    beyond = "bmV4dDo5OTk="
    assert await refusal(client.conversations_history(channel=general.id, cursor=beyond)) == "invalid_cursor"


async def test_reactions_need_an_item_in_an_open_channel_of_the_bot(client, acme, ann, general):
    message = await ann.says(general, "hi")
    lobby = acme.channel("lobby", has_bot=False)
    outside = await ann.says(lobby, "hi")
    assert await refusal(client.api_call("reactions.add", params={"name": "eyes"})) == "no_item_specified"
    refused = client.reactions_add(channel=lobby.id, timestamp=outside.ts, name="eyes")
    assert await refusal(refused) == "not_in_channel"
    general.archive()
    refused = client.reactions_add(channel=general.id, timestamp=message.ts, name="eyes")
    assert await refusal(refused) == "is_archived"


async def test_archived_channels_are_left_out_on_demand(client, acme, general):
    old = acme.channel("old")
    old.archive()
    answer = await client.conversations_list(exclude_archived=True)
    assert [channel["id"] for channel in answer["channels"]] == [general.id]
    assert await refusal(client.conversations_join(channel=old.id)) == "is_archived"


async def test_open_again_by_channel_and_too_many(client, acme, ann):
    answer = await client.conversations_open(channel=ann.direct.id, return_im=True)
    assert answer["channel"]["user"] == ann.id
    crowd = [acme.user(f"User {number}").id for number in range(9)]
    assert await refusal(client.conversations_open(users=crowd)) == "too_many_users"


async def test_foreign_team_is_not_found(client):
    assert await refusal(client.team_info(team="T0OTHER0000")) == "team_not_found"


async def test_agents_only_in_threads_that_exist(slack, client, ann, general):
    slack.app.has_agent_view = True
    root = await ann.says(general, "hi")
    place = {"channel_id": general.id, "thread_ts": root.ts}
    refused = client.assistant_threads_setTitle(**place, title="t")
    assert await refusal(refused) == "method_not_supported_for_channel_type"
    refused = client.assistant_threads_setStatus(**place, status="s", loading_messages=["x"] * 11)
    assert await refusal(refused) == "invalid_arguments"
    refused = client.assistant_threads_setStatus(**place, status="s", username="Zed")
    assert await refusal(refused) == "missing_scope"
    assert await refusal(client.api_call("assistant.threads.setStatus", json=place)) == "invalid_arguments"
    direct = await ann.dm("hi")
    prompts = {"channel_id": direct.channel_id, "prompts": [{"title": "no message"}]}
    assert await refusal(client.assistant_threads_setSuggestedPrompts(**prompts)) == "invalid_arguments"
    session = {"channel_id": direct.channel_id, "thread_ts": direct.ts}
    await client.agents_sessions_setStatus(**session, status="active")
    assert await refusal(client.agents_sessions_rename(**session, title="x" * 201)) == "invalid_arguments"


async def test_stream_of_plans_and_blocks(client, ann):
    question = await ann.dm("hi")
    place = {"channel": question.channel_id}
    refused = client.chat_startStream(**place, thread_ts=question.ts, task_display_mode="odd")
    assert await refusal(refused) == "invalid_arguments"
    section = {"type": "section", "text": {"type": "plain_text", "text": "x"}}
    chunks = [{"type": "plan_update", "title": "Plan"}, {"type": "blocks", "blocks": [section]}]
    ts = (await client.chat_startStream(**place, thread_ts=question.ts, chunks=chunks))["ts"]
    many = [{"type": "blocks", "blocks": [section] * 50}]
    assert await refusal(client.chat_appendStream(**place, ts=ts, chunks=many)) == "msg_blocks_too_many"
    assert await refusal(client.chat_stopStream(**place, ts=ts, session_status="odd")) == "invalid_arguments"
    assert await refusal(client.chat_appendStream(**place, ts=ts, chunks="nonsense")) == "invalid_chunks"
    await client.chat_stopStream(**place, ts=ts, blocks=[section])
    assert question.thread.replies[0].text == "x\nx"


async def test_file_that_is_not_there(slack, acme, session):
    headers = {"Authorization": f"Bearer {acme.bot_token}"}
    async with session.get(f"{slack.url}/files-pri/{acme.id}-F0NOTHING00/note.txt", headers=headers) as response:
        assert response.status == 404


async def test_click_in_a_thread_names_the_thread(client, ann, general):
    root = await ann.says(general, "hi")
    element = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "Go"}}
    blocks = [{"type": "actions", "elements": [element]}]
    await client.chat_postMessage(channel=general.id, text="t", thread_ts=root.ts, blocks=blocks)
    interaction = await ann.clicks(root.thread.replies[0], "Go")
    assert interaction.delivery.payload["container"]["thread_ts"] == root.ts


async def test_home_tab_shows_the_published_view(client, ann):
    await client.views_publish(user_id=ann.id, view={"type": "home", "blocks": []})
    delivery = await ann.opens_app(tab="home")
    assert delivery is not None
    assert delivery.event["view"]["type"] == "home"


async def test_undelivered_events_are_told(slack, ann, general):
    await ann.says(general, "hi")
    with pytest.raises(WaitTimeoutError, match="message Ev"):
        await slack.wait_until_settled(timeout=0.01)


@pytest.mark.parametrize("schedule", [RetrySchedule(ack_timeout=0.5, scale=0.0001)], ids=["impatient"])
async def test_app_that_is_gone_is_a_failed_connection(slack, ann, general):
    slack._courier.request_url = "http://127.0.0.1:9/"
    message = await ann.says(general, "hi")
    await slack.wait_until_settled()
    reasons = [attempt.reason for attempt in message.deliveries[0].attempts]
    assert reasons == ["", "connection_failed", "connection_failed", "connection_failed"]
