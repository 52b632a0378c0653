"""Slack's requests in other web servers: uvicorn, aiohttp, below a path, with and without a lifespan."""

import asyncio
import hashlib
import hmac
import io
import json
import socket
import time
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
import uvicorn
from aiohttp import web
from pydantic import SecretStr
from yarl import URL

from threadkeep.errors import ConfigError, PlatformError
from threadkeep_slack import SlackAdapter
from threadkeep_slack.aiohttp_app import slack_app
from threadkeep_slack.asgi import SlackASGI
from threadkeep_slack.limits import REQUEST_BYTES


class Running:
    """A bot of one adapter, started and stopped by the server."""

    def __init__(self, adapter, sink):
        self.adapter = adapter
        self.sink = sink
        self.has_stopped = False

    async def __aenter__(self):
        await self.adapter.start(self.sink)
        return self

    async def __aexit__(self, *_):
        await self.adapter.stop()
        self.has_stopped = True


@pytest.fixture
def adapter(http_settings):
    return SlackAdapter(http_settings())


@pytest.fixture
def bot(adapter, sink):
    return Running(adapter, sink)


class Server(uvicorn.Server):
    """A server that says when it serves."""

    def __init__(self, config):
        super().__init__(config)
        self.is_serving = asyncio.Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.is_serving.set()


@asynccontextmanager
async def uvicorn_serving(app, **settings):
    """Run an application under uvicorn and give its address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = Server(uvicorn.Config(app, log_config=None, **settings))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with asyncio.timeout(5):
            await server.is_serving.wait()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listening.close()


@asynccontextmanager
async def aiohttp_serving(app):
    """Run an application under aiohttp and give its address."""
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def in_uvicorn(adapter, bot):
    async with uvicorn_serving(SlackASGI(adapter, bot), lifespan="on") as url:
        yield url


@asynccontextmanager
async def in_uvicorn_below_a_path(adapter, bot):
    async with uvicorn_serving(SlackASGI(adapter, bot), lifespan="on", root_path="/bots") as url:
        yield f"{url}"


@asynccontextmanager
async def in_aiohttp(adapter, bot):
    async with aiohttp_serving(slack_app(adapter, bot)) as url:
        yield url


@asynccontextmanager
async def in_aiohttp_below_a_path(adapter, bot):
    outer = web.Application()
    outer.add_subapp("/bots/", slack_app(adapter, bot))
    async with aiohttp_serving(outer) as url:
        yield f"{url}/bots"


SERVERS = [in_uvicorn, in_uvicorn_below_a_path, in_aiohttp, in_aiohttp_below_a_path]


@pytest.fixture(params=SERVERS, ids=lambda server: server.__name__)
async def url(request, slack, adapter, bot):
    """The address of Slack's requests, which Slack has verified."""
    async with request.param(adapter, bot) as base:
        await slack.use_request_url(f"{base}/slack/events")
        yield f"{base}/slack/events"
    assert bot.has_stopped


def signed(slack, body, *, secret=None, at=None):
    sent_at = str(int(time.time() if at is None else at))
    signature = hmac.new(
        (secret or slack.signing_secret).encode(), b"v0:%b:%b" % (sent_at.encode(), body), hashlib.sha256
    )
    return {
        "X-Slack-Request-Timestamp": sent_at,
        "X-Slack-Signature": f"v0={signature.hexdigest()}",
        "Content-Type": "application/json",
    }


async def post(url, body, headers):
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=io.BytesIO(body), headers=headers) as response,
    ):
        return response.status, await response.text()


async def slowly(url, sent):
    """Begin a request, never end it, and give the head of the answer."""
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"POST {url.path} HTTP/1.1\r\nHost: bot\r\nContent-Length: 5000\r\n\r\n".encode() + sent)
    try:
        async with asyncio.timeout(20):
            return await reader.readline()
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_events_are_taken_and_then_acknowledged(slack, acme, url, sink):
    sink.is_open.clear()
    (delivery,) = (await acme.user("Ann").dm("héllo 😀")).deliveries
    await sink.wait_for_calls()
    assert not delivery.is_acked
    sink.is_open.set()
    await slack.wait_until_acked(delivery)
    assert [event.text for event in sink.events] == ["héllo 😀"]


async def test_what_is_not_taken_is_delivered_again_and_known_then(slack, acme, url, sink):
    sink.refusals = 1
    (delivery,) = (await acme.user("Ann").dm("hello")).deliveries
    await slack.wait_until_acked(delivery)
    assert [attempt.status for attempt in delivery.attempts] == [500, 200]
    assert len(sink.events) == 1


async def test_presses_and_commands_come_to_the_same_address(slack, acme, url):
    for kind, payload in (("interactive", {"type": "block_actions"}), ("slash_commands", {"command": "/x"})):
        await slack.wait_until_acked(slack.deliver_payload(payload, kind=kind))


@pytest.mark.parametrize("wrong", ["secret", "too old", "of the future"])
async def test_requests_of_others_and_of_other_times_are_refused(slack, acme, url, sink, wrong):
    now = time.time()
    wrong = {"secret": {"secret": "guessed"}, "too old": {"at": now - 301}, "of the future": {"at": now + 400}}[wrong]
    body = json.dumps({"type": "event_callback", "event": {"type": "message"}}).encode()
    assert (await post(url, body, signed(slack, body, **wrong)))[0] == 401
    assert (await post(url, body, {}))[0] == 401


async def test_a_body_that_is_too_large_is_refused_and_the_next_is_taken(slack, acme, url, sink):
    body = b"x" * (REQUEST_BYTES + 1)
    assert (await post(url, body, signed(slack, body)))[0] == 413
    await acme.user("Ann").dm("hello")
    await sink.wait_for()


@pytest.mark.parametrize("sent", [b"", b"x" * 1000])
async def test_a_body_that_does_not_end_is_not_waited_for(monkeypatch, url, sink, sent):
    monkeypatch.setattr("threadkeep_slack.asgi.REQUEST_SECONDS", 0.1)
    monkeypatch.setattr("threadkeep_slack.transport.http_events.REQUEST_SECONDS", 0.1)
    assert b" 408 " in await slowly(URL(url), sent)
    assert sink.calls == 0


async def test_other_paths_and_methods_do_not_exist(url):
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as response:
            assert response.status == 405
        async with session.post(url.replace("/events", "/other")) as response:
            assert response.status == 404


async def test_before_the_start_and_after_the_stop_slack_is_asked_to_come_again(slack, acme, adapter, sink):
    async with uvicorn_serving(SlackASGI(adapter), lifespan="off") as base:
        body = b"{}"
        assert (await post(f"{base}/slack/events", body, signed(slack, body)))[0] == 503
        await adapter.start(sink)
        assert adapter.is_connected
        assert "in another server" in adapter.description
        await slack.use_request_url(f"{base}/slack/events")
        await acme.user("Ann").dm("hello")
        await sink.wait_for()
        await adapter.stop()
        assert (await post(f"{base}/slack/events", body, signed(slack, body)))[0] == 503


@pytest.mark.parametrize("serving", [uvicorn_serving, aiohttp_serving], ids=["asgi", "aiohttp"])
async def test_a_proxy_may_lead_to_another_path(slack, acme, adapter, bot, sink, serving):
    build = SlackASGI if serving is uvicorn_serving else slack_app
    async with serving(build(adapter, bot, path="/hooks/slack")) as base:
        await slack.use_request_url(f"{base}/hooks/slack")
        await acme.user("Ann").dm("hello")
        await sink.wait_for()


async def test_stop_lets_requests_in_progress_end(slack, acme, adapter, sink):
    async with uvicorn_serving(SlackASGI(adapter), lifespan="off") as base:
        await adapter.start(sink)
        await slack.use_request_url(f"{base}/slack/events")
        sink.is_open.clear()
        (delivery,) = (await acme.user("Ann").dm("hello")).deliveries
        await sink.wait_for_calls()
        stopping = asyncio.create_task(adapter.stop())
        await asyncio.sleep(0)
        sink.is_open.set()
        await stopping
        await slack.wait_until_acked(delivery)
        assert [attempt.status for attempt in delivery.attempts] == [200]


async def test_a_start_that_fails_stops_the_server_with_the_reason(slack, adapter, bot):
    slack.workspace("Acme").revoke_token()
    sent = asyncio.Queue()
    received = asyncio.Queue()
    received.put_nowait({"type": "lifespan.startup"})
    await SlackASGI(adapter, bot)({"type": "lifespan"}, received.get, sent.put)
    failed = sent.get_nowait()
    assert failed["type"] == "lifespan.startup.failed"
    assert "auth.test" in failed["message"]


async def test_a_websocket_is_turned_away_and_a_hang_up_is_no_error(adapter):
    app = SlackASGI(adapter)
    sent, received = asyncio.Queue(), asyncio.Queue()
    received.put_nowait({"type": "websocket.connect"})
    await app({"type": "websocket"}, received.get, sent.put)
    assert sent.get_nowait() == {"type": "websocket.close"}
    received.put_nowait({"type": "http.request", "body": b"{", "more_body": True})
    received.put_nowait({"type": "http.disconnect"})
    scope = {"type": "http", "path": "/slack/events", "method": "POST", "headers": [], "query_string": b""}
    await app(scope, received.get, sent.put)
    assert sent.empty()
    with pytest.raises(NotImplementedError):
        await app({"type": "smtp"}, received.get, sent.put)


async def test_an_app_token_is_not_used_where_requests_are_mounted(slack, http_settings, sink):
    adapter = SlackAdapter(http_settings(app_token=SecretStr(slack.app_token)))
    adapter.mount()
    await adapter.start(sink)
    try:
        assert not slack.calls("apps.connections.open")
        with pytest.raises(PlatformError, match="mount it before"):
            adapter.mount()
    finally:
        await adapter.stop()


def test_without_a_signing_secret_nothing_is_mounted(socket_settings):
    with pytest.raises(ConfigError, match="SLACK_SIGNING_SECRET"):
        SlackASGI(SlackAdapter(socket_settings()))


async def test_a_server_on_a_port_of_its_own_takes_no_mounted_requests(http_settings, sink):
    adapter = SlackAdapter(http_settings())
    await adapter.start(sink)
    try:
        assert (await adapter.answer_request(b"{}", headers={})).status == 503
    finally:
        await adapter.stop()
