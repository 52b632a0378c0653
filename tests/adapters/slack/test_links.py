import subprocess
import sys

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.links import MessageLink
from threadkeep_emulators.slack import SlackEmulator
from threadkeep_slack.links import parse_link

CHANNEL_MESSAGE = MessageLink(
    platform="slack",
    workspace=None,
    channel="C024BE91L",
    message="1700000000.000100",
    conversations=(("C024BE91L", "1700000000.000100"), ("C024BE91L", None)),
)


@pytest.mark.parametrize(
    "text",
    [
        "https://acme.slack.com/archives/C024BE91L/p1700000000000100",
        "https://acme.slack.com/archives/C024BE91L/p1700000000000100/",
        "https://acme.slack.com/archives/C024BE91L/p1700000000000100?cid=C024BE91L",
        "https://acme.enterprise.slack.com/archives/C024BE91L/p1700000000000100",
        "https://acme.slack-gov.com/archives/C024BE91L/p1700000000000100",
    ],
)
def test_link_names_a_message_at_the_top_of_a_channel(text):
    assert parse_link(text) == CHANNEL_MESSAGE


def test_link_to_a_reply_names_its_thread():
    found = parse_link(
        "https://acme.slack.com/archives/C024BE91L/p1700000009000200?thread_ts=1700000000.000100&cid=C024BE91L"
    )
    assert found is not None
    assert found.message == "1700000009.000200"
    assert found.conversations == (("C024BE91L", "1700000000.000100"),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "slack:T1:C1:1700000000.000100",
        "https://acme.slack.com/archives/C024BE91L",
        "https://acme.slack.com/archives/C024BE91L/p17",
        "https://slack.com.evil.example/archives/C024BE91L/p1700000000000100",
        "https://evilslack.com/archives/C024BE91L/p1700000000000100",
        "ftp://acme.slack.com/archives/C024BE91L/p1700000000000100",
        "https://discord.com/channels/1/2/3",
    ],
)
def test_other_texts_are_no_links_of_slack(text):
    assert parse_link(text) is None


async def test_links_that_slack_gives_are_read():
    async with SlackEmulator() as slack:
        acme = slack.workspace("Acme")
        general, ann = acme.channel("general"), acme.user("Ann")
        root = await ann.says(general, "hello")
        reply = await ann.replies(root, "again")
        client = AsyncWebClient(token=acme.bot_token, base_url=slack.api_url)
        answers = [await client.chat_getPermalink(channel=general.id, message_ts=said.ts) for said in (root, reply)]
    found = [parse_link(answer["permalink"]) for answer in answers]
    assert [(one.channel, one.message) for one in found] == [(general.id, root.ts), (general.id, reply.ts)]
    assert [one.conversations[0] for one in found] == [(general.id, root.ts)] * 2


def test_links_are_read_without_the_library():
    script = (
        "import sys, threadkeep_slack.links\nprint([name for name in ('slack_bolt', 'aiohttp') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=50)
    assert done.stdout.strip() == "[]"
