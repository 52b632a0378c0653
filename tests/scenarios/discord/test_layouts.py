"""Long answers on Discord that go on in the same message, which becomes one of components."""

import asyncio

import pytest
from steps import LONG, ONE_STORE

from threadkeep import RunStatus, tool
from threadkeep_emulators.discord import MessageFlag
from threadkeep_emulators.openai import Answer, ToolCall

pytestmark = ONE_STORE

V2 = MessageFlag.IS_COMPONENTS_V2
WORDS = ("word " * 500).strip()


@pytest.fixture
def serving(serving):
    """Runs a bot whose long answers go on in the same message around a block, with buttons under what is finished."""

    def run(*, long_answers="components", **agent):
        return serving(environ={"DISCORD_LONG_ANSWERS": long_answers, "DISCORD_ANSWER_BUTTONS": "1"}, agent=agent)

    return run


def session_in(town):
    return f"discord:{town.club.id}:{town.lounge.id}"


async def shown(town, words, label=None, *, is_layout):
    """Wait for an answer with such words and such a button, of that kind, and give it."""

    def look(messages):
        return [
            one
            for one in messages
            if one.author.id == town.discord.bot.id
            and words in one.text
            and (label is None or label in one.buttons.values())
            and (V2 in one.flags) is is_layout
        ]

    return look(await town.lounge.wait_for(look, timeout=LONG))[-1]


async def test_an_answer_grows_out_of_a_plain_message_into_one_of_components(town, serving, ann, runs_of):
    found, written = asyncio.Event(), asyncio.Event()

    @tool
    async def look() -> str:
        """Look something up."""
        await found.wait()
        return "found"

    town.openai.answers(
        Answer(text="One moment.", tool_calls=(ToolCall(name="look", arguments="{}"),)),
        Answer(chunks=(f"Here.\n\n---\n\n{WORDS}\n\n", "The end."), hold_after=2, release=written),
        Answer(text="The second answer."),
    )
    async with serving(tools=[look]):
        await ann.says(town.lounge, f"{town.discord.bot.mention} Where is Bern?")
        short = await shown(town, "One moment.", "Stop", is_layout=False)
        found.set()
        growing = await shown(town, WORDS, "Stop", is_layout=True)
        written.set()
        whole = await shown(town, "The end.", "Retry", is_layout=True)
        await runs_of(session_in(town), 1)
        await ann.clicks(whole, "Retry")
        second = await shown(town, "The second answer.", is_layout=False)
        runs = (await runs_of(session_in(town), 2)).runs
    assert short.id == growing.id == whole.id != second.id
    assert [part["type"] for part in whole.components] == [10, 14, 10, 1]
    assert list(whole.buttons.values()) == ["Retry", "👍", "👎"]
    assert [run.status for run in runs] == [RunStatus.COMPLETED] * 2
    assert [ping for ping in town.discord.pings if ping.author.id == town.discord.bot.id] == []


async def test_a_long_answer_is_stopped_by_its_button(town, serving, ann, runs_of):
    town.openai.answers(Answer(chunks=(f"{WORDS}\n\n", "more"), hold_after=2))
    async with serving():
        await ann.says(town.lounge, f"{town.discord.bot.mention} Tell me everything.")
        answer = await shown(town, WORDS, "Stop", is_layout=True)
        await ann.clicks(answer, "Stop")
        stopped = await shown(town, "_Stopped._", is_layout=True)
        runs = (await runs_of(session_in(town), 1)).runs
    assert stopped.id == answer.id
    assert stopped.buttons == {}
    assert runs[0].status is RunStatus.CANCELLED


@pytest.mark.parametrize("afterwards", ["components", "messages"])
async def test_a_decision_under_a_long_answer_is_made_after_a_restart(town, serving, ann, runs_of, afterwards):
    @tool(requires_approval=True)
    async def deploy() -> str:
        """Deploy."""
        return "deployed"

    town.openai.answers(
        Answer(text=f"{WORDS}\n\nShall I?", tool_calls=(ToolCall(name="deploy", arguments="{}"),)),
        Answer(text="It is done."),
    )
    async with serving(tools=[deploy]):
        await ann.says(town.lounge, f"{town.discord.bot.mention} Deploy, please.")
        question = await shown(town, "Shall I?", "Approve", is_layout=True)
    async with serving(tools=[deploy], long_answers=afterwards):
        await ann.clicks(question, "Approve")
        runs = (await runs_of(session_in(town), 1)).runs
    answers = [one for one in town.lounge.messages if one.author.id == town.discord.bot.id]
    assert runs[0].status is RunStatus.COMPLETED
    assert answers[0].id == question.id
    assert len(answers) == (1 if afterwards == "components" else 2)
    said = "\n".join(one.text for one in answers)
    assert said.count("word") == 500
    assert said.endswith("It is done.")
    assert "Approve" not in {label for one in answers for label in one.buttons.values()}


async def test_a_reply_to_a_long_answer_goes_on_with_the_conversation(town, serving, ann, runs_of):
    town.openai.answers(Answer(text=f"{WORDS} bread"), Answer(text="Rye bread."))
    async with serving():
        await ann.says(town.lounge, f"{town.discord.bot.mention} Tell me everything.")
        answer = await shown(town, "bread", "Retry", is_layout=True)
        await runs_of(session_in(town), 1)
        await ann.replies(answer, "Which bread?", is_pinging=False)
        await shown(town, "Rye bread.", is_layout=False)
    assert town.said(1)[-2].endswith("bread")
    assert "Which bread?" in town.said(1)[-1]
