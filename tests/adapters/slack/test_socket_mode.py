"""Events over Socket Mode, through bolt, from an emulated workspace."""

import asyncio
import time

import pytest
from pydantic import SecretStr

from threadkeep.chat.events import Addressing, PlaceKind
from threadkeep.errors import PlatformAuthError, PlatformError, PlatformUnavailableError
from threadkeep_emulators.faults import Fault
from threadkeep_slack import SlackAdapter


@pytest.fixture
def ann(acme):
    return acme.user("Ann")


@pytest.fixture
def general(acme):
    return acme.channel("general")


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
    assert (event.speaker, event.text) == ("ann", "what is 1 < 2 & why?")
    assert (event.addressing, event.place.kind) == (Addressing.BOT, PlaceKind.THREAD)


async def test_description_names_workspace_bot_and_way(adapter):
    assert adapter.description == "Slack workspace Acme as @keeper (Socket Mode)"
    assert adapter.name == "slack"


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


async def test_direct_messages_are_one_conversation_and_their_threads_others(acme, adapter, sink, ann):
    first = await ann.dm("hello")
    await ann.dm("and again")
    await ann.dm("in a thread", thread_ts=first.ts)
    events = await sink.wait_for(3)
    channel = f"slack:{acme.id}:{ann.direct.id}"
    assert [str(event.place.session) for event in events] == [channel, channel, f"{channel}:{first.ts}"]
    assert {event.place.kind for event in events} == {PlaceKind.DIRECT}
    assert {event.addressing for event in events} == {Addressing.BOT}


async def test_in_the_agent_view_each_direct_message_begins_a_thread(acme, connect, socket_settings, sink, ann):
    await connect(socket_settings(is_agent_view=True))
    first = await ann.dm("hello")
    await ann.dm("further", thread_ts=first.ts)
    events = await sink.wait_for(2)
    assert {str(event.place.session) for event in events} == {f"slack:{acme.id}:{ann.direct.id}:{first.ts}"}


async def test_talk_in_a_channel_is_dropped_and_in_threads_is_offered(slack, acme, adapter, sink, ann, general):
    bob = acme.user("Bob")
    root = await ann.says(general, "nothing for the bot")
    await ann.says(general, f"{acme.bot.mention} hello")
    await sink.wait_for(1)
    await bob.replies(root, "a reply")
    await bob.replies(root, f"{ann.mention} to you", is_broadcast=True)
    await bob.replies(root, f"{acme.bot.mention} to you")
    events = await sink.wait_for(4)
    await slack.wait_until_settled()
    assert [event.addressing for event in events] == [
        Addressing.BOT,
        Addressing.THREAD,
        Addressing.OTHERS,
        Addressing.BOT,
    ]
    assert {str(event.place.session) for event in events[1:]} == {f"slack:{acme.id}:{general.id}:{root.ts}"}
    assert events[2].text == "@ann to you"
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_group_messages_are_answered_when_the_bot_is_mentioned(slack, acme, adapter, sink, ann):
    group = acme.group(ann, acme.user("Bob"))
    await ann.says(group, "shall we?")
    root = await ann.says(group, f"{acme.bot.mention} shall we?")
    await ann.replies(root, "well?")
    events = await sink.wait_for(3)
    await slack.wait_until_settled()
    session = f"slack:{acme.id}:{group.id}"
    assert [str(event.place.session) for event in events] == [session, session, f"{session}:{root.ts}"]
    assert [event.addressing for event in events] == [Addressing.OTHERS, Addressing.BOT, Addressing.THREAD]
    assert all(event.place.is_shared for event in events)


async def test_a_mention_in_a_group_is_told_apart_without_its_message_event(slack, acme, adapter, sink, ann):
    slack.app.events.discard("message.mpim")
    group = acme.group(ann, acme.user("Bob"))
    await ann.says(group, f"{acme.bot.mention} shall we?")
    (event,) = await sink.wait_for()
    assert str(event.place.session) == f"slack:{acme.id}:{group.id}"


async def test_what_is_not_said_by_a_person_is_acknowledged_and_dropped(slack, acme, adapter, sink, ann, general):
    other = acme.other_bot("Other")
    await other.says(general, f"{acme.bot.mention} hello")
    await other.says(general, f"{acme.bot.mention} hello", is_classic=True)
    question = await ann.dm("hello")
    await sink.wait_for()
    await ann.edits(question, "goodbye")
    await ann.deletes(question)
    await slack.wait_until_settled()
    assert len(sink.events) == 1
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_files_are_named_to_the_model(acme, adapter, sink, ann):
    file = acme.file("plan.pdf", b"%PDF", mimetype="application/pdf", owner=ann)
    await ann.dm("read this", files=[file])
    (event,) = await sink.wait_for()
    assert event.text == "read this\n[attached file, not read: plan.pdf]"


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


async def test_events_of_another_workspace_are_left_to_its_own_bot(slack, adapter, sink, ann):
    globex = slack.workspace("Globex")
    await globex.user("Zoe").dm("hello")
    await ann.dm("hello")
    await sink.wait_for()
    await slack.wait_until_settled()
    assert [event.user.user for event in sink.events] == [ann.id]


async def test_a_burst_arrives_in_order_although_names_are_slow(slack, acme, adapter, sink, general):
    people = [acme.user(f"Person {number}") for number in range(4)]
    slack.faults.add(Fault(match="users.info", kind="delay", seconds=0.3))
    root = await people[0].says(general, f"{acme.bot.mention} begin")
    for number in range(1, 20):
        await people[number % 4].replies(root, f"{acme.bot.mention} message {number}")
    events = await sink.wait_for(20)
    assert [event.key.message for event in events] == sorted(event.key.message for event in events)
    assert [event.text for event in events] == ["begin", *(f"message {number}" for number in range(1, 20))]
    assert events[0].speaker == "person-0"
    assert len(slack.calls("users.info")) == 4


async def test_a_name_that_does_not_come_does_not_delay_the_acknowledgement_beyond_slacks_limit(
    slack, adapter, sink, ann
):
    slack.faults.add(Fault(match="users.info", kind="delay", seconds=60))
    began = time.monotonic()
    await ann.dm("hello")
    (event,) = await sink.wait_for()
    assert event.speaker == ann.id
    assert time.monotonic() - began < 3


async def test_without_the_scope_people_are_shown_by_their_ids(slack, acme, adapter, sink, ann):
    acme.team.scopes.discard("users:read")
    await ann.dm("hello")
    await ann.dm("again")
    events = await sink.wait_for(2)
    assert {event.speaker for event in events} == {ann.id}
    assert len(slack.calls("users.info")) == 1


async def test_talk_that_is_dropped_costs_no_lookup(slack, acme, adapter, sink, ann, general):
    bob = acme.user("Bob")
    await bob.says(general, "just talking")
    await ann.dm("hello")
    await sink.wait_for()
    await slack.wait_until_settled()
    assert [call.args["user"] for call in slack.calls("users.info")] == [ann.id]


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


@pytest.mark.parametrize("reason", ["refresh_requested", "warning", "link_disabled"])
async def test_a_renewed_connection_loses_nothing(slack, adapter, sink, ann, reason):
    await ann.dm("before")
    await slack.disconnect_sockets(reason)
    await ann.dm("meanwhile")
    await slack.wait_for_connections(1)
    await ann.dm("after")
    events = await sink.wait_for(3)
    assert sorted(event.text for event in events) == ["after", "before", "meanwhile"]
    await slack.wait_until_settled()
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_an_event_in_progress_while_the_socket_is_replaced_is_taken_once(slack, adapter, sink, ann):
    sink.is_open.clear()
    delivery = of_message(slack, await ann.dm("hello"))
    await sink.wait_for_calls()
    await slack.disconnect_sockets("refresh_requested")
    sink.is_open.set()
    await slack.wait_until_acked(delivery)
    assert [event.text for event in sink.events] == ["hello"]


async def test_stop_lets_events_in_progress_be_acknowledged(slack, adapter, sink, ann):
    sink.is_open.clear()
    delivery = of_message(slack, await ann.dm("hello"))
    await sink.wait_for_calls()
    stopping = asyncio.create_task(adapter.stop())
    await asyncio.sleep(0)
    sink.is_open.set()
    await stopping
    assert delivery.is_acked
    assert len(sink.events) == 1
    await slack.wait_for_connections(0)
    assert not [task for task in asyncio.all_tasks() if "slack-" in task.get_name()]


async def test_what_arrives_after_stop_waits_for_the_next_start(slack, adapter, sink, ann, socket_settings):
    await adapter.stop()
    await adapter.stop()
    assert adapter.description == "Slack (not connected)"
    await ann.dm("is anybody there?")
    again = SlackAdapter(socket_settings())
    await again.start(sink)
    await sink.wait_for()
    await slack.wait_until_settled()
    await again.stop()


async def test_an_adapter_can_be_started_again(slack, adapter, sink, ann):
    with pytest.raises(PlatformError, match="connected already"):
        await adapter.start(sink)
    await adapter.stop()
    await adapter.start(sink)
    await ann.dm("hello")
    await sink.wait_for()


async def test_wait_closed_ends_with_stop(adapter):
    waiting = asyncio.create_task(adapter.wait_closed())
    await asyncio.sleep(0)
    assert not waiting.done()
    await adapter.stop()
    await waiting
    await adapter.wait_closed()


async def test_wait_closed_says_that_the_app_was_removed(acme, adapter):
    acme.revoke_token()
    with pytest.raises(PlatformAuthError, match="install it again"):
        async with asyncio.timeout(5):
            await adapter.wait_closed()


async def test_the_removal_from_another_workspace_is_none_of_ours(slack, adapter, sink, ann):
    slack.workspace("Globex").revoke_token()
    await ann.dm("hello")
    await sink.wait_for()
    waiting = asyncio.create_task(adapter.wait_closed())
    await slack.wait_until_settled()
    assert not waiting.done()
    waiting.cancel()


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"bot_token": SecretStr("xoxb-wrong")}, "OAuth & Permissions"),
        ({"app_token": SecretStr("xapp-wrong")}, "App-Level Tokens"),
    ],
)
async def test_a_wrong_token_is_refused_at_the_start(socket_settings, sink, changes, remedy):
    adapter = SlackAdapter(socket_settings(**changes))
    with pytest.raises(PlatformAuthError, match=remedy) as refused:
        await adapter.start(sink)
    assert "wrong" not in str(refused.value).replace("xoxb-...", "")
    await adapter.stop()


@pytest.mark.parametrize("method", ["auth.test", "apps.connections.open"])
@pytest.mark.parametrize("kind", ["status", "drop_before"])
async def test_slack_out_of_reach_is_said_at_the_start(slack, socket_settings, sink, method, kind):
    slack.faults.add(Fault(match=method, kind=kind))
    adapter = SlackAdapter(socket_settings())
    with pytest.raises(PlatformUnavailableError, match=method):
        await adapter.start(sink)


async def test_a_host_that_does_not_exist_is_out_of_reach(socket_settings, sink):
    adapter = SlackAdapter(socket_settings(api_url="http://127.0.0.1:1/api/"))
    with pytest.raises(PlatformUnavailableError):
        await adapter.start(sink)


async def test_oauth_variables_do_not_take_the_bots_token(monkeypatch, slack, connect, sink, ann):
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "secret")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-another")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "another")
    await connect()
    delivery = of_message(slack, await ann.dm("hello"))
    (event,) = await sink.wait_for()
    await slack.wait_until_acked(delivery)
    assert event.speaker == "ann"


async def test_nothing_secret_and_no_text_is_logged(caplog, capsys, slack, acme, adapter, sink, ann):
    caplog.set_level("DEBUG")
    sink.refusals = 1
    await ann.dm("a private matter")
    slack.deliver({"type": "message", "channel": "C1", "text": "a private matter"})
    await sink.wait_for()
    await slack.wait_until_settled()
    seen = caplog.text + capsys.readouterr().out
    assert "slack_event_malformed" in seen
    assert "slack_event_not_acknowledged" in seen
    for hidden in ("a private matter", acme.bot_token, slack.app_token):
        assert hidden not in seen
