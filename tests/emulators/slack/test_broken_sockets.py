"""Sockets that leave, are frozen, or are turned off."""

import asyncio

import aiohttp
import pytest

from threadkeep_emulators.slack import RetrySchedule, SlackEmulator


@pytest.fixture
async def slack():
    async with SlackEmulator(schedule=RetrySchedule(ack_timeout=0.3, delays=(0.0,)), ping_interval=3600) as emulator:
        emulator.workspace("Acme")
        yield emulator


@pytest.fixture
async def opened(slack):
    """Opens a socket as an app does, and gives it with its first message."""
    async with aiohttp.ClientSession() as session:

        async def open_one():
            headers = {"Authorization": f"Bearer {slack.app_token}"}
            async with session.post(f"{slack.api_url}apps.connections.open", headers=headers) as response:
                url = (await response.json())["url"]
            socket = await session.ws_connect(url)
            return socket, await socket.receive_json()

        yield open_one


async def test_what_came_over_a_leaving_socket_may_still_be_acknowledged_on_it(slack, opened):
    socket, _ = await opened()
    delivery = slack.deliver({"type": "something"})
    envelope = await socket.receive_json()
    leaving = asyncio.create_task(slack.disconnect_sockets(grace=5.0))
    assert (await socket.receive_json())["reason"] == "refresh_requested"
    await slack.wait_for_connections(0)
    await socket.send_json({"envelope_id": envelope["envelope_id"]})
    await slack.wait_until_acked(delivery)
    await socket.close()
    await leaving
    assert [attempt.outcome for attempt in delivery.attempts] == ["acked"]


async def test_a_frozen_socket_takes_everything_and_gives_nothing(slack, opened):
    socket, _ = await opened()
    slack.sockets.freeze_all()
    delivery = slack.deliver({"type": "something"})
    await slack.wait_until_settled(delivery)
    assert [attempt.outcome for attempt in delivery.attempts] == ["timeout", "timeout"]
    with pytest.raises(TimeoutError):
        await socket.receive(timeout=0.05)
    assert len(slack.connections) == 1


async def test_turned_off_sockets_end_and_new_ones_are_told_so(slack, opened):
    socket, hello = await opened()
    assert hello["type"] == "hello"
    turning = asyncio.create_task(slack.sockets.turn_off())
    assert (await socket.receive_json())["reason"] == "link_disabled"
    await socket.close()
    await turning
    _, first = await opened()
    assert (first["type"], first["reason"]) == ("disconnect", "link_disabled")
