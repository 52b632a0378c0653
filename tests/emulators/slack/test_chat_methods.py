"""chat.*: limits, threads, edits, refusals."""

import pytest
from slack_sdk.errors import SlackApiError


async def refusal(awaitable) -> str:
    with pytest.raises(SlackApiError) as caught:
        await awaitable
    return caught.value.response["error"]


def section(text: str) -> dict:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str, action: str) -> dict:
    return {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": label}}


async def test_timestamps_are_unique_and_increase(client, general):
    stamps = [(await client.chat_postMessage(channel=general.id, text=str(turn)))["ts"] for turn in range(20)]
    assert stamps == sorted(set(stamps))
    assert all(len(ts.partition(".")[2]) == 6 for ts in stamps)


async def test_post_by_channel_name_and_by_user_id(client, acme, ann, general):
    assert (await client.chat_postMessage(channel="#general", text="hi"))["channel"] == general.id
    answer = await client.chat_postMessage(channel=ann.id, text="hi")
    assert answer["channel"] == ann.direct.id
    assert [seen.text for seen in ann.direct.messages] == ["hi"]


async def test_text_above_forty_thousand_characters_is_cut(client, general):
    answer = await client.chat_postMessage(channel=general.id, text="x" * 40_001)
    assert len(answer["message"]["text"]) == 40_000


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({}, "no_text"),
        ({"text": "  "}, "no_text"),
        ({"markdown_text": "a", "text": "b"}, "markdown_text_conflict"),
        ({"markdown_text": "a", "blocks": [section("b")]}, "markdown_text_conflict"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"text": "t", "blocks": [section("x" * 3_001)]}, "invalid_blocks"),
        ({"text": "t", "blocks": [section("x")] * 51}, "invalid_blocks"),
        ({"text": "t", "blocks": [{"type": "poem"}]}, "invalid_blocks"),
        ({"text": "t", "blocks": [{"type": "actions", "elements": []}]}, "invalid_blocks"),
        ({"text": "t", "blocks": [{"type": "actions", "elements": [button("x" * 76, "a")]}]}, "invalid_blocks"),
        ({"text": "t", "blocks": "nonsense"}, "invalid_blocks_format"),
        ({"text": "t", "blocks": [section("x" * 3_000)] * 5}, "msg_blocks_too_long"),
        ({"text": "t", "blocks": [{"type": "markdown", "text": "x" * 6_001}] * 2}, "msg_blocks_too_long"),
        ({"text": "t", "attachments": [{"text": "a"}] * 101}, "too_many_attachments"),
        ({"text": "t", "metadata": "nonsense"}, "invalid_metadata_format"),
        ({"text": "t", "metadata": {"event_type": "turn"}}, "invalid_metadata_schema"),
        ({"text": "t", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"text": "t", "username": "Zed"}, "missing_scope"),
    ],
)
async def test_post_message_refuses(client, general, content, error):
    assert await refusal(client.api_call("chat.postMessage", json={"channel": general.id, **content})) == error
    assert general.all_messages == []


async def test_refused_blocks_say_where(client, general):
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=general.id, text="t", blocks=[section("a"), section("x" * 3_001)])
    assert "/blocks/1" in caught.value.response["response_metadata"]["messages"][0]


async def test_channels_that_cannot_be_written_to(client, acme):
    lobby = acme.channel("lobby", has_bot=False)
    secret = acme.channel("secret", is_private=True, has_bot=False)
    old = acme.channel("old")
    old.archive()
    assert await refusal(client.chat_postMessage(channel=lobby.id, text="t")) == "not_in_channel"
    assert await refusal(client.chat_postMessage(channel=secret.id, text="t")) == "channel_not_found"
    assert await refusal(client.chat_postMessage(channel=old.id, text="t")) == "is_archived"
    acme.team.scopes.add("chat:write.public")
    await client.chat_postMessage(channel=lobby.id, text="t")


async def test_reply_needs_a_root_and_not_a_reply(client, ann, general):
    root = await ann.says(general, "root")
    reply = await client.chat_postMessage(channel=general.id, text="r", thread_ts=root.ts)
    assert reply["message"]["parent_user_id"] == ann.id
    again = client.chat_postMessage(channel=general.id, text="r", thread_ts=reply["ts"])
    assert await refusal(again) == "cannot_reply_to_message"


async def test_broadcast_reply_is_seen_in_thread_and_channel(client, ann, general):
    root = await ann.says(general, "root")
    await client.chat_postMessage(channel=general.id, text="all", thread_ts=root.ts, reply_broadcast=True)
    assert [seen.text for seen in general.messages] == ["root", "all"]
    assert [seen.text for seen in root.thread.replies] == ["all"]


async def test_custom_name_makes_a_bot_message(client, acme, general):
    acme.team.scopes.add("chat:write.customize")
    answer = await client.chat_postMessage(channel=general.id, text="t", username="Zed", icon_emoji=":zap:")
    assert answer["message"]["subtype"] == "bot_message"
    assert general.messages[0].author == "Zed"


async def test_update_changes_what_people_see(client, general):
    ts = (await client.chat_postMessage(channel=general.id, text="one"))["ts"]
    answer = await client.chat_update(channel=general.id, ts=ts, text="two")
    assert (answer["text"], general.messages[0].text, general.messages[0].is_edited) == ("two", "two", True)


async def test_update_keeps_metadata_unless_an_empty_object_removes_it(client, general):
    metadata = {"event_type": "turn", "event_payload": {"id": 1}}
    ts = (await client.chat_postMessage(channel=general.id, text="one", metadata=metadata))["ts"]
    await client.chat_update(channel=general.id, ts=ts, text="two")
    assert general.messages[0].metadata == metadata
    await client.chat_update(channel=general.id, ts=ts, text="three", metadata={})
    assert general.messages[0].metadata is None


async def test_update_with_text_alone_removes_blocks(client, general):
    ts = (await client.chat_postMessage(channel=general.id, text="f", blocks=[section("shown")]))["ts"]
    assert general.messages[0].text == "shown"
    await client.chat_update(channel=general.id, ts=ts, text="plain")
    assert (general.messages[0].text, general.messages[0].blocks) == ("plain", ())


async def test_update_refusals(client, acme, ann, general):
    theirs = await ann.says(general, "mine")
    ours = (await client.chat_postMessage(channel=general.id, text="ours"))["ts"]

    async def attempt(ts: str, **content: object) -> str:
        return await refusal(client.api_call("chat.update", json={"channel": general.id, "ts": ts, **content}))

    assert await attempt(theirs.ts, text="t") == "cant_update_message"
    assert await attempt("1.000001", text="t") == "message_not_found"
    assert await attempt(ours) == "no_text"
    assert await attempt(ours, text="x" * 4_001) == "msg_too_long"
    assert await attempt(ours, text="a", markdown_text="b") == "markdown_text_conflict"
    acme.team.edit_window = -1.0
    assert await attempt(ours, text="t") == "edit_window_closed"
    acme.team.edit_window = None
    general.archive()
    assert await attempt(ours, text="t") == "is_inactive"


async def test_delete_removes_own_messages_only(client, ann, general):
    theirs = await ann.says(general, "mine")
    ts = (await client.chat_postMessage(channel=general.id, text="ours"))["ts"]
    await client.chat_delete(channel=general.id, ts=ts)
    assert [seen.text for seen in general.messages] == ["mine"]
    assert await refusal(client.chat_delete(channel=general.id, ts=ts)) == "message_not_found"
    assert await refusal(client.chat_delete(channel=general.id, ts=theirs.ts)) == "cant_delete_message"


async def test_ephemeral_is_seen_by_one_person(client, acme, ann, general):
    bob = acme.user("Bob")
    await ann.says(general, "hi")
    await client.chat_postEphemeral(channel=general.id, user=ann.id, text="psst")
    assert [seen.text for seen in ann.sees_ephemerals(general)] == ["psst"]
    assert bob.sees_ephemerals(general) == []
    assert [seen.text for seen in general.messages] == ["hi"]
    refused = client.chat_postEphemeral(channel=general.id, user=bob.id, text="psst")
    assert await refusal(refused) == "user_not_in_channel"


async def test_permalink_of_a_reply_leads_into_its_thread(client, ann, general):
    root = await ann.says(general, "root")
    reply = await ann.replies(root, "reply")
    answer = await client.chat_getPermalink(channel=general.id, message_ts=reply.ts)
    assert f"/archives/{general.id}/p{reply.ts.replace('.', '')}?thread_ts={root.ts}" in answer["permalink"]
