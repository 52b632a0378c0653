"""A bot as an agent of Slack's: sessions with status and title, what somebody looks at, Home tab, where it answers."""

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from steps import LONG, until

from threadkeep import Agent, Bot, Memory, tool
from threadkeep.agent.approvals import Approval
from threadkeep_emulators.openai import Answer, ToolCall


@pytest.fixture
async def slack_bot(town):
    """A client that acts as the bot, beside it."""
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(town.acme.bot_token, base_url=town.slack.api_url, session=session)


@pytest.fixture
def agent_view(town):
    """The app has the agent view."""
    town.slack.app.has_agent_view = True


def statuses(town):
    """What the app has said of its sessions, in order, with and without a message."""
    calls = [call for call in town.slack.calls() if call.method in ("agents.sessions.setStatus", "chat.stopStream")]
    return [call.args.get("status") or call.args.get("session_status") for call in calls]


async def session_of(thread, status):
    """Wait until a thread's session has a status, and give the session."""
    await until(lambda: thread.session is not None and thread.session.status == status)
    return thread.session


async def test_a_session_is_closed_by_a_new_conversation_and_opened_by_its_first_question(
    town, agent_view, running, ann
):
    async with running("slack"):
        root = await ann.says(town.general, f"{town.acme.bot.mention} hello")
        await session_of(root.thread, "active")
        await ann.replies(root, "!new")
        await session_of(root.thread, "closed")
        await ann.replies(root, f"{town.acme.bot.mention} and now?")
        await session_of(root.thread, "active")
    assert statuses(town).count("closed") == 1


async def test_a_plain_app_begins_a_new_conversation_without_a_session(town, running, ann):
    async with running("slack"):
        root = await ann.says(town.general, f"{town.acme.bot.mention} hello")
        await root.thread.wait_for_reply(timeout=LONG)
        await ann.replies(root, "!new")
        await until(lambda: len([one for one in root.thread.replies if one.is_ours]) == 2)
    assert "closed" not in [call.args.get("status") for call in town.slack.calls() if call.is_ok]


async def test_a_session_is_processing_before_the_model_answers_and_active_afterwards(town, agent_view, running, ann):
    release = asyncio.Event()
    town.openai.answers(Answer(text="Hello Ann.", hold_after=0, release=release))
    async with running("slack"):
        root = await ann.says(town.general, f"{town.acme.bot.mention} hello")
        session = await session_of(root.thread, "processing")
        assert root.thread.replies == []
        release.set()
        await root.thread.wait_for_reply(contains="Hello Ann.", timeout=LONG)
        await session_of(root.thread, "active")
    assert session.initiator == ann.id
    assert statuses(town)[0] == "processing"


async def test_the_end_of_a_stream_carries_the_status_along(town, agent_view, running, ann):
    release = asyncio.Event()
    town.openai.answers(Answer(text="One two three four five. " * 20, chunk_size=40, hold_after=3, release=release))
    async with running("slack"):
        root = await ann.says(town.general, f"{town.acme.bot.mention} count")
        await town.slack.wait_for_call("chat.startStream", timeout=LONG)
        await session_of(root.thread, "processing")
        release.set()
        await town.slack.wait_for_call("chat.stopStream", timeout=LONG)
        await session_of(root.thread, "active")
    assert statuses(town) == ["processing", "active"]
    assert [call.method for call in town.slack.calls() if call.args.get("session_status")] == ["chat.stopStream"]


async def test_the_title_is_the_first_question(town, agent_view, running, ann):
    town.openai.answers(Answer(text="At nine."), Answer(text="At ten."))
    async with running("slack"):
        root = await ann.says(town.general, f"{town.acme.bot.mention} When do we open?")
        await town.slack.wait_for_call("agents.sessions.rename", timeout=LONG)
        await ann.replies(root, "And on Sundays?")
        await root.thread.wait_for_reply(contains="At ten.", timeout=LONG)
        await session_of(root.thread, "active")
    assert root.thread.title == "When do we open?"
    assert len(town.slack.calls("agents.sessions.rename")) == 1


async def test_slacks_stop_button_ends_the_run_and_moves_the_status(town, agent_view, running, ann):
    town.openai.answers(Answer(text="A long story. " * 50, chunk_size=20, hold_after=8))
    async with running("slack"):
        root = await ann.says(town.general, f"{town.acme.bot.mention} tell")
        await town.slack.wait_for_call("chat.startStream", timeout=LONG)
        await session_of(root.thread, "processing")
        await ann.stops(root.thread)
        await session_of(root.thread, "active")
        await root.thread.wait_for_reply(contains="Stopped", timeout=LONG)
    assert root.thread.session.status == "active"


async def test_a_stop_button_that_was_left_behind_goes_away_when_it_is_pressed(
    town, agent_view, running, slack_bot, ann
):
    root = await ann.says(town.general, "nothing for the bot")
    async with running("slack"):
        await slack_bot.agents_sessions_setStatus(channel_id=town.general.id, thread_ts=root.ts, status="processing")
        await ann.stops(root.thread)
        await session_of(root.thread, "active")


async def test_a_failed_run_leaves_no_spinner(town, agent_view, running, ann):
    town.openai.answers(Answer(status=400))
    async with running("slack"):
        root = await ann.says(town.general, f"{town.acme.bot.mention} hello")
        await root.thread.wait_for_reply(contains="Sorry", timeout=LONG)
        await session_of(root.thread, "active")


async def test_a_run_that_is_handed_back_leaves_no_spinner(town, agent_view, store, ann):
    town.openai.answers(Answer(text="never", hold_after=0), Answer(text="The second process answers."))

    def bot():
        return Bot(agent=Agent(model=town.model()), adapters=town.adapters("slack"), store=store, grace_seconds=0.1)

    async with bot():
        root = await ann.says(town.general, f"{town.acme.bot.mention} hello")
        await session_of(root.thread, "processing")
    await session_of(root.thread, "active")
    async with bot():
        await root.thread.wait_for_reply(contains="The second process", timeout=LONG)
        await session_of(root.thread, "active")
    assert [status for status in statuses(town) if status][:2] == ["processing", "active"]


async def test_a_run_that_waits_for_a_decision_is_suspended(town, agent_view, running, ann):

    @tool(requires_approval=Approval())
    def deploy(service: str) -> str:
        """Deploy a service."""
        return f"{service} is out"

    call = ToolCall(name="deploy", arguments='{"service": "web"}')
    town.openai.answers(Answer(tool_calls=(call,)), Answer(text="Deployed."))
    async with running("slack", tools=[deploy]):
        root = await ann.says(town.general, f"{town.acme.bot.mention} deploy")
        await session_of(root.thread, "suspended")
        asked = root.thread.replies[-1]
        await ann.clicks(asked, "Approve")
        await root.thread.wait_for_reply(contains="Deployed.", timeout=LONG)
        await session_of(root.thread, "active")


async def test_a_plain_app_shows_a_line_and_no_session(town, running, ann):
    town.slack.app.is_agent = False
    release = asyncio.Event()
    town.openai.answers(Answer(text="Hello.", hold_after=0, release=release), Answer(text="Again."))
    async with running("slack"):
        root = await ann.says(town.general, f"{town.acme.bot.mention} hello")
        await until(lambda: root.thread.status)
        release.set()
        await root.thread.wait_for_reply(contains="Hello.", timeout=LONG)
        await until(lambda: not root.thread.status)
        await ann.replies(root, "once more")
        await root.thread.wait_for_reply(contains="Again.", timeout=LONG)
    # What was refused once is not tried again for a while.
    assert [call.error for call in town.slack.calls("agents.sessions.setStatus")] == ["not_authorized"]
    assert town.slack.calls("assistant.threads.setTitle") == []
    assert town.slack.calls("agents.sessions.rename") == []


async def test_each_direct_message_begins_a_conversation_of_its_own(town, agent_view, running, ann):
    town.openai.answers(Answer(text="First."), Answer(text="Second."), Answer(text="Third."))
    async with running("slack"):
        first = await ann.dm("my cat is called Tom")
        await first.thread.wait_for_reply(contains="First.", timeout=LONG)
        second = await ann.dm("what is it called?")
        await second.thread.wait_for_reply(contains="Second.", timeout=LONG)
        await ann.replies(first, "and what?")
        await first.thread.wait_for_reply(contains="Third.", timeout=LONG)
    assert town.said(1) == ["what is it called?"]
    assert town.said(2) == ["my cat is called Tom", "First.", "and what?"]


async def test_which_view_the_app_has_is_known_after_a_restart(town, agent_view, running, ann):
    town.openai.answers(Answer(text="First."), Answer(text="Second."))
    async with running("slack"):
        first = await ann.dm("hello")
        await first.thread.wait_for_reply(contains="First.", timeout=LONG)
    asked = len(town.slack.calls("assistant.threads.setSuggestedPrompts"))
    async with running("slack"):
        second = await ann.dm("hello again")
        await second.thread.wait_for_reply(contains="Second.", timeout=LONG)
    assert asked == len(town.slack.calls("assistant.threads.setSuggestedPrompts")) == 1


async def test_the_model_is_told_what_somebody_looks_at(town, agent_view, running, ann):
    sales = town.acme.channel("sales")
    context = {"entities": [{"type": "slack#/types/channel_id", "value": sales.id}]}
    town.openai.answers(Answer(text="It is quiet there."))
    async with running("slack"):
        await ann.opens_app(context=context)
        question = await ann.dm("what is going on here?", app_context=context)
        await question.thread.wait_for_reply(contains="quiet", timeout=LONG)
    everything = "\n".join(str(message["content"]) for message in town.openai.messages(0))
    assert f"channel #sales ({sales.id})" in everything


async def test_the_home_tab_shows_ones_own_and_nothing_of_others(town, agent_view, store, ann, bob):
    town.openai.answers(Answer(text="One."), Answer(text="Two."))
    agent = Agent(model=town.model(), memory=Memory())
    bot = Bot(agent=agent, adapters=town.adapters("slack"), store=store, description="I know the opening hours.")
    async with bot:
        mine = await ann.dm("Ann's secret plan")
        await mine.thread.wait_for_reply(contains="One.", timeout=LONG)
        other = await bob.dm("Bob's secret plan")
        await other.thread.wait_for_reply(contains="Two.", timeout=LONG)
        await town.slack.wait_for_call("agents.sessions.rename", lambda call: "Bob" in str(call.args), timeout=LONG)
        memo = await store.memories.add(f"slack:{town.acme.id}:{ann.id}", "likes tea <!channel>")
        await store.memories.add(f"slack:{town.acme.id}:{bob.id}", "likes coffee")
        await ann.opens_app(tab="home")
        await until(lambda: ann.id in town.acme.team.homes)
        shown = str(town.acme.team.homes[ann.id])
        await ann.presses_home("Forget")
        await until(lambda: "likes tea" not in str(town.acme.team.homes[ann.id]))
        assert await store.memories.list(f"slack:{town.acme.id}:{ann.id}", limit=9) == ()
    assert memo.memo_id in shown
    for expected in ("I know the opening hours.", "Ann's secret plan", "1 answers", "likes tea", mine.ts):
        assert expected in shown
    assert "Bob" not in shown
    assert "coffee" not in shown


async def test_where_it_answers_is_set_up_from_slack_for_all_processes(town, store, ann, bob):
    ann.user.is_admin = True
    town.openai.answers(Answer(text="Always."))
    bots = [
        Bot(agent=Agent(model=town.model()), adapters=town.adapters("slack"), store=store, grace_seconds=2)
        for _ in range(2)
    ]
    async with AsyncExitStack() as stack:
        for bot in bots:
            await stack.enter_async_context(bot)
        await bob.says(town.general, "nobody is asked")
        await ann.opens_app(tab="home")
        await until(lambda: ann.id in town.acme.team.homes)
        await ann.presses_home("Set up a channel")
        await ann.wait_for_modal(timeout=LONG)
        await ann.submits({"Channel": town.general.id, "I answer": "always"})
        assert f"In <#{town.general.id}> I answer everything" in str(ann.modal)
        # Every process looks every two seconds.
        for bot in bots:
            notes = bot.adapters[0]._connection.branches.branch.rooms.notes
            await until(lambda notes=notes: not notes.is_known(town.acme.id) or notes.known(town.acme.id).channels)
        root = await bob.says(town.general, "nobody is asked, and it answers")
        await root.thread.wait_for_reply(contains="Always.", timeout=LONG)
    assert len(town.openai.requests) == 1
