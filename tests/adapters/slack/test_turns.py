"""Who came first goes first."""

import asyncio

import pytest

from threadkeep_slack.turns import Turns


async def test_turns_come_in_the_order_of_arrival():
    turns, order = Turns(), []
    first_may_end = asyncio.Event()

    async def take(number):
        async with turns.take("C1"):
            if number == 0:
                await first_may_end.wait()
            order.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(take(number))
        await asyncio.sleep(0)
        assert turns.waiting == 10
        first_may_end.set()
    assert order == list(range(10))


async def test_lines_do_not_wait_for_each_other_and_are_forgotten():
    turns = Turns()
    async with turns.take("C1"), turns.take("C2"):
        assert turns.waiting == 2
    assert (turns.waiting, turns._lines) == (0, {})


async def test_who_gives_up_or_fails_lets_the_next_go_on():
    turns = Turns()
    async with turns.take("C1"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), turns.take("C1"):
                pass
    with pytest.raises(RuntimeError):
        async with turns.take("C1"):
            raise RuntimeError
    async with turns.take("C1"):
        pass
    assert turns._lines == {}
