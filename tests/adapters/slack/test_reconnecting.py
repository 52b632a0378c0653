"""The socket comes back: after a cut, after a refused address, after an outage."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from threadkeep.errors import PlatformAuthError
from threadkeep_emulators.faults import Fault
from threadkeep_slack.transport.bolt import build_app
from threadkeep_slack.transport.port import Ending
from threadkeep_slack.transport.socket_client import SocketFamily
from threadkeep_slack.transport.socket_mode import SocketMode
from threadkeep_slack.web_api import new_client, new_session
from threadkeep_slack.workspace import identify


class Inlet:
    """Takes events as the intake does, and shows their texts."""

    def __init__(self):
        self.texts = asyncio.Queue()
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def on_event(self, body):
        await self.is_open.wait()
        self.texts.put_nowait(body["event"]["text"])

    async def on_press(self, body):
        raise AssertionError("nobody presses")

    async def on_command(self, body):
        raise AssertionError("nobody commands")

    async def wait_for(self, text):
        """Return when a message with this text came; others may come again, their acknowledgement lost."""
        async with asyncio.timeout(5):
            while await self.texts.get() != text:
                pass


@pytest.fixture
def inlet():
    return Inlet()


@pytest.fixture
def ending():
    return Ending()


@pytest.fixture
async def open_socket(socket_settings, inlet, ending):
    """Connect with pings and a watchdog a hundred times faster than usual."""

    @asynccontextmanager
    async def connected():
        settings = socket_settings()
        async with new_session() as session:
            client = new_client(settings, session)
            app = build_app(inlet, client=client, workspace=await identify(client), on_lost=ending.reach)
            socket = SocketMode(
                app,
                app_token=settings.app_token.get_secret_value(),
                web_client=client,
                on_lost=ending.reach,
                family=SocketFamily(),
                ping_seconds=0.05,
                down_seconds=0.2,
            )
            await socket.start()
            try:
                yield socket
            finally:
                await socket.stop()

    return connected


async def test_a_cut_socket_is_opened_again(slack, acme, open_socket, inlet):
    ann = acme.user("Ann")
    async with open_socket():
        for number in range(3):
            slack.cut_sockets()
            await slack.wait_for_connections(0)
            await slack.wait_for_connections(1)
            await ann.dm(f"message {number}")
            await inlet.wait_for(f"message {number}")


async def test_an_outage_of_the_web_api_is_survived(slack, acme, open_socket, inlet):
    async with open_socket():
        slack.faults.add(Fault(match="apps.connections.open", kind="status", status=503, times=8))
        slack.cut_sockets()
        await acme.user("Ann").dm("after the outage")
        await inlet.wait_for("after the outage")
        assert not slack.faults.pending


async def test_a_client_that_gave_up_is_revived_by_the_watchdog(slack, acme, open_socket, inlet):
    async with open_socket() as socket:
        client = socket._client
        client.current_session_monitor.cancel()
        client.message_receiver.cancel()
        slack.cut_sockets()
        await client.current_session.close()
        await acme.user("Ann").dm("after the silence")
        await inlet.wait_for("after the silence")


async def test_a_refused_app_token_ends_the_connection_for_good(slack, open_socket, ending):
    async with open_socket() as socket:
        client = socket._client
        client.current_session_monitor.cancel()
        client.message_receiver.cancel()
        slack.app.app_token = "xapp-another"
        await client.current_session.close()
        with pytest.raises(PlatformAuthError, match="App-Level Tokens"):
            async with asyncio.timeout(5):
                await ending.wait()


async def test_stop_during_an_outage_leaves_no_task(slack, open_socket):
    async with open_socket():
        slack.faults.add(Fault(match="apps.connections.open", kind="status", status=503, times=1000))
        slack.cut_sockets()
        await slack.wait_for_call("apps.connections.open", lambda call: call.error is not None)
    assert not [task for task in asyncio.all_tasks() if "slack-" in task.get_name()]


async def test_an_acknowledgement_without_a_socket_is_made_up_for_later(slack, acme, open_socket, inlet):
    async with open_socket():
        inlet.is_open.clear()
        question = await acme.user("Ann").dm("hello")
        await slack.wait_for_connections(1)
        slack.faults.add(Fault(match="apps.connections.open", kind="status", status=503, times=4))
        slack.cut_sockets()
        await slack.wait_for_connections(0)
        inlet.is_open.set()
        await inlet.wait_for("hello")
        (delivery,) = question.deliveries
        await slack.wait_until_settled(delivery)
        assert delivery.is_acked
