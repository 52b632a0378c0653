"""The socket is renewed without a gap, and comes back: after a cut, after an outage, after silence."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from threadkeep.errors import PlatformAuthError
from threadkeep_emulators.faults import Fault
from threadkeep_emulators.slack import RetrySchedule, SlackEmulator
from threadkeep_slack.transport.backoff import Backoff
from threadkeep_slack.transport.bolt import build_app
from threadkeep_slack.transport.port import Ending
from threadkeep_slack.transport.socket_link import SocketFamily
from threadkeep_slack.transport.socket_mode import SocketMode, SocketPace
from threadkeep_slack.web_api import new_client, new_session
from threadkeep_slack.workspace import identify


class Inlet:
    """Takes events as the intake does, and shows their texts."""

    def __init__(self):
        self.texts = asyncio.Queue()
        self.has_come = asyncio.Event()
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def on_event(self, body):
        self.has_come.set()
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
async def slack():
    """Slack, which never pings within a test, and repeats quickly what is not acknowledged."""
    schedule = RetrySchedule(ack_timeout=0.6, delays=(0.0, 0.1, 0.2))
    async with SlackEmulator(schedule=schedule, ping_interval=3600) as emulator:
        yield emulator


@pytest.fixture
def inlet():
    return Inlet()


@pytest.fixture
def ending():
    return Ending()


PACE = SocketPace(
    ping_seconds=0.05,
    retry_seconds=0.02,
    retry_most_seconds=0.1,
    quiet_seconds=0.1,
    retire_seconds=2.0,
    steady_seconds=0.0,
)


@pytest.fixture
async def open_socket(socket_settings, inlet, ending):
    """Connect, with everything a hundred times faster than usual."""

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
                pace=PACE,
            )
            await socket.start()
            try:
                yield socket
            finally:
                await socket.stop()

    return connected


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "a_reason_of_later_days"])
async def test_the_next_socket_is_open_before_the_old_one_closes(slack, open_socket, reason):
    async with open_socket() as socket:
        (old,) = slack.connections
        asking = asyncio.create_task(slack.disconnect_sockets(reason, grace=5.0))
        async with asyncio.timeout(5):
            while slack.connections in ((), (old,)):
                assert socket.is_up
                await asyncio.sleep(0)
        await asking
        (new,) = await slack.wait_for_connections(1)
        assert new != old
        assert len(slack.calls("apps.connections.open")) == 2


async def test_what_came_over_the_old_socket_is_acknowledged_on_it(slack, acme, open_socket, inlet):
    async with open_socket():
        inlet.is_open.clear()
        (question,) = (await acme.user("Ann").dm("hello")).deliveries
        (old,) = await slack.wait_for_connections(1)
        await inlet.has_come.wait()
        asking = asyncio.create_task(slack.disconnect_sockets(grace=5.0))
        await slack.wait_for_connections(0)
        await slack.wait_for_connections(1)
        inlet.is_open.set()
        await asking
        await slack.wait_until_acked(question)
        assert [attempt.outcome for attempt in question.attempts] == ["acked"]
        assert question.acked_by == question.attempts[0].connection == old


async def test_under_load_no_message_is_lost_doubled_or_out_of_order_at_a_renewal(slack, acme, open_socket, inlet):
    people = [acme.user(f"Person {number}") for number in range(4)]
    heard = []
    async with open_socket() as socket:
        for number in range(120):
            if number % 6 == 3:
                names = slack.connections
                if number % 12 == 3:
                    await slack.disconnect_sockets("warning", names=names)
                await slack.disconnect_sockets(grace=0.5, names=names)
                assert socket.is_up
            await people[number % 4].dm(f"message {number}")
        await slack.wait_until_settled(timeout=15)
    while not inlet.texts.empty():
        heard.append(int(inlet.texts.get_nowait().removeprefix("message ")))
    assert sorted(heard) == list(range(120))
    for person in range(4):
        assert [number for number in heard if number % 4 == person] == list(range(person, 120, 4))
    tried = [attempt for delivery in slack.deliveries for attempt in delivery.attempts]
    assert {attempt.outcome for attempt in tried} <= {"acked", "no_connection"}
    assert all(delivery.acked_by == delivery.attempts[-1].connection for delivery in slack.deliveries)


async def test_after_a_warning_the_old_socket_is_in_use_until_slack_ends_it(slack, acme, open_socket, inlet):
    async with open_socket():
        (old,) = slack.connections
        await slack.disconnect_sockets("warning")
        await slack.wait_for_connections(2)
        used = set()
        number = 0
        while len(used) < 2:
            (said,) = (await acme.user("Ann").dm(f"message {number}")).deliveries
            await slack.wait_until_acked(said)
            used.add(said.acked_by)
            number += 1
        await slack.disconnect_sockets("refresh_requested", grace=5.0, names=[old])
        (new,) = await slack.wait_for_connections(1)
        assert new != old


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


async def test_a_request_to_wait_is_obeyed(slack, acme, open_socket, inlet):
    async with open_socket():
        slack.faults.add(Fault(match="apps.connections.open", kind="status", status=429, retry_after=0.3, times=2))
        slack.cut_sockets()
        await acme.user("Ann").dm("after the wait")
        await inlet.wait_for("after the wait")
        assert len(slack.calls("apps.connections.open")) == 4


async def test_a_warning_during_an_outage_leaves_the_old_socket_in_use(slack, acme, open_socket, inlet):
    async with open_socket():
        slack.faults.add(Fault(match="apps.connections.open", kind="status", status=503, times=6))
        await slack.disconnect_sockets("warning")
        await acme.user("Ann").dm("during the outage")
        await inlet.wait_for("during the outage")
        await slack.wait_for_connections(2)
        assert not slack.faults.pending
        await slack.wait_for_connections(1)
        await acme.user("Ann").dm("after the outage")
        await inlet.wait_for("after the outage")


async def test_a_socket_over_which_not_even_pongs_come_is_replaced(slack, acme, open_socket, inlet):
    async with open_socket():
        slack.sockets.freeze_all()
        # What Slack sends into the dead socket meanwhile it sends again.
        await acme.user("Ann").dm("into the silence")
        await inlet.wait_for("into the silence")


async def test_each_socket_has_an_address_of_its_own(slack, open_socket):
    async with open_socket():
        for round_number in range(2, 5):
            slack.cut_sockets()
            await slack.wait_for_connections(0)
            await slack.wait_for_connections(1)
            assert len(slack.calls("apps.connections.open")) == round_number


async def test_an_address_whose_ticket_is_spent_is_not_tried_again(slack, acme, open_socket, inlet):
    async with open_socket():
        spent = slack.calls("apps.connections.open")[0].result
        slack.faults.add(Fault(match="apps.connections.open", kind="status", status=200, body=spent))
        slack.cut_sockets()
        await acme.user("Ann").dm("over a fresh one")
        await inlet.wait_for("over a fresh one")
        assert not slack.faults.pending


async def test_where_slack_allows_no_further_socket_the_old_one_makes_room(
    monkeypatch, slack, acme, open_socket, inlet
):
    monkeypatch.setattr("threadkeep_emulators.slack.sockets.MAX_CONNECTIONS", 1)
    async with open_socket():
        await slack.disconnect_sockets("warning")
        await slack.wait_for_call("apps.connections.open", lambda _: len(slack.calls("apps.connections.open")) > 2)
        await acme.user("Ann").dm("still here")
        await inlet.wait_for("still here")
        await slack.wait_for_connections(1)


@pytest.mark.parametrize("is_cut", [True, False])
async def test_a_refused_app_token_ends_the_connection_for_good(slack, open_socket, ending, is_cut):
    async with open_socket():
        slack.app.app_token = "xapp-another"
        if is_cut:
            slack.cut_sockets()
        else:
            await slack.disconnect_sockets("warning")
        with pytest.raises(PlatformAuthError, match="App-Level Tokens"):
            async with asyncio.timeout(5):
                await ending.wait()


async def test_socket_mode_turned_off_ends_the_connection_with_what_to_do(slack, open_socket, ending):
    async with open_socket():
        await slack.sockets.turn_off()
        with pytest.raises(PlatformAuthError, match="turn it on at"):
            async with asyncio.timeout(5):
                await ending.wait()


async def test_a_link_that_was_disabled_and_enabled_again_is_renewed(slack, acme, open_socket, inlet):
    async with open_socket():
        await slack.disconnect_sockets("link_disabled")
        await acme.user("Ann").dm("on again")
        await inlet.wait_for("on again")


async def test_stop_during_an_outage_leaves_no_task(slack, open_socket):
    async with open_socket():
        slack.faults.add(Fault(match="apps.connections.open", kind="status", status=503, times=1000))
        slack.cut_sockets()
        await slack.wait_for_call("apps.connections.open", lambda call: call.error is not None)
    assert not [task for task in asyncio.all_tasks() if "slack-" in task.get_name()]


async def test_stop_during_a_renewal_leaves_no_task_and_no_socket(slack, open_socket):
    async with open_socket():
        await slack.disconnect_sockets("warning")
        await slack.wait_for_connections(2)
    await slack.wait_for_connections(0)
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


@pytest.mark.parametrize("payload", [[], 5, None, "text"])
async def test_a_frame_of_no_known_form_is_acknowledged(slack, acme, open_socket, inlet, payload):
    async with open_socket():
        await slack.wait_until_acked(slack.deliver_payload(payload))
        await slack.send_frame({"type": ["hello"], "envelope_id": {}})
        await acme.user("Ann").dm("still there?")
        await inlet.wait_for("still there?")


def test_waits_grow_to_a_limit_and_differ_by_chance():
    steady = Backoff(first=1.0, most=5.0, chance=lambda: 1.0)
    assert [steady.next() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    steady.reset()
    assert steady.next() == 1.0
    assert Backoff(first=1.0, most=5.0, chance=lambda: 0.0).next() == 0.5
