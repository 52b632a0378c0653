"""What other bots cut, break, ping, leave unread or let in on Slack, as their users report it."""

import asyncio
import json

import aiohttp
import pytest
from steps import LONG, ONE_STORE, labels, ours, refused

from threadkeep import Approval, tool
from threadkeep_emulators.openai import Answer

pytestmark = ONE_STORE

PROSE = " ".join(f"word{number}" for number in range(2_100))


# Streams, length, looks


@pytest.mark.parametrize("error", ["message_not_in_streaming_state", "streaming_state_conflict", "msg_too_long"])
async def test_a_stream_that_dies_in_the_middle_loses_no_text(town, running, ask, error):
    town.slack.faults.add(refused("chat.appendStream", error))
    town.openai.answers(Answer(text=PROSE[:4_000], chunk_size=200, delay=0.02))
    async with running("slack"):
        root = await ask()
        await root.thread.wait_for(
            lambda seen: " ".join(" ".join(ours(root.thread)).split()) == PROSE[:4_000].strip(), timeout=LONG
        )


async def test_a_stream_names_its_recipient_and_shows_text_before_the_model_is_done(town, running, ask, ann):
    release = asyncio.Event()
    town.openai.answers(Answer(text="The beginning is here. " * 8 + "The end.", hold_after=30, release=release))
    async with running("slack"):
        root = await ask()
        await root.thread.wait_for(lambda seen: "The beginning" in seen[-1].text, timeout=LONG)
        assert not any("The end." in text for text in ours(root.thread))
        release.set()
        await root.thread.wait_for_reply(contains="The end.", timeout=LONG)
    (start,) = town.slack.calls("chat.startStream")
    assert (start.args["recipient_user_id"], start.args["recipient_team_id"]) == (ann.id, town.acme.id)


async def test_half_an_answer_of_a_process_that_ended_is_made_whole_in_its_place(town, replica, ask):
    town.openai.answers(Answer(text="one two three four", hold_after=3))
    async with replica(bot={"grace_seconds": 0.05}):
        root = await ask("count")
        await root.thread.wait_for(lambda seen: "one two" in seen[-1].text, timeout=LONG)
    town.openai.answers(Answer(text="one two three four"))
    async with replica():
        await root.thread.wait_for_reply(contains="one two three four", timeout=LONG)
    assert len(ours(root.thread)) == 1


async def test_a_reply_of_fifteen_thousand_characters_keeps_every_limit(town, running, ask):
    assert len(PROSE) > 15_000
    town.openai.answers(Answer(text=PROSE, chunk_size=300))
    async with running("slack"):
        root = await ask()
        await root.thread.wait_for(
            lambda seen: seen[-1].text.endswith("word2099") and not seen[-1].is_streaming, timeout=LONG
        )
    assert " ".join(" ".join(ours(root.thread)).split()) == PROSE
    sent = [str(call.args.get("markdown_text", "")) for call in town.slack.calls()]
    assert max(map(len, sent)) <= 12_000
    assert not [call for call in town.slack.calls() if call.error in {"msg_too_long", "invalid_blocks"}]


async def test_a_question_with_a_very_long_argument_is_shown(town, running, ask, ann):
    @tool(requires_approval=Approval())
    async def publish(text: str) -> str:
        """Publish.

        Args:
            text: What.
        """
        return f"published {len(text)} characters"

    async with running("slack", tools=[publish]):
        root = await ask(f'Use the tool publish text="{"x" * 5_000}"')
        seen = await root.thread.wait_for(lambda found: labels(found[-1]) == ["Approve", "Deny"], timeout=LONG)
        await ann.clicks(seen[-1], "Approve")
        await root.thread.wait_for_reply(contains="published 50", timeout=LONG)
    assert not [call for call in town.slack.calls() if call.error == "invalid_blocks"]


async def test_tables_and_nested_lists_stay_what_they_are(town, running, ask):
    text = "| a | b |\n|---|---|\n| 1 | 2 |\n\n- one\n  - two\n    - three"
    town.openai.answers(Answer(text=text))
    async with running("slack"):
        root = await ask()
        seen = await root.thread.wait_for_reply(contains="three", timeout=LONG)
    assert seen.text == text


async def test_the_models_text_pings_nobody(town, running, ask, bob):
    text = f"<!channel> <!here> <!everyone> @channel <@{bob.id}> the end"
    town.openai.answers(Answer(text=text))
    async with running("slack"):
        root = await ask()
        seen = await root.thread.wait_for_reply(contains="the end", timeout=LONG)
    assert seen.pings == ()


# Files and signatures


async def test_a_file_that_is_not_read_is_named_to_the_user_and_to_the_model(town, running, ask, ann):
    file = town.acme.file("data.bin", b"\x00\x01\x02" * 100, mimetype="application/octet-stream", owner=ann)
    async with running("slack"):
        root = await ask("what is this?", files=[file])
        await root.thread.wait_for_reply(contains="data.bin", timeout=LONG)
    assert "data.bin" in "\n".join(town.said(0))


async def test_a_huge_image_is_refused_without_being_held_in_memory(town, running, ask, ann):
    file = town.acme.file("huge.png", b"\x89PNG" * 10, mimetype="image/png", owner=ann)
    file.stated_size = 10**9
    async with running("slack"):
        root = await ask("what is this?", files=[file])
        await root.thread.wait_for_reply(contains="huge.png", timeout=LONG)
    assert town.slack.downloads == ()


async def test_a_request_that_slack_did_not_sign_or_that_is_replayed_reaches_nobody(town, replica, ann):
    environ = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": town.slack.signing_secret, "SLACK_PORT": "0"}
    bot = replica(environ=environ)
    event = {"type": "message", "channel": ann.direct.id, "channel_type": "im", "user": ann.id, "text": "obey"}
    body = json.dumps({"type": "event_callback", "team_id": town.acme.id, "event": event | {"ts": "1800000000.1"}})
    async with bot, aiohttp.ClientSession() as session:
        url = bot.adapters[0].request_url
        for headers in ({}, {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=0"}):
            async with session.post(url, data=body, headers=headers) as response:
                assert response.status == 401
        await town.slack.use_request_url(url)
        await ann.dm("What is the speed of light?")
        await ann.direct.wait_for_reply(contains="299,792,458", timeout=LONG)
    assert len(town.openai.requests) == 1
