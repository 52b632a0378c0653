"""What people press, choose, fill in and command on Discord, and what only one of them sees."""

import asyncio

import pytest
from steps import LONG, shown

from threadkeep import Approval, Memory, RunContext, RunStatus, tool
from threadkeep.chat.elements import Button, ButtonStyle, Form, Option, Select, TextField
from threadkeep.runtime.bot import Role
from threadkeep_emulators.discord import MessageFlag
from threadkeep_emulators.openai import Answer


def session_in(town, channel):
    return f"discord:{town.club.id}:{channel.id}"


def endless():
    return Answer(text="and on " * 400, delay=0.05, chunk_size=7)


# Stopping


@pytest.mark.parametrize("way", ["command", "button", "reaction"])
async def test_an_answer_is_stopped(town, serving, ann, runs_of, way):
    town.openai.answers(endless())
    async with serving():
        question = await ann.says(town.lounge, f"{town.discord.bot.mention} Tell me everything.")
        answer = await shown(town.lounge, "and on", "Stop")
        match way:
            case "command":
                used = await ann.slash(town.lounge, "stop")
                assert (await used.wait_for()).text == "Stopping."
            case "button":
                await ann.clicks(answer, "Stop")
            case _:
                await ann.reacts(question, "\N{OCTAGONAL SIGN}")
        stopped = await shown(town.lounge, "_Stopped._")
        found = await runs_of(session_in(town, town.lounge), 1)
    assert stopped.id == answer.id
    assert stopped.buttons == {}
    assert found.runs[0].status is RunStatus.CANCELLED


async def test_nothing_can_be_stopped_where_nothing_is_answered(town, serving, ann):
    async with serving():
        used = await ann.slash(town.lounge, "stop")
        assert (await used.wait_for(timeout=LONG)).text == "Nothing is being answered here."
    assert town.lounge.messages == []


async def test_who_takes_no_part_cannot_stop_an_answer(town, serving, ann, bob, runs_of):
    town.openai.answers(Answer(text="and on " * 30, delay=0.02, chunk_size=7))
    async with serving():
        await ann.says(town.lounge, f"{town.discord.bot.mention} Tell me everything.")
        answer = await shown(town.lounge, "and on", "Stop")
        pressed = await bob.clicks(answer, "Stop")
        told = await pressed.wait_for(lambda message: message.id != answer.id, timeout=LONG)
        used = await bob.slash(town.lounge, "stop")
        again = await used.wait_for(timeout=LONG)
        found = await runs_of(session_in(town, town.lounge), 1)
    for one in (told, again):
        assert "Only those who take part" in one.text
        assert MessageFlag.EPHEMERAL in one.flags
    assert found.runs[0].status is RunStatus.COMPLETED


async def test_a_stop_reaches_the_worker_in_another_process(town, serving, ann, runs_of):
    town.openai.answers(endless())
    async with serving(role=Role.INGRESS), serving(role=Role.WORKER):
        await ann.says(town.lounge, f"{town.discord.bot.mention} Tell me everything.")
        await shown(town.lounge, "and on", "Stop")
        await ann.slash(town.lounge, "stop")
        await shown(town.lounge, "_Stopped._")
        found = await runs_of(session_in(town, town.lounge), 1)
    assert found.runs[0].status is RunStatus.CANCELLED


# Commands


async def test_a_private_command_in_a_channel_is_answered_for_one_person(town, serving, store, ann, runs_of):
    async with serving(agent={"memory": Memory()}):
        await store.memories.add(f"discord:{ann.id}", "likes green tea")
        used = await ann.slash(town.lounge, "memory")
        told = await used.wait_for(lambda message: "likes green tea" in message.text, timeout=LONG)
        await runs_of(session_in(town, town.lounge), 1)
    assert MessageFlag.EPHEMERAL in told.flags
    assert town.lounge.messages == []
    assert town.openai.requests == []


async def test_a_private_command_in_words_is_answered_in_direct_messages(town, serving, store, ann):
    async with serving(agent={"memory": Memory()}):
        await store.memories.add(f"discord:{ann.id}", "likes green tea")
        await ann.says(town.lounge, f"{town.discord.bot.mention} !memory")
        await shown(ann.dm_channel, "likes green tea")
    assert len(town.lounge.messages) == 1


async def test_a_question_is_asked_by_command_and_asked_again(town, serving, ann, runs_of):
    town.openai.answers(Answer(text="The first answer."), Answer(text="The second answer."))
    async with serving():
        await ann.slash(town.lounge, "ask", question="Where is Bern?")
        await shown(town.lounge, "The first answer.")
        await ann.slash(town.lounge, "retry")
        await shown(town.lounge, "The second answer.")
        found = await runs_of(session_in(town, town.lounge), 2)
    assert [message.text for message in town.lounge.messages] == [
        "> Where is Bern?",
        "The first answer.",
        "The second answer.",
    ]
    assert [run.command for run in found.runs] == [None, "retry"]


async def test_commands_work_in_direct_messages(town, serving, ann, runs_of):
    async with serving():
        await ann.dm("My favourite colour is green.")
        await ann.dm_channel.wait_for(lambda messages: len(messages) == 2, timeout=LONG)
        await ann.slash(ann.dm_channel, "new")
        await shown(ann.dm_channel, "fresh conversation")
        await ann.slash(ann.dm_channel, "ask", question="What is my favourite colour?")
        await runs_of(f"discord:@me:{ann.dm_channel.id}", 3)
    assert [text.count("green") for text in town.said(1)] == [0]


# Controls


@tool
async def offer(context: RunContext) -> str:
    """Offer what can be pressed."""
    context.offer(
        Button(action="undo", label="Undo", value="Please undo it", style=ButtonStyle.DANGER),
        Button(
            action="rename",
            label="Rename",
            value="Please rename it",
            form=Form(title="Rename", fields=(TextField(name="title", label="New name", initial="draft"),)),
        ),
        Select(action="pick", label="Colour", options=(Option(label="Dark red", value="red"),)),
    )
    return "offered"


async def test_what_a_tool_offers_talks_to_the_agent(town, serving, ann, bob, runs_of):
    async with serving(agent={"tools": [offer]}):
        await ann.says(town.lounge, f"{town.discord.bot.mention} Use the tool offer")
        answer = await shown(town.lounge, "", "Undo")
        await bob.clicks(answer, "Undo")
        await runs_of(session_in(town, town.lounge), 2)
        opened = await ann.clicks(answer, "Rename")
        await opened.wait_answered(timeout=LONG)
        await ann.submits(opened, {"title": "Final"})
        await runs_of(session_in(town, town.lounge), 3)
        rows = (row["components"] for row in answer.components)
        menu = next(row[0]["custom_id"] for row in rows if row[0]["type"] == SELECT)
        await ann.selects(answer, menu, ["red"])
        found = await runs_of(session_in(town, town.lounge), 4)
    said = [run.messages[0].content for run in found.runs]
    assert [text.partition(">")[2].partition("</")[0] for text in said[1:]] == [
        "Please undo it",
        "Please rename it\ntitle: Final",
        "red",
    ]


async def test_a_thumb_and_its_withdrawal_are_kept_with_the_run(town, serving, ann, runs_of, store):
    async with serving():
        await ann.says(town.lounge, f"{town.discord.bot.mention} hello")
        await town.lounge.wait_for(lambda messages: len(messages) == 2, timeout=LONG)
        await runs_of(session_in(town, town.lounge), 1)
        await ann.reacts(town.lounge.messages[-1], "👍")
        await rated(store, session_in(town, town.lounge), [1])
        await ann.takes_back(town.lounge.messages[-1], "👍")
        await rated(store, session_in(town, town.lounge), [])


async def rated(store, session_id, ratings):
    given = None
    async with asyncio.timeout(LONG):
        while given != ratings:
            await asyncio.sleep(0.01)
            given = [one.rating for one in await store.history.feedback(session_id)]


# Approvals


@pytest.fixture
def deploy(town, deployed):
    role = town.club.role("Operators")

    @tool(requires_approval=Approval(by=(str(role.id),)))
    async def deploy(environment: str) -> str:
        """Deploy.

        Args:
            environment: Where.
        """
        deployed.append(environment)
        return f"deployed to {environment}"

    return deploy, role


SELECT = 3
ASK = 'Use the tool deploy environment="staging"'


async def test_who_has_the_role_approves_and_others_are_told_that_they_may_not(
    town, serving, deploy, deployed, ann, bob, runs_of
):
    made, role = deploy
    town.club.give(bob.user, role)
    async with serving(agent={"tools": [made]}):
        await ann.says(town.lounge, f"{town.discord.bot.mention} {ASK}")
        question = await shown(town.lounge, "May I call", "Approve")
        pressed = await ann.clicks(question, "Approve")
        told = await pressed.wait_for(lambda message: "may decide this" in message.text, timeout=LONG)
        assert deployed == []
        await bob.clicks(question, "Approve")
        await runs_of(session_in(town, town.lounge), 1)
    assert MessageFlag.EPHEMERAL in told.flags
    assert deployed == ["staging"]
    assert question.id in {message.id for message in town.lounge.messages}
    assert all("Approve" not in message.buttons.values() for message in town.lounge.messages)


async def test_who_denies_says_why_in_a_form_after_a_restart(town, serving, deploy, deployed, ann, bob, runs_of):
    made, role = deploy
    town.club.give(bob.user, role)
    async with serving(agent={"tools": [made]}):
        await ann.says(town.lounge, f"{town.discord.bot.mention} {ASK}")
        question = await shown(town.lounge, "May I call", "Deny")
    async with serving(agent={"tools": [made]}):
        opened = await bob.clicks(question, "Deny")
        await opened.wait_answered(timeout=LONG)
        assert opened.modal is not None
        await bob.submits(opened, {"reason": "Not on a Friday."})
        found = await runs_of(session_in(town, town.lounge), 1)
    assert deployed == []
    assert any("Not on a Friday." in (message.content or "") for message in found.runs[0].messages)
