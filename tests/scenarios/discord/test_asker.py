"""What the asker may do, what comes after an answer, and what is offered while somebody writes a command."""

import pytest
from steps import LONG, ONE_STORE, shown

from threadkeep import Memory, RunContext, RunStatus, ToolError, tool
from threadkeep_emulators.discord import MessageFlag, Permission
from threadkeep_emulators.openai import Answer

pytestmark = ONE_STORE


@pytest.fixture
def removed():
    return []


@pytest.fixture
def remove(removed):
    @tool
    async def remove(context: RunContext, message: str) -> str:
        """Remove a message.

        Args:
            message: Which.
        """
        if not (await context.rights()).allow("manage_messages"):
            raise ToolError("you may not remove messages here")
        removed.append(message)
        return f"removed {message}"

    return remove


REMOVE = 'Use the tool remove message="7"'


async def test_a_tool_that_moderates_obeys_the_rights_of_the_asker(town, serving, ann, bob, remove, removed):
    town.club.give(bob.user, town.club.role("Moderators", permissions=Permission.MANAGE_MESSAGES))
    async with serving(agent={"tools": [remove]}):
        await ann.says(town.lounge, f"{town.discord.bot.mention} {REMOVE}")
        await shown(town.lounge, "may not remove")
        assert removed == []
        await bob.says(town.lounge, f"{town.discord.bot.mention} {REMOVE}")
        await shown(town.lounge, "removed 7")
    assert removed == ["7"]


async def test_where_nobody_has_such_a_right_a_tool_that_asks_for_it_does_nothing(town, running, remove, removed):
    cleo = town.acme.user("Cleo")
    async with running("slack", tools=[remove]):
        await cleo.dm(REMOVE)
        await cleo.direct.wait_for_reply(contains="may not remove", timeout=LONG)
    assert removed == []


async def test_an_answer_is_had_again_and_judged_by_its_buttons(town, serving, store, ann, bob, runs_of):
    town.openai.answers(Answer(text="The first answer."), Answer(text="The second answer."))
    session_id = f"discord:{town.club.id}:{town.lounge.id}"
    async with serving(environ={"DISCORD_ANSWER_BUTTONS": "1"}):
        await ann.says(town.lounge, f"{town.discord.bot.mention} Where is Bern?")
        first = await shown(town.lounge, "The first answer.", "Retry")
        await runs_of(session_id, 1)
        judged = await bob.clicks(first, "👍")
        thanks = await judged.wait_for(lambda message: message.text == "Thank you.", timeout=LONG)
        await ann.clicks(first, "Retry")
        await shown(town.lounge, "The second answer.")
        found = await runs_of(session_id, 2)
        ratings = [one.rating for one in await store.history.feedback(session_id)]
    assert MessageFlag.EPHEMERAL in thanks.flags
    assert ratings == [1]
    assert [run.status for run in found.runs][-1] is RunStatus.COMPLETED


async def test_a_message_is_explained_from_its_menu(town, serving, ann, bob):
    said = await bob.says(town.lounge, "Hic sunt leones")
    async with serving():
        await ann.chooses_on(said, "Explain this")
        await town.openai.wait_for_requests(1, timeout=LONG)
        await town.lounge.wait_for(lambda seen: len(seen) == 2 and not seen[-1].is_loading, timeout=LONG)
    assert "> Hic sunt leones" in town.said(0)[-1]


async def test_what_can_be_forgotten_is_offered_to_its_owner_only(town, serving, store, ann, bob):
    async with serving(agent={"memory": Memory()}):
        await store.memories.add(f"discord:{ann.id}", "likes green tea")
        await store.memories.add(f"discord:{ann.id}", "lives in Bern")
        looked = await ann.completes(town.lounge, "forget", number="tea")
        await looked.wait_answered(timeout=LONG)
        (label,) = looked.choices
        used = await ann.slash(town.lounge, "forget", number=looked.choices[label])
        told = await used.wait_for(lambda message: "forgotten" in message.text, timeout=LONG)
        others = await bob.completes(town.lounge, "forget", number="")
        await others.wait_answered(timeout=LONG)
    assert "likes green tea" in label
    assert "likes green tea" in told.text
    assert others.choices == {}


async def test_nobody_is_pinged_by_any_kind_of_answer(town, serving, ann, bob, runs_of):
    evil = f"@everyone @here {bob.mention} <@&{town.club.id}> done"
    town.openai.answers(*(Answer(text=evil) for _ in range(4)))
    async with serving():
        await ann.says(town.lounge, f"{town.discord.bot.mention} hello")
        await town.lounge.wait_for(lambda seen: "done" in seen[-1].text, timeout=LONG)
        await runs_of(f"discord:{town.club.id}:{town.lounge.id}", 1)
        # The deferred answer is filled in by the webhook of the interaction.
        await ann.slash(town.lounge, "retry")
        await runs_of(f"discord:{town.club.id}:{town.lounge.id}", 2)
        await ann.slash(town.lounge, "ask", question=evil)
        await runs_of(f"discord:{town.club.id}:{town.lounge.id}", 3)
        await ann.chooses_on(await bob.says(town.lounge, "hello"), "Explain this")
        await runs_of(f"discord:{town.club.id}:{town.lounge.id}", 4)
    sent = [call for call in town.discord.calls if isinstance(call.body, dict) and "content" in call.body]
    assert len(sent) >= 4
    assert all(call.body["allowed_mentions"]["parse"] == [] for call in sent)
    assert [ping for ping in town.discord.pings if ping.author.id == town.discord.bot.id] == []
