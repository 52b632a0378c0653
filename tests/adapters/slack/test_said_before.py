"""What was said in a place before the bot was called into it."""

import pytest

from threadkeep.chat.adapter import TellsContext
from threadkeep.chat.events import Addressing
from threadkeep.errors import PlaceGoneError, PlatformAuthError, PlatformError, PlatformRateLimitError
from threadkeep_emulators.faults import Fault
from threadkeep_slack import SlackAdapter
from threadkeep_slack.limits import SAID_BEFORE_PAGE


@pytest.fixture
def ask(adapter, acme, sink):
    """Calls the bot, and reads what was said before; gives speakers and texts."""

    async def read(asking, *, most=30):
        question = await asking
        while not (heard := [event for event in sink.events if event.key.message == question.ts]):
            await sink.wait_for(len(sink.events) + 1)
        called = heard[0]
        found = await adapter.said_before(called.place, before=called.key.message, most=most)
        assert all(event.place == called.place for event in found)
        assert all(event.addressing is Addressing.OTHERS for event in found)
        return [(event.speaker, event.text) for event in found]

    return read


def test_the_adapter_tells_context():
    assert issubclass(SlackAdapter, TellsContext)


async def test_a_thread_is_told_from_its_root_to_the_mention(slack, acme, ask, ann, general):
    bob = acme.user("Bob")
    root = await ann.says(general, "the build is broken")
    await bob.replies(root, f"{ann.mention} since when?")
    await ann.replies(root, "an hour", is_broadcast=True)
    await ann.says(general, "elsewhere")
    asking = bob.replies(root, f"{acme.bot.mention} what do you think?")
    said = await ask(asking)
    assert said == [("Ann", "the build is broken"), ("Bob", "@Ann since when?"), ("Ann", "an hour")]
    assert len(slack.calls("conversations.replies")) == 1
    assert slack.calls("conversations.history") == []


async def test_only_the_latest_are_told(acme, ask, ann, general):
    root = await ann.says(general, "0")
    for number in range(1, 6):
        await ann.replies(root, str(number))
    said = await ask(ann.replies(root, f"{acme.bot.mention} and?"), most=3)
    assert [text for _, text in said] == ["3", "4", "5"]


async def test_what_comes_after_the_mention_is_not_told(acme, adapter, sink, ann, general):
    root = await ann.says(general, "before")
    await ann.replies(root, f"{acme.bot.mention} now")
    (called,) = await sink.wait_for(1)
    await ann.replies(root, "after")
    found = await adapter.said_before(called.place, before=called.key.message, most=10)
    assert [event.text for event in found] == ["before"]


async def test_bots_are_marked_and_the_bots_own_words_are_its_own(acme, ask, ann, general, slack_client):
    deploy = acme.other_bot("Deploy")
    root = await deploy.says(general, "release 12 is out", is_classic=True)
    header = {"type": "header", "text": {"type": "plain_text", "text": "OK"}}
    await deploy.says(general, "", thread_ts=root.ts, blocks=[header])
    await slack_client.chat_postMessage(channel=general.id, thread_ts=root.ts, text="I wrote this by myself")
    said = await ask(ann.replies(root, f"{acme.bot.mention} is it good?"))
    assert said == [
        ("Deploy (bot)", "release 12 is out"),
        ("Deploy (bot)", "OK"),
        ("keeper (you)", "I wrote this by myself"),
    ]


async def test_a_mention_at_the_top_of_a_channel_asks_slack_for_nothing(slack, acme, ask, ann, general):
    await ann.joins(general)
    await acme.user("Bob").says(general, "lunch?")
    assert await ask(ann.says(general, f"{acme.bot.mention} where?")) == []
    assert slack.calls("conversations.history") == slack.calls("conversations.replies") == []


async def test_group_messages_are_one_conversation(acme, ask, ann):
    group = acme.group(ann, acme.user("Bob"))
    await acme.user("Bob").says(group, "shall we?")
    question = await ann.says(group, f"{acme.bot.mention} shall we?")

    async def asked():
        return question

    assert await ask(asked()) == [("Bob", "shall we?")]


async def test_a_new_thread_in_the_agent_view_knows_nothing_of_others(slack, acme, connect, socket_settings, sink, ann):
    adapter = await connect(socket_settings(is_agent_view=True))
    await ann.dm("my secret is 42")
    await ann.dm("hello")
    events = await sink.wait_for(2)
    found = await adapter.said_before(events[1].place, before=events[1].key.message, most=30)
    assert found == ()
    assert slack.calls("conversations.replies") == slack.calls("conversations.history") == []


async def test_a_thread_of_direct_messages_is_told(acme, ask, adapter, sink, ann):
    root = await ann.dm("first")
    await ann.dm("second", thread_ts=root.ts)
    await ann.dm("third", thread_ts=root.ts)
    events = await sink.wait_for(3)
    found = await adapter.said_before(events[2].place, before=events[2].key.message, most=30)
    assert [event.text for event in found] == ["first", "second"]


async def test_of_a_thread_longer_than_a_page_the_last_day_is_told(slack, acme, adapter, sink, ann, general):
    subscribed = set(slack.app.events)
    slack.app.events.clear()
    root = await ann.says(general, "root")
    for number in range(SAID_BEFORE_PAGE + 20):
        await ann.replies(root, str(number))
    slack.app.events |= subscribed
    await ann.replies(root, f"{acme.bot.mention} and?")
    (called,) = await sink.wait_for(1)
    found = await adapter.said_before(called.place, before=called.key.message, most=2)
    assert len(found) == 2
    calls = slack.calls("conversations.replies")
    assert [("oldest" in call.args) for call in calls] == [False, True]


async def test_strangers_are_told_by_the_name_that_slack_brings_along(acme, ask, ann, general):
    zoe = acme.stranger("Zoe", team_id="T0GLOBEX")
    root = await zoe.says(general, "hello from Globex")
    assert await ask(ann.replies(root, f"{acme.bot.mention} who is that?")) == [("Zoe", "hello from Globex")]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 429, "retry_after": 60}, PlatformRateLimitError),
        ({"status": 200, "body": {"ok": False, "error": "thread_not_found"}}, PlaceGoneError),
    ],
)
async def test_nothing_is_waited_for_or_asked_again(slack, acme, adapter, sink, ann, general, fault, error):
    root = await ann.says(general, "root")
    await ann.replies(root, f"{acme.bot.mention} hi")
    (called,) = await sink.wait_for(1)
    slack.faults.add(Fault(match="conversations.replies", kind="status", **fault))
    with pytest.raises(error):
        await adapter.said_before(called.place, before=called.key.message, most=30)
    assert len(slack.calls("conversations.replies")) == 1


async def test_without_the_scope_that_is_said(acme, adapter, sink, ann, general):
    root = await ann.says(general, "root")
    await ann.replies(root, f"{acme.bot.mention} hi")
    (called,) = await sink.wait_for(1)
    acme.team.scopes.discard("channels:history")
    with pytest.raises(PlatformAuthError, match="channels:history"):
        await adapter.said_before(called.place, before=called.key.message, most=30)


async def test_what_is_no_message_is_refused(acme, adapter, sink, ann, general):
    await ann.says(general, f"{acme.bot.mention} hi")
    (called,) = await sink.wait_for(1)
    with pytest.raises(PlatformError, match="no message"):
        await adapter.said_before(called.place, before="yesterday", most=30)
    assert await adapter.said_before(called.place, before=called.key.message, most=0) == ()


async def test_what_cannot_be_read_is_left_out(slack, acme, adapter, sink, ann, general):
    root = await ann.says(general, "root")
    await ann.replies(root, f"{acme.bot.mention} hi")
    (called,) = await sink.wait_for(1)
    records = [
        {"type": "message"},
        {"ts": "1.000000", "user": ann.id, "text": "said"},
        {"ts": "2.000000", "text": "nobody"},
    ]
    body = {"ok": True, "messages": [*records, "nonsense", {"ts": "3.000000", "user": ann.id, "text": ""}]}
    slack.faults.add(Fault(match="conversations.replies", kind="status", status=200, body=body))
    found = await adapter.said_before(called.place, before=called.key.message, most=30)
    assert [event.text for event in found] == ["said"]
