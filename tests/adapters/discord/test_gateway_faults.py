"""A gateway that breaks in every way it has: nothing is lost, nothing comes twice, and the order stays."""

import asyncio

import pytest
import structlog

from threadkeep.errors import PlatformAuthError, PlatformError
from threadkeep_emulators.discord import Settings
from threadkeep_emulators.faults import Fault


async def say(person, numbers):
    for number in numbers:
        await person.dm(str(number))


async def heard_in_order(inbox, count):
    """Wait until so many different messages came, and check that each came at its place."""
    events = []
    async with asyncio.timeout(20):
        while len({event.key for event in events}) < count:
            events = await inbox.wait_for(len(events) + 1)
            events = list(events)
    # What the store has already may come again after a resume; it is known by its key there.
    first = list(dict.fromkeys(event.text for event in events))
    assert first == [str(number) for number in range(count)]


@pytest.mark.parametrize("code", [None, 1000, 1001, 1006, 4000, 4001, 4002, 4003, 4005, 4008])
async def test_a_session_is_resumed_after_a_close(discord, adapter, ann, inbox, code):
    await say(ann, range(3))
    await inbox.wait_for(3)
    await discord.gateway.drop(code)
    await say(ann, range(3, 6))
    await heard_in_order(inbox, 6)
    assert discord.gateway.identifies == 1


@pytest.mark.parametrize("code", [4004, 4010, 4011, 4012, 4013, 4014])
async def test_a_close_for_good_is_told_with_its_reason(discord, adapter, code):
    with structlog.testing.capture_logs() as logs:
        await discord.gateway.drop(code)
        with pytest.raises(PlatformError) as told:
            await adapter.wait_closed()
    assert isinstance(told.value, PlatformAuthError) == (code in {4004, 4014})
    assert "does not say why" not in str(told.value)
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["discord_gateway_ended"]


async def test_a_request_to_reconnect_is_followed(discord, adapter, ann, inbox):
    await say(ann, range(3))
    await discord.gateway.ask_to_reconnect()
    await say(ann, range(3, 6))
    await heard_in_order(inbox, 6)
    assert (discord.gateway.identifies, discord.gateway.resumes) == (1, 1)


async def test_a_session_that_may_be_resumed_is(discord, adapter, ann, inbox):
    await say(ann, range(3))
    await discord.gateway.invalidate(is_resumable=True)
    await say(ann, range(3, 6))
    await heard_in_order(inbox, 6)
    assert (discord.gateway.identifies, discord.gateway.resumes) == (1, 1)


async def test_messages_between_many_breaks_come_in_order(discord, adapter, ann, inbox):
    breaks = [discord.gateway.drop, discord.gateway.ask_to_reconnect, lambda: discord.gateway.drop(4000)]
    for number in range(12):
        await ann.dm(str(number))
        if number % 2:
            await breaks[number // 2 % 3]()
            await discord.gateway.wait_resumed(number // 2 + 1, timeout=20)
    await heard_in_order(inbox, 12)
    assert discord.gateway.identifies == 1


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_a_connection_that_breaks_around_a_message_loses_nothing(discord, adapter, ann, inbox, kind):
    await say(ann, range(2))
    await inbox.wait_for(2)
    discord.faults.add(Fault(match="MESSAGE_CREATE", kind=kind))
    await say(ann, range(2, 5))
    await heard_in_order(inbox, 5)
    assert discord.gateway.identifies == 1


class TestStall:
    @pytest.fixture
    def settings(self):
        return Settings(heartbeat_interval=0.1)

    async def test_a_connection_that_brings_nothing_any_more_is_given_up(self, discord, adapter, ann, inbox):
        # The patience of a connection is that of the client at its beginning.
        adapter._client.cache.heartbeat_timeout = 0.5
        await discord.gateway.drop()
        await discord.gateway.wait_resumed(timeout=20)
        await say(ann, range(2))
        await inbox.wait_for(2)
        discord.gateway.stall()
        await say(ann, range(2, 5))
        await heard_in_order(inbox, 5)
        assert discord.gateway.identifies == 1
        assert discord.gateway.resumes >= 2
