"""Socket Mode with Slack's own client, and with a bare socket where the client hides the wire."""

import asyncio
import json

import aiohttp
import pytest
from slack_bolt import BoltResponse

from threadkeep_emulators.faults import Fault
from threadkeep_emulators.slack import RetrySchedule, WaitTimeoutError

IMPATIENT = pytest.mark.parametrize("schedule", [RetrySchedule(ack_timeout=0.1, scale=0.0001)], ids=["impatient"])


async def open_socket(client, slack, session):
    address = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    return await session.ws_connect(address)


async def read(socket) -> dict:
    async with asyncio.timeout(5):
        return json.loads(await socket.receive_str())


async def test_hello_counts_connections(slack, client, session):
    first = await open_socket(client, slack, session)
    hello = await read(first)
    assert (hello["type"], hello["num_connections"]) == ("hello", 1)
    assert hello["connection_info"]["app_id"] == slack.app.id
    assert "host" in hello["debug_info"]
    second = await open_socket(client, slack, session)
    assert (await read(second))["num_connections"] == 2


async def test_ticket_opens_one_socket_once(slack, client, session):
    address = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    await session.ws_connect(address)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect(address)


async def test_eleventh_socket_is_turned_away(slack, client, session):
    sockets = [await open_socket(client, slack, session) for _ in range(10)]
    surplus = await open_socket(client, slack, session)
    message = await read(surplus)
    assert (message["type"], message["reason"]) == ("disconnect", "too_many_websockets")
    await slack.wait_for_connections(10)
    assert not any(socket.closed for socket in sockets)


async def test_envelope_waits_for_its_ack(slack, client, session, ann, general):
    socket = await open_socket(client, slack, session)
    await read(socket)
    message = await ann.says(general, "hi")
    envelope = await read(socket)
    assert envelope["type"] == "events_api"
    assert (envelope["retry_attempt"], envelope["retry_reason"]) == (0, "")
    assert envelope["accepts_response_payload"] is False
    [delivery] = message.deliveries
    assert not delivery.is_acked
    await socket.send_json({"envelope_id": envelope["envelope_id"]})
    await slack.wait_until_acked(delivery)
    assert delivery.acked_by == slack.connections[0]
    assert len(delivery.attempts) == 1


@IMPATIENT
async def test_unacked_event_is_retried_with_its_event_id(slack, client, session, ann, general):
    socket = await open_socket(client, slack, session)
    await read(socket)
    message = await ann.says(general, "hi")
    envelopes = [await read(socket) for _ in range(4)]
    assert [envelope["retry_attempt"] for envelope in envelopes] == [0, 1, 2, 3]
    assert [envelope["retry_reason"] for envelope in envelopes] == ["", "timeout", "timeout", "timeout"]
    assert len({envelope["payload"]["event_id"] for envelope in envelopes}) == 1
    await slack.wait_until_settled()
    [delivery] = message.deliveries
    assert delivery.is_given_up
    with pytest.raises(WaitTimeoutError, match="message Ev"):
        await slack.wait_until_acked(delivery, timeout=0.01)


async def test_events_wait_for_a_socket(slack, client, session, ann, general):
    first = await ann.says(general, "one")
    await ann.says(general, "two")
    await slack.wait_for_connections(0)
    socket = await open_socket(client, slack, session)
    await read(socket)
    envelopes = [await read(socket), await read(socket)]
    assert [envelope["payload"]["event"]["text"] for envelope in envelopes] == ["one", "two"]
    assert [envelope["retry_attempt"] for envelope in envelopes] == [1, 1]
    assert first.deliveries[0].attempts[0].outcome == "no_connection"


async def test_events_of_one_socket_keep_their_order(slack, client, session, ann, general):
    socket = await open_socket(client, slack, session)
    await read(socket)
    for turn in range(50):
        await ann.says(general, str(turn))
    texts = []
    for _ in range(50):
        envelope = await read(socket)
        await socket.send_json({"envelope_id": envelope["envelope_id"]})
        texts.append(envelope["payload"]["event"]["text"])
    assert texts == [str(turn) for turn in range(50)]
    await slack.wait_until_settled()


async def test_payloads_spread_over_sockets(slack, client, session, ann, general):
    sockets = [await open_socket(client, slack, session) for _ in range(3)]
    for _ in range(30):
        await ann.says(general, "hi")
    await asyncio.gather(*(read(socket) for socket in sockets))
    used = {delivery.attempts[0].connection for delivery in slack.deliveries}
    assert used == set(slack.connections)


async def test_cut_socket_hands_its_events_to_another(slack, client, session, ann, general):
    doomed = await open_socket(client, slack, session)
    await read(doomed)
    message = await ann.says(general, "hi")
    await read(doomed)
    slack.cut_sockets()
    spare = await open_socket(client, slack, session)
    await read(spare)
    envelope = await read(spare)
    await spare.send_json({"envelope_id": envelope["envelope_id"]})
    [delivery] = message.deliveries
    await slack.wait_until_acked(delivery)
    assert delivery.attempts[0].outcome == "connection_lost"
    assert delivery.acked_by == slack.connections[0]


async def test_ack_may_come_on_another_socket(slack, client, session, ann, general):
    first = await open_socket(client, slack, session)
    await read(first)
    message = await ann.says(general, "hi")
    envelope = await read(first)
    second = await open_socket(client, slack, session)
    await read(second)
    await second.send_json({"envelope_id": envelope["envelope_id"]})
    [delivery] = message.deliveries
    await slack.wait_until_acked(delivery)
    assert delivery.acked_by == slack.connections[1] != delivery.attempts[0].connection


async def test_bolt_reconnects_after_refresh_and_misses_nothing(slack, ann, general, make_bolt, connect):
    app = make_bolt()
    seen: list[str] = []

    @app.event("message")
    async def on_message(event: dict):
        seen.append(event["text"])

    await connect(app)
    await slack.wait_until_acked((await ann.says(general, "before")).deliveries[0])
    await slack.disconnect_sockets("refresh_requested")
    during = await ann.says(general, "during")
    await slack.wait_for_connections(1)
    await slack.wait_until_acked(during.deliveries[0])
    await slack.wait_until_settled()
    assert seen == ["before", "during"]
    assert len(slack.calls("apps.connections.open")) == 2


async def test_warning_leaves_the_socket_to_the_client(slack, client, session, ann, general):
    socket = await open_socket(client, slack, session)
    await read(socket)
    await slack.disconnect_sockets("warning")
    assert (await read(socket))["reason"] == "warning"
    await ann.says(general, "still here")
    assert (await read(socket))["payload"]["event"]["text"] == "still here"


async def test_client_that_does_not_hang_up_is_hung_up_on(slack, client, session):
    socket = await open_socket(client, slack, session)
    await read(socket)
    await slack.disconnect_sockets("refresh_requested", grace=0.01)
    assert (await read(socket))["reason"] == "refresh_requested"
    async with asyncio.timeout(5):
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
    await slack.wait_for_connections(0)


@IMPATIENT
async def test_failing_listener_before_the_ack_brings_a_retry(slack, ann, general, make_bolt, connect):
    app = make_bolt(process_before_response=True)
    attempts: list[str] = []

    @app.error
    async def on_error(error: Exception):
        return BoltResponse(status=500, body=str(error))

    @app.event("message")
    async def on_message(request):
        attempts.append(request.headers.get("x-slack-retry-num", ["0"])[0])
        if len(attempts) == 1:
            raise RuntimeError("the store is down")

    await connect(app)
    message = await ann.says(general, "hi")
    await slack.wait_until_acked(message.deliveries[0])
    assert attempts == ["0", "1"]


async def test_duplicate_fault_delivers_an_acknowledged_event_again(slack, ann, general, make_bolt, connect):
    app = make_bolt()
    seen: list[str] = []

    @app.event("message")
    async def on_message(body: dict):
        seen.append(body["event_id"])

    await connect(app)
    slack.faults.add(Fault(match="events", kind="duplicate"))
    message = await ann.says(general, "hi")
    assert len(message.deliveries) == 2
    await slack.wait_until_settled()
    assert seen == [message.deliveries[0].event_id] * 2
    await slack.wait_until_acked(slack.redeliver(message.deliveries[0]))
    assert len(set(seen)) == 1


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "delay"])
async def test_struck_event_arrives_in_the_end(slack, ann, general, make_bolt, connect, kind):
    app = make_bolt()

    @app.event("message")
    async def on_message():
        pass

    await connect(app)
    slack.faults.add(Fault(match="events", kind=kind, seconds=0.01))
    message = await ann.says(general, "hi")
    delivery = await slack.wait_until_acked(message.deliveries[0])
    expected = {"drop_before": ["lost", "acked"], "delay": ["acked"]}
    if kind in expected:
        assert [attempt.outcome for attempt in delivery.attempts] == expected[kind]
    else:
        assert delivery.attempts[0].outcome == "connection_lost"


@IMPATIENT
async def test_unknown_and_malformed_events_can_be_injected(slack, acme, make_bolt, connect):
    app = make_bolt()

    @app.event({"type": "comet_sighted"})
    async def on_comet():
        pass

    await connect(app)
    await slack.wait_until_acked(slack.deliver({"type": "comet_sighted"}))
    odd = slack.deliver_payload({"type": "event_callback", "event": None})
    await slack.send_frame({"type": "odd"})
    await slack.wait_until_settled()
    assert not odd.is_acked
    await slack.wait_until_acked(slack.deliver({"type": "comet_sighted"}, is_duplicated=True))


async def test_refused_connection_is_tried_again_by_the_client(slack, make_bolt, connect):
    slack.faults.add(Fault(match="apps.connections.open", kind="status", status=500))
    await connect(make_bolt())
    assert [call.status for call in slack.calls("apps.connections.open")] == [500, 200]


async def test_server_pings(slack_with_fast_pings, session):
    slack = slack_with_fast_pings
    async with session.post(
        slack.api_url + "apps.connections.open", headers={"Authorization": f"Bearer {slack.app_token}"}
    ) as response:
        address = (await response.json())["url"]
    socket = await session.ws_connect(address, autoping=False)
    await read(socket)
    async with asyncio.timeout(5):
        message = await socket.receive()
    assert message.type is aiohttp.WSMsgType.PING


async def test_one_of_several_sockets_can_be_ended(slack, client, session, ann, general):
    first = await open_socket(client, slack, session)
    await read(first)
    second = await open_socket(client, slack, session)
    await read(second)
    await slack.disconnect_sockets(names=[slack.connections[0]], grace=0.05)
    assert (await read(first))["reason"] == "refresh_requested"
    await slack.wait_for_connections(1)
    await ann.says(general, "hi")
    assert (await read(second))["type"] == "events_api"


@IMPATIENT
async def test_attempts_can_be_waited_for(slack, client, session, ann, general):
    socket = await open_socket(client, slack, session)
    await read(socket)
    [delivery] = (await ann.says(general, "hi")).deliveries
    await slack.wait_for_attempts(delivery, 3)
    assert not socket.closed
    assert [attempt.number for attempt in delivery.attempts][:3] == [0, 1, 2]
    with pytest.raises(WaitTimeoutError):
        await slack.wait_for_attempts(delivery, 9, timeout=0.01)
