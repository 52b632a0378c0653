"""What is particular to the store on Redis: its server, its commands, its keys."""

import asyncio
import sys
import threading
from datetime import timedelta

import pytest
import redis.asyncio

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import Addressing
from threadkeep.errors import StoreError, StoreUnavailableError
from threadkeep.stores.redis import RedisStore


@pytest.fixture
async def client(redis_server):
    async with redis.asyncio.from_url(redis_server.url, decode_responses=True) as client:
        yield client


async def counted(client, call):
    """Give how often each command was performed during a call, inside scripts too, and the bytes of the answers."""
    await client.config_resetstat()
    before = await client.info("stats")
    await call
    after, commands = await client.info("stats"), await client.info("commandstats")
    calls = {name.removeprefix("cmdstat_"): stat["calls"] for name, stat in commands.items()}
    calls.pop("info", None)
    calls.pop("config", None)
    calls.pop("config|resetstat", None)
    return calls, after["total_net_output_bytes"] - before["total_net_output_bytes"]


async def warm(store, talk):
    """Use every script once: a server is sent the text of a script that it does not know."""
    await store.inbox.accept(talk.say("warm"))
    found = await store.inbox.claim("w", run_id="warm", runs=3)
    await store.inbox.record(found.lease, {"a": "b"})
    await store.inbox.renew([found.lease])
    await store.inbox.release(found.lease)
    found = await store.inbox.claim("w", run_id="warm", runs=3)
    await store.inbox.commit(found.lease, talk.run("warm", user_id="ann"), consumed=1)


async def test_claim_and_commit_cost_the_same_in_a_long_session(private_redis, make_talk, talk, other_talk):
    # Long leases: lapsed ones are looked for now and then, and not in between here.
    async with private_redis.client() as client, RedisStore(private_redis.url, lease_seconds=10_000) as store:
        await warm(store, make_talk(channel="warm"))
        costs = []
        for speaker, length in ((talk, 5), (other_talk, 500)):
            for number in range(length):
                await store.history.append(speaker.run(str(number), content="x" * 100))
            accepting = await counted(client, store.inbox.accept(speaker.say("a")))
            claims = []

            async def claim(found=claims):
                found.append(await store.inbox.claim("w", run_id="r", runs=3))

            claiming = await counted(client, claim())
            committing = await counted(client, store.inbox.commit(claims[0].lease, speaker.run("r"), consumed=1))
            costs.append((accepting, claiming, committing))
        short, long = costs
        assert [calls for calls, _ in short] == [calls for calls, _ in long]
        for (_, few), (_, many) in zip(short, long, strict=True):
            # The counters of the session have more digits.
            assert abs(many - few) < 40


async def test_each_call_is_one_script(private_redis, make_talk, talk, other_talk):
    async with private_redis.client() as client, RedisStore(private_redis.url) as store:
        await warm(store, make_talk(channel="warm"))
        leases = []
        for speaker in (talk, other_talk):
            await store.inbox.accept(speaker.say("a"))
            leases.append((await store.inbox.claim("w", run_id="r", runs=3)).lease)
        for call, scripts in (
            (store.inbox.accept(talk.say("b")), 1),
            (store.inbox.claim("w", run_id="r", runs=3), 1),
            (store.inbox.record(leases[1], {"a": "c"}), 1),
            (store.inbox.renew(leases), 1),
            (store.inbox.release(leases[1]), 1),
            # The second one indexes the session for its user; both travel together.
            (store.inbox.commit(leases[0], talk.run("r", user_id="ann"), consumed=1), 2),
        ):
            calls, _ = await counted(client, call)
            assert calls["evalsha"] == scripts
            assert "eval" not in calls


async def test_claims_over_many_partitions_ask_only_where_work_is(private_redis, make_talk):
    async with private_redis.client() as client, RedisStore(private_redis.url, partitions=64) as store:
        await warm(store, make_talk(channel="warm"))
        while await store.inbox.claim("w", run_id="r", runs=0) is not None:
            pass
    async with (
        private_redis.client() as client,
        RedisStore(private_redis.url, partitions=64, lease_seconds=10_000) as store,
    ):
        assert await store.inbox.claim("w", run_id="r", runs=0) is None
        calls, _ = await counted(client, store.inbox.claim("w", run_id="r", runs=0))
        assert calls == {}
        await store.inbox.accept(make_talk().say("a"))
        calls, _ = await counted(client, store.inbox.claim("w", run_id="r", runs=0))
        assert calls["evalsha"] == 1
        calls, _ = await counted(client, store.inbox.claim("w", run_id="r", runs=0))
        assert calls["evalsha"] == 1
        calls, _ = await counted(client, store.inbox.claim("w", run_id="r", runs=0))
        assert calls == {}


async def test_calls_of_one_turn_of_the_loop_are_one_packet(private_redis, talk):
    """The server sees them in one read: it processes no more reads than there are batches."""
    async with private_redis.client() as client, RedisStore(private_redis.url) as store:
        await store.inbox.accept(talk.say("warm"))
        before = (await client.info("stats"))["total_reads_processed"]
        await asyncio.gather(*[store.inbox.accept(talk.say(str(number))) for number in range(20)])
        after = (await client.info("stats"))["total_reads_processed"]
        # 20 calls; a batch larger than the server's buffer may take a few reads, and one is that of INFO.
        assert after - before <= 4


async def test_scripts_are_sent_again_after_a_flush(open_redis, client, talk):
    store = await open_redis()
    await store.inbox.accept(talk.say("a"))
    await client.script_flush()
    outcomes = await asyncio.gather(*[store.inbox.accept(talk.say(str(number))) for number in range(50)])
    assert set(outcomes) == {Acceptance.ACCEPTED}
    found = await store.inbox.claim("w", run_id="r", runs=0)
    assert [event.text for event in found.events] == ["a", *map(str, range(50))]


async def test_acknowledged_messages_survive_the_death_of_the_server(private_redis, talk, reached):
    acknowledged = []
    async with RedisStore(private_redis.url, max_waiting=100_000, max_claimed_events=100_000) as store:

        async def go_on_talking() -> None:
            number = 0
            while True:
                try:
                    await store.inbox.accept(talk.say(str(number)))
                except StoreUnavailableError:
                    return
                acknowledged.append(number)
                number += 1

        talking = asyncio.create_task(go_on_talking())
        await reached(lambda: len(acknowledged) >= 50)
        await private_redis.kill()
        await talking
        with pytest.raises(StoreUnavailableError):
            await store.inbox.claim("w", run_id="r", runs=0)
        await private_redis.start()
        found = await store.inbox.claim("w", run_id="r", runs=0)
        stored = [int(event.text) for event in found.events]
        assert stored[: len(acknowledged)] == acknowledged
        assert stored == list(range(len(stored)))


async def test_lease_survives_the_restart_of_the_server(private_redis, talk):
    async with RedisStore(private_redis.url, lease_seconds=1000) as store:
        await store.inbox.accept(talk.say("a"))
        found = await store.inbox.claim("w", run_id="r", runs=0)
        await private_redis.kill()
        await private_redis.start()
        assert await store.inbox.claim("w", run_id="other", runs=0) is None
        assert await store.inbox.renew([found.lease]) == frozenset()
        await store.inbox.commit(found.lease, talk.run("r"), consumed=1)


async def test_flushed_database_is_an_empty_one(private_redis, talk):
    async with private_redis.client() as client, RedisStore(private_redis.url) as store:
        await store.inbox.accept(talk.say("a"))
        found = await store.inbox.claim("w", run_id="r", runs=0)
        await client.flushall()
        assert await store.inbox.renew([found.lease]) == {found.lease}
        assert await store.inbox.claim("w", run_id="r", runs=0) is None
        await store.inbox.accept(talk.say("b"))
        assert (await store.inbox.claim("w", run_id="r", runs=0)).events[0].text == "b"


async def test_server_without_memory_takes_nothing_and_says_so(private_redis, talk):
    async with private_redis.client() as client, RedisStore(private_redis.url) as store:
        await store.inbox.accept(talk.say("a"))
        await client.config_set("maxmemory", "1")
        with pytest.raises(StoreUnavailableError, match="takes no writes now"):
            await store.inbox.accept(talk.say("b"))
        await client.config_set("maxmemory", "0")
        assert await store.inbox.accept(talk.say("b")) is Acceptance.ACCEPTED


async def test_slow_server_is_given_up_and_tried_again(private_redis, talk):
    async with private_redis.client() as client, RedisStore(private_redis.url, timeout=0.2) as store:
        await store.inbox.accept(talk.say("a"))
        await client.execute_command("CLIENT", "PAUSE", "600", "ALL")
        with pytest.raises(StoreUnavailableError, match=r"no answer within 0\.2 s"):
            await store.inbox.accept(talk.say("b"))
        await until_accepted(store, talk.say("b"))
        claim = await store.inbox.claim("w", run_id="r", runs=0)
        assert [event.text for event in claim.events] == ["a", "b"]


async def until_accepted(store, event):
    """Hand an event over again until the store has it, as an adapter does."""
    async with asyncio.timeout(10):
        while True:
            try:
                return await store.inbox.accept(event)
            except StoreUnavailableError:
                continue


async def test_all_keys_of_a_session_expire_unless_used(open_redis, client, prefix, talk):
    store = await open_redis(retention=timedelta(seconds=100))
    await store.inbox.accept(talk.say("a"))
    await store.inbox.accept(talk.say("b", addressing=Addressing.OTHERS))
    found = await store.inbox.claim("w", run_id="r", runs=0)
    await store.inbox.commit(found.lease, talk.run("r", user_id="ann"), consumed=1)
    await store.inbox.accept(talk.say("c"))
    found = await store.inbox.claim("w", run_id="r2", runs=0)
    await store.inbox.record(found.lease, {"a": "b"})
    lives = {key: await client.pttl(key) async for key in client.scan_iter(match=f"{prefix}:*")}
    endless = {key.removeprefix(prefix) for key, life in lives.items() if life == -1}
    shared = {":{0}:places:slack", ":{0}:workspaces:slack", ":{0}:platforms"}
    assert endless == {":{0}:ready:slack", ":{0}:fence", *shared}
    of_session = [life for key, life in lives.items() if ":s:" in key or ":u:" in key]
    assert len(of_session) == 5
    assert all(90_000 < life <= 100_000 for life in of_session)
    assert all(life > 25 * 3_600_000 for key, life in lives.items() if ":seen:" in key)


async def test_session_that_expired_while_ready_is_passed_over(open_redis, client, prefix, talk, other_talk):
    store = await open_redis()
    await store.inbox.accept(talk.say("a"))
    await store.inbox.accept(other_talk.say("b"))
    await client.delete(*[key async for key in client.scan_iter(match=f"{prefix}:*:s:{talk.session_id}:*")])
    found = await store.inbox.claim("w", run_id="r", runs=0)
    assert found.lease.session_id == other_talk.session_id
    assert await client.xlen(f"{prefix}:{{0}}:ready:slack") == 1


async def test_finished_sessions_leave_nothing_in_the_ready_stream(open_redis, client, prefix, talk):
    store = await open_redis()
    for number in range(5):
        await store.inbox.accept(talk.say(str(number)))
        found = await store.inbox.claim(f"worker-{number}", run_id=f"r{number}", runs=0)
        await store.inbox.commit(found.lease, talk.run(f"r{number}"), consumed=1)
    ready = f"{prefix}:{{0}}:ready:slack"
    assert await client.xlen(ready) == 0
    assert (await client.xpending(ready, "workers"))["pending"] == 0
    # Names of workers that are gone do not pile up.
    assert len(await client.xinfo_consumers(ready, "workers")) == 1


async def test_lapsed_session_is_found_among_many_that_are_alive(open_redis, make_talk):
    store = await open_redis(lease_seconds=0.5)
    leases = []
    for number in range(60):
        await store.inbox.accept(make_talk(channel=f"C{number}").say("a"))
        leases.append((await store.inbox.claim("w1", run_id="r", runs=0)).lease)
    *alive, dead = leases
    found = None
    async with asyncio.timeout(20):
        while found is None:
            assert await store.inbox.renew(alive) == frozenset()
            await asyncio.sleep(0.05)
            found = await store.inbox.claim("w2", run_id="r", runs=0)
    assert found.lease.session_id == dead.session_id


async def test_lapsed_session_is_taken_over_while_new_work_keeps_coming(open_redis, make_talk):
    store = await open_redis(lease_seconds=0.2)
    await store.inbox.accept(make_talk(channel="dead").say("a"))
    abandoned = (await store.inbox.claim("w1", run_id="r", runs=0)).lease
    number = 0
    async with asyncio.timeout(20):
        while True:
            talks = [make_talk(channel=f"C{number}-{index}") for index in range(3)]
            await asyncio.gather(*[store.inbox.accept(talk.say("a")) for talk in talks])
            found = await store.inbox.claim("w2", run_id=f"r{number}", runs=0)
            if found.lease.session_id == abandoned.session_id:
                break
            await store.inbox.commit(found.lease, make_talk().run(f"r{number}"), consumed=1)
            number += 1


async def test_only_the_latest_letters_are_kept(open_redis, talk, claim):
    store = await open_redis()
    store._inbox._max_letters = 2
    for number in range(4):
        await store.inbox.accept(talk.say(str(number)))
        found = await claim(store)
        await store.inbox.commit(found.lease, talk.run(f"r{number}"), consumed=1, dead="Poison")
        await asyncio.sleep(0.002)
    assert [letter.run_id for letter in await store.dead_letters.list()] == ["r3", "r2"]
    assert await store.dead_letters.get("r0") is None


async def test_only_the_latest_places_are_known(open_redis, make_talk, monkeypatch):
    monkeypatch.setattr("threadkeep.stores.redis.accepting.MAX_PLACES", 2)
    store = await open_redis()
    for number in range(4):
        await store.inbox.accept(make_talk(channel=f"C{number}").say("a"))
        await asyncio.sleep(0.002)
    found = await store.places.recent("slack", since=0, limit=10)
    assert [place.place.session.channel for place in found] == ["C3", "C2"]


async def test_damaged_event_is_given_back_and_reported(open_redis, client, prefix, talk):
    store = await open_redis(lease_seconds=1000)
    await store.inbox.accept(talk.say("a"))
    await client.lset(f"{prefix}:{{0}}:s:{talk.session_id}:inbox", 0, 'ax\n{"v":9}')
    with pytest.raises(StoreError, match="newer version"):
        await store.inbox.claim("w", run_id="r", runs=0)
    assert await store.inbox.claim("w", run_id="r", runs=0) is None
    assert await client.zcard(f"{prefix}:{{0}}:later:slack") == 1


async def test_stores_with_different_prefixes_know_nothing_of_each_other(redis_server, open_redis, prefix, talk):
    store = await open_redis()
    async with RedisStore(redis_server.url, prefix=f"{prefix}-2") as other:
        await store.inbox.accept(talk.say("a"))
        assert await other.inbox.claim("w", run_id="r", runs=0) is None
        assert await other.inbox.accept(talk.say("a")) is Acceptance.ACCEPTED
        await other.history.delete(talk.session_id)


def test_store_serves_one_event_loop_after_another(redis_server, talk):
    store = RedisStore(redis_server.url, prefix="test-loops")

    async def use(text):
        async with store:
            return await store.inbox.accept(talk.say(text)), await store.history.delete(talk.session_id)

    assert asyncio.run(use("a")) == (Acceptance.ACCEPTED, True)
    assert asyncio.run(use("b")) == (Acceptance.ACCEPTED, True)


async def test_store_that_a_program_never_closes_leaves_no_connection_open(redis_server):
    program = f"""
import asyncio
from threadkeep.runs import Run
from threadkeep.stores.redis import RedisStore
store = RedisStore({redis_server.url!r}, prefix="test-exit")
async def use():
    await store.history.append(Run(run_id="r", session_id="s"))
    await store.inbox.wait(0.01)
    await store.history.delete("s")
asyncio.run(use())
asyncio.run(use())
"""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", program), stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")


async def test_closing_closes_the_connections_of_another_running_loop(redis_server, prefix, client, talk):
    store = RedisStore(redis_server.url, prefix=prefix)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        async with store:
            accepting = asyncio.run_coroutine_threadsafe(store.inbox.accept(talk.say("a")), loop)
            assert await asyncio.wrap_future(accepting) is Acceptance.ACCEPTED
            assert await store.inbox.accept(talk.say("a")) is Acceptance.DUPLICATE
            assert len(store._lines._lines) == 2
        assert store._lines._lines == {}
    finally:
        loop.call_soon_threadsafe(loop.stop)
        await asyncio.to_thread(thread.join)
        loop.close()
