"""What happened first goes first."""

import asyncio

import pytest

from threadkeep_slack.inbound.turns import LAST, Turns, rank_of


@pytest.fixture
def turns():
    return Turns()


async def test_turns_come_in_the_order_of_ranks_not_of_arrival(turns):
    order = []
    first_may_end = asyncio.Event()

    async def take(number):
        async with turns.stand("C1", (number, 0)) as come:
            await come()
            if number == 0:
                await first_may_end.wait()
            order.append(number)

    async with asyncio.TaskGroup() as group:
        for number in (0, 5, 3, 9, 1, 3):
            group.create_task(take(number))
        await asyncio.sleep(0)
        assert turns.waiting == 6
        first_may_end.set()
    assert order == [0, 1, 3, 3, 5, 9]


async def test_of_equal_ranks_the_first_to_arrive_is_first(turns):
    order = []

    async def take(name):
        async with turns.stand("C1", LAST) as come:
            await come()
            await asyncio.sleep(0)
            order.append(name)

    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(take(name))
    assert order == ["a", "b", "c"]


async def test_who_is_ready_waits_for_who_is_before(turns):
    order = []
    may_go = asyncio.Event()

    async def slow():
        async with turns.stand("C1", (1, 0)) as come:
            await may_go.wait()
            await come()
            order.append("slow")

    async def quick():
        async with turns.stand("C1", (2, 0)) as come:
            await come()
            order.append("quick")

    async with asyncio.TaskGroup() as group:
        group.create_task(slow())
        group.create_task(quick())
        await asyncio.sleep(0)
        assert order == []
        may_go.set()
    assert order == ["slow", "quick"]


async def test_lines_do_not_wait_for_each_other_and_are_forgotten(turns):
    async with turns.stand("C1", LAST) as come_first, turns.stand("C2", LAST) as come_second:
        await come_first()
        await come_second()
        assert turns.waiting == 2
    assert (turns.waiting, turns._lines) == (0, {})


async def test_who_gives_up_or_fails_lets_the_next_go_on(turns):
    async with turns.stand("C1", (1, 0)) as come:
        await come()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), turns.stand("C1", (2, 0)) as come_later:
                await come_later()

    async def fail():
        async with turns.stand("C1", LAST) as come:
            await come()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with turns.stand("C1", LAST) as come:
        await come()
    assert turns._lines == {}


def test_ranks_compare_exactly():
    assert rank_of("1700000000.000100") < rank_of("1700000000.000101") < rank_of("1700000000.1") < LAST
    assert rank_of("1700000000.1") == rank_of("1700000000.100000")
