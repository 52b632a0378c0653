"""What was said while nobody listened."""

import pytest

from threadkeep.chat.adapter import CatchesUp
from threadkeep.chat.events import Addressing, Place, PlaceKind
from threadkeep.errors import PlaceGoneError, PlatformAuthError, PlatformError, PlatformUnavailableError
from threadkeep.sessions import SessionKey
from threadkeep_emulators.faults import Fault
from threadkeep_slack import SlackAdapter


@pytest.fixture
def catch_up(sink):
    """Reads a place as a starting bot does, and hands over what it finds."""

    async def read(adapter, place, *, after, most=50):
        found = [event async for event in adapter.missed(place, after=after, most=most)]
        for event in found:
            await sink(event)
        return found

    return read


@pytest.fixture
async def asleep(slack, acme, connect, sink, ann, general):
    """A bot that heard one question in a channel and one in direct messages, and then went away."""
    adapter = await connect()
    await ann.says(general, f"{acme.bot.mention} hello")
    await sink.wait_for(1)
    await ann.dm("hello")
    await sink.wait_for(2)
    await slack.wait_until_settled()
    await adapter.stop()
    slack.app.events.clear()
    return adapter


async def test_what_was_said_in_a_followed_thread_is_handed_over_once(
    slack, acme, connect, catch_up, asleep, sink, ann, general
):
    place, after = sink.events[0].place, sink.events[0].key.message
    root = general.messages[0]
    bob = acme.user("Bob")
    first = await bob.replies(root, "one")
    await ann.replies(root, f"{bob.mention} two")
    await acme.other_bot("Other").says(general, "noise", thread_ts=root.ts)
    await ann.replies(root, f"{acme.bot.mention} three")
    assert isinstance(asleep, CatchesUp)
    adapter = await connect()
    found = await catch_up(adapter, place, after=after)
    assert [(event.text, event.addressing) for event in found] == [
        ("one", Addressing.THREAD),
        ("@Bob two", Addressing.OTHERS),
        ("three", Addressing.BOT),
    ]
    assert {event.place.session for event in found} == {place.session}
    assert (found[0].speaker, str(found[0].key)) == ("Bob", f"slack:{acme.id}:{general.id}:{first.ts}")
    assert found[0].sent_at == pytest.approx(float(first.ts))
    assert await catch_up(adapter, place, after=found[-1].key.message) == []
    assert len(sink.events) == 5


async def test_a_missed_message_and_its_late_delivery_are_one(slack, acme, connect, catch_up, asleep, sink, general):
    root = general.messages[0]
    handle = await acme.user("Bob").replies(root, "one")
    adapter = await connect()
    await catch_up(adapter, sink.events[0].place, after=root.ts)
    late = {"type": "message", "channel": general.id, "channel_type": "channel", "ts": handle.ts, "text": "one"}
    late |= {"user": handle.record.user, "thread_ts": root.ts}
    await slack.wait_until_acked(slack.deliver(late))
    assert [event.text for event in sink.events] == ["hello", "hello", "one"]


async def test_what_was_said_in_direct_messages_is_handed_over(acme, connect, catch_up, asleep, sink, ann):
    place, after = sink.events[1].place, sink.events[1].key.message
    for number in range(3):
        await ann.dm(f"message {number}")
    found = await catch_up(await connect(), place, after=after)
    assert [event.text for event in found] == ["message 0", "message 1", "message 2"]
    assert {event.place.session for event in found} == {place.session}


async def test_a_group_is_caught_up_as_it_is_heard(slack, acme, connect, catch_up, sink, ann):
    group = acme.group(ann, acme.user("Bob"))
    adapter = await connect()
    await ann.says(group, f"{acme.bot.mention} hello")
    (event,) = await sink.wait_for()
    slack.app.events.clear()
    await ann.says(group, "to Bob")
    await ann.says(group, f"{acme.bot.mention} to you")
    found = await catch_up(adapter, event.place, after=event.key.message)
    assert [(event.text, event.addressing) for event in found] == [
        ("to Bob", Addressing.OTHERS),
        ("to you", Addressing.BOT),
    ]
    assert {event.place.kind for event in found} == {PlaceKind.CHANNEL}


async def test_a_missed_stop_is_a_stop(connect, catch_up, asleep, sink, ann):
    await ann.dm("!stop")
    found = await catch_up(await connect(), sink.events[1].place, after=sink.events[1].key.message)
    assert [event.kind for event in found] == ["stop"]


@pytest.mark.parametrize("where", ["thread", "direct"])
async def test_many_pages_are_read_and_the_oldest_come_first(
    monkeypatch, connect, catch_up, asleep, sink, ann, general, where
):
    monkeypatch.setattr("threadkeep_slack.inbound.catch_up.LOOK_BACK_PAGE", 3)
    event = sink.events[0 if where == "thread" else 1]
    for number in range(11):
        if where == "thread":
            await ann.replies(general.messages[0], f"message {number}")
        else:
            await ann.dm(f"message {number}")
    found = await catch_up(await connect(), event.place, after=event.key.message, most=7)
    assert [event.text for event in found] == [f"message {number}" for number in range(7)]


async def test_reading_ends_somewhere(monkeypatch, slack, connect, catch_up, asleep, sink, ann):
    monkeypatch.setattr("threadkeep_slack.inbound.catch_up.LOOK_BACK_PAGE", 2)
    monkeypatch.setattr("threadkeep_slack.inbound.catch_up.CATCH_UP_PAGES", 3)
    for number in range(20):
        await ann.dm(f"message {number}")
    found = await catch_up(await connect(), sink.events[1].place, after=sink.events[1].key.message)
    assert len(found) == 6
    assert len(slack.calls("conversations.history")) == 3


async def test_in_the_agent_view_new_conversations_are_found(
    slack, acme, connect, socket_settings, catch_up, sink, ann, slack_client
):
    adapter = await connect(socket_settings(is_agent_view=True))
    root = await ann.dm("hello")
    (event,) = await sink.wait_for()
    slack.app.events.clear()
    answered = await ann.dm("answered already")
    await slack_client.chat_postMessage(channel=ann.direct.id, thread_ts=answered.ts, text="yes")
    new = await ann.dm("a new conversation")
    await ann.dm("further", thread_ts=root.ts)
    found = await catch_up(adapter, event.place, after=event.key.message)
    assert [(event.text, event.place.session.thread) for event in found] == [
        ("a new conversation", new.ts),
        ("further", root.ts),
    ]
    await catch_up(adapter, found[0].place, after=new.ts)
    assert len(slack.calls("conversations.history")) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(match="conversations.history", kind="status", status=429, retry_after=0.05, times=2),
        Fault(match="conversations.history", kind="status", status=503),
        Fault(match="conversations.history", kind="drop_before"),
        Fault(match="conversations.history", kind="drop_after"),
    ],
)
async def test_slack_that_is_busy_is_waited_for(monkeypatch, slack, connect, catch_up, asleep, sink, ann, fault):
    monkeypatch.setattr("threadkeep_slack.inbound.catch_up.CATCH_UP_DELAY", 0.01)
    await ann.dm("one")
    adapter = await connect()
    slack.faults.add(fault)
    found = await catch_up(adapter, sink.events[1].place, after=sink.events[1].key.message)
    assert [event.text for event in found] == ["one"]
    assert not slack.faults.pending


async def test_slack_that_stays_away_is_said_so(monkeypatch, slack, connect, catch_up, asleep, sink):
    monkeypatch.setattr("threadkeep_slack.inbound.catch_up.CATCH_UP_DELAY", 0.01)
    adapter = await connect()
    slack.faults.add(Fault(match="conversations.replies", kind="status", status=503, times=9))
    with pytest.raises(PlatformUnavailableError):
        await catch_up(adapter, sink.events[0].place, after=sink.events[0].key.message)


async def test_a_place_that_is_gone_or_closed_is_said_so(acme, connect, catch_up, asleep, sink, general):
    adapter = await connect()
    session = SessionKey(platform="slack", workspace=acme.id, channel=general.id, thread="1.000001")
    with pytest.raises(PlaceGoneError):
        await catch_up(adapter, Place(session=session, kind=PlaceKind.THREAD), after="1.000001")
    acme.team.scopes.discard("channels:history")
    with pytest.raises(PlatformAuthError, match="history"):
        await catch_up(adapter, sink.events[0].place, after=sink.events[0].key.message)


@pytest.mark.parametrize("after", ["", "command", "yesterday"])
async def test_a_place_without_a_known_message_is_not_read(connect, catch_up, asleep, sink, after):
    with pytest.raises(PlatformError, match="no message"):
        await catch_up(await connect(), sink.events[0].place, after=after)


async def test_catching_up_needs_a_connection(socket_settings, catch_up, asleep, sink):
    with pytest.raises(PlatformError, match="not connected"):
        await catch_up(SlackAdapter(socket_settings()), sink.events[0].place, after="1.000001")
