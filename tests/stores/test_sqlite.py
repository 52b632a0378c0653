"""What is particular to the embedded store."""

import asyncio
import pickle
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import timedelta

import pytest

from threadkeep.chat.adapter import Acceptance
from threadkeep.errors import StoreConfigError, StoreError, StoreUnavailableError
from threadkeep.stores.sqlite import SQLiteStore

ACCEPT_AND_DIE = """
import asyncio, os, sys
from threadkeep.chat.events import MessageReceived, Place, PlaceKind
from threadkeep.sessions import MessageKey, SessionKey, UserKey
from threadkeep.stores.sqlite import SQLiteStore

async def main():
    session = SessionKey(platform="slack", workspace="T1", channel="C1")
    store = SQLiteStore(sys.argv[1])
    for number in range(20):
        await store.inbox.accept(MessageReceived(
            key=MessageKey(platform="slack", workspace="T1", channel="C1", message=str(number)),
            place=Place(session=session, kind=PlaceKind.CHANNEL),
            user=UserKey(platform="slack", workspace="T1", user="U1"), speaker="U1", text=str(number),
        ))
    os.kill(os.getpid(), 9)

asyncio.run(main())
"""


def write(path, *statements):
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


async def test_killed_process_leaves_everything_that_it_accepted(tmp_path, talk):
    path = tmp_path / "store.db"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", ACCEPT_AND_DIE, str(path))
    assert await process.wait() == -9
    async with SQLiteStore(path) as store:
        found = await store.inbox.claim("w", run_id="r", runs=0)
        assert [event.text for event in found.events] == [str(number) for number in range(20)]


async def test_two_processes_share_a_file(tmp_path, talk):
    """A wait ends when another process accepts a message: it looks for that by itself."""
    path = tmp_path / "store.db"
    async with SQLiteStore(path) as store:
        assert await store.inbox.claim("w", run_id="r", runs=0) is None
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", ACCEPT_AND_DIE, str(path), stderr=subprocess.DEVNULL
        )
        async with asyncio.timeout(20):
            while (found := await store.inbox.claim("w", run_id="r", runs=0)) is None:
                await store.inbox.wait(60)
            await process.wait()
        assert found.events[0].text == "0"


async def test_commits_are_on_the_disk_when_they_return(tmp_path):
    async with SQLiteStore(tmp_path / "store.db") as store:
        await store.history.sessions("ann")
        connection = store._database._connection
        settings = await store._database.read(
            lambda _: [
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
        )
        assert settings == ["wal", 2, 1]


async def test_calls_made_at_once_share_a_transaction(tmp_path, talk):
    async with SQLiteStore(tmp_path / "store.db") as store:
        commits = []
        await store._database.read(lambda connection: connection.set_trace_callback(commits.append))
        held = threading.Event()
        waiting = asyncio.ensure_future(store._database.read(lambda _: held.wait(10)))
        calls = [asyncio.ensure_future(store.inbox.accept(talk.say(str(number)))) for number in range(50)]
        await asyncio.sleep(0)
        held.set()
        await asyncio.gather(waiting, *calls)
        assert len([statement for statement in commits if statement == "COMMIT"]) <= 3


async def test_failing_operation_undoes_itself_and_no_other(tmp_path, talk):
    async with SQLiteStore(tmp_path / "store.db") as store:

        def fail(connection):
            connection.execute("DELETE FROM sessions")
            raise StoreError("no")

        outcomes = await asyncio.gather(
            store.inbox.accept(talk.say("a")),
            store._database.write(fail),
            store.inbox.accept(talk.say("b")),
            return_exceptions=True,
        )
        assert outcomes[0] is outcomes[2] is Acceptance.ACCEPTED
        assert isinstance(outcomes[1], StoreError)
        found = await store.inbox.claim("w", run_id="r", runs=0)
        assert [event.text for event in found.events] == ["a", "b"]


async def test_file_of_a_newer_version_is_refused(tmp_path):
    path = tmp_path / "store.db"
    write(path, "PRAGMA user_version = 99")
    with pytest.raises(StoreConfigError, match=r"store\.db has form 99.*update threadkeep"):
        async with SQLiteStore(path):
            pass


async def test_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "store.db"
    path.write_bytes(b"hello" * 1000)
    with pytest.raises(StoreUnavailableError, match=r"store\.db.*restore it from a backup"):
        async with SQLiteStore(path):
            pass


async def test_missing_folder_is_named(tmp_path):
    with pytest.raises(StoreUnavailableError, match=r"nowhere.*folder exists"):
        async with SQLiteStore(tmp_path / "nowhere" / "store.db"):
            pass


async def test_locked_file_is_reported_and_works_again_afterwards(tmp_path, talk):
    path = tmp_path / "store.db"
    async with SQLiteStore(path, timeout=0.05) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailableError, match="another process holds it"):
                await store.inbox.accept(talk.say("a"))
            other.execute("ROLLBACK")
        assert await store.inbox.accept(talk.say("a")) is Acceptance.ACCEPTED


async def test_full_disk_is_reported_and_nothing_is_half_written(tmp_path, talk):
    async with SQLiteStore(tmp_path / "store.db") as store:
        await store.inbox.accept(talk.say("a"))
        await store._database.read(lambda connection: connection.execute("PRAGMA max_page_count = 1").fetchone())
        with pytest.raises(StoreUnavailableError, match="make room on the disk"):
            await store.inbox.accept(talk.say("b" * 100_000, message="b"))
        assert await store.inbox.accept(talk.say("b", message="b")) is Acceptance.ACCEPTED


async def test_session_expires_when_it_is_not_used(tmp_path, talk):
    now = 1e9
    async with SQLiteStore(tmp_path / "store.db", clock=lambda: now, retention=timedelta(days=1)) as store:
        await store.history.append(talk.run("r1", user_id="ann"))
        now += 80_000
        await store.history.append(talk.run("r2", user_id="ann"))
        now += 80_000
        assert (await store.history.load(talk.session_id, runs=9)).session.run_count == 2
        now += 10_000
        assert await store.history.load(talk.session_id, runs=9) is None
        assert await store.history.sessions("ann") == ()
        await store.inbox.accept(talk.say("a"))
        assert (await store.history.load(talk.session_id, runs=9)).session.run_count == 0


async def test_slots_of_names_that_nobody_asks_for_again_are_dropped():
    now = 1e9
    async with SQLiteStore(":memory:", clock=lambda: now) as store:
        for number in range(20):
            await store.shared.take_slots(f"once:{number}", owner="a", total=1, most=1, seconds=10)
        held = await store.shared.take_slots("held", owner="a", total=1, most=1, seconds=1000)
        now += 100
        assert await store.shared.take_slots("other", owner="b", total=1, most=1, seconds=10) == {0}
        rows = await store._database.read(lambda connection: connection.execute("SELECT name FROM slots").fetchall())
        assert held == {0}
        assert sorted(name for (name,) in rows) == ["held", "other"]
        assert await store.shared.take_slots("held", owner="b", total=1, most=1, seconds=10) == frozenset()


async def test_what_expires_faster_than_it_is_deleted_at_leisure_is_deleted_at_once(talk):
    now = 1e9
    async with SQLiteStore(":memory:", clock=lambda: now) as store:
        for first in range(0, 5_000, 250):
            await asyncio.gather(*(store.inbox.accept(talk.say("a", message=str(first + one))) for one in range(250)))
        now += 27 * 3600
        for number in range(8):
            now += 2
            await store.inbox.accept(talk.say("b", message=f"b{number}"))
        count = "SELECT count(*) FROM seen"
        assert await store._database.read(lambda connection: connection.execute(count).fetchone()[0]) == 8


async def test_only_its_user_may_read_a_new_file(tmp_path, talk):
    path = tmp_path / "store.db"
    async with SQLiteStore(path) as store:
        await store.inbox.accept(talk.say("a private matter"))
        made = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}
        assert made["store.db"] == 0o600
        assert set(made.values()) == {0o600}


async def test_the_rights_of_a_file_that_is_there_are_left_alone(tmp_path, talk):
    path = tmp_path / "store.db"
    path.touch(mode=0o640)
    path.chmod(0o640)
    async with SQLiteStore(path) as store:
        await store.inbox.accept(talk.say("a"))
    assert path.stat().st_mode & 0o777 == 0o640


async def test_message_is_known_for_26_hours(talk):
    now = 1e9
    async with SQLiteStore(":memory:", clock=lambda: now) as store:
        await store.inbox.accept(talk.say("a"))
        now += 26 * 3600 - 1
        assert await store.inbox.accept(talk.say("a")) is Acceptance.DUPLICATE
        now += 2
        assert await store.inbox.accept(talk.say("a")) is Acceptance.ACCEPTED


async def test_damaged_event_is_given_back_and_reported(tmp_path, talk):
    async with SQLiteStore(tmp_path / "store.db", lease_seconds=1000) as store:
        await store.inbox.accept(talk.say("a"))
        await store._database.write(lambda connection: connection.execute("""UPDATE events SET body = '{"v":9}'"""))
        await store._database.write(
            lambda connection: connection.execute("UPDATE events SET body = CAST(body AS BLOB)")
        )
        with pytest.raises(StoreError, match="newer version"):
            await store.inbox.claim("w", run_id="r", runs=0)
        assert await store.inbox.claim("w", run_id="r", runs=0) is None


async def test_memory_is_private_and_ends_with_the_store(talk):
    async with SQLiteStore(":memory:") as store, SQLiteStore(":memory:") as other:
        await store.inbox.accept(talk.say("a"))
        assert await other.inbox.claim("w", run_id="r", runs=0) is None
        assert store.description == "SQLite in memory"


def test_store_serves_one_event_loop_after_another(tmp_path, talk):
    store = SQLiteStore(tmp_path / "store.db")

    async def use(text):
        await store.inbox.accept(talk.say(text))
        await store.inbox.wait(0)

    asyncio.run(use("a"))
    asyncio.run(use("b"))

    async def close():
        async with store:
            return await store.inbox.claim("w", run_id="r", runs=0)

    assert [event.text for event in asyncio.run(close()).events] == ["a", "b"]


async def test_cancelled_call_does_not_disturb_the_next(tmp_path, talk):
    async with SQLiteStore(tmp_path / "store.db") as store:
        cancelled = asyncio.ensure_future(store.inbox.accept(talk.say("a")))
        await asyncio.sleep(0)
        cancelled.cancel()
        assert await store.inbox.accept(talk.say("b")) is Acceptance.ACCEPTED
        assert await store.inbox.accept(talk.say("a")) is Acceptance.DUPLICATE


@pytest.mark.parametrize("length", [10, 300])
async def test_claim_reads_no_more_of_a_long_session(tmp_path, talk, length):
    async with SQLiteStore(tmp_path / "store.db") as store:
        for number in range(length):
            await store.history.append(talk.run(str(number)))
        await store.inbox.accept(talk.say("a"))
        steps = []

        def count(connection):
            connection.set_progress_handler(lambda: steps.append(1) or 0, 10)

        await store._database.read(count)
        found = await store.inbox.claim("w", run_id="r", runs=5)
        await store.inbox.commit(found.lease, talk.run("last"), consumed=1)
        assert len(found.runs) == 5
        # Some 700 virtual machine instructions, whatever the length.
        assert len(steps) < 150


def test_path_is_relative_to_the_working_directory_by_default(tmp_path, monkeypatch, talk):
    monkeypatch.chdir(tmp_path)

    async def use():
        async with SQLiteStore() as store:
            await store.history.append(talk.run("r"))

    asyncio.run(use())
    assert (tmp_path / "threadkeep.db").exists()


async def test_only_the_latest_letters_are_kept(talk, claim, monkeypatch):
    monkeypatch.setattr("threadkeep.stores.sqlite.committing.MAX_LETTERS", 2)
    async with SQLiteStore(":memory:") as store:
        for number in range(4):
            await store.inbox.accept(talk.say(str(number)))
            found = await claim(store)
            await store.inbox.commit(found.lease, talk.run(f"r{number}"), consumed=1, dead="Poison")
        assert [letter.run_id for letter in await store.dead_letters.list()] == ["r3", "r2"]
        events = await store._database.read(
            lambda connection: connection.execute("SELECT count(*) FROM letter_events").fetchone()
        )
        assert events == (2,)


async def test_table_of_signals_is_bounded(talk, claim):
    async with SQLiteStore(":memory:", max_waiting=2000) as store:
        await store.inbox.accept(talk.say("a"))
        await claim(store)
        await asyncio.gather(*[store.inbox.accept(talk.say(str(number))) for number in range(1010)])
        kept = await store._database.read(
            lambda connection: connection.execute("SELECT count(*) FROM signals").fetchone()
        )
        assert kept == (1000,)


async def test_signals_of_another_process_are_heard(tmp_path, talk, claim):
    path = tmp_path / "store.db"
    async with SQLiteStore(path) as store:
        await store.inbox.accept(talk.say("a"))
        await claim(store)
        async with store.control.signals() as signals:
            program = (
                "import asyncio, pickle, sys\n"
                "from threadkeep.stores.sqlite import SQLiteStore\n"
                "async def main():\n"
                "    async with SQLiteStore(sys.argv[1]) as store:\n"
                "        await store.inbox.accept(pickle.loads(bytes.fromhex(sys.argv[2])))\n"
                "asyncio.run(main())\n"
            )
            stop = pickle.dumps(talk.stop()).hex()
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(path), stop)
            async with asyncio.timeout(20):
                assert (await anext(signals)).kind == "stop"
            assert await process.wait() == 0


async def test_file_of_the_form_before_the_first_release_is_refused(tmp_path):
    path = tmp_path / "store.db"
    write(path, "PRAGMA user_version = 1")
    with pytest.raises(StoreConfigError, match="give another path"):
        async with SQLiteStore(path):
            pass


async def test_file_of_the_form_before_this_one_gets_what_it_lacks(tmp_path, talk):
    path = tmp_path / "store.db"
    async with SQLiteStore(path) as store:
        await store.history.append(talk.run("r1"))
    for statement in ("DROP TABLE charges", "PRAGMA user_version = 4"):
        write(path, statement)
    async with SQLiteStore(path) as store:
        assert await store.digests.charges(talk.session_id) == ()
        assert [run.run_id for run in (await store.history.load(talk.session_id, runs=5)).runs] == ["r1"]
    async with SQLiteStore(path):
        pass
