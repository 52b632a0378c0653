"""What goes wrong around a conversation ends in a clear line, and nothing is lost."""

import asyncio

import pytest
from steps import LONG

from threadkeep import Agent, Bot, RedisStore
from threadkeep.errors import PlatformAuthError, StoreUnavailableError
from threadkeep.runs import RunStatus
from threadkeep_emulators.faults import Fault
from threadkeep_emulators.openai import Answer

FAILURES = {
    "a wrong key": (Answer(status=401), "ModelAuthError", "something went wrong"),
    "too many requests": (Answer(status=429, retry_after=0), "ModelRateLimitError", "not available right now"),
    "a broken server": (Answer(status=500), "ModelUnavailableError", "not available right now"),
    "garbage": (Answer(raw=("<html>", "{]", "nonsense")), "ModelUnavailableError", "not available right now"),
    "nothing, twice": (Answer(text=""), "EmptyAnswerError", "said nothing"),
    "never": (Answer(hold_after=0), "ModelUnavailableError", "not available right now"),
    "half an answer": (Answer(text="one two three four", cut_after=3), "ModelUnavailableError", "not available"),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failing_model_ends_in_one_friendly_line(failure, town, running, runs_of, caplog):
    answer, error, words = FAILURES[failure]
    ann = town.acme.user("Ann")
    town.openai.answers(*[answer] * (2 if error == "EmptyAnswerError" else 1))
    model = town.model(timeout=0.5, max_retries=0)
    async with running("slack", model=model):
        await ann.dm("Remember the word tulip.")
        reply = await ann.direct.wait_for_reply(contains="reference", timeout=LONG)
        found = await runs_of(f"slack:{town.acme.id}:{ann.direct.id}", 1)
        await ann.dm("What did I say first?")
        await ann.direct.wait_for_reply(contains="tulip", timeout=LONG)
    (run,) = found.runs
    assert words in reply.text
    assert reply.text.rstrip().endswith(f"(reference {run.run_id[:8]})")
    assert (run.status, run.error) == (RunStatus.FAILED, error)
    assert run.messages[0].content == "Remember the word tulip."
    logged = [record for record in caplog.records if getattr(record, "reference", None) == run.run_id[:8]]
    assert logged, "the operator finds the cause under the reference"
    assert "tulip" not in caplog.text


async def test_a_message_delivered_twice_is_answered_once(town, running, runs_of):
    ann = town.acme.user("Ann")
    async with running("slack"):
        question = await ann.says(town.general, f"{town.acme.bot.mention} hello")
        await question.thread.wait_for_reply(timeout=LONG)
        deliveries = question.deliveries
        assert len(deliveries) == 2, "Slack sends a mention as message and as app_mention"
        for delivery in deliveries:
            await town.slack.wait_until_acked(town.slack.redeliver(delivery))
        await runs_of(f"slack:{town.acme.id}:{town.general.id}:{question.ts}", 1)
        await ann.replies(question, "goodbye")
        await question.thread.wait_for(lambda seen: len(seen) == 4, timeout=LONG)
    assert len(town.openai.requests) == 2


async def test_discord_delivers_twice_after_a_resume_and_is_answered_once(town, running):
    cleo = town.discord.user("Cleo")
    town.club.join(cleo)
    town.discord.faults.add(Fault(match="MESSAGE_CREATE", kind="duplicate"))
    async with running("discord"):
        question = await cleo.dm("hello")
        await cleo.dm_channel.wait_for_reply(to=question, timeout=LONG)
        await cleo.dm("My name is Cleo.")
        await cleo.dm_channel.wait_for(lambda seen: seen[-1].author.is_bot and len(seen) == 4, timeout=LONG)
    assert len(town.openai.requests) == 2


async def test_an_unknown_or_malformed_event_is_acknowledged_and_stops_nothing(town, running):
    ann = town.acme.user("Ann")
    async with running("slack"):
        bad = [
            town.slack.deliver({"type": "message", "channel": 7, "ts": None, "text": []}, workspace=town.acme),
            town.slack.deliver({"type": "a_type_of_next_year"}, workspace=town.acme),
            town.slack.deliver({"type": "app_mention"}, workspace=town.acme),
        ]
        await ann.dm("hello")
        await ann.direct.wait_for_reply(timeout=LONG)
        for delivery in bad:
            await town.slack.wait_until_acked(delivery)


async def test_slack_asks_to_wait_and_the_answer_still_comes(town, running):
    ann = town.acme.user("Ann")
    town.slack.faults.add(Fault(match="chat.postMessage", kind="status", status=429, retry_after=1))
    town.slack.faults.add(Fault(match="chat.update", kind="status", status=503))
    town.openai.answers(Answer(text="All of it. " * 50, delay=0.02))
    async with running("slack"):
        await ann.dm("hello")
        await ann.direct.wait_for(lambda seen: seen[-1].text.count("All of it.") == 50, timeout=LONG)
    assert len(ann.direct.messages) == 2


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_a_post_whose_answer_was_lost_is_not_doubled(platform, town, running, runs_of):
    ann = town.acme.user("Ann") if platform == "slack" else town.discord.user("Ann")
    if platform == "slack":
        town.slack.faults.add(Fault(match="chat.postMessage", kind="drop_after"))
    else:
        town.club.join(ann)
        town.discord.faults.add(Fault(match="POST /channels/{channel_id}/messages", kind="drop_after"))
    place = ann.direct if platform == "slack" else ann.dm_channel
    async with running(platform):
        await ann.dm("My name is Ann.")
        await place.wait_for(lambda seen: len(seen) == 2 and "Nice to meet you, Ann." in seen[-1].text, timeout=LONG)
        workspace = town.acme.id if platform == "slack" else "@me"
        await runs_of(f"{platform}:{workspace}:{place.id}", 1)
    assert len(place.messages) == 2


async def test_a_wrong_token_says_what_to_do(town, store, running):
    town.acme.revoke_token()
    with pytest.raises(PlatformAuthError, match="copy the token again"):
        async with running("slack"):
            pass


async def test_an_unreachable_store_says_where_it_looked(town):
    store = RedisStore("redis://:secret@127.0.0.1:1/0")
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1:1") as caught:
        async with Bot(agent=Agent(model=town.model()), adapters=town.adapters("slack"), store=store):
            pass
    assert "secret" not in str(caught.value)


async def test_what_is_said_while_the_bot_is_down_waits_for_it(town, running):
    """Slack keeps what was not acknowledged, and delivers it again when there is somebody to take it."""
    ann = town.acme.user("Ann")
    async with running("slack"):
        await ann.dm("My name is Ann.")
        await ann.direct.wait_for_reply(timeout=LONG)
    await ann.dm("What is my name?")
    async with running("slack"):
        await ann.direct.wait_for_reply(contains="Your name is Ann", timeout=LONG)


async def test_a_stopping_bot_finishes_its_answer(town, running):
    ann = town.acme.user("Ann")
    release = asyncio.Event()
    town.openai.answers(Answer(text="one two three", hold_after=2, release=release))
    async with running("slack"):
        await ann.dm("count")
        await town.openai.wait_for_requests(1)
        asyncio.get_running_loop().call_later(0.2, release.set)
    assert ann.direct.messages[-1].text == "one two three"
