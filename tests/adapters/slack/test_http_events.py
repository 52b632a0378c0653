"""Events over HTTP: signatures, retries, bounds."""

import asyncio
import hashlib
import hmac
import io
import json
import time

import aiohttp
import pytest
from yarl import URL

from threadkeep.errors import ConfigError
from threadkeep_slack import SlackAdapter
from threadkeep_slack.limits import REQUEST_BYTES


@pytest.fixture
async def adapter(slack, connect, http_settings):
    """An adapter that serves Slack's requests, which Slack has verified."""
    adapter = await connect(http_settings())
    await slack.use_request_url(adapter.request_url)
    return adapter


@pytest.fixture
async def post(slack, adapter):
    """Send a request as Slack does, with anything about it changed."""

    async def send(body, *, secret=slack.signing_secret, timestamp=None, headers=None):
        text = body if isinstance(body, str) else json.dumps(body)
        sent_at = str(int(time.time())) if timestamp is None else timestamp
        signature = hmac.new(secret.encode(), f"v0:{sent_at}:{text}".encode(), hashlib.sha256).hexdigest()
        signed = {
            "X-Slack-Request-Timestamp": sent_at,
            "X-Slack-Signature": f"v0={signature}",
            "Content-Type": "application/json",
        }
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                adapter.request_url, data=io.BytesIO(text.encode()), headers=signed | (headers or {})
            ) as response,
        ):
            return response.status, await response.text()

    return send


def direct_message(acme, text="hello"):
    ann = acme.user("Ann")
    event = {
        "type": "message",
        "channel": ann.direct.id,
        "channel_type": "im",
        "user": ann.id,
        "text": text,
        "ts": f"{time.time():.6f}",
    }
    return {"type": "event_callback", "team_id": acme.id, "event_id": "Ev1", "event": event}


async def test_a_message_is_handed_over_and_then_acknowledged(slack, acme, adapter, sink):
    sink.is_open.clear()
    await acme.user("Ann").dm("hello")
    await sink.wait_for_calls()
    (delivery,) = [one for one in slack.deliveries if one.event]
    assert not delivery.is_acked
    sink.is_open.set()
    await slack.wait_until_acked(delivery)
    assert [event.text for event in sink.events] == ["hello"]
    assert "HTTP on 127.0.0.1:" in adapter.description


async def test_what_the_store_does_not_take_is_answered_with_an_error_and_delivered_again(slack, acme, adapter, sink):
    sink.refusals = 2
    await acme.user("Ann").dm("hello")
    (delivery,) = [one for one in slack.deliveries if one.event]
    await slack.wait_until_acked(delivery)
    assert [attempt.status for attempt in delivery.attempts] == [500, 500, 200]
    assert len(sink.events) == 1


async def test_a_redelivered_event_is_acknowledged_as_known(acme, post, sink):
    body = direct_message(acme)
    assert (await post(body))[0] == 200
    again = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}
    assert (await post(body, headers=again))[0] == 200
    assert (sink.calls, len(sink.events)) == (2, 1)


async def test_more_than_the_store_can_take_is_refused_and_delivered_again(monkeypatch, slack, acme, adapter, sink):
    monkeypatch.setattr("threadkeep_slack.inbound.hand_over.EVENTS_IN_FLIGHT", 2)
    sink.is_open.clear()
    for number in range(2):
        await acme.user(f"Person {number}").dm("hello")
    await sink.wait_for_calls(2)
    (delivery,) = (await acme.user("Ann").dm("one too many")).deliveries
    await slack.wait_until_settled(delivery)
    assert {attempt.status for attempt in delivery.attempts} == {500}
    sink.is_open.set()
    await slack.wait_until_acked(slack.redeliver(delivery))
    assert "one too many" in {event.text for event in sink.events}


async def test_a_request_without_slacks_signature_is_refused(acme, post, sink):
    assert (await post(direct_message(acme), secret="guessed"))[0] == 401
    assert (await post(direct_message(acme), headers={"X-Slack-Signature": ""}))[0] == 401
    assert sink.calls == 0


@pytest.mark.parametrize("timestamp", ["1000000000", "9999999999", "", "yesterday", "-5", "\u0661"])
async def test_a_request_of_another_time_is_refused(acme, post, sink, timestamp):
    assert (await post(direct_message(acme), timestamp=timestamp))[0] == 401
    assert sink.calls == 0


async def test_no_request_passes_with_an_empty_secret(acme, post):
    assert (await post(direct_message(acme), secret=""))[0] == 401


async def test_the_address_verification_is_answered(post):
    status, text = await post({"type": "url_verification", "challenge": "3eZbrw1aBm", "token": "x"})
    assert status == 200
    assert "3eZbrw1aBm" in text


async def test_a_body_that_is_too_large_is_refused(acme, post, sink):
    status, _ = await post(direct_message(acme, "x" * REQUEST_BYTES))
    assert status == 413
    assert sink.calls == 0


async def test_a_body_that_does_not_end_is_not_waited_for(monkeypatch, adapter, sink):
    monkeypatch.setattr("threadkeep_slack.transport.http_events.REQUEST_SECONDS", 0.1)
    url = URL(adapter.request_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"POST {url.path} HTTP/1.1\r\nHost: bot\r\nContent-Length: 5000\r\n\r\nabc".encode())
    async with asyncio.timeout(20):
        assert b" 408 " in await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert sink.calls == 0


@pytest.mark.parametrize("body", ["{", "[]", "5", "payload=%7B", '{"event": 5}', '{"authorizations": [1]}'])
async def test_an_unreadable_body_breaks_nothing(acme, post, sink, body):
    status, _ = await post(body)
    assert status in {200, 400}
    assert (await post(direct_message(acme)))[0] == 200
    assert len(sink.events) == 1


async def test_what_is_unknown_is_acknowledged(post):
    body = {"type": "event_callback", "event_id": "Ev1", "event": {"type": "brand_new"}}
    assert (await post(body))[0] == 200
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await post("command=%2Fx&text=y", headers=form))[0] == 200


async def test_other_paths_and_methods_do_not_exist(adapter):
    async with aiohttp.ClientSession() as session:
        async with session.get(adapter.request_url) as response:
            assert response.status == 405
        async with session.post(adapter.request_url.replace("/slack/events", "/")) as response:
            assert response.status == 404


async def test_a_taken_port_is_said_with_a_remedy(adapter, http_settings, sink):
    port = int(adapter.request_url.split(":")[2].split("/")[0])
    second = SlackAdapter(http_settings(port=port))
    with pytest.raises(ConfigError, match="SLACK_PORT"):
        await second.start(sink)


async def test_stop_closes_the_port(adapter):
    url = adapter.request_url
    await adapter.stop()
    assert adapter.request_url is None
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.post(url)
