"""What people press, choose, fill in and command on Slack, and what only one of them sees."""

import asyncio

import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient
from steps import LONG, labels, whispered

from threadkeep import Command, Memory, RunContext, tool
from threadkeep.chat.elements import Button, ButtonStyle, Form, Option, Select, TextField
from threadkeep_emulators.openai import Answer


@tool
async def offer(context: RunContext) -> str:
    """Offer what can be pressed."""
    context.offer(
        Button(action="undo", label="Undo", value="Please undo it", style=ButtonStyle.DANGER),
        Button(action="docs", label="Docs", url="https://example.org/docs"),
        Button(
            action="rename",
            label="Rename",
            value="Please rename it",
            form=Form(title="Rename", fields=(TextField(name="title", label="New name", initial="draft"),)),
        ),
        Select(
            action="pick", label="Colour", options=(Option(label="Dark red", value="red"), Option(label="b", value="b"))
        ),
    )
    return "offered"


# Slash commands


async def test_a_private_command_in_a_channel_is_answered_for_one_person(town, serving, store, ann, bob, runs_of):
    async with serving(agent={"memory": Memory()}):
        await store.memories.add(f"slack:{town.acme.id}:{ann.id}", "likes green tea")
        interaction = await ann.commands(town.general, "/memory")
        told = await whispered(ann, town.general, "likes green tea")
        await runs_of(f"slack:{town.acme.id}:{town.general.id}", 1)
    assert interaction.delivery.is_acked
    assert told.thread_ts is None
    assert bob.sees_ephemerals(town.general) == []
    assert town.general.messages == []
    assert town.openai.requests == []


async def test_a_command_works_where_the_bot_is_no_member(town, serving, ann, runs_of):
    secrets = town.acme.channel("secrets", is_private=True, has_bot=False)
    async with serving():
        await ann.commands(secrets, "/usage")
        await ann.commands(secrets, "/forget")
        await whispered(ann, secrets)
        await runs_of(f"slack:{town.acme.id}:{secrets.id}", 1)
    assert secrets.messages == []


async def test_a_command_in_direct_messages_stays_there_to_be_read(town, serving, ann):
    async with serving():
        await ann.dm("My favourite colour is green.")
        await ann.direct.wait_for_reply(timeout=LONG)
        await ann.commands(ann.direct, "/usage")
        shown = await ann.direct.wait_for_reply(contains="tokens in", timeout=LONG)
    assert "1 answer" in shown.text
    assert ann.sees_ephemerals(ann.direct) == []


async def test_a_command_is_answered_once_and_in_order(town, serving, ann, runs_of):
    town.openai.answers(Answer(text="The first answer.", delay=0.05), Answer(text="The second answer."))
    async with serving():
        await ann.dm("Where is Bern?")
        await ann.commands(ann.direct, "/retry")
        await ann.direct.wait_for_reply(contains="The second answer.", timeout=LONG)
        found = await runs_of(f"slack:{town.acme.id}:{ann.direct.id}", 2)
    assert [run.command for run in found.runs] == [None, "retry"]
    assert [run.content for run in found.runs] == ["The first answer.", "The second answer."]


async def test_new_means_the_conversation_in_which_its_author_spoke_last(town, serving, ann, bob, runs_of):
    async with serving():
        question = await ann.says(town.general, f"{town.acme.bot.mention} My favourite colour is green.")
        await question.thread.wait_for_reply(timeout=LONG)
        other = await bob.says(town.general, f"{town.acme.bot.mention} hello")
        await other.thread.wait_for_reply(timeout=LONG)
        await ann.commands(town.general, "/new")
        await question.thread.wait_for_reply(contains="fresh conversation", timeout=LONG)
        await runs_of(f"slack:{town.acme.id}:{town.general.id}:{question.ts}", 2)
    assert [seen.text for seen in ann.sees_ephemerals(town.general)] == ["In your last conversation here."]
    assert len(other.thread.messages) == 2


async def test_a_command_means_the_same_conversation_in_a_process_that_heard_nothing_of_it(town, serving, ann):
    town.openai.answers(Answer(text="The first answer."), Answer(text="The second answer."))
    async with serving():
        question = await ann.says(town.general, f"{town.acme.bot.mention} Where is Bern?")
        await question.thread.wait_for_reply(contains="The first answer.", timeout=LONG)
    async with serving():
        await ann.commands(town.general, "/retry")
        await question.thread.wait_for_reply(contains="The second answer.", timeout=LONG)


async def test_a_command_that_means_no_conversation_is_answered_with_the_text_that_works_in_threads(town, serving, ann):
    async with serving():
        await ann.commands(town.general, "/retry")
    (told,) = ann.sees_ephemerals(town.general)
    assert "`!retry`" in told.text


async def test_one_command_with_a_prefix_does_for_all(town, serving, ann):
    async with serving(environ={"SLACK_COMMAND": "/keeper"}, description="I keep threads."):
        await ann.commands(town.general, "/keeper")
        await whispered(ann, town.general, "I keep threads.")
        await ann.commands(town.general, "/keeper", "memory")
        await whispered(ann, town.general, "remember")
        await ann.commands(town.general, "/keeper", "dance now")
        await whispered(ann, town.general, "I do not know the command `dance`")


async def test_a_command_of_the_bots_own_gets_its_text(town, serving, ann):
    async def greet(context, text):
        return f"Hello {context.speaker}, {text}"

    async with serving(commands=[Command(name="greet", help="Greets.", run=greet)]):
        await ann.commands(town.general, "/greet", "how are you & yours?")
        await whispered(ann, town.general, "Hello Ann, how are you & yours?")


async def test_the_help_says_what_works_in_threads(town, serving, ann):
    async with serving(environ={"SLACK_COMMAND": "keeper"}):
        await ann.commands(ann.direct, "/keeper", "help")
        shown = await ann.direct.wait_for_reply(contains="`!retry`", timeout=LONG)
    assert "Where slash commands work" in shown.text


async def test_a_private_text_command_in_a_thread_is_whispered_into_it(town, serving, store, ann, bob):
    async with serving(agent={"memory": Memory()}):
        await store.memories.add(f"slack:{town.acme.id}:{ann.id}", "likes green tea")
        question = await ann.says(town.general, f"{town.acme.bot.mention} hello")
        await question.thread.wait_for_reply(timeout=LONG)
        await ann.replies(question, "!memory")
        told = await whispered(ann, town.general, "likes green tea")
    assert told.thread_ts == question.ts
    assert all("green tea" not in seen.text for seen in question.thread.messages)
    assert bob.sees_ephemerals(town.general) == []


async def test_a_late_answer_to_a_command_is_whispered_when_its_address_is_used_up(town, serving, ann):
    gate = asyncio.Event()

    async def wait(context, text):
        await gate.wait()
        return "late, but here"

    await ann.joins(town.general)
    async with serving(commands=[Command(name="wait", help="Waits.", run=wait)]):
        interaction = await ann.commands(town.general, "/wait")
        for turn in range(5):
            await AsyncWebhookClient(interaction.response_url).send(text=f"used {turn}")
        gate.set()
        await whispered(ann, town.general, "late, but here")
    assert len(town.slack.calls("chat.postEphemeral")) == 1


# Elements


async def test_what_a_tool_offers_stands_under_the_reply(town, serving, ann):
    async with serving(agent={"tools": [offer]}):
        question = await ann.says(town.general, f"{town.acme.bot.mention} Use the tool offer")
        seen = await question.thread.wait_for(lambda found: "Undo" in labels(found[-1]), timeout=LONG)
    assert labels(seen[-1]) == ["Undo", "Docs", "Rename", "Colour"]
    elements = [one for block in seen[-1].blocks if block["type"] == "actions" for one in block["elements"]]
    assert elements[0]["style"] == "danger"
    assert elements[1]["url"] == "https://example.org/docs"
    assert elements[3]["type"] == "static_select"


async def test_a_press_talks_to_the_agent_also_after_a_restart(town, serving, ann):
    async with serving(agent={"tools": [offer]}):
        await ann.dm("Use the tool offer")
        seen = await ann.direct.wait_for(lambda found: "Undo" in labels(found[-1]), timeout=LONG)
    async with serving(agent={"tools": [offer]}):
        await ann.clicks(seen[-1], "Undo")
        await ann.direct.wait_for_reply(after=seen[-1], timeout=LONG)
        await ann.chooses(seen[-1], "Colour", "Dark red")
        await ann.direct.wait_for(lambda found: len(found) == 4, timeout=LONG)
        link = await ann.clicks(seen[-1], "Docs")
        await town.slack.wait_until_acked(link.delivery)
    assert town.said(2)[-1] == "Please undo it"
    assert town.said(3)[-1] == "red"
    assert len(town.openai.requests) == 4


async def test_a_form_comes_first_and_what_was_filled_in_reaches_the_agent(town, serving, ann):
    async with serving(agent={"tools": [offer]}):
        await ann.dm("Use the tool offer")
        seen = await ann.direct.wait_for(lambda found: "Rename" in labels(found[-1]), timeout=LONG)
    async with serving(agent={"tools": [offer]}):
        await ann.clicks(seen[-1], "Rename")
        modal = await ann.wait_for_modal()
        assert modal["blocks"][0]["element"]["initial_value"] == "draft"
        await ann.submits({"New name": "final"})
        await ann.direct.wait_for_reply(after=seen[-1], timeout=LONG)
    assert ann.modal is None
    assert town.said(2)[-1] == "Please rename it\ntitle: final"


async def test_a_form_that_was_not_sent_says_nothing(town, serving, ann):
    async with serving(agent={"tools": [offer]}):
        await ann.dm("Use the tool offer")
        seen = await ann.direct.wait_for(lambda found: "Rename" in labels(found[-1]), timeout=LONG)
        await ann.clicks(seen[-1], "Rename")
        await ann.wait_for_modal()
        await ann.closes_modal()
        await town.slack.wait_until_settled()
    assert len(town.openai.requests) == 2


# Feedback


async def test_thumbs_are_kept_as_feedback_and_can_be_taken_back(town, serving, store, ann, bob, runs_of):
    async with serving():
        question = await ann.says(town.general, f"{town.acme.bot.mention} hello")
        answer = await question.thread.wait_for_reply(timeout=LONG)
        session_id = f"slack:{town.acme.id}:{town.general.id}:{question.ts}"
        await runs_of(session_id, 1)
        await ann.reacts(answer, "+1")
        await bob.reacts(answer, "-1::skin-tone-4")
        await ann.reacts(question, "+1")
        await town.slack.wait_until_settled()
        first = await store.history.feedback(session_id)
        await ann.unreacts(answer, "+1")
        await town.slack.wait_until_settled()
        second = await store.history.feedback(session_id)
    assert {(found.user.user, found.rating) for found in first} == {(ann.id, 1), (bob.id, -1)}
    assert [(found.user.user, found.rating) for found in second] == [(bob.id, -1)]
    assert {found.message.message for found in first} == {answer.ts}


async def test_the_buttons_under_a_streamed_answer_are_feedback(town, serving, store, ann, runs_of):
    town.openai.answers(Answer(text="This is a long story. " * 20, delay=0.02))
    async with serving():
        question = await ann.says(town.general, f"{town.acme.bot.mention} tell me")
        answer = await question.thread.wait_for_reply(timeout=LONG)
        session_id = f"slack:{town.acme.id}:{town.general.id}:{question.ts}"
        await runs_of(session_id, 1)
        interaction = await ann.clicks(answer, "Bad answer")
        await town.slack.wait_until_acked(interaction.delivery)
        (found,) = await store.history.feedback(session_id)
    assert (found.rating, found.message.message, found.user.user) == (-1, answer.ts, ann.id)


# Stopping


@pytest.fixture
def held(town):
    """An answer that does not end by itself."""
    release = asyncio.Event()
    town.openai.answers(Answer(text="This is a long story. " * 20, hold_after=10, release=release))
    return release


async def test_who_takes_no_part_cannot_stop_anothers_answer(town, serving, held, ann, bob):
    async with serving():
        question = await ann.says(town.general, f"{town.acme.bot.mention} tell me")
        await question.thread.wait_for(lambda found: found[-1].is_ours, timeout=LONG)
        await bob.joins(town.general)
        await bob.reacts(question, "octagonal_sign")
        told = await whispered(bob, town.general, "Only those who take part")
        held.set()
        answer = await question.thread.wait_for_reply(contains="story", timeout=LONG)
    assert answer.text.count("story") == 20
    assert told.thread_ts == question.ts


async def test_who_takes_part_may_stop_and_so_may_an_administrator(town, serving, ann, bob):
    held, boss = Answer(text="A long story. " * 20, hold_after=10), town.acme.user("Boss")
    town.openai.answers(held, Answer(text="You too."), held)
    async with serving(admins=(f"slack:{town.acme.id}:{boss.id}",)):
        for person in (bob, boss):
            question = await ann.says(town.general, f"{town.acme.bot.mention} tell me")
            await question.thread.wait_for(lambda found: found[-1].is_ours, timeout=LONG)
            if person is bob:
                await bob.replies(question, "me too")
                await town.slack.wait_until_settled()
            await person.reacts(question, "octagonal_sign")
            await question.thread.wait_for_reply(contains="Stopped", timeout=LONG)
            if person is bob:
                await question.thread.wait_for_reply(contains="You too.", timeout=LONG)


async def test_the_stop_button_stands_under_a_reply_that_is_not_streamed(town, serving, ann):
    town.openai.answers(Answer(text="A long story. " * 20, hold_after=10))
    async with serving(environ={"SLACK_STREAMING": "off"}):
        await ann.dm("tell me")
        seen = await ann.direct.wait_for(lambda found: labels(found[-1]) == ["Stop"], timeout=LONG)
        await ann.clicks(seen[-1], "Stop")
        answer = await ann.direct.wait_for_reply(contains="Stopped", timeout=LONG)
        await ann.direct.wait_for(lambda found: labels(found[-1]) == [], timeout=LONG)
    assert answer.ts == seen[-1].ts


# Shortcuts


async def test_a_question_about_a_message_is_answered_in_its_thread(town, serving, ann, bob):
    said = await bob.says(town.general, "The meeting is at three & in room 7.")
    async with serving():
        await ann.uses_shortcut("threadkeep_ask", said)
        await ann.wait_for_modal()
        await ann.submits({"Your question": "When is it?"})
        asked = await said.thread.wait_for_reply(contains="Ann asks:", timeout=LONG)
        await said.thread.wait_for_reply(after=asked, timeout=LONG)
    assert ann.modal is None
    assert "When is it?" in asked.text
    assert asked.pings == ()
    question = town.said(0)[-1]
    assert "When is it?" in question
    assert "Bob" in question
    assert "&gt; The meeting is at three" in question or "> The meeting is at three & in room 7." in question


async def test_a_question_where_the_bot_is_no_member_stays_in_its_form(town, serving, ann, bob):
    closed = town.acme.channel("closed", is_private=True, has_bot=False)
    said = await bob.says(closed, "psst")
    async with serving():
        await ann.uses_shortcut("threadkeep_ask", said)
        await ann.wait_for_modal()
        await ann.submits({"Your question": "What?"})
    assert "invite" in next(iter(ann.modal["errors"].values()))
    assert town.openai.requests == []


async def test_a_new_question_is_answered_in_direct_messages(town, serving, ann):
    async with serving():
        await ann.uses_shortcut("threadkeep_new")
        await ann.wait_for_modal()
        await ann.submits({"Your question": "What is the speed of light?"})
        await ann.direct.wait_for_reply(contains="299,792,458", timeout=LONG)
    assert "Ann asks:" in ann.direct.messages[0].text
    assert town.said(0)[-1] == "What is the speed of light?"
