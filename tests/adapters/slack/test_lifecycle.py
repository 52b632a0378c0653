"""Starting, stopping, being removed, and what is said of it."""

import asyncio

import pytest
from pydantic import SecretStr

from threadkeep.errors import PlatformAuthError, PlatformError, PlatformUnavailableError
from threadkeep_emulators.faults import Fault
from threadkeep_slack import SlackAdapter


def of_message(slack, handle, kind="message"):
    """Give the delivery that brought a message."""
    found = [one for one in slack.deliveries if one.event.get("ts") == handle.ts and one.event["type"] == kind]
    assert found
    return found[0]


async def test_description_names_workspace_bot_and_way(adapter):
    assert adapter.description == "Slack workspace Acme as @keeper (Socket Mode)"
    assert adapter.name == "slack"


@pytest.mark.parametrize("reason", ["refresh_requested", "warning", "link_disabled"])
async def test_a_renewed_connection_loses_nothing(slack, adapter, sink, ann, reason):
    await ann.dm("before")
    await slack.disconnect_sockets(reason)
    await ann.dm("meanwhile")
    await slack.wait_for_connections(2)
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


async def test_what_arrives_while_it_stops_is_left_to_the_next_start(slack, acme, adapter, sink, ann):
    sink.is_open.clear()
    await ann.dm("in progress")
    await sink.wait_for_calls()
    stopping = asyncio.create_task(adapter.stop())
    late = of_message(slack, await acme.user("Bob").dm("too late"))
    await slack.wait_until_settled(late)
    sink.is_open.set()
    await stopping
    assert not late.is_acked
    assert [event.text for event in sink.events] == ["in progress"]


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


async def test_a_websocket_that_is_not_let_through_is_said_at_the_start(monkeypatch, slack, socket_settings, sink):
    monkeypatch.setattr("threadkeep_slack.transport.socket_link.CONNECT_SECONDS", 0.2)
    nowhere = {"ok": True, "url": "ws://127.0.0.1:1/link"}
    slack.faults.add(Fault(match="apps.connections.open", kind="status", status=200, body=nowhere))
    with pytest.raises(PlatformUnavailableError, match="websocket"):
        await SlackAdapter(socket_settings()).start(sink)
    assert not [task for task in asyncio.all_tasks() if "slack-" in task.get_name()]


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
    assert event.speaker == "Ann"


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
