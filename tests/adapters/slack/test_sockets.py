"""Several sockets in a process, and in several processes together."""

import asyncio

import pytest

from threadkeep.chat.adapter import ReplyContent, ReplyRequest
from threadkeep.errors import PlatformUnavailableError, StoreUnavailableError
from threadkeep_emulators.faults import Fault
from threadkeep_slack import SlackAdapter
from threadkeep_slack.limits import MOST_SOCKETS
from threadkeep_slack.transport.slots import app_of


class SharedTable:
    """What the processes of a bot share, in one of them."""

    def __init__(self):
        self.slots = {}
        self.seconds = 0.0
        self.error = None
        self.has_failed = asyncio.Event()
        self.notes = {}

    async def recall(self, name):
        return self.notes.get(name)

    async def remember(self, name, text, *, seconds):
        self.notes[name] = text

    async def spend(self, name, amount, *, limit, per_seconds):
        return 0.0

    async def take_slots(self, name, *, owner, total, most, seconds):
        if self.error is not None:
            self.has_failed.set()
            raise self.error
        self.seconds = seconds
        held = {slot for (known, slot), holder in self.slots.items() if known == name and holder == owner}
        for slot in range(total):
            if len(held) < most and (name, slot) not in self.slots:
                self.slots[name, slot] = owner
                held.add(slot)
        return frozenset(held)

    async def free_slots(self, name, *, owner):
        if self.error is not None:
            raise self.error
        self.slots = {slot: holder for slot, holder in self.slots.items() if slot[0] != name or holder != owner}


@pytest.fixture
def shared():
    return SharedTable()


@pytest.fixture
def quick(monkeypatch):
    """Looks at the slots are a hundred times as frequent as usual."""
    monkeypatch.setattr("threadkeep_slack.transport.choice.SLOT_HEARTBEAT", 0.05)


async def test_two_sockets_are_open_and_closed(slack, connect):
    adapter = await connect()
    assert len(slack.connections) == 2
    await adapter.stop()
    await slack.wait_for_connections(0)
    assert not [task for task in asyncio.all_tasks() if "slack-" in task.get_name()]


@pytest.mark.parametrize("reason", ["refresh_requested", "link_disabled", "warning"])
async def test_while_one_socket_is_renewed_events_come_over_the_other(slack, adapter, sink, ann, reason):
    first = slack.connections[0]
    renewing = asyncio.create_task(slack.disconnect_sockets(reason, names=[first]))
    handles = [await ann.dm(f"message {number}") for number in range(10)]
    await sink.wait_for(10)
    await renewing
    if reason == "warning":
        await slack.wait_for_connections(3)
        await slack.disconnect_sockets(names=[first])
    await slack.wait_for_connections(2)
    await slack.wait_until_settled()
    assert [event.text for event in sink.events] == [f"message {number}" for number in range(10)]
    if reason != "warning":
        assert {len(delivery.attempts) for handle in handles for delivery in handle.deliveries} == {1}


async def test_no_socket_is_missing_while_all_are_renewed(slack, connect):
    await connect()
    fewest = 2
    renewing = asyncio.create_task(slack.disconnect_sockets("warning"))
    opened = len(slack.calls("apps.connections.open"))
    async with asyncio.timeout(5):
        while len(slack.calls("apps.connections.open")) < opened + 2 or len(slack.connections) < 4:
            fewest = min(fewest, len(slack.connections))
            await asyncio.sleep(0)
    await renewing
    assert fewest == 2


async def test_a_burst_over_two_sockets_stays_in_order(slack, acme, adapter, sink, ann):
    for number in range(40):
        await ann.dm(f"message {number}")
    events = await sink.wait_for(40)
    assert [event.text for event in events] == [f"message {number}" for number in range(40)]
    assert len({attempt.connection for one in slack.deliveries for attempt in one.attempts}) == 2


async def test_what_waits_is_put_in_order_however_it_arrived(slack, adapter, sink, ann):
    sink.is_open.clear()
    event = {"type": "message", "channel": ann.direct.id, "channel_type": "im", "user": ann.id}
    for number in (1, 5, 3, 4, 2):
        slack.deliver(event | {"ts": f"{number}.000000", "text": f"message {number}"})
        if number == 1:
            await sink.wait_for_calls(1)
    sink.is_open.set()
    events = await sink.wait_for(5)
    assert [event.text for event in events] == [f"message {number}" for number in range(1, 6)]


async def test_processes_share_what_slack_allows(quick, slack, connect, socket_settings, shared):
    first = await connect(socket_settings(sockets=6), shared=shared)
    await connect(socket_settings(sockets=6), shared=shared)
    waiting = await connect(socket_settings(sockets=1), shared=shared)
    assert len(slack.connections) == MOST_SOCKETS
    assert "Socket Mode" in waiting.description
    await first.stop()
    await slack.wait_for_connections(7)
    assert len(shared.slots) == 7
    assert {name for name, _ in shared.slots} == {f"slack-sockets:{slack.app.id}"}


async def test_a_slot_that_lapsed_is_given_up(quick, slack, connect, socket_settings, shared, sink, ann):
    await connect(socket_settings(sockets=2), shared=shared)
    name = f"slack-sockets:{slack.app.id}"
    shared.slots = {(name, slot): "another" for slot in range(1, MOST_SOCKETS)}
    await slack.wait_for_connections(1)
    await ann.dm("hello")
    await sink.wait_for()
    assert (name, 0) in shared.slots


async def test_a_store_that_is_away_closes_no_socket(quick, slack, connect, socket_settings, shared, sink, ann):
    adapter = await connect(socket_settings(), shared=shared)
    shared.error = StoreUnavailableError("the store is away")
    async with asyncio.timeout(5):
        await shared.has_failed.wait()
    await ann.dm("hello")
    await sink.wait_for()
    assert len(slack.connections) == 2
    await adapter.stop()
    await slack.wait_for_connections(0)


async def test_a_second_socket_that_cannot_be_opened_at_once_is_opened_later(
    quick, slack, connect, socket_settings, sink, shared
):
    shared.slots = {(f"slack-sockets:{slack.app.id}", slot): "another" for slot in range(1, MOST_SOCKETS)}
    await connect(socket_settings(), shared=shared)
    assert len(slack.connections) == 1
    slack.faults.add(Fault(match="apps.connections.open", kind="status", status=503))
    shared.slots = {slot: owner for slot, owner in shared.slots.items() if owner != "another"}
    await slack.wait_for_connections(2)
    assert not slack.faults.pending


async def test_a_start_that_fails_gives_the_slots_back(slack, socket_settings, sink, shared):
    slack.faults.add(Fault(match="apps.connections.open", kind="status", status=503))
    with pytest.raises(PlatformUnavailableError):
        await SlackAdapter(socket_settings()).start(sink, shared)
    assert shared.slots == {}


async def test_without_a_sink_it_is_connected_for_replies_only(slack, acme, connect, sink, ann, http_settings):
    question = await ann.dm("hello")
    ingress = await connect()
    await sink.wait_for()
    worker = await connect(sink=None)
    assert len(slack.connections) == 2
    assert worker.description == "Slack workspace Acme as @keeper (replies only)"

    async def on_posted(part, message):
        pass

    request = ReplyRequest(place=sink.events[0].place, run_id="run1", posted={}, on_posted=on_posted)
    reply = worker.open_reply(request)
    await reply.finish(ReplyContent(text="The answer", is_final=True))
    await reply.aclose()
    await question.conversation.wait_for_reply(contains="answer")
    over_http = await connect(http_settings(), sink=None)
    assert over_http.request_url is None
    await ingress.stop()
    await worker.stop()


@pytest.mark.parametrize(
    ("token", "app"),
    [("xapp-1-A012ABCD-123456-abcdef", "A012ABCD"), ("xapp-1-secret", None), ("xapp-secret", None)],
)
def test_the_app_is_read_from_its_token(token, app):
    assert app_of(token) == app
