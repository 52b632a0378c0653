"""Commands as text, in Slack threads, Discord channels and direct messages."""

import pytest
from steps import LONG

from threadkeep import Memory
from threadkeep_emulators.openai import Answer


async def test_a_slack_thread_begins_afresh(town, running, runs_of):
    ann, bob = town.acme.user("Ann"), town.acme.user("Bob")
    async with running("slack"):
        question = await ann.says(town.general, f"{town.acme.bot.mention} My favourite colour is green.")
        thread = question.thread
        await thread.wait_for_reply(timeout=LONG)
        await ann.replies(question, "What is my favourite colour?")
        await thread.wait_for_reply(contains="colour is green", timeout=LONG)
        await bob.replies(question, "!new")
        await thread.wait_for_reply(contains="fresh conversation", timeout=LONG)
        await ann.replies(question, "What is my favourite colour?")
        found = await runs_of(f"slack:{town.acme.id}:{town.general.id}:{question.ts}", 4)
    assert [run.command for run in found.runs] == [None, None, "new", None]
    assert "green" not in thread.messages[-1].text
    assert found.runs[0].content
    assert [text.count("green") for text in town.said(2)] == [0]
    assert len(town.openai.requests) == 3


async def test_a_slack_direct_message_retries_sums_up_and_lists_the_commands(town, running, runs_of):
    ann = town.acme.user("Ann")
    answers = ("The first answer.", "The second answer.", "It was about Bern.")
    town.openai.answers(*(Answer(text=text) for text in answers))
    async with running("slack"):
        await ann.dm("Where is Bern?")
        await ann.direct.wait_for_reply(contains="The first answer.", timeout=LONG)
        await ann.dm("!retry")
        await ann.direct.wait_for_reply(contains="The second answer.", timeout=LONG)
        await ann.dm("!summary")
        await ann.direct.wait_for_reply(contains="It was about Bern.", timeout=LONG)
        await ann.dm("!help")
        await ann.direct.wait_for_reply(contains="!forget [NUMBER]", timeout=LONG)
        await runs_of(f"slack:{town.acme.id}:{ann.direct.id}", 4)
    assert town.said(1) == town.said(0) == ["Where is Bern?"]
    (record,) = town.said(2)
    assert "The second answer." in record
    assert "The first answer." not in record


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_people_forget_what_is_remembered_of_them(town, running, store, runs_of, platform):
    if platform == "slack":
        person = town.acme.user("Ann")
        user_id, session_id = f"slack:{town.acme.id}:{person.id}", f"slack:{town.acme.id}:{person.direct.id}"
        place = person.direct
    else:
        person = town.discord.user("Dan")
        town.club.join(person)
        user_id, place = f"discord:{person.id}", None
    async with running(platform, memory=Memory()):
        await store.memories.add(user_id, "likes green tea")
        question = await person.dm("!memory")
        place = place or person.dm_channel
        session_id = session_id if platform == "slack" else f"discord:@me:{place.id}"
        await runs_of(session_id, 1)
        await person.dm("!forget")
        found = await runs_of(session_id, 2)
    assert question is not None
    assert [seen.text for seen in place.messages if "likes green tea" in seen.text]
    assert [seen.text for seen in place.messages if "1 entry" in seen.text]
    assert [run.command for run in found.runs] == ["memory", "forget"]
    assert town.openai.requests == []


async def test_a_discord_channel_knows_the_commands(town, running, runs_of):
    cleo = town.discord.user("Cleo")
    mention = town.discord.bot.mention
    async with running("discord"):
        question = await cleo.says(town.lounge, f"{mention} My favourite colour is green.")
        await town.lounge.wait_for_reply(to=question, timeout=LONG)
        retry = await cleo.says(town.lounge, f"{mention} !retry")
        await town.lounge.wait_for_reply(to=retry, timeout=LONG)
        summary = await cleo.says(town.lounge, f"{mention} !summary")
        await town.lounge.wait_for_reply(to=summary, timeout=LONG)
        asked = await cleo.says(town.lounge, f"{mention} !help")
        listed = await town.lounge.wait_for_reply(to=asked, timeout=LONG)
        new = await cleo.says(town.lounge, f"{mention} !new")
        await town.lounge.wait_for_reply(to=new, timeout=LONG)
        again = await cleo.says(town.lounge, f"{mention} What is my favourite colour?")
        answer = await town.lounge.wait_for_reply(to=again, timeout=LONG)
        found = await runs_of(f"discord:{town.club.id}:{town.lounge.id}", 6)
    assert "!summary" in listed.text
    assert "green" not in answer.text
    assert [run.command for run in found.runs] == [None, "retry", "summary", "help", "new", None]
    assert town.said(1) == town.said(0)
    assert "green" in town.said(2)[0]


async def test_talk_that_looks_like_a_command_is_answered_by_the_model(town, running, runs_of):
    ann = town.acme.user("Ann")
    async with running("slack"):
        await ann.dm("!important: what is the speed of light?")
        await ann.direct.wait_for_reply(contains="299,792,458", timeout=LONG)
        await runs_of(f"slack:{town.acme.id}:{ann.direct.id}", 1)
