"""A conversation says that the bot is at work exactly as long as it is."""

import asyncio

import pytest

from threadkeep.chat.adapter import ReplyContent, ReplyRequest, ReplyState
from threadkeep_emulators.faults import Fault

SETTING = "agents.sessions.setStatus"
LINE = "assistant.threads.setStatus"
DONE = ReplyContent(text="Here it is.", is_final=True, state=ReplyState.FINISHED)


@pytest.fixture
async def question(acme, adapter, sink, ann, general):
    """What somebody asked in a channel."""
    said = await ann.says(general, f"{acme.bot.mention} hello")
    await sink.wait_for(1)
    return said


@pytest.fixture
async def open_reply(adapter, sink, question):
    opened = []

    def make(**changes):
        async def on_posted(part, message):
            """Nothing is kept."""

        event = sink.events[-1]
        given = {"place": event.place, "run_id": "run1", "posted": {}, "on_posted": on_posted, "asked_by": event.user}
        opened.append(adapter.open_reply(ReplyRequest(**(given | changes))))
        return opened[-1]

    yield make
    for reply in opened:
        await reply.aclose()


async def shows(thread, status):
    async with asyncio.timeout(5):
        while True:
            if thread.session is not None and thread.session.status == status:
                return
            await asyncio.sleep(0.005)


def set_to(slack):
    return [call.args["status"] for call in slack.calls(SETTING) if not call.error]


async def test_that_it_begins_is_shown_and_nothing_is_posted(slack, question, open_reply):
    reply = open_reply()
    await reply.show(ReplyContent())
    await shows(question.thread, "processing")
    assert question.thread.replies == []
    assert question.thread.session.initiator == question.record.user
    await reply.finish(DONE)
    await reply.aclose()
    assert question.thread.session.status == "active"


async def test_an_answer_that_is_there_at_once_needs_no_status(slack, question, open_reply):
    reply = open_reply()
    await reply.finish(DONE)
    await reply.aclose()
    assert slack.calls(SETTING) == slack.calls(LINE) == []


async def test_what_another_attempt_left_behind_is_taken_away(slack, question, open_reply):
    reply = open_reply(is_retry=True)
    await reply.finish(DONE)
    await reply.aclose()
    assert set_to(slack) == ["active"]


async def test_waiting_for_somebody_is_suspended(slack, question, open_reply):
    reply = open_reply()
    await reply.show(ReplyContent())
    await shows(question.thread, "processing")
    await reply.finish(ReplyContent(text="May I?", is_final=True, state=ReplyState.WAITING))
    await reply.aclose()
    assert question.thread.session.status == "suspended"


@pytest.mark.parametrize("state", [ReplyState.FINISHED, ReplyState.STOPPED, ReplyState.FAILED])
async def test_however_it_ends_it_is_active(slack, question, open_reply, state):
    reply = open_reply()
    await reply.show(ReplyContent(text="It begins. "))
    await shows(question.thread, "processing")
    await reply.finish(ReplyContent(text="It begins. And ends.", is_final=True, state=state))
    await reply.aclose()
    assert question.thread.session.status == "active"


async def test_a_reply_that_is_given_up_is_active(slack, question, open_reply):
    reply = open_reply()
    await reply.show(ReplyContent(text="It begins. "))
    await shows(question.thread, "processing")
    await reply.aclose()
    await shows(question.thread, "active")


async def test_slack_that_asks_to_wait_is_asked_until_the_spinner_is_gone(slack, question, open_reply):
    reply = open_reply()
    await reply.show(ReplyContent())
    await shows(question.thread, "processing")
    slack.faults.add(Fault(match=SETTING, kind="status", status=429, retry_after=0.1))
    slack.faults.add(Fault(match=SETTING, kind="status", status=503))
    await reply.finish(DONE)
    await reply.aclose()
    await shows(question.thread, "active")


async def test_while_many_are_at_work_some_show_none_and_all_end(slack, question, open_reply, adapter):
    replies = [open_reply(run_id=f"run{number}") for number in range(60)]
    for reply in replies:
        await reply.show(ReplyContent())
    await shows(question.thread, "processing")
    begun = len(set_to(slack))
    await asyncio.gather(*(reply.aclose() for reply in replies[:5]))
    assert 0 < begun <= 45


async def test_a_longer_answer_is_processing_until_its_last_message(slack, question, open_reply):
    reply = open_reply()
    text = "Some words of a long answer. " * 600
    await reply.show(ReplyContent(text=text[:2000]))
    await shows(question.thread, "processing")
    await reply.show(ReplyContent(text=text[:13_000]))
    await slack.wait_for_call("chat.stopStream")
    assert question.thread.session.status == "processing"
    await reply.finish(ReplyContent(text=text, is_final=True, state=ReplyState.FINISHED))
    await reply.aclose()
    assert question.thread.session.status == "active"
    assert slack.calls("chat.stopStream")[0].args["session_status"] == "processing"


async def test_an_app_without_sessions_shows_a_line(slack, question, open_reply):
    slack.app.is_agent = False
    reply = open_reply()
    await reply.show(ReplyContent())
    await slack.wait_for_call(LINE)
    assert question.thread.status == "is thinking…"
    await reply.finish(DONE)
    await reply.aclose()
    assert question.thread.status == ""
    # Slack itself takes the line away when the answer is posted.
    assert len(slack.calls(LINE)) == 1


async def test_a_line_that_nothing_took_away_is_cleared(slack, question, open_reply):
    slack.app.is_agent = False
    reply = open_reply()
    await reply.show(ReplyContent())
    await slack.wait_for_call(LINE)
    await reply.aclose()
    assert question.thread.status == ""
    assert [call.args["status"] for call in slack.calls(LINE)] == ["is thinking…", ""]


async def test_without_either_nothing_is_shown_and_all_is_answered(slack, acme, question, open_reply):
    slack.app.is_agent = False
    slack.faults.add(Fault(match=LINE, kind="status", status=200, body={"ok": False, "error": "unknown_method"}))
    reply = open_reply()
    await reply.show(ReplyContent())
    await slack.wait_for_call(LINE)
    await reply.finish(DONE)
    await reply.aclose()
    await question.thread.wait_for_reply(contains="Here it is.")
    assert len(slack.calls(LINE)) == 1


async def test_what_one_person_alone_sees_has_no_status(slack, question, open_reply):
    reply = open_reply(is_private=True)
    await reply.show(ReplyContent())
    await slack.wait_until_settled()
    assert slack.calls(SETTING) == []


async def test_direct_messages_that_are_one_conversation_have_none(slack, connect, sink, ann, open_reply, question):
    await ann.dm("hello")
    await sink.wait_for(2)
    reply = open_reply()
    await reply.show(ReplyContent())
    await reply.finish(DONE)
    await reply.aclose()
    assert slack.calls(SETTING) == slack.calls(LINE) == []
