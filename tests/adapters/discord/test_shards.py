"""Shards spread over processes, and processes that stand by."""

import asyncio

import pytest
import structlog

from threadkeep.chat.adapter import ReplyContent
from threadkeep.errors import PlatformAuthError, PlatformError, StoreUnavailableError
from threadkeep_emulators.discord import Settings, StartRules
from threadkeep_emulators.faults import Fault

GATEWAY_BOT = "GET /gateway/bot"


async def until(is_so):
    async with asyncio.timeout(15):
        while True:
            if is_so():
                return
            await asyncio.sleep(0.01)


def recommend(discord, shards, concurrency):
    """Let Discord recommend a number of shards."""
    limit = {"total": 1000, "remaining": 1000, "reset_after": 1, "max_concurrency": concurrency}
    body = {"url": discord.gateway_url, "shards": shards, "session_start_limit": limit}
    discord.faults.add(Fault(match=GATEWAY_BOT, kind="status", status=200, body=body, times=10))


def running(adapter):
    return adapter._crew.running


def slots(shared):
    """Give which process holds which shard."""
    (held,) = [held for name, held in shared.slots.items() if name.startswith("discord-shards:")]
    return {number: owner for number, (owner, _) in held.items()}


@pytest.fixture
def guilds(discord, clock):
    """Servers of all four shards, by shard."""
    found = {}
    while len(found) < 4:
        clock.skip(0.001)
        guild = discord.guild(f"Club {len(found)}")
        found.setdefault((guild.id >> 22) % 4, guild)
    return found


@pytest.fixture
def ann(discord, guilds):
    return discord.user("Ann")


def shards_of(adapter):
    """Give which of two shards the known servers belong to."""
    return {(guild.id >> 22) % 2 for guild in adapter._client.guilds}


class TestOneShard:
    @pytest.fixture
    async def first(self, guilds, connect, shared):
        return await connect(shared=shared)

    @pytest.fixture
    async def second(self, first, connect, shared):
        return await connect(shared=shared)

    async def test_a_second_process_stands_by(self, discord, first, second, ann, inbox):
        assert first.description.endswith("servers (gateway)")
        assert second.description == "Discord as @keeper (stand-by)"
        await ann.dm("hello")
        await inbox.next()
        assert len(discord.gateway.sessions) == 1

    async def test_it_replies_meanwhile(self, discord, first, second, ann, inbox, record):
        await ann.dm("hello")
        reply = second.open_reply(record.request(await inbox.next()))
        await reply.finish(ReplyContent(text="Hi", is_final=True))
        await reply.aclose()
        assert [message.content for message in ann.dm_channel.messages] == ["hello", "Hi"]

    async def test_it_takes_over_from_a_process_that_stops(self, discord, first, second, ann, inbox):
        await ann.dm("0")
        await inbox.next()
        await first.stop()
        await ann.dm("1")
        await until(lambda: len(inbox.events) == 2)
        assert inbox.texts == ["0", "1"]
        assert (discord.gateway.identifies, discord.gateway.resumes) == (1, 1)
        assert second.description == "Discord as @keeper (gateway)"

    async def test_it_takes_over_from_a_process_that_died(self, discord, first, second, ann, inbox, shared, kill):
        await ann.dm("0")
        await inbox.next()
        await until(lambda: shared.note("discord-gateway"))
        await kill(first, discord)
        await ann.dm("1")
        shared.now += 10
        await until(lambda: inbox.texts[-1] == "1")
        assert discord.gateway.resumes == 1

    async def test_a_process_that_lost_its_shard_closes_it(self, discord, first, second, ann, inbox, shared):
        # The first process stood still for longer than it holds its shard.
        (held,) = [held for name, held in shared.slots.items() if name.startswith("discord-shards:")]
        held[0] = ("somebody else", shared.now + 1_000)
        with structlog.testing.capture_logs() as logs:
            await until(lambda: running(first) == ())
        assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["discord_shard_lost"]
        await discord.gateway.wait_disconnected()
        assert len(discord.gateway.sessions) == 1

    async def test_while_the_store_is_away_the_connection_is_kept(self, discord, first, second, ann, inbox, shared):
        shared.failures = [StoreUnavailableError("down")] * 4
        await until(lambda: not shared.failures)
        await ann.dm("hello")
        assert (await inbox.next()).text == "hello"
        assert (running(first), running(second)) == ((0,), ())
        assert discord.gateway.identifies == 1

    async def test_what_ends_a_shard_for_good_ends_the_adapter(self, discord, first, second):
        await discord.gateway.drop(4004)
        with pytest.raises(PlatformAuthError):
            await first.wait_closed()

    async def test_a_refused_start_gives_its_shard_back(self, discord, guilds, connect, shared):
        with pytest.raises(PlatformAuthError):
            await connect(shared=shared, message_content=True)
        assert slots(shared) == {}


class TestSeveralShards:
    @pytest.fixture
    def settings(self):
        return Settings(session_starts=StartRules(max_concurrency=4, is_paced=True))

    @pytest.fixture(autouse=True)
    def limits(self, discord):
        recommend(discord, shards=4, concurrency=4)

    async def test_a_process_alone_runs_them_all(self, discord, guilds, connect, ann, inbox):
        adapter = await connect(shards="auto")
        await until(lambda: len(discord.gateway.connected) == 4)
        assert sorted(session.shard for session in discord.gateway.sessions) == [(number, 4) for number in range(4)]
        for number, guild in guilds.items():
            await ann.says(guild.channel("general"), f"{discord.bot.mention} {number}")
        await ann.dm("direct")
        await inbox.wait_for(5)
        assert sorted(inbox.texts) == ["0", "1", "2", "3", "direct"]
        await until(lambda: running(adapter) == (0, 1, 2, 3))
        servers = len(adapter._client.guilds)
        assert adapter.description == f"Discord as @keeper in {servers} servers (gateway, shards 0, 1, 2, 3 of 4)"

    async def test_processes_that_start_together_share_them(self, discord, guilds, connect, shared, ann, inbox):
        first = await connect(shared=shared, shards=4)
        second = await connect(shared=shared, shards=4)
        await until(lambda: len(discord.gateway.connected) == 4)
        assert len(running(first)) == len(running(second)) == 2
        assert sorted((*running(first), *running(second))) == [0, 1, 2, 3]
        for number, guild in guilds.items():
            await ann.says(guild.channel("general"), f"{discord.bot.mention} {number}")
        await inbox.wait_for(4)
        assert sorted(inbox.texts) == ["0", "1", "2", "3"]

    async def test_the_shards_of_a_process_that_stops_are_gone_on_with(
        self, discord, guilds, connect, shared, ann, inbox
    ):
        first = await connect(shared=shared, shards=4)
        second = await connect(shared=shared, shards=4)
        await until(lambda: len(discord.gateway.connected) == 4)
        await first.stop()
        for number, guild in guilds.items():
            await ann.says(guild.channel("general"), f"{discord.bot.mention} {number}")
        await until(lambda: running(second) == (0, 1, 2, 3) and len(inbox.events) == 4)
        assert sorted(inbox.texts) == ["0", "1", "2", "3"]
        assert (discord.gateway.identifies, discord.gateway.resumes) == (4, 2)

    async def test_a_process_runs_no_more_than_it_may(self, discord, guilds, connect, shared):
        adapter = await connect(shared=shared, shards=4, shards_per_process=1)
        other = await connect(shared=shared, shards=4)
        await until(lambda: len(discord.gateway.connected) == 4)
        assert (len(running(adapter)), len(running(other))) == (1, 3)

    async def test_servers_of_one_shard_stay_known_when_another_begins_anew(
        self, discord, guilds, connect, shared, ann, inbox
    ):
        adapter = await connect(shards=2)
        await until(lambda: len(discord.gateway.connected) == 2)
        await until(lambda: shards_of(adapter) == {0, 1})
        discord.gateway.dispatch(
            "READY", {"guilds": [], "shard": [1, 2], "session_id": "x", "resume_gateway_url": "ws://x"}
        )
        await until(lambda: shards_of(adapter) == {0})


class TestPace:
    @pytest.fixture
    def settings(self):
        return Settings(session_starts=StartRules(is_paced=True))

    async def test_sessions_begin_one_after_the_other_over_all_processes(self, discord, guilds, connect, shared, clock):
        first = await connect(shared=shared, shards=2)
        connecting = asyncio.create_task(connect(shared=shared, shards=2))
        await until(lambda: len(slots(shared)) == 2)
        assert discord.gateway.identifies == 1
        shared.now += 4.9
        await asyncio.sleep(0)
        assert discord.gateway.identifies == 1
        shared.now += 0.1
        clock.skip(5)
        second = await connecting
        assert discord.gateway.identifies == 2
        assert (len(running(first)), len(running(second))) == (1, 1)

    async def test_a_session_that_begins_too_soon_is_begun_again(self, discord, connect, guild, ann, inbox, clock):
        # Processes that share nothing do not know of each other.
        await connect(shards=2, shards_per_process=1)
        # However slow the machine is, it is too early.
        clock.skip(-1_000)
        connecting = asyncio.create_task(connect(shards=2, shards_per_process=1))
        await until(lambda: discord.gateway.starts_left == 998)
        assert discord.gateway.identifies == 1
        clock.skip(1_005)
        await connecting
        await ann.dm("hello")
        await inbox.wait_for(2)
        assert discord.gateway.identifies == 2


class TestLargeBots:
    @pytest.fixture
    def settings(self):
        return Settings(session_starts=StartRules(guilds_per_shard=2))

    async def test_a_bot_in_too_many_servers_for_one_connection_is_told_so(self, discord, guilds, connect):
        with pytest.raises(PlatformError, match="sharding is required"):
            await connect()

    async def test_with_shards_it_is_let_in(self, discord, guilds, connect):
        for guild in list(discord._realm.world.guilds.values()):
            if guild.id not in {one.id for one in guilds.values()}:
                del discord._realm.world.guilds[guild.id]
        recommend(discord, shards=4, concurrency=4)
        await connect(shards="auto")
        await until(lambda: len(discord.gateway.connected) == 4)
