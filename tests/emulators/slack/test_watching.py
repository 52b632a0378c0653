"""Seeing what stands in a place, and waiting for it."""

import asyncio

import pytest

from threadkeep_emulators.slack import WaitTimeoutError, transcript


async def test_wait_ends_as_soon_as_the_bot_writes(client, ann, general):
    root = await ann.says(general, "hi")
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(_wait(root))
        await client.chat_postMessage(channel=general.id, text="hello there", thread_ts=root.ts)
    assert waiting.result().text == "hello there"


async def _wait(root):
    return await root.thread.wait_for_reply(contains="there")


async def test_timeout_shows_what_was_there(ann, general):
    root = await ann.says(general, "is anybody here?")
    with pytest.raises(WaitTimeoutError, match="Ann: is anybody here"):
        await root.thread.wait_for(lambda messages: len(messages) > 1, timeout=0.01)


async def test_reply_can_be_asked_for_after_a_message(client, ann, general):
    root = await ann.says(general, "hi")
    await client.chat_postMessage(channel=general.id, text="first", thread_ts=root.ts)
    again = await ann.replies(root, "and?")
    with pytest.raises(WaitTimeoutError):
        await root.thread.wait_for_reply(after=again, timeout=0.01)
    await client.chat_postMessage(channel=general.id, text="second", thread_ts=root.ts)
    assert (await root.thread.wait_for_reply(after=again)).text == "second"


async def test_half_streamed_reply_is_not_a_reply_yet(client, ann):
    question = await ann.dm("hi")
    place = {"channel": question.channel_id}
    ts = (await client.chat_startStream(**place, thread_ts=question.ts, markdown_text="half"))["ts"]
    with pytest.raises(WaitTimeoutError, match=r"half \.\.\."):
        await question.thread.wait_for_reply(timeout=0.01)
    await client.chat_stopStream(**place, ts=ts)
    assert (await question.thread.wait_for_reply()).text == "half"


async def test_transcript_reads_like_a_conversation(client, ann, general):
    assert transcript(general.messages) == "  (nothing)"
    root = await ann.says(general, "hi")
    await client.chat_postMessage(channel=general.id, text="hello", thread_ts=root.ts)
    assert [line.partition("] ")[2] for line in transcript(root.thread.messages).splitlines()] == [
        "Ann: hi",
        "Keeper: hello",
    ]


async def test_blocks_are_what_people_read(client, general):
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Title"}},
        {"type": "markdown", "text": "**bold**"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]},
    ]
    await client.chat_postMessage(channel=general.id, text="fallback", blocks=blocks)
    [seen] = general.messages
    assert (seen.text, seen.source_text) == ("Title\n**bold**\nsmall", "fallback")


async def test_people_edit_and_delete_only_their_own(acme, ann, general):
    message = await ann.says(general, "mine")
    with pytest.raises(PermissionError):
        await acme.user("Bob").edits(message, "yours")


async def test_places_are_found_again(acme, ann, general):
    assert acme.channel("general") is general
    assert acme.user("Ann") is ann
    assert acme.conversation(general.id).name == "general"
    assert (acme.people, [place.id for place in acme.conversations]) == ([ann], [general.id])
    message = await ann.says(general, "hi")
    assert message.conversation.id == general.id
    assert (message.text, message.now.author_id) == ("hi", ann.id)
    with pytest.raises(ValueError, match="two people"):
        acme.group(ann)


async def test_missing_connection_is_told(slack):
    with pytest.raises(WaitTimeoutError, match="open sockets"):
        await slack.wait_for_connections(1, timeout=0.01)
    with pytest.raises(WaitTimeoutError, match=r"chat\.postMessage"):
        await slack.wait_for_call("chat.postMessage", timeout=0.01)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"text": "hi @channel"}, ()),
        ({"text": "hi <!channel> and <!here|here>"}, ("channel", "here")),
        ({"text": "hi @channel, me@here.example", "link_names": True}, ("channel",)),
        ({"markdown_text": "`<@U1>` <!subteam^S1>"}, ("U1", "S1")),
        ({"text": "t", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "<@U1>"}}]}, ("U1",)),
        ({"text": "t", "blocks": [{"type": "section", "text": {"type": "plain_text", "text": "<@U1>"}}]}, ()),
        ({"text": "&lt;!channel&gt;"}, ()),
    ],
)
async def test_pings_are_seen(client, general, content, expected):
    await client.api_call("chat.postMessage", json={"channel": general.id, **content})
    assert general.messages[0].pings == expected


async def test_rich_text_pings_too(client, general):
    elements = [{"type": "user", "user_id": "U1"}, {"type": "broadcast", "range": "here"}]
    section = {"type": "rich_text_section", "elements": elements}
    await client.chat_postMessage(channel=general.id, text="t", blocks=[{"type": "rich_text", "elements": [section]}])
    assert general.messages[0].pings == ("U1", "here")


async def test_event_needs_a_workspace(slack):
    with pytest.raises(LookupError, match="no workspace"):
        slack.deliver({"type": "comet_sighted"})
