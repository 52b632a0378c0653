"""Replies of the adapter as the people see them."""

import pytest

from threadkeep.chat.adapter import ReplyContent, ReplyRequest
from threadkeep.errors import PlatformError
from threadkeep_emulators.faults import Fault
from threadkeep_slack import SlackAdapter
from threadkeep_slack.limits import MARKDOWN_LENGTH


class Journal:
    """Notes what was posted, as a worker does."""

    def __init__(self):
        self.posted = {}

    async def __call__(self, part, message):
        self.posted[part] = message


@pytest.fixture
def journal():
    return Journal()


@pytest.fixture
async def event(acme, adapter, sink):
    await acme.user("Ann").says(acme.channel("general"), f"{acme.bot.mention} hello")
    return (await sink.wait_for())[0]


@pytest.fixture
async def open_reply(adapter, event, journal):
    """Open replies to the question; they are closed when the test ends."""
    opened = []

    def begin(**changes):
        given = {"place": event.place, "run_id": "run1", "posted": {}, "on_posted": journal}
        opened.append(adapter.open_reply(ReplyRequest(**(given | changes))))
        return opened[-1]

    yield begin
    for reply in opened:
        await reply.aclose()


@pytest.fixture
def thread(acme, event):
    """The thread under the question."""
    return acme.conversation(event.key.channel).thread(event.key.message)


def ours(thread):
    return [message for message in thread.messages if message.is_ours]


async def test_an_answer_grows_in_one_message_under_the_question(event, thread, open_reply, journal):
    reply = open_reply()
    await reply.show(ReplyContent(text="", activity=("Using calculator",)))
    await thread.wait_for_reply(contains="calculator")
    await reply.show(ReplyContent(text="The answer"))
    await reply.finish(ReplyContent(text="The answer is **4**.", is_final=True))
    (message,) = ours(thread)
    assert message.text == "The answer is **4**."
    assert message.thread_ts == event.key.message
    assert journal.posted == {0: message.ts}


async def test_a_long_answer_is_several_messages_that_slack_takes(thread, open_reply, slack):
    text = "\n\n".join(f"Paragraph {number}. " + "<@U012> words " * 200 for number in range(12))
    await open_reply().finish(ReplyContent(text=text, is_final=True))
    messages = ours(thread)
    assert len(messages) > 2
    assert all(len(call.args["markdown_text"]) <= MARKDOWN_LENGTH for call in slack.calls("chat.postMessage"))
    shown = "".join(message.text for message in messages).replace("\u200b", "")
    assert "".join(shown.split()) == "".join(text.split())


async def test_an_answer_that_slack_delays_is_complete_in_the_end(thread, open_reply, slack):
    slack.faults.add(Fault(match="chat.postMessage", kind="status", status=429, retry_after=0.1))
    slack.faults.add(Fault(match="chat.postMessage", kind="status", status=503))
    await open_reply().finish(ReplyContent(text="The answer", is_final=True))
    assert [message.text for message in ours(thread)] == ["The answer"]


async def test_a_broken_connection_does_not_double_the_answer(thread, open_reply, slack):
    slack.faults.add(Fault(match="chat.postMessage", kind="drop_after"))
    await open_reply().finish(ReplyContent(text="The answer", is_final=True))
    assert [message.text for message in ours(thread)] == ["The answer"]


async def test_a_second_attempt_goes_on_in_the_visible_reply(thread, open_reply, journal):
    first = open_reply()
    await first.show(ReplyContent(text="The ans"))
    await thread.wait_for_reply(contains="The ans")
    await first.aclose()
    await open_reply(posted=journal.posted, is_retry=True).finish(ReplyContent(text="The answer", is_final=True))
    assert [message.text for message in ours(thread)] == ["The answer"]


async def test_a_second_attempt_finds_what_was_posted_and_not_recorded(thread, open_reply):
    await open_reply().finish(ReplyContent(text="The answer", is_final=True))
    await open_reply(is_retry=True).finish(ReplyContent(text="The answer", is_final=True))
    assert [message.text for message in ours(thread)] == ["The answer"]


async def test_a_reply_needs_a_connection(socket_settings, event, journal):
    request = ReplyRequest(place=event.place, run_id="run1", posted={}, on_posted=journal)
    with pytest.raises(PlatformError, match="not connected"):
        SlackAdapter(socket_settings()).open_reply(request)
