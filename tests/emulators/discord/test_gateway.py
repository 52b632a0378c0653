"""The gateway as a real discord.py client meets it."""

import asyncio
import json
from typing import Any

import discord as discord_py
import pytest

from threadkeep_emulators.discord import DiscordEmulator, EmulatorError, Intent, Settings
from threadkeep_emulators.faults import Fault

IDENTIFY = {"properties": {}, "intents": 0}


@pytest.fixture
def ann(discord: DiscordEmulator) -> Any:
    return discord.user("Ann")


async def test_guild_comes_with_channels_threads_roles_and_the_bot(
    discord: DiscordEmulator, connect: Any, ann: Any
) -> None:
    club = discord.guild("Club")
    general = club.channel("general", topic="everything")
    role = club.role("friends")
    thread = await ann.opens_thread("Talk", on=general)
    client = await connect()

    guild = client.get_guild(club.id)
    assert (guild.name, guild.member_count) == ("Club", 3)
    assert guild.get_channel(general.id).topic == "everything"
    assert guild.get_thread(thread.id).name == "Talk"
    assert guild.get_role(role.id).name == "friends"
    assert guild.me.id == discord.bot.id


async def test_what_is_made_later_is_told(discord: DiscordEmulator, connect: Any) -> None:
    client = await connect()
    club = discord.guild("Club")
    joined = await client.after("guild_join")
    assert joined.id == club.id
    general = club.channel("general")
    assert (await client.after("guild_channel_create")).id == general.id


async def test_missed_messages_are_replayed_after_a_broken_connection(
    discord: DiscordEmulator, connect: Any, ann: Any
) -> None:
    client = await connect()
    await ann.dm("one")
    await client.after("message")

    discord.gateway.is_accepting = False
    await discord.gateway.drop()
    await discord.gateway.wait_disconnected()
    await ann.dm("two")
    await ann.dm("three")
    discord.gateway.is_accepting = True
    await client.after("resumed")
    await ann.dm("four")

    await client.after("message", 4)
    assert [message.content for message in client.all_of("message")] == ["one", "two", "three", "four"]
    assert (discord.gateway.identifies, discord.gateway.resumes) == (1, 1)


@pytest.mark.parametrize("code", [1000, 4000, 4009])
async def test_client_resumes_after_a_close_code(discord: DiscordEmulator, connect: Any, ann: Any, code: int) -> None:
    client = await connect()
    await discord.gateway.drop(code)
    await client.after("resumed")
    await ann.dm("hello")
    assert (await client.after("message")).content == "hello"


async def test_client_resumes_when_it_is_asked_to_reconnect(discord: DiscordEmulator, connect: Any) -> None:
    client = await connect()
    await discord.gateway.ask_to_reconnect()
    await client.after("resumed")
    assert discord.gateway.identifies == 1


async def test_client_resumes_an_invalid_session_that_is_resumable(discord: DiscordEmulator, connect: Any) -> None:
    client = await connect()
    await discord.gateway.invalidate(is_resumable=True)
    await client.after("resumed")
    assert discord.gateway.identifies == 1


async def test_client_identifies_anew_when_its_session_is_gone(
    discord: DiscordEmulator, connect: Any, ann: Any
) -> None:
    client = await connect()
    await discord.gateway.invalidate()
    await client.after("ready", 2)
    await ann.dm("hello")
    assert (await client.after("message")).content == "hello"
    assert discord.gateway.identifies == 2


async def test_forgotten_session_cannot_be_resumed(discord: DiscordEmulator, connect: Any) -> None:
    client = await connect()
    discord.gateway.forget_sessions()
    await discord.gateway.drop()
    await client.after("ready", 2)
    assert (discord.gateway.identifies, discord.gateway.resumes) == (2, 0)


@pytest.mark.parametrize(("code", "sessions"), [(1000, 0), (1001, 0), (4000, 1)])
async def test_goodbye_ends_a_session_and_another_close_keeps_it(
    discord: DiscordEmulator, http: Any, code: int, sessions: int
) -> None:
    async with http.ws_connect(f"{discord.gateway_url}?v=10") as socket:
        await socket.send_json({"op": 2, "d": IDENTIFY | {"token": discord.bot.token}})
        await discord.gateway.wait_connected()
        await socket.close(code=code)
    await discord.gateway.wait_disconnected()
    assert len(discord.gateway.sessions) == sessions


async def test_session_outlives_a_client_that_closes_with_another_code(discord: DiscordEmulator, connect: Any) -> None:
    client = await connect()
    [session] = discord.gateway.sessions
    await client.ws.socket.close(code=4000)
    await discord.gateway.wait_resumed()
    assert discord.gateway.sessions == (session,)


async def test_another_process_takes_a_session_over(discord: DiscordEmulator, http: Any, ann: Any) -> None:
    intents = int(Intent.DIRECT_MESSAGES)
    identify = IDENTIFY | {"token": discord.bot.token, "intents": intents}
    async with http.ws_connect(f"{discord.gateway_url}?v=10") as socket:
        await socket.send_json({"op": 2, "d": identify})
        hello, ready = [await socket.receive_json(timeout=5) for _ in range(2)]
        await socket.close(code=4000)
    await discord.gateway.wait_disconnected()
    await ann.dm("two")

    async with http.ws_connect(f"{ready['d']['resume_gateway_url']}?v=10") as socket:
        resume = {"token": discord.bot.token, "session_id": ready["d"]["session_id"], "seq": ready["s"]}
        await socket.send_json({"op": 6, "d": resume})
        frames = [await socket.receive_json(timeout=5) for _ in range(4)]
    assert frames[0] == hello
    assert [frame["t"] for frame in frames[1:]] == ["CHANNEL_CREATE", "MESSAGE_CREATE", "RESUMED"]
    assert frames[2]["d"]["content"] == "two"


async def test_session_is_lost_after_the_window(http: Any) -> None:
    now = [1_800_000_000.0]
    async with DiscordEmulator(clock=lambda: now[0]) as emulator:
        async with http.ws_connect(f"{emulator.gateway_url}?v=10") as socket:
            await socket.send_json({"op": 2, "d": IDENTIFY | {"token": emulator.bot.token}})
            await emulator.gateway.wait_connected()
            await socket.close(code=4000)
        await emulator.gateway.wait_disconnected()
        [session] = emulator.gateway.sessions
        now[0] += 181
        async with http.ws_connect(f"{emulator.gateway_url}?v=10") as socket:
            resume = {"token": emulator.bot.token, "session_id": session.id, "seq": 1}
            await socket.send_json({"op": 6, "d": resume})
            await socket.receive_json(timeout=5)
            assert await socket.receive_json(timeout=5) == {"op": 9, "t": None, "s": None, "d": False}


async def test_raw_frames_are_written_as_they_are(discord: DiscordEmulator, http: Any) -> None:
    with pytest.raises(EmulatorError, match="no client is connected"):
        await discord.gateway.inject("{")
    async with http.ws_connect(f"{discord.gateway_url}?v=10") as socket:
        await socket.receive_json(timeout=5)
        await discord.gateway.inject("{")
        assert await socket.receive_str(timeout=5) == "{"


async def test_intents_decide_which_events_come(discord: DiscordEmulator, connect: Any, ann: Any) -> None:
    general = discord.guild("Club").channel("general")
    client = await connect(discord_py.Intents(guilds=True, dm_messages=True))
    await ann.says(general, f"{discord.bot.mention} in the guild")
    await ann.dm("directly")
    received = await client.after("message")
    assert received.content == "directly"


async def test_disallowed_intent_is_refused(discord: DiscordEmulator) -> None:
    client = discord_py.Client(intents=discord_py.Intents(message_content=True))
    with pytest.raises(discord_py.PrivilegedIntentsRequired):
        await client.start(discord.bot.token)
    await client.close()


async def test_each_shard_gets_its_guilds(discord: DiscordEmulator, connect: Any, ann: Any) -> None:
    guilds = [discord.guild(f"Club {number}") for number in range(6)]
    first = await connect(shard_id=0, shard_count=2)
    second = await connect(shard_id=1, shard_count=2)
    homes = {guild.id: (guild.id >> 22) % 2 for guild in guilds}
    assert {guild.id for guild in first.guilds} == {one for one, home in homes.items() if home == 0}
    assert {guild.id for guild in second.guilds} == {one for one, home in homes.items() if home == 1}
    await ann.dm("to the first")
    await first.after("message")
    assert second.all_of("message") == []


async def test_repeated_event_is_delivered_twice(discord: DiscordEmulator, connect: Any, ann: Any) -> None:
    client = await connect()
    await ann.dm("hello")
    first = await client.after("message")
    discord.gateway.redeliver("MESSAGE_CREATE")
    second = await client.after("message", 2)
    assert first.id == second.id


async def test_redelivery_of_what_never_was_is_an_error(discord: DiscordEmulator, connect: Any) -> None:
    await connect()
    with pytest.raises(EmulatorError, match="nothing called MESSAGE_CREATE"):
        discord.gateway.redeliver("MESSAGE_CREATE")


async def test_duplicate_fault_doubles_the_next_event(discord: DiscordEmulator, connect: Any, ann: Any) -> None:
    client = await connect()
    discord.faults.add(Fault(match="MESSAGE_CREATE", kind="duplicate"))
    await ann.dm("hello")
    await ann.dm("again")
    await client.after("message", 3)
    assert [message.content for message in client.all_of("message")] == ["hello", "hello", "again"]
    assert discord.faults.pending == ()


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_connection_that_breaks_at_an_event_loses_and_doubles_nothing(
    discord: DiscordEmulator, connect: Any, ann: Any, kind: Any
) -> None:
    client = await connect()
    discord.faults.add(Fault(match="MESSAGE_CREATE", kind=kind))
    await ann.dm("one")
    await ann.dm("two")
    await client.after("resumed")
    await ann.dm("three")
    await client.after("message", 3)
    assert [message.content for message in client.all_of("message")] == ["one", "two", "three"]


async def test_unknown_dispatch_is_passed_on_as_it_is(discord: DiscordEmulator, connect: Any) -> None:
    client = await connect()
    discord.gateway.dispatch("SOMETHING_NEW", {"value": 1})
    await client.after("socket_event_type")
    async with asyncio.timeout(15):
        while "SOMETHING_NEW" not in client.all_of("socket_event_type"):
            await client._more.wait()


async def test_plain_text_is_spoken_when_no_compression_is_asked_for(discord: DiscordEmulator, http: Any) -> None:
    async with http.ws_connect(f"{discord.gateway_url}?v=10&encoding=json") as socket:
        hello = await socket.receive_json(timeout=5)
        assert hello["op"] == 10
        assert hello["d"]["heartbeat_interval"] == 41250
        await socket.send_json({"op": 1, "d": None})
        assert (await socket.receive_json(timeout=5))["op"] == 11


BROKEN = [
    ("v=10", '{"op": 3, "d": {}}', 4003),
    ("v=10", "{", 4002),
    ("v=10", '"text"', 4002),
    ("v=10", '{"op": 77, "d": null}', 4001),
    ("v=10", {"op": 2, "d": IDENTIFY}, 4002),
    ("v=10", {"op": 2, "d": IDENTIFY | {"token": "wrong"}}, 4004),
    ("v=10", {"op": 2, "d": IDENTIFY | {"token": "TOKEN", "intents": 1 << 30}}, 4013),
    ("v=10", {"op": 2, "d": IDENTIFY | {"token": "TOKEN", "intents": 1 << 15}}, 4014),
    ("v=10", {"op": 2, "d": IDENTIFY | {"token": "TOKEN", "shard": [2, 2]}}, 4010),
    ("v=5", {"op": 1, "d": None}, 4012),
]


@pytest.mark.parametrize(("query", "frame", "code"), BROKEN)
async def test_wrong_frames_close_the_connection(
    discord: DiscordEmulator, http: Any, query: str, frame: Any, code: int
) -> None:
    text = frame if isinstance(frame, str) else json.dumps(frame)
    async with http.ws_connect(f"{discord.gateway_url}?{query}") as socket:
        await socket.send_str(text.replace("TOKEN", discord.bot.token))
        async for _ in socket:
            pass
        assert socket.close_code == code


async def test_second_identify_and_a_wrong_sequence_are_refused(discord: DiscordEmulator, http: Any) -> None:
    identify = {"op": 2, "d": IDENTIFY | {"token": discord.bot.token}}
    async with http.ws_connect(f"{discord.gateway_url}?v=10") as socket:
        await socket.receive_json(timeout=5)
        await socket.send_json(identify)
        ready = await socket.receive_json(timeout=5)
        assert ready["t"] == "READY"
        await socket.send_json(identify)
        await socket.receive(timeout=5)
        assert socket.close_code == 4005
    resume = {"token": discord.bot.token, "session_id": ready["d"]["session_id"], "seq": 99}
    async with http.ws_connect(f"{discord.gateway_url}?v=10") as socket:
        await socket.receive_json(timeout=5)
        await socket.send_json({"op": 6, "d": resume})
        await socket.receive(timeout=5)
        assert socket.close_code == 4007


async def test_too_many_frames_close_the_connection(discord: DiscordEmulator, http: Any) -> None:
    async with http.ws_connect(f"{discord.gateway_url}?v=10") as socket:
        for _ in range(121):
            await socket.send_json({"op": 1, "d": None})
        async for _ in socket:
            pass
        assert socket.close_code == 4008


class TestImpatience:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(heartbeat_interval=0.02)

    async def test_client_without_heartbeats_is_dropped(self, discord: DiscordEmulator, http: Any) -> None:
        async with http.ws_connect(f"{discord.gateway_url}?v=10") as socket:
            await socket.receive_json(timeout=5)
            await socket.receive(timeout=5)
            assert socket.close_code == 4009


class TestMembers:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(privileged_intents=Intent.GUILD_MEMBERS)

    async def test_members_are_sent_when_asked_for(self, discord: DiscordEmulator, connect: Any, ann: Any) -> None:
        club = discord.guild("Club")
        client = await connect(discord_py.Intents(guilds=True, members=True))
        guild = client.get_guild(club.id)
        everyone = await guild.chunk()
        assert {member.name for member in everyone} == {"owner", "keeper", "ann"}
        [found] = await guild.query_members("an")
        assert found.id == ann.id
        listed = [member.id async for member in guild.fetch_members(limit=None)]
        assert ann.id in listed

    async def test_newcomers_are_told(self, discord: DiscordEmulator, connect: Any) -> None:
        discord.guild("Club")
        client = await connect(discord_py.Intents(guilds=True, members=True))
        ben = discord.user("Ben")
        assert (await client.after("member_join")).id == ben.id
