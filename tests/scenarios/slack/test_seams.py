"""Where one part of the bot on Slack hands over to another: streams, approvals, files, commands, sockets."""

import asyncio
import os
import sys

import pytest
from steps import LONG, ONE_STORE, asked_in, labels, until, wants_deploy

from threadkeep import RunContext, tool
from threadkeep.messages import File
from threadkeep.runtime.bot import Role
from threadkeep_emulators.openai import Answer, ToolCall

pytestmark = ONE_STORE

STORY = "One two three four five six. " * 20


# A streamed reply


async def test_a_streamed_answer_that_waits_for_approval_goes_on_in_another_process(
    town, replica, ann, deploy, deployed
):
    town.openai.answers(wants_deploy(STORY), Answer(text=f"It is out. {STORY}", chunk_size=10))
    async with replica(tools=[deploy]):
        root = await ann.says(town.general, f"{town.acme.bot.mention} deploy web")
        question = await asked_in(root.thread)
        assert not question.is_streaming
    async with replica(tools=[deploy]):
        await ann.clicks(question, "Approve")
        answer = await root.thread.wait_for_reply(contains="It is out.", timeout=LONG)
    assert deployed == ["web"]
    assert town.slack.calls("chat.startStream")
    shown = [seen for seen in root.thread.messages if seen.is_ours]
    assert sum(seen.text.count("It is out.") for seen in shown) == 1
    assert "Approved by Ann" in answer.text
    assert all("Approve" not in labels(seen) and not seen.is_streaming for seen in shown)
    assert {task["status"] for seen in shown for task in seen.tasks} <= {"complete"}


async def test_a_socket_that_is_renewed_during_a_stream_costs_neither_text_nor_messages(town, replica, ann):
    release = asyncio.Event()
    town.openai.answers(
        Answer(text=STORY + "The end.", chunk_size=20, hold_after=8, release=release), Answer(text="Yes.")
    )
    async with replica():
        root = await ann.says(town.general, f"{town.acme.bot.mention} tell")
        await town.slack.wait_for_call("chat.startStream", timeout=LONG)
        await town.slack.disconnect_sockets()
        await ann.replies(root, "And then?")
        release.set()
        await root.thread.wait_for(lambda found: [seen.is_ours for seen in found].count(True) == 2, timeout=LONG)
        await root.thread.wait_for_reply(contains="Yes.", timeout=LONG)
    first, second = [seen.text for seen in root.thread.messages if seen.is_ours]
    assert (first, second) == (STORY + "The end.", "Yes.")


async def test_a_stop_that_another_process_hears_ends_the_stream_and_keeps_its_text(town, replica, ann):
    """Two processes take events and runs: whichever hears the stop, the stream ends where it runs."""
    town.slack.app.has_agent_view = True
    for _ in range(3):
        town.openai.answers(Answer(text=STORY, chunk_size=20, hold_after=8))
    async with replica(), replica():
        for number in range(1, 4):
            root = await ann.says(town.general, f"{town.acme.bot.mention} tell")
            await until(lambda count=number: len(town.slack.calls("chat.startStream")) >= count)
            await until(lambda root=root: root.thread.session is not None)
            await ann.stops(root.thread)
            stopped = await root.thread.wait_for_reply(contains="Stopped", timeout=LONG)
            assert stopped.text.startswith("One two three")
            await until(lambda root=root: root.thread.session.status == "active")


async def test_in_plan_mode_an_answer_and_its_steps_stand_under_one_title(town, replica, ann):
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    calls = [ToolCall(name="add", arguments=f'{{"a": {number}, "b": 1}}') for number in range(2)]
    town.openai.answers(Answer(tool_calls=(calls[0],)), Answer(tool_calls=(calls[1],)), Answer(text="Two."))
    async with replica(environ={"SLACK_TASKS": "plan"}, tools=[add]):
        root = await ann.says(town.general, f"{town.acme.bot.mention} add")
        answer = await root.thread.wait_for_reply(contains="Two.", timeout=LONG)
    (start,) = town.slack.calls("chat.startStream")
    assert start.args["task_display_mode"] == "plan"
    message = town.acme.team.channels[town.general.id].messages[answer.ts]
    assert message.stream.plan_title == "2 steps"
    assert [task["status"] for task in answer.tasks] == ["complete", "complete"]


async def test_feedback_on_a_streamed_answer_is_shown_to_the_operator(town, replica, ann, store, tmp_path):
    town.openai.answers(Answer(text=STORY, chunk_size=20))
    async with replica():
        root = await ann.says(town.general, f"{town.acme.bot.mention} tell")
        answer = await root.thread.wait_for_reply(timeout=LONG)
        assert town.slack.calls("chat.startStream")
        pressed = await ann.clicks(answer, "-1")
        await town.slack.wait_until_acked(pressed.delivery)
    session = f"slack:{town.acme.id}:{town.general.id}:{root.ts}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "threadkeep", "sessions", "show", session,
        env={**os.environ, "THREADKEEP_DB": str(tmp_path / "store.db")}, cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, _ = await process.communicate()
    assert process.returncode == 0
    assert f"bad for {answer.ts} by slack:{town.acme.id}:{ann.id}" in printed.decode()


@pytest.mark.parametrize("how", ["deleted", "!stop"])
async def test_a_question_that_is_taken_back_while_it_waits_for_approval_is_not_carried_out(
    town, replica, ann, deploy, deployed, how
):
    town.openai.answers(wants_deploy(STORY), Answer(text="Good day."))
    async with replica(tools=[deploy]):
        root = await ann.says(town.general, f"{town.acme.bot.mention} hello there, deploy web")
        question = await asked_in(root.thread)
        if how == "deleted":
            await ann.deletes(root)
        else:
            await ann.replies(root, how)
        await root.thread.wait_for(
            lambda found: all("Approve" not in labels(seen) for seen in found if seen.ts == question.ts), timeout=LONG
        )
        pressed = town.acme.team.channels[town.general.id].messages.get(question.ts)
        if pressed is not None:
            # As if the press and the edit that took the buttons away had crossed.
            pressed.blocks = list(question.blocks)
            click = await ann.clicks(question, "Approve")
            await town.slack.wait_until_acked(click.delivery)
        await ann.replies(root, f"{town.acme.bot.mention} good day")
        await root.thread.wait_for_reply(contains="Good day.", timeout=LONG)
    assert deployed == []


# Slack Connect


async def test_somebody_of_another_organisation_is_streamed_to_and_may_decide(town, replica, ann, deploy, deployed):
    """Slack streams to a person under the workspace where they are at home, not under the bot's."""
    zoe = town.acme.stranger("Zoe", team_id="T0GLOBEX")
    town.openai.answers(wants_deploy(STORY), Answer(text="It is out."), Answer(text=STORY, chunk_size=10))
    async with replica(tools=[deploy]):
        root = await zoe.says(town.general, f"{town.acme.bot.mention} deploy web")
        question = await asked_in(root.thread)
        await zoe.clicks(question, "Approve")
        answer = await root.thread.wait_for_reply(contains="It is out.", timeout=LONG)
        assert "Approved by Zoe" in answer.text
        other = await ann.says(town.general, f"{town.acme.bot.mention} tell")
        await other.thread.wait_for_reply(timeout=LONG)
    assert deployed == ["web"]
    recipients = [
        (call.args["recipient_team_id"], call.args["recipient_user_id"], call.error or None)
        for call in town.slack.calls("chat.startStream")
    ]
    assert recipients == [("T0GLOBEX", zoe.id, None), (town.acme.id, ann.id, None)]


async def test_where_a_process_does_not_know_who_is_asked_from_elsewhere_it_posts_and_others_are_streamed_to(
    town, replica, ann
):
    zoe = town.acme.stranger("Zoe", team_id="T0GLOBEX")
    town.openai.answers(Answer(text=STORY, chunk_size=10), Answer(text=STORY, chunk_size=10))
    async with replica(bot={"role": Role.INGRESS}), replica(bot={"role": Role.WORKER}):
        for person in (zoe, ann):
            root = await person.says(town.general, f"{town.acme.bot.mention} tell")
            await root.thread.wait_for_reply(contains=STORY.strip(), timeout=LONG)
            assert len(root.thread.replies) == 1
    assert [call.error for call in town.slack.calls("chat.startStream")] == ["team_not_found", ""]


async def test_a_bot_on_the_list_is_answered_and_others_are_not_heard(town, replica):
    deploy, noise = town.acme.other_bot("Deploy"), town.acme.other_bot("Noise")
    town.openai.answers(Answer(text=STORY, chunk_size=20))
    async with replica(environ={"SLACK_ALLOWED_BOTS": deploy.bot.id}):
        ignored = await noise.says(town.general, f"{town.acme.bot.mention} and me?")
        root = await deploy.says(town.general, f"{town.acme.bot.mention} what now?")
        await root.thread.wait_for_reply(contains=STORY.strip(), timeout=LONG)
        await town.slack.wait_until_settled()
    assert ignored.thread.replies == []
    assert len(town.openai.requests) == 1
    assert 'from="Deploy (bot)"' in town.said(0)[-1]


# Conversations


async def test_after_new_the_thread_that_was_read_before_is_not_read_again(town, replica, ann, bob):
    root = await bob.says(town.general, "the password of the week is swordfish")
    town.openai.answers(Answer(text="I know it."), Answer(text="Which one?"))
    async with replica():
        await ann.replies(root, f"{town.acme.bot.mention} have you read it?")
        await root.thread.wait_for_reply(contains="I know it.", timeout=LONG)
        assert "swordfish" in str(town.said(0))
        said = await ann.replies(root, "!new")
        await root.thread.wait_for_reply(after=said, timeout=LONG)
        await ann.replies(root, f"{town.acme.bot.mention} what is the password?")
        await root.thread.wait_for_reply(contains="Which one?", timeout=LONG)
    assert "swordfish" not in str(town.said(1))


async def test_an_edited_question_keeps_its_file_and_a_deleted_one_takes_it_along(town, replica, ann, samples):
    picture = town.acme.file("cat.png", samples.png(), mimetype="image/png", owner=ann)
    plan = town.acme.file("plan.txt", b"a secret plan", mimetype="text/plain", owner=ann)
    town.openai.answers(*(Answer(text=f"Answer {number}.") for number in range(4)))
    async with replica(num_history_runs=5):
        root = await ann.says(town.general, f"{town.acme.bot.mention} What is it?", files=[picture])
        await root.thread.wait_for_reply(contains="Answer 0.", timeout=LONG)
        second = await ann.replies(root, "And this?", files=[plan])
        await root.thread.wait_for_reply(contains="Answer 1.", timeout=LONG)
        await ann.edits(root, f"{town.acme.bot.mention} What animal is it?")
        await ann.deletes(second)
        await town.slack.wait_until_settled()
        await ann.replies(root, "So?")
        await root.thread.wait_for_reply(contains="Answer 2.", timeout=LONG)
    shown = town.openai.messages(2)
    asked = next(message["content"] for message in shown if message["role"] == "user")
    assert [part["type"] for part in asked] == ["text", "image_url"]
    assert "What animal is it?" in str(asked)
    assert "secret plan" not in str(shown)
    assert "And this?" not in str(shown)


async def test_a_question_that_waits_is_answered_as_edited_with_its_file_or_not_at_all(town, replica, ann, samples):
    release = asyncio.Event()
    town.openai.answers(
        Answer(text="First.", hold_after=0, release=release), Answer(text="Second."), Answer(text="Third.")
    )
    picture = town.acme.file("cat.png", samples.png(), mimetype="image/png", owner=ann)
    plan = town.acme.file("plan.txt", b"a secret plan", mimetype="text/plain", owner=ann)
    async with replica():
        root = await ann.says(town.general, f"{town.acme.bot.mention} hello")
        await until(lambda: len(town.openai.requests) == 1)
        gone = await ann.replies(root, "And this?", files=[plan])
        kept = await ann.replies(root, "What is thos?", files=[picture])
        await ann.deletes(gone)
        await ann.edits(kept, "What is this?")
        await town.slack.wait_until_settled()
        release.set()
        await root.thread.wait_for_reply(contains="Second.", timeout=LONG)
    shown = town.openai.messages(1)
    asked = [message["content"] for message in shown if message["role"] == "user"][-1]
    assert [part["type"] for part in asked] == ["text", "image_url"]
    assert "What is this?" in str(asked)
    assert "thos" not in str(shown)
    assert "secret plan" not in str(shown)


async def test_a_file_that_a_tool_makes_stands_in_the_thread_beside_the_streamed_answer(town, replica, ann):
    @tool
    async def report(context: RunContext) -> str:
        """Write a report."""
        await context.send_file(File(name="report.csv", data=b"a,b"), caption="The report")
        return "posted"

    call = ToolCall(name="report", arguments="{}")
    town.openai.answers(Answer(text=STORY, chunk_size=10, tool_calls=(call,)), Answer(text="There it is."))
    async with replica(tools=[report]):
        root = await ann.says(town.general, f"{town.acme.bot.mention} report")
        await root.thread.wait_for_reply(contains="There it is.", timeout=LONG)
        seen = await root.thread.wait_for(lambda found: any(one.files for one in found), timeout=LONG)
    (posted,) = [one for one in seen if one.files]
    assert [(file.name, file.content) for file in posted.files] == [("report.csv", b"a,b")]
    assert sum("There it is." in one.text for one in root.thread.messages) == 1
