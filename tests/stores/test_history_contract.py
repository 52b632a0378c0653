"""Sessions, finished runs and memories, on every store."""

from datetime import timedelta

import pytest

from threadkeep.errors import ConfigError, StoreError
from threadkeep.messages import Message, Role, ToolCall
from threadkeep.runs import Metrics, RunStatus


async def test_unknown_session_is_none(open_store):
    store = await open_store()
    assert await store.history.load("session_1", runs=5) is None
    assert not await store.history.rename("session_1", "x")
    assert not await store.history.set_state("session_1", {})
    assert not await store.history.delete("session_1")
    assert await store.history.sessions("ann") == ()


async def test_appended_run_begins_its_session_and_comes_back_whole(open_store, talk):
    store = await open_store()
    call = ToolCall(id="1", name="add", arguments='{"a": 1}')
    run = talk.run(
        "r1",
        user_id="ann",
        status=RunStatus.FAILED,
        messages=(
            Message(role=Role.USER, content="1+1? \N{SNOWMAN}"),
            Message(role=Role.ASSISTANT, tool_calls=(call,)),
            Message(role=Role.TOOL, content="2", tool_call_id="1", is_error=True),
        ),
        content="2",
        error="ToolError",
        metrics=Metrics(input_tokens=3, duration=0.5),
        created_at=12.5,
    )
    await store.history.append(run)
    found = await store.history.load(talk.session_id, runs=5)
    assert found.runs == (run,)
    assert (found.session.run_count, found.session.user_ids, found.session.name) == (1, ("ann",), None)
    assert found.session.created_at == found.session.updated_at > 1e9


async def test_appending_the_last_run_again_is_harmless(open_store, talk):
    store = await open_store()
    for run_id in ("r1", "r2", "r2"):
        await store.history.append(talk.run(run_id))
    found = await store.history.load(talk.session_id, runs=5)
    assert [run.run_id for run in found.runs] == ["r1", "r2"]


async def test_last_runs_are_read_oldest_first(open_store, talk):
    store = await open_store()
    for number in range(5):
        await store.history.append(talk.run(str(number)))
    assert [run.run_id for run in (await store.history.load(talk.session_id, runs=2)).runs] == ["3", "4"]
    assert (await store.history.load(talk.session_id, runs=0)).runs == ()


async def test_runs_above_the_cap_are_dropped_and_counted(open_store, talk):
    store = await open_store(max_runs=3)
    for number in range(5):
        await store.history.append(talk.run(str(number)))
    found = await store.history.load(talk.session_id, runs=10)
    assert ([run.run_id for run in found.runs], found.session.run_count) == (["2", "3", "4"], 5)


async def test_session_gets_and_loses_a_name(open_store, talk):
    store = await open_store()
    await store.history.append(talk.run("r1"))
    assert await store.history.rename(talk.session_id, "Café")
    assert (await store.history.load(talk.session_id, runs=0)).session.name == "Café"
    assert await store.history.rename(talk.session_id, None)
    assert (await store.history.load(talk.session_id, runs=0)).session.name is None


async def test_state_is_replaced_as_a_whole(open_store, talk):
    store = await open_store()
    await store.history.append(talk.run("r1"))
    assert (await store.history.load(talk.session_id, runs=0)).session.state == {}
    state = {"list": [1, 2.5, None, True], "text": "\N{SNOWMAN}", "deep": {"a": {}}}
    assert await store.history.set_state(talk.session_id, state)
    assert (await store.history.load(talk.session_id, runs=0)).session.state == state
    assert await store.history.set_state(talk.session_id, {})
    assert (await store.history.load(talk.session_id, runs=0)).session.state == {}


async def test_the_state_is_kept_together_with_the_run(open_store, talk):
    store = await open_store()
    await store.history.append(talk.run("1"), state={"seen": [1]})
    assert (await store.history.load(talk.session_id, runs=1)).session.state == {"seen": [1]}
    await store.history.append(talk.run("2"))
    assert (await store.history.load(talk.session_id, runs=1)).session.state == {"seen": [1]}
    await store.history.append(talk.run("2"), state={"seen": [2]})
    assert (await store.history.load(talk.session_id, runs=1)).session.state == {"seen": [1]}, "it is there already"
    await store.history.append(talk.run("3"), state={})
    found = await store.history.load(talk.session_id, runs=9)
    assert (found.session.state, [run.run_id for run in found.runs]) == ({}, ["1", "2", "3"])


@pytest.mark.parametrize("state", [{"a": object()}, {"a": float("nan")}])
async def test_state_that_is_not_json_is_refused(open_store, talk, state):
    store = await open_store()
    await store.history.append(talk.run("r1"))
    with pytest.raises(StoreError, match="JSON"):
        await store.history.set_state(talk.session_id, state)


async def test_sessions_of_a_user_are_listed_latest_first_and_apart_from_others(open_store, make_talk):
    store = await open_store()
    talks = [make_talk(channel=f"C{number}") for number in range(4)]
    for number, talk in enumerate(talks):
        await store.history.append(talk.run(f"r{number}", user_id="ann"))
    await store.history.append(talks[0].run("again", user_id="ann"))
    await store.history.append(make_talk(channel="C9").run("r9", user_id="bob"))
    order = [session.session_id for session in await store.history.sessions("ann")]
    assert order[0] == talks[0].session_id
    assert sorted(order) == sorted(talk.session_id for talk in talks)
    assert len(await store.history.sessions("ann", limit=2)) == 2
    assert len(await store.history.sessions("bob")) == 1


async def test_deleted_sessions_leave_the_index(open_store, make_talk):
    store = await open_store()
    talks = [make_talk(channel=f"C{number}") for number in range(6)]
    for talk in talks:
        await store.history.append(talk.run("r", user_id="ann"))
    for talk in talks[2:5]:
        assert await store.history.delete(talk.session_id)
    for _ in range(2):
        listed = {session.session_id for session in await store.history.sessions("ann", limit=3)}
        assert listed == {talk.session_id for talk in (talks[0], talks[1], talks[5])}


async def test_history_survives_closing(open_sqlite, open_redis, talk):
    for open_store in (open_sqlite, open_redis):
        store = await open_store()
        await store.history.append(talk.run("r1"))
        await store.__aexit__(None, None, None)
        # A store opens itself again.
        assert (await store.history.load(talk.session_id, runs=1)).session.run_count == 1
        assert (await (await open_store()).history.load(talk.session_id, runs=1)).session.run_count == 1


async def test_memories_are_listed_oldest_first_and_forgotten(open_store):
    store = await open_store()
    memos = [await store.memories.add("ann", text) for text in ("one", "two \N{SNOWMAN}", "three\ud800")]
    listed = await store.memories.list("ann", limit=10)
    assert listed == tuple(memos)
    assert [memo.text for memo in await store.memories.list("ann", limit=2)] == ["two \N{SNOWMAN}", "three\ufffd"]
    assert await store.memories.list("bob", limit=10) == ()
    assert not await store.memories.remove("bob", memos[0].memo_id)
    assert await store.memories.remove("ann", memos[0].memo_id)
    assert not await store.memories.remove("ann", memos[0].memo_id)
    assert await store.memories.clear("ann") == 2
    assert await store.memories.clear("ann") == 0


async def test_memories_are_bounded(open_store, monkeypatch):
    for module in ("redis", "sqlite"):
        monkeypatch.setattr(f"threadkeep.stores.{module}.memories.MAX_MEMOS", 3)
    store = await open_store()
    for number in range(5):
        await store.memories.add("ann", str(number))
    assert [memo.text for memo in await store.memories.list("ann", limit=10)] == ["2", "3", "4"]


@pytest.mark.parametrize(
    "settings",
    [
        {"max_runs": 0},
        {"max_context": -1},
        {"max_context": 100, "max_claimed_events": 100},
        {"lease_seconds": 0},
        {"retention": timedelta(0)},
    ],
)
async def test_settings_that_cannot_work_are_refused(open_store, settings):
    with pytest.raises(ConfigError):
        await open_store(**settings)


async def test_description_names_the_place(open_store):
    description = (await open_store()).description
    assert description.startswith(("Redis 6.", "Redis 7.", "Redis 8.", "Redis Cluster ", "SQLite "))
