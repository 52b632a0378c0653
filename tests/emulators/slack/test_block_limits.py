"""Block Kit's limits, one by one."""

import pytest
from slack_sdk.errors import SlackApiError


def plain(text: str) -> dict:
    return {"type": "plain_text", "text": text}


def button(**parts: object) -> dict:
    return {"type": "button", "action_id": "a", "text": plain("Go"), **parts}


GOOD = [
    {"type": "divider"},
    {"type": "header", "text": plain("x" * 150)},
    {"type": "section", "fields": [plain("x")] * 10},
    {"type": "section", "text": plain("x"), "accessory": button()},
    {"type": "actions", "elements": [button(action_id=f"a{number}") for number in range(25)]},
    {"type": "actions", "elements": [button(value="x" * 2_000)]},
    {"type": "markdown", "text": "x" * 12_000},
    {"type": "task_card", "task_id": "1", "title": "Search", "status": "complete"},
]
BAD = [
    {},
    {"type": "header", "text": plain("x" * 151)},
    {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
    {"type": "section"},
    {"type": "section", "text": plain("")},
    {"type": "section", "text": "bare"},
    {"type": "section", "fields": [plain("x")] * 11},
    {"type": "section", "fields": [plain("x" * 2_001)]},
    {"type": "section", "text": plain("x"), "accessory": {}},
    {"type": "section", "block_id": "x" * 256, "text": plain("x")},
    {"type": "actions"},
    {"type": "actions", "elements": [button()] * 26},
    {"type": "actions", "elements": [button(action_id="x" * 256)]},
    {"type": "actions", "elements": [button(value="x" * 2_001)]},
    {"type": "context", "elements": [plain("x")] * 11},
    {"type": "context_actions", "elements": [button()] * 6},
    {"type": "markdown", "text": ""},
]


@pytest.mark.parametrize("block", GOOD, ids=lambda block: block["type"])
async def test_block_is_taken(client, general, block):
    await client.chat_postMessage(channel=general.id, text="t", blocks=[block])


@pytest.mark.parametrize("block", BAD, ids=lambda block: block.get("type", "untyped"))
async def test_block_is_refused(client, general, block):
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=general.id, text="t", blocks=[block])
    assert caught.value.response["error"] == "invalid_blocks"


@pytest.mark.parametrize("attachments", ["nonsense", [1]])
async def test_attachments_must_be_objects(client, general, attachments):
    with pytest.raises(SlackApiError) as caught:
        await client.api_call("chat.postMessage", json={"channel": general.id, "text": "t", "attachments": attachments})
    assert caught.value.response["error"] == "invalid_attachments"
