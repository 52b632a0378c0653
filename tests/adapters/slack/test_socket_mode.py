"""Events over Socket Mode, through bolt: handed over in order, then acknowledged, whatever they are."""

import pytest

from threadkeep.chat.events import Addressing, PlaceKind
from threadkeep_emulators.faults import Fault


def of_message(slack, handle, kind="message"):
    """Give the delivery that brought a message."""
    found = [one for one in slack.deliveries if one.event.get("ts") == handle.ts and one.event["type"] == kind]
    assert found
    return found[0]


async def test_a_mention_is_handed_over_and_then_acknowledged(slack, acme, adapter, sink, ann, general):
    sink.is_open.clear()
    question = await ann.says(general, f"{acme.bot.mention} what is 1 < 2 & why?")
    await sink.wait_for_calls()
    assert not any(delivery.is_acked for delivery in slack.deliveries)
    sink.is_open.set()
    await slack.wait_until_settled()
    assert all(delivery.is_acked for delivery in slack.deliveries)
    (event,) = sink.events
    assert str(event.key) == f"slack:{acme.id}:{general.id}:{question.ts}"
    assert str(event.place.session) == f"slack:{acme.id}:{general.id}:{question.ts}"
    assert str(event.user) == f"slack:{acme.id}:{ann.id}"
    assert (event.speaker, event.text) == ("Ann", "what is 1 < 2 & why?")
    assert (event.addressing, event.place.kind) == (Addressing.BOT, PlaceKind.THREAD)


@pytest.mark.parametrize("first", ["message", "app_mention"])
async def test_both_deliveries_of_a_mention_are_one_event(slack, acme, adapter, sink, ann, general, first):
    slack.app.events.discard("message.channels" if first == "app_mention" else "app_mention")
    question = await ann.says(general, f"{acme.bot.mention} hello")
    await sink.wait_for()
    await slack.wait_until_settled()
    other = "message" if first == "app_mention" else "app_mention"
    event = of_message(slack, question, first).event | {"type": other}
    event |= {"channel_type": "channel"} if other == "message" else {}
    await slack.wait_until_acked(slack.deliver(event))
    assert len(sink.events) == 1
    assert sink.calls == 2
    assert sink.events[0].addressing is Addressing.BOT


async def test_what_the_store_does_not_take_is_delivered_again(slack, acme, adapter, sink, ann):
    sink.refusals = 2
    question = await ann.dm("hello")
    delivery = of_message(slack, question)
    await slack.wait_until_acked(delivery)
    assert [attempt.outcome for attempt in delivery.attempts] == ["timeout", "timeout", "acked"]
    assert [event.text for event in sink.events] == ["hello"]


async def test_any_failure_of_the_sink_keeps_the_event_unacknowledged(slack, adapter, sink, ann):
    sink.refusals = 1
    sink.error = RuntimeError("a mistake in the bot")
    delivery = of_message(slack, await ann.dm("hello"))
    await slack.wait_until_acked(delivery)
    assert len(delivery.attempts) == 2
    assert len(sink.events) == 1


async def test_a_redelivered_event_is_acknowledged_as_known(slack, adapter, sink, ann):
    delivery = of_message(slack, await ann.dm("hello"))
    await slack.wait_until_acked(delivery)
    await slack.wait_until_acked(slack.redeliver(delivery))
    assert (sink.calls, len(sink.events)) == (2, 1)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message", "channel": "C1", "user": "U1", "text": "no timestamp"},
        {"type": "message", "channel": "C1", "channel_type": "im", "ts": "yesterday", "user": "U1", "text": "x"},
        {"type": "message", "channel": {"id": "C1"}, "ts": "1.0", "user": "U1", "text": "x"},
        {"type": "message", "channel": "C1", "channel_type": "im", "ts": "1.0", "user": ["U1"], "text": 5},
        {"type": "message", "channel": "C:1", "channel_type": "im", "ts": "1.0", "user": "U1", "text": "x"},
        {"type": "app_mention"},
        {"type": "message", "subtype": "message_changed"},
        {"type": "brand_new_event", "user": {"id": "U1"}},
        {"type": "reaction_added", "item": None},
        {"type": "user_change", "user": "U1", "channel": ["C1"]},
    ],
)
async def test_malformed_and_unknown_events_stop_nothing(slack, adapter, sink, ann, event):
    delivery = slack.deliver(event)
    await slack.wait_until_acked(delivery)
    await ann.dm("still there?")
    await sink.wait_for()
    assert [heard.text for heard in sink.events] == ["still there?"]


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "event_callback", "event_id": "Ev1", "event": "not an object"},
        {"type": "event_callback", "event_id": "Ev1", "event": None},
        {"type": "event_callback", "event_id": "Ev1", "event": {}},
        {"type": "event_callback", "event_id": "Ev1", "event": {"type": "message"}, "authorizations": ["x"]},
        {"type": "event_callback", "event_id": "Ev1", "event": {"type": "message"}, "authorizations": {"x": 1}},
        {"type": "event_callback", "event_id": ["Ev1"], "event": {"type": 5}},
        {"type": "something_else"},
        {},
    ],
)
async def test_malformed_payloads_are_acknowledged(slack, acme, adapter, sink, ann, payload):
    assert acme.id
    await slack.wait_until_acked(slack.deliver_payload(payload))
    await ann.dm("still there?")
    await sink.wait_for()


async def test_interactions_and_commands_do_not_stay_unacknowledged(slack, adapter):
    for kind in ("interactive", "slash_commands"):
        await slack.wait_until_acked(slack.deliver_payload({"type": "block_actions", "command": "/x"}, kind=kind))


async def test_a_burst_arrives_in_order_although_names_are_slow(slack, acme, adapter, sink, general):
    people = [acme.user(f"Person {number}") for number in range(4)]
    slack.faults.add(Fault(match="users.info", kind="delay", seconds=0.3))
    root = await people[0].says(general, f"{acme.bot.mention} begin")
    for number in range(1, 20):
        await people[number % 4].replies(root, f"{acme.bot.mention} message {number}")
    events = await sink.wait_for(20)
    assert [event.key.message for event in events] == sorted(event.key.message for event in events)
    assert [event.text for event in events] == ["begin", *(f"message {number}" for number in range(1, 20))]
    assert events[0].speaker == "Person 0"
    assert len(slack.calls("users.info")) == 4


async def test_a_slow_channel_does_not_delay_another(acme, adapter, sink, ann):
    bob = acme.user("Bob")
    sink.is_open.clear()
    await ann.dm("first")
    await sink.wait_for_calls(1)
    await bob.dm("second")
    await sink.wait_for_calls(2)
    sink.is_open.set()
    assert len(await sink.wait_for(2)) == 2


async def test_auth_test_is_made_once_for_all_events(slack, adapter, sink, ann):
    for number in range(10):
        await ann.dm(f"message {number}")
    await sink.wait_for(10)
    assert len(slack.calls("auth.test")) == 1


@pytest.mark.parametrize("sockets", [1, 2])
async def test_more_than_is_handed_over_at_once_waits(monkeypatch, slack, connect, socket_settings, sink, ann, sockets):
    monkeypatch.setattr("threadkeep_slack.transport.socket_link.EVENTS_IN_FLIGHT", 5)
    monkeypatch.setattr("threadkeep_slack.inbound.hand_over.EVENTS_IN_FLIGHT", 5)
    slack.faults.add(Fault(match="users.info", kind="delay", seconds=0.1))
    await connect(socket_settings(sockets=sockets))
    for number in range(100):
        await ann.dm(f"message {number}")
    said = [event.text for event in await sink.wait_for(100)]
    expected = [f"message {number}" for number in range(100)]
    # Two sockets that are both full are read in any order.
    assert (said if sockets == 1 else sorted(said)) == (expected if sockets == 1 else sorted(expected))
    await slack.wait_until_settled()
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_a_store_that_hangs_does_not_hold_a_conversation_for_ever(monkeypatch, slack, adapter, sink, ann):
    monkeypatch.setattr("threadkeep_slack.inbound.hand_over.HAND_OVER_SECONDS", 0.1)
    sink.is_open.clear()
    delivery = of_message(slack, await ann.dm("hello"))
    await slack.wait_until_settled(delivery)
    assert not delivery.is_acked
    sink.is_open.set()
    await slack.wait_until_acked(slack.redeliver(delivery))
    assert len(sink.events) == 1
