"""Requests of strangers, whose every byte is of their choice."""

import time

import aiohttp
import pytest
from aiohttp import web

from threadkeep.errors import PlatformUnavailableError
from threadkeep_slack.controls.whispers import Whispers
from threadkeep_slack.inbound.directory import Directory
from threadkeep_slack.inbound.hand_over import Arrival, HandOver, NotHandedOverError
from threadkeep_slack.inbound.turns import LAST
from threadkeep_slack.transport.socket_link import SocketFamily, SocketLink
from threadkeep_slack.web_api import failure_of, new_client, new_session

SECRET = "SomethingThatOpensADoor"


@pytest.fixture
async def strange_server():
    """A server that refuses, and sends in circles."""

    async def refuse(_):
        return web.Response(status=403)

    async def turn(request):
        raise web.HTTPFound(str(request.url))

    async def lead_away(_):
        raise web.HTTPFound(f"ftp://ann:{SECRET}@elsewhere.example/{SECRET}")

    app = web.Application()
    app.router.add_get("/link", refuse)
    app.router.add_post("/commands/circle/{secret}", turn)
    app.router.add_get("/commands/circle/{secret}", turn)
    app.router.add_post("/commands/away/{secret}", lead_away)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def client(socket_settings):
    async with new_session() as session:
        yield new_client(socket_settings(), session)


@pytest.mark.parametrize("signature", [b"v0=\xc3\xa9", b"v0=\xff", b"\xe2\x82\xac" * 100, b"v1=ab", b"v0="])
async def test_whatever_stands_for_a_signature_is_refused(
    caplog, capsys, slack, connect, http_settings, sink, signature
):
    adapter = await connect(http_settings())
    headers = {"X-Slack-Request-Timestamp": str(int(time.time())), "X-Slack-Signature": signature.decode("latin-1")}
    async with (
        aiohttp.ClientSession() as session,
        session.post(adapter.request_url, data=b"{}", headers=headers) as said,
    ):
        assert said.status == 401
    assert sink.calls == 0
    assert "Traceback" not in caplog.text + capsys.readouterr().err


@pytest.mark.parametrize(
    "path", ["circle/" + SECRET, "away/" + SECRET, f"nothing/../../{SECRET}\x00", "[::1/" + SECRET]
)
async def test_the_address_of_an_answer_is_in_no_error(strange_server, client, path):
    with pytest.raises(Exception, match="response_url") as failed:
        await Whispers(client).answer(f"http://{strange_server}/commands/{path}", "for you alone")
    assert SECRET not in str(failed.value)


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ConnectionTimeoutError(f"Connection timeout to host wss://slack.example/?ticket={SECRET}"),
        aiohttp.InvalidURL(SECRET),
        aiohttp.NonHttpUrlClientError(SECRET),
        aiohttp.ClientPayloadError(SECRET),
    ],
)
def test_an_address_that_an_error_names_is_not_said(error):
    assert SECRET not in failure_of(error)
    assert failure_of(OSError("connection reset")) == "connection reset"


@pytest.mark.parametrize("address", ["ws://{host}/link?ticket={secret}&app_id=A1", "ws://[::1/link?ticket={secret}"])
async def test_the_ticket_of_a_socket_is_in_no_error(strange_server, client, address):
    async def take(*_):
        raise AssertionError("nothing comes")

    link = SocketLink(take, family=SocketFamily(), ping_seconds=60)
    with pytest.raises(PlatformUnavailableError, match="cannot be opened") as failed:
        await link.open(address.format(host=strange_server, secret=SECRET), client)
    await link.close()
    assert SECRET not in str(failed.value)


async def test_what_other_libraries_say_of_a_message_is_in_no_reason(client):
    async def refuse(_):
        raise ValueError(f"cannot read {SECRET}")

    hand_over = HandOver(refuse, Directory(client))
    arrival = Arrival(channel="C1", rank=LAST, people=(), kind="channel")
    with pytest.raises(NotHandedOverError, match="ValueError") as failed:
        await hand_over.put(arrival, lambda _: object())
    assert SECRET not in str(failed.value)
