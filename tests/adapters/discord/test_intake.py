import asyncio

import pytest
import structlog

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import MessageReceived, Place, PlaceKind
from threadkeep.errors import StoreError, StoreUnavailableError
from threadkeep.sessions import MessageKey, SessionKey, UserKey
from threadkeep_discord.arrivals import Arrival
from threadkeep_discord.intake import Intake


def event(number: int) -> MessageReceived:
    session = SessionKey(platform="discord", workspace="1", channel="2")
    return MessageReceived(
        key=MessageKey(platform="discord", workspace="1", channel="2", message=str(number)),
        place=Place(session=session, kind=PlaceKind.CHANNEL),
        user=UserKey(platform="discord", user="3"),
        speaker="Ann",
        text="hello",
    )


def arrival(number: int) -> Arrival:
    return Arrival(name="MESSAGE_CREATE", payload={"id": str(number), "channel_id": "2"}, sequence=number)


async def read(arrived: Arrival) -> list[MessageReceived]:
    return [event(int(arrived.payload["id"]))]


class ShakyStore:
    """A sink that fails as told, and can be told to hang."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.taken: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, event: MessageReceived) -> Acceptance:
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(event.key.message)
        return Acceptance.ACCEPTED


async def test_events_wait_for_the_store_and_keep_their_order():
    store = ShakyStore(*[StoreUnavailableError("down")] * 3)
    intake = Intake(store, read)
    intake.open()
    with structlog.testing.capture_logs() as logs:
        for number in range(20):
            intake.put(arrival(number))
        await intake.aclose(grace=10)
    assert store.taken == [str(number) for number in range(20)]
    assert [entry["event"] for entry in logs] == ["store_unavailable", "store_back"]


async def test_one_refused_event_does_not_hold_up_the_others():
    store = ShakyStore(StoreError("no"), ValueError("odd"))
    intake = Intake(store, read)
    intake.open()
    with structlog.testing.capture_logs() as logs:
        for number in range(4):
            intake.put(arrival(number))
        await intake.aclose(grace=10)
    assert store.taken == ["2", "3"]
    assert [entry["message_key"] for entry in logs] == ["discord:1:2:0", "discord:1:2:1"]


async def test_when_too_much_waits_the_gateway_waits_too():
    store = ShakyStore()
    store.gate.clear()
    intake = Intake(store, read, capacity=2)
    intake.open()
    with structlog.testing.capture_logs() as logs:
        for number in range(2):
            await intake.wait_for_room()
            intake.put(arrival(number))
        room = asyncio.create_task(intake.wait_for_room())
        await asyncio.sleep(0)
        assert not room.done()
        store.gate.set()
        await room
    assert [entry["event"] for entry in logs] == ["discord_intake_full"]
    await intake.aclose(grace=10)
    assert store.taken == ["0", "1"]


async def test_what_the_store_did_not_take_before_the_stop_is_reported():
    store = ShakyStore()
    store.gate.clear()
    intake = Intake(store, read)
    intake.open()
    for number in range(3):
        intake.put(arrival(number))
    await asyncio.sleep(0)
    with structlog.testing.capture_logs() as logs:
        assert await intake.aclose(grace=0.01) == 3
    (entry,) = logs
    assert (entry["event"], entry["first"]) == ("discord_events_left", ["2/0", "2/1", "2/2"])


async def test_what_is_settled_never_runs_ahead_of_the_store():
    store = ShakyStore()
    store.gate.clear()
    intake = Intake(store, read)
    intake.open()
    assert intake.settled(6) == 6
    for number in range(7, 10):
        intake.put(arrival(number))
    await asyncio.sleep(0)
    assert intake.settled(9) == 6
    store.gate.set()
    await intake.aclose(grace=10)
    assert intake.settled(9) == 9


async def test_numbers_of_an_older_session_settle_nothing_in_the_new_one():
    store = ShakyStore()
    store.gate.clear()
    intake = Intake(store, read)
    intake.open()
    intake.put(arrival(500))
    intake.begin_session()
    assert intake.settled(3) == 0
    store.gate.set()
    await intake.aclose(grace=10)
    assert (intake.settled(3), store.taken) == (3, ["500"])


async def test_what_cannot_be_read_does_not_hold_up_the_others():
    store = ShakyStore()

    async def read_some(arrived: Arrival) -> list[MessageReceived]:
        if arrived.sequence == 1:
            raise KeyError("content")
        return [event(arrived.sequence)]

    intake = Intake(store, read_some)
    intake.open()
    with structlog.testing.capture_logs() as logs:
        for number in range(3):
            intake.put(arrival(number))
        await intake.aclose(grace=10)
    assert store.taken == ["0", "2"]
    assert [(entry["event"], entry["id"]) for entry in logs] == [("discord_event_skipped", "1")]


async def test_a_full_conversation_is_reported():
    async def full(_event: MessageReceived) -> Acceptance:
        return Acceptance.FULL

    intake = Intake(full, read)
    intake.open()
    with structlog.testing.capture_logs() as logs:
        intake.put(arrival(1))
        await intake.aclose(grace=10)
    assert [entry["event"] for entry in logs] == ["discord_conversation_full"]


async def test_closing_what_was_never_opened_is_harmless():
    await Intake(ShakyStore(), read).aclose(grace=1)


@pytest.mark.parametrize("after", [1, 5])
async def test_what_comes_later_stays_behind_what_waits(after):
    store = ShakyStore(StoreUnavailableError("down"))
    intake = Intake(store, read)
    intake.open()
    intake.put(arrival(0))
    await asyncio.sleep(0)
    for number in range(1, after + 1):
        intake.put(arrival(number))
    await intake.aclose(grace=10)
    assert store.taken == [str(number) for number in range(after + 1)]
