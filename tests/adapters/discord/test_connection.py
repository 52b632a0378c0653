"""Connecting, staying connected, losing nothing, stopping."""

import asyncio
import threading
from collections.abc import Callable

import pytest
import structlog

from threadkeep.chat.events import MessageReceived
from threadkeep.errors import PlatformAuthError, PlatformError, PlatformUnavailableError, StoreUnavailableError
from threadkeep_discord import DiscordAdapter
from threadkeep_emulators.discord import DiscordEmulator, Intent, Settings
from threadkeep_emulators.faults import Fault

ME = "GET /users/@me"


def heartbeats() -> list[threading.Thread]:
    """Give discord.py's threads that keep a gateway alive."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("keep-alive-handler")]


async def until(is_so: Callable[[], object]) -> None:
    """Wait for a state that nobody announces."""
    async with asyncio.timeout(15):
        while True:
            if is_so():
                return
            await asyncio.sleep(0.005)


def numbers(events: list[MessageReceived]) -> list[int]:
    return [int(event.text) for event in events]


async def test_it_tells_which_bot_it_is(discord, adapter):
    assert adapter.description == "Discord as @keeper in 1 server (gateway)"
    await adapter.stop()
    assert adapter.description == "Discord (not connected)"


async def test_it_asks_for_the_least_intents(discord, adapter):
    (session,) = discord.gateway.sessions
    reactions = Intent.GUILD_MESSAGE_REACTIONS | Intent.DIRECT_MESSAGE_REACTIONS
    assert session.intents == Intent.GUILDS | Intent.GUILD_MESSAGES | Intent.DIRECT_MESSAGES | reactions


async def test_a_wrong_token_is_refused_with_the_remedy(discord, inbox):
    token = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDE.abcdefghijklmnopqrstuvwxyz0123456789_-"
    adapter = DiscordAdapter(token, api_url=discord.api_url)
    with pytest.raises(PlatformAuthError, match="Reset Token") as refused:
        await adapter.start(inbox)
    assert token not in str(refused.value)


async def test_a_refused_intent_is_told_with_the_remedy(connect):
    with pytest.raises(PlatformAuthError, match="Privileged Gateway Intents"):
        await connect(message_content=True)


async def test_an_unreachable_host_is_told(discord, inbox, unused_url):
    adapter = DiscordAdapter(discord.bot.token, api_url=unused_url)
    with pytest.raises(PlatformUnavailableError, match="could not log in"):
        await adapter.start(inbox)


async def test_a_gateway_that_lets_nobody_in_is_told(discord, connect):
    discord.gateway.is_accepting = False
    with pytest.raises(PlatformUnavailableError, match="gateway cannot be reached"):
        await connect()


async def test_a_login_that_is_refused_otherwise_is_told(discord, connect):
    discord.faults.add(Fault(match=ME, kind="status", status=403))
    with pytest.raises(PlatformError, match="could not log in"):
        await connect()


async def test_a_start_that_failed_can_be_repeated(discord, inbox, ann):
    adapter = DiscordAdapter(discord.bot.token, api_url=discord.api_url)
    discord.faults.add(Fault(match=ME, kind="status", status=403))
    with pytest.raises(PlatformError):
        await adapter.start(inbox)
    await adapter.start(inbox)
    await ann.dm("hello")
    assert (await inbox.next()).text == "hello"
    await adapter.stop()


async def test_two_hosts_live_in_one_process(discord, adapter, ann, inbox):
    async with DiscordEmulator(seed=12) as other:
        bob = other.user("Bob")
        second = DiscordAdapter(other.bot.token, api_url=other.api_url)
        await second.start(inbox)
        await ann.dm("one")
        await inbox.wait_for(1)
        await bob.dm("two")
        await inbox.wait_for(2)
        await second.stop()
    assert inbox.texts == ["one", "two"]


async def test_a_burst_keeps_its_order(adapter, ann, inbox):
    for number in range(300):
        await ann.dm(str(number))
    assert numbers(await inbox.wait_for(300)) == list(range(300))


async def test_a_store_that_is_down_for_a_while_loses_nothing(adapter, ann, inbox):
    inbox.failures = [StoreUnavailableError("down")] * 3
    with structlog.testing.capture_logs() as logs:
        for number in range(10):
            await ann.dm(str(number))
        assert numbers(await inbox.wait_for(10)) == list(range(10))
    assert _told(logs) == ["store_unavailable", "store_back"]


async def test_what_was_said_while_the_connection_was_lost_is_heard_once_it_is_back(discord, adapter, ann, inbox):
    await ann.dm("0")
    await inbox.wait_for(1)
    await discord.gateway.drop()
    for number in range(1, 5):
        await ann.dm(str(number))
    assert numbers(await inbox.wait_for(5)) == list(range(5))
    assert (discord.gateway.identifies, discord.gateway.resumes) == (1, 1)


async def test_a_message_that_is_delivered_twice_has_one_identity(discord, adapter, ann, inbox):
    await ann.dm("hello")
    await inbox.wait_for(1)
    await discord.gateway.ask_to_reconnect()
    await discord.gateway.wait_resumed()
    discord.gateway.redeliver("MESSAGE_CREATE")
    first, second = await inbox.wait_for(2)
    assert first == second


async def test_a_payload_that_cannot_be_parsed_is_skipped_and_reported(discord, adapter, ann, inbox):
    with structlog.testing.capture_logs() as logs:
        discord.gateway.dispatch("MESSAGE_CREATE", {"id": "55", "channel_id": "66", "content": "secret"})
        discord.gateway.dispatch("CHANNEL_CREATE", {"id": "57"})
        await ann.dm("still here")
        assert (await inbox.next()).text == "still here"
    skipped = [(entry["kind"], entry["id"]) for entry in logs if entry["event"] == "discord_event_skipped"]
    assert sorted(skipped) == [("CHANNEL_CREATE", "57"), ("MESSAGE_CREATE", "55")]
    assert "secret" not in str(logs)
    assert discord.gateway.identifies == 1


async def test_a_frame_that_cannot_be_read_ends_one_connection_only(discord, adapter, ann, inbox):
    with structlog.testing.capture_logs() as logs:
        await discord.gateway.inject("this is not JSON")
        await discord.gateway.wait_resumed()
        await ann.dm("still here")
        assert (await inbox.next()).text == "still here"
    assert _told(logs) == ["discord_gateway_failed", "discord_gateway_connected"]


async def test_a_token_that_is_revoked_later_ends_the_adapter(discord, adapter):
    await discord.gateway.drop(4004)
    with structlog.testing.capture_logs() as logs, pytest.raises(PlatformAuthError, match="Reset Token"):
        await adapter.wait_closed()
    await adapter.stop()
    assert logs == [] or [entry["event"] for entry in logs] == ["discord_gateway_ended"]


async def test_a_close_code_without_remedy_is_told(discord, adapter):
    await discord.gateway.drop(4011)
    with pytest.raises(PlatformError, match="sharding"):
        await adapter.wait_closed()


async def test_stopping_ends_the_wait(adapter):
    waiting = asyncio.create_task(adapter.wait_closed())
    await asyncio.sleep(0)
    await adapter.stop()
    await waiting


async def test_stopping_leaves_no_task_and_no_thread(discord, adapter, ann, inbox):
    await ann.dm("hello")
    await inbox.next()
    await adapter.stop()
    await adapter.stop()
    await discord.gateway.wait_disconnected()
    files = [task.get_coro().cr_code.co_filename for task in asyncio.all_tasks()]
    assert [name for name in files if "threadkeep_discord" in name or "site-packages/discord" in name] == []
    for thread in heartbeats():
        await asyncio.to_thread(thread.join, 5)
    assert heartbeats() == []
    assert discord.gateway.sessions == ()


async def test_stopping_while_it_waits_for_its_turn_to_begin_a_session_is_quick(discord, adapter):
    await discord.gateway.invalidate()
    await discord.gateway.wait_disconnected()
    async with asyncio.timeout(3):
        await adapter.stop()
    assert discord.gateway.identifies == 1
    for thread in heartbeats():
        await asyncio.to_thread(thread.join, 5)
    assert heartbeats() == []


async def test_stopping_while_the_gateway_is_away_is_quick(discord, adapter):
    discord.gateway.is_accepting = False
    await discord.gateway.drop()
    await discord.gateway.wait_disconnected()
    async with asyncio.timeout(15):
        await adapter.stop()


async def test_stopping_hands_over_what_had_arrived(adapter, ann, inbox):
    inbox.failures = [StoreUnavailableError("down")] * 2
    for number in range(5):
        await ann.dm(str(number))
    await until(lambda: len(inbox.failures) == 1)
    await adapter.stop()
    assert numbers(inbox.events) == list(range(len(inbox.events)))
    assert inbox.events


async def test_stopping_what_was_never_started_is_harmless(discord):
    adapter = DiscordAdapter(discord.bot.token)
    await adapter.stop()
    await adapter.wait_closed()


async def test_what_the_bot_cannot_read_is_told_once(discord, adapter, general, ann, inbox):
    thread = await ann.opens_thread("Plans", on=general)
    with structlog.testing.capture_logs() as logs:
        await ann.says(general, "not for the bot")
        await ann.says(thread, "one")
        await ann.says(thread, "two")
        await ann.dm("done")
        await inbox.next()
    (entry,) = logs
    assert entry["event"] == "discord_messages_unreadable"
    assert "DISCORD_MESSAGE_CONTENT=1" in entry["remedy"]


class TestWithMessageContent:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(privileged_intents=Intent.MESSAGE_CONTENT)

    async def test_the_intent_is_asked_for(self, discord, connect):
        await connect(message_content=True)
        (session,) = discord.gateway.sessions
        assert Intent.MESSAGE_CONTENT in session.intents


def _told(logs):
    """Give what was logged, but for the commands, which are listed beside all this."""
    return [entry["event"] for entry in logs if entry["event"] != "discord_commands_listed"]
