import asyncio

import pytest
import structlog

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import MessageReceived, Place, PlaceKind
from threadkeep.errors import StoreError, StoreUnavailableError
from threadkeep.sessions import MessageKey, SessionKey, UserKey
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
    intake = Intake(store)
    intake.open()
    with structlog.testing.capture_logs() as logs:
        for number in range(20):
            intake.put(event(number))
        await intake.aclose(grace=10)
    assert store.taken == [str(number) for number in range(20)]
    assert [entry["event"] for entry in logs] == ["store_unavailable", "store_back"]


async def test_one_refused_event_does_not_hold_up_the_others():
    store = ShakyStore(StoreError("no"), ValueError("odd"))
    intake = Intake(store)
    intake.open()
    with structlog.testing.capture_logs() as logs:
        for number in range(4):
            intake.put(event(number))
        await intake.aclose(grace=10)
    assert store.taken == ["2", "3"]
    assert [entry["message_key"] for entry in logs] == ["discord:1:2:0", "discord:1:2:1"]


async def test_what_exceeds_the_bound_is_reported_with_its_id():
    intake = Intake(ShakyStore(), capacity=2)
    with structlog.testing.capture_logs() as logs:
        for number in range(3):
            intake.put(event(number))
    assert [entry["message_key"] for entry in logs] == ["discord:1:2:2"]
    intake.open()
    await intake.aclose(grace=10)


async def test_what_the_store_did_not_take_before_the_stop_is_reported():
    store = ShakyStore()
    store.gate.clear()
    intake = Intake(store)
    intake.open()
    for number in range(3):
        intake.put(event(number))
    await asyncio.sleep(0)
    with structlog.testing.capture_logs() as logs:
        await intake.aclose(grace=0.01)
    lost = [entry["messages"] for entry in logs if "messages" in entry] + [
        entry["message_key"] for entry in logs if "message_key" in entry
    ]
    assert lost == [["discord:1:2:1", "discord:1:2:2"], "discord:1:2:0"]


async def test_a_full_conversation_is_reported():
    async def full(_event: MessageReceived) -> Acceptance:
        return Acceptance.FULL

    intake = Intake(full)
    intake.open()
    with structlog.testing.capture_logs() as logs:
        intake.put(event(1))
        await intake.aclose(grace=10)
    assert [entry["event"] for entry in logs] == ["discord_conversation_full"]


async def test_closing_what_was_never_opened_is_harmless():
    await Intake(ShakyStore()).aclose(grace=1)


@pytest.mark.parametrize("after", [1, 5])
async def test_what_comes_later_stays_behind_what_waits(after):
    store = ShakyStore(StoreUnavailableError("down"))
    intake = Intake(store)
    intake.open()
    intake.put(event(0))
    await asyncio.sleep(0)
    for number in range(1, after + 1):
        intake.put(event(number))
    await intake.aclose(grace=10)
    assert store.taken == [str(number) for number in range(after + 1)]
