"""Approvals on Slack: who may decide, once, in time, and through restarts."""

from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest
from steps import LONG, labels, whispered

from threadkeep import Approval, tool
from threadkeep.runtime.explaining import Inquiry
from threadkeep.runtime.story import tell
from threadkeep.runtime.subjects import read_subject
from threadkeep_emulators.openai import Answer
from threadkeep_slack.links import parse_link

ASK = 'Use the tool deploy environment="staging"'


@pytest.fixture
def make_deploy(deployed):
    """Makes the tool that asks first."""

    def make(**approval):
        @tool(requires_approval=Approval(**approval))
        async def deploy(environment: str) -> str:
            """Deploy.

            Args:
                environment: Where.
            """
            deployed.append(environment)
            return f"deployed to {environment}"

        return deploy

    return make


@pytest.fixture
async def asked(town, ann):
    """Asks in a channel, and waits for the question with its buttons."""

    async def ask():
        said = await ann.says(town.general, f"{town.acme.bot.mention} {ASK}")
        seen = await said.thread.wait_for(lambda found: labels(found[-1]) == ["Approve", "Deny"], timeout=LONG)
        return said, seen[-1]

    return ask


async def test_the_question_shows_the_arguments_and_the_answer_takes_its_place(
    town, running, make_deploy, asked, ann, deployed
):
    async with running("slack", tools=[make_deploy()]):
        said, question = await asked()
        assert "May I call `deploy`?" in question.text
        assert 'environment: "staging"' in question.text
        assert deployed == []
        await ann.clicks(question, "Approve")
        answer = await said.thread.wait_for_reply(contains="deployed to staging", timeout=LONG)
    assert deployed == ["staging"]
    assert labels(answer) == []
    assert answer.ts == question.ts
    assert len(said.thread.messages) == 2


async def test_the_reply_says_who_approved_it_in_the_place_of_the_buttons(
    town, running, make_deploy, asked, ann, runs_of
):
    town.openai.answers(Answer(text="Done."), when=lambda seen: "deployed to" in str(seen))
    async with running("slack", tools=[make_deploy()]):
        said, question = await asked()
        await ann.clicks(question, "Approve")
        await said.thread.wait_for(lambda found: found[-1].text.endswith("Done."), timeout=LONG)
        found = await runs_of(f"slack:{town.acme.id}:{town.general.id}:{said.ts}", 1)
    (decision,) = found.runs[-1].decisions
    assert (decision.speaker, decision.choice) == ("Ann", "approve")
    shown = said.thread.messages[-1]
    assert shown.text == "_Approved by Ann_\n\nDone."
    assert labels(shown) == []


async def test_only_named_approvers_decide_and_others_are_told_so(
    town, running, make_deploy, asked, ann, bob, deployed
):
    boss = f"slack:{town.acme.id}:{bob.id}"
    async with running("slack", tools=[make_deploy(by=(boss,))]):
        said, question = await asked()
        await ann.clicks(question, "Approve")
        told = await whispered(ann, town.general, "may decide this")
        assert told.thread_ts == said.ts
        assert deployed == []
        await bob.clicks(question, "Approve")
        await said.thread.wait_for_reply(contains="deployed to staging", timeout=LONG)
    assert deployed == ["staging"]


async def test_a_double_click_counts_once(town, running, make_deploy, asked, ann, deployed, runs_of):
    async with running("slack", tools=[make_deploy()]):
        said, question = await asked()
        first = await ann.clicks(question, "Approve")
        second = await ann.clicks(question, "Approve")
        await said.thread.wait_for_reply(contains="deployed to staging", timeout=LONG)
        await town.slack.wait_until_settled(first.delivery, second.delivery)
        found = await runs_of(f"slack:{town.acme.id}:{town.general.id}:{said.ts}", 1)
    assert deployed == ["staging"]
    assert len(found.runs[0].decisions) == 1
    assert first.delivery.is_acked
    assert second.delivery.is_acked


async def test_deny_asks_for_the_reason_in_a_form(town, running, make_deploy, asked, ann, deployed):
    async with running("slack", tools=[make_deploy()]):
        said, question = await asked()
        await ann.clicks(question, "Deny")
        modal = await ann.wait_for_modal()
        assert modal["title"]["text"] == "Deny"
        await ann.submits({"Why?": "not on a Friday"})
        await said.thread.wait_for(lambda found: labels(found[-1]) == [], timeout=LONG)
        await said.thread.wait_for_reply(timeout=LONG)
    assert ann.modal is None
    assert deployed == []
    assert "Ann denied it: not on a Friday" in str(town.openai.messages(1))


async def test_a_question_that_nobody_answers_expires(town, running, make_deploy, ann, deployed):
    async with running("slack", tools=[make_deploy(expires=timedelta(seconds=0.5))]):
        said = await ann.says(town.general, f"{town.acme.bot.mention} {ASK}")
        await said.thread.wait_for(lambda found: labels(found[-1]) == ["Approve", "Deny"], timeout=LONG)
        await said.thread.wait_for(lambda found: labels(found[-1]) == [], timeout=LONG)
        await said.thread.wait_for_reply(timeout=LONG)
    assert deployed == []
    assert "nobody has approved it in time" in str(town.openai.messages(1))


async def test_a_question_survives_a_restart(town, running, make_deploy, asked, ann, deployed):
    async with running("slack", tools=[make_deploy()]):
        said, question = await asked()
    async with running("slack", tools=[make_deploy()]):
        await ann.clicks(question, "Approve")
        await said.thread.wait_for_reply(contains="deployed to staging", timeout=LONG)
    assert deployed == ["staging"]


async def test_a_press_while_nobody_listens_reaches_the_next_process(town, running, make_deploy, asked, ann, deployed):
    async with running("slack", tools=[make_deploy()]):
        said, question = await asked()
    interaction = await ann.clicks(question, "Approve")
    async with running("slack", tools=[make_deploy()]):
        # Slack repeats no press: nobody was there, and the button still stands.
        await town.slack.wait_until_settled(interaction.delivery)
        if not interaction.delivery.is_acked:
            await ann.clicks(question, "Approve")
        await said.thread.wait_for_reply(contains="deployed to staging", timeout=LONG)
    assert deployed == ["staging"]


@pytest.fixture
def processes(replica, make_deploy):
    """Runs so many bots side by side."""

    @asynccontextmanager
    async def run(count):
        async with AsyncExitStack() as stack:
            for _ in range(count):
                await stack.enter_async_context(replica(tools=[make_deploy()]))
            yield

    return run


async def test_it_does_not_matter_which_process_hears_the_press(town, processes, asked, ann, deployed):
    async with processes(2):
        for _ in range(3):
            said, question = await asked()
            await ann.clicks(question, "Approve")
            await ann.clicks(question, "Approve")
            await said.thread.wait_for_reply(contains="deployed to staging", timeout=LONG)
    assert deployed == ["staging"] * 3


async def test_buttons_of_a_question_that_is_over_go_away(town, running, make_deploy, asked, ann, deployed, runs_of):
    async with running("slack", tools=[make_deploy()]):
        said, question = await asked()
        await ann.replies(said, "!stop")
        await runs_of(f"slack:{town.acme.id}:{town.general.id}:{said.ts}", 1)
        await said.thread.wait_for(lambda found: labels(found[1]) == [], timeout=LONG)
        assert deployed == []
        # As if the edit that took them away had been lost.
        town.acme.team.channels[town.general.id].messages[question.ts].blocks = list(question.blocks)
        await ann.clicks(question, "Approve")
        await said.thread.wait_for(lambda found: labels(found[1]) == [], timeout=LONG)
        told = await whispered(ann, town.general, "This is over")
    assert told.thread_ts == said.ts
    assert deployed == []


async def test_why_tells_who_decided_what(town, running, make_deploy, asked, ann, runs_of, store):
    async with running("slack", tools=[make_deploy()]):
        said, question = await asked()
        await ann.clicks(question, "Approve")
        await said.thread.wait_for_reply(contains="deployed to staging", timeout=LONG)
        await runs_of(f"slack:{town.acme.id}:{town.general.id}:{said.ts}", 1)
        link = f"https://acme.slack.com/archives/{town.general.id}/p{said.ts.replace('.', '')}"
        subject = read_subject(link, (parse_link,))
        facts = await Inquiry(store, platforms=("slack",), clock=lambda: float(said.ts) + 60).facts(subject)
        story = tell(facts, now=float(said.ts) + 60)
    assert any(
        "Approved by Ann" in happening.text and ann.id in happening.text and "staging" in happening.text
        for happening in story.happenings
    )
