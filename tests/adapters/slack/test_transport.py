"""Tasks end, whatever they do with their cancellation."""

import asyncio

from threadkeep_slack.transport.port import end_tasks


async def test_a_task_that_loses_a_cancellation_is_ended_by_the_next(monkeypatch):
    monkeypatch.setattr("threadkeep_slack.transport.port._CANCEL_SECONDS", 0.01)
    lost = []

    async def careless():
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost.append(1)
                if len(lost) > 1:
                    raise

    async def failing():
        raise RuntimeError

    tasks = [asyncio.create_task(careless()), asyncio.create_task(failing())]
    await asyncio.sleep(0)
    await end_tasks(*tasks)
    assert all(task.done() for task in tasks)
    assert len(lost) == 2
    await end_tasks()
