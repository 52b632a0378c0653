"""The main job: answering in Slack threads, Discord channels and threads, and direct messages."""

import pytest
from steps import LONG

from threadkeep_emulators.openai import Answer


async def test_a_slack_thread_keeps_the_thread(town, running, runs_of):
    ann, bob = town.acme.user("Ann"), town.acme.user("Bob")
    async with running("slack"):
        question = await ann.says(town.general, f"{town.acme.bot.mention} My name is Ann.")
        await question.thread.wait_for_reply(contains="Ann", timeout=LONG)
        await bob.replies(question, "What is the speed of light?")
        await question.thread.wait_for_reply(contains="299,792,458", timeout=LONG)
        await ann.replies(question, "What is my name?")
        await question.thread.wait_for_reply(contains="Your name is Ann", timeout=LONG)
        session = await runs_of(f"slack:{town.acme.id}:{town.general.id}:{question.ts}", 3)
    assert [seen.is_ours for seen in question.thread.messages] == [False, True] * 3
    assert session.session.user_ids == (f"slack:{town.acme.id}:{ann.id}", f"slack:{town.acme.id}:{bob.id}")
    assert len(town.openai.requests) == 3


async def test_a_discord_channel_and_a_thread_are_two_conversations(town, running, runs_of):
    cleo = town.discord.user("Cleo")
    async with running("discord"):
        question = await cleo.says(town.lounge, f"{town.discord.bot.mention} My favourite colour is green.")
        answer = await town.lounge.wait_for_reply(to=question, timeout=LONG)
        await runs_of(f"discord:{town.club.id}:{town.lounge.id}", 1)
        await cleo.replies(answer, "What is my favourite colour?")
        await town.lounge.wait_for(lambda seen: "colour is green" in seen[-1].text, timeout=LONG)
        thread = await cleo.opens_thread("aside", on=town.lounge)
        await cleo.says(thread, f"{town.discord.bot.mention} What is my favourite colour?")
        await thread.wait_for(lambda seen: seen[-1].author.is_bot and "green" not in seen[-1].text, timeout=LONG)
        await runs_of(f"discord:{town.club.id}:{thread.id}", 1)
        await cleo.says(thread, "My favourite colour is red, and I do not mention you.")
        await thread.wait_for(lambda seen: seen[-1].author.is_bot and len(seen) == 4, timeout=LONG)
        await runs_of(f"discord:{town.club.id}:{thread.id}", 2)
        await runs_of(f"discord:{town.club.id}:{town.lounge.id}", 2)


async def test_direct_messages_are_always_answered_and_apart(town, running, runs_of):
    ann, bob = town.acme.user("Ann"), town.acme.user("Bob")
    dan = town.discord.user("Dan")
    town.club.join(dan)
    async with running():
        await ann.dm("My name is Ann.")
        await ann.direct.wait_for_reply(contains="Ann", timeout=LONG)
        await bob.dm("What is my name?")
        await bob.direct.wait_for_reply(contains="not told me your name", timeout=LONG)
        await ann.dm("What is my name?")
        await ann.direct.wait_for_reply(contains="Your name is Ann", timeout=LONG)
        question = await dan.dm("What is my name?")
        await dan.dm_channel.wait_for_reply(
            to=question, until=lambda seen: "not told me your name" in seen.text, timeout=LONG
        )
        await runs_of(f"slack:{town.acme.id}:{ann.direct.id}", 2)
        await runs_of(f"discord:@me:{dan.dm_channel.id}", 1)


async def test_the_model_sees_exactly_the_last_runs_of_the_session(town, running, runs_of):
    ann = town.acme.user("Ann")
    bob = town.acme.user("Bob")
    texts = ["one", "two", "three", "four", "five"]
    town.openai.answers(*(Answer(text=f"Answer {text}") for text in texts), when=lambda seen: "Bob" not in str(seen))
    async with running("slack", num_history_runs=3):
        for text in texts:
            await ann.dm(text)
            await ann.direct.wait_for_reply(contains=f"Answer {text}", timeout=LONG)
            await bob.dm(f"Bob says {text}")
            await bob.direct.wait_for(lambda seen: seen[-1].is_ours, timeout=LONG)
        await runs_of(f"slack:{town.acme.id}:{bob.direct.id}", 5)
    shown = [town.said(number) for number in range(len(town.openai.requests))]
    of_ann = next(said for said in shown if said[-1] == "five")
    assert of_ann == ["two", "Answer two", "three", "Answer three", "four", "Answer four", "five"]
    of_bob = next(said for said in shown if said[-1] == "Bob says five")
    assert [text for text in of_bob if text.startswith("Bob")] == [f"Bob says {text}" for text in texts[1:]]
    assert len(of_bob) == 7


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_a_long_answer_is_split_without_losing_a_character(platform, town, running):
    body = "\n\n".join(f"Paragraph {number} has some words in it." for number in range(500))
    code = "```python\n" + "\n".join(f"line_{number} = {number}" for number in range(400)) + "\n```"
    answer = f"{body}\n\n{code}\n\nThe end."
    town.openai.answers(Answer(text=answer, chunk_size=400))
    async with running(platform):
        if platform == "slack":
            ann = town.acme.user("Ann")
            await ann.dm("go")
            seen = await ann.direct.wait_for(lambda shown: "The end." in shown[-1].text, timeout=40)
            parts = [message.text for message in seen[1:]]
        else:
            cleo = town.discord.user("Cleo")
            town.club.join(cleo)
            await cleo.dm("go")
            seen = await cleo.dm_channel.wait_for(lambda shown: "The end." in shown[-1].text, timeout=40)
            parts = [message.text for message in seen[1:]]
    assert len(parts) > 1
    assert all(part.count("```") % 2 == 0 for part in parts)
    words = " ".join(parts).replace("```python", "").replace("```", "").split()
    assert words == answer.replace("```python", "").replace("```", "").split()


async def test_nobody_is_pinged(town, running):
    evil = "Hey <!channel> <!here> <@U123> <!subteam^S1> @everyone @here <@&7>, done."
    town.openai.answers(Answer(text=evil), Answer(text=evil))
    ann, cleo = town.acme.user("Ann"), town.discord.user("Cleo")
    async with running():
        question = await ann.says(town.general, f"{town.acme.bot.mention} ping them")
        reply = await question.thread.wait_for_reply(contains="done", timeout=LONG)
        asked = await cleo.says(town.lounge, f"{town.discord.bot.mention} ping them")
        await town.lounge.wait_for_reply(to=asked, until=lambda seen: "done" in seen.text, timeout=LONG)
    assert not reply.pings
    assert [ping for ping in town.discord.pings if ping.author.id == town.discord.bot.id] == []


async def test_bots_are_not_answered(town, running):
    other = town.acme.other_bot("Echo")
    ann = town.acme.user("Ann")
    async with running("slack"):
        await other.says(town.general, f"{town.acme.bot.mention} hello")
        question = await ann.says(town.general, f"{town.acme.bot.mention} hello")
        await question.thread.wait_for_reply(timeout=LONG)
    assert len(town.openai.requests) == 1


async def test_a_reply_streams_in_place(town, running):
    ann = town.acme.user("Ann")
    town.openai.answers(Answer(text="This is a long story. " * 20, delay=0.1))
    async with running("slack"):
        question = await ann.says(town.general, f"{town.acme.bot.mention} tell me")
        (_, first) = await question.thread.wait_for(lambda seen: seen[-1].is_ours, timeout=LONG)
        last = await question.thread.wait_for_reply(timeout=LONG)
    assert first.is_streaming
    assert first.text.count("story") < 20
    assert last.text.count("story") == 20
    assert len(question.thread.messages) == 2
    assert len(town.slack.calls("chat.startStream")) == len(town.slack.calls("chat.stopStream")) == 1
    assert town.slack.calls("chat.postMessage") == town.slack.calls("chat.update") == []
