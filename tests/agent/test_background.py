"""Work that nobody waits for: one at a time for a session, bounded, and ended with its owner."""

import asyncio

import pytest

from threadkeep.agent import background
from threadkeep.agent.background import Background


@pytest.fixture
async def work():
    async with Background() as owned:
        yield owned


async def test_work_of_one_session_is_done_one_after_the_other_and_the_latest_only(work):
    gate, done = asyncio.Event(), []

    def piece(name):
        async def do():
            await gate.wait()
            done.append(name)

        return do

    for name in ("a1", "a2", "a3"):
        work.start("a", piece(name))
    work.start("b", piece("b1"))
    gate.set()
    await work.settle()
    assert sorted(done) == ["a1", "a3", "b1"]
    assert done.index("a1") < done.index("a3")


async def test_what_fails_does_not_stop_the_others(work):
    done = []

    async def fail():
        raise ValueError

    async def succeed():
        done.append(1)

    work.start("a", fail)
    work.start("b", succeed)
    await work.settle()
    work.start("a", succeed)
    await work.settle()
    assert done == [1, 1]


async def test_a_few_are_done_at_once_and_what_is_too_much_is_left_out(work, monkeypatch):
    monkeypatch.setattr(background, "_MOST_TASKS", 20)
    gate, at_work, most = asyncio.Event(), 0, 0

    async def do():
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await gate.wait()
        at_work -= 1

    for number in range(30):
        work.start(str(number), do)
    assert len(work._tasks) == 20
    await asyncio.sleep(0)
    gate.set()
    await work.settle()
    assert most <= 8


async def test_closing_ends_what_is_under_way():
    ended = []

    async def hang():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)

    async with Background() as work:
        work.start("a", hang)
        await asyncio.sleep(0)
        work.start("a", hang)
    assert ended == [1]


async def test_closing_waits_a_little_for_what_is_under_way():
    gate, done = asyncio.Event(), []

    async def do():
        await gate.wait()
        done.append(1)

    work = Background(grace=5)
    work.start("a", do)
    closing = asyncio.create_task(work.aclose())
    await asyncio.sleep(0)
    gate.set()
    await closing
    assert done == [1]


def test_each_event_loop_has_its_own():
    work, done = Background(), []

    async def do():
        done.append(asyncio.get_running_loop())

    async def run():
        work.start("a", do)
        await work.settle()

    asyncio.run(run())
    asyncio.run(run())
    assert len(done) == 2
