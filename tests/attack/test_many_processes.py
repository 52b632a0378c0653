"""Several workers and ingresses on one Redis, killed at random: nothing is lost, doubled or out of order."""

import asyncio
from dataclasses import replace
from itertools import count

import pytest
from siege.crew import Crew
from siege.crowd import Crowd, CrowdPlan, faults
from siege.ledger import message, session_key
from siege.redis_server import OwnRedis
from siege.waiting import until, until_told

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import StopRequested
from threadkeep.runs import Run
from threadkeep.sessions import UserKey

# The starter of the processes lives as long as the session, and so does its event loop.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

_SECONDS = 20


async def until_posted(crew: Crew, text: str) -> None:
    """Wait until the bot has posted something."""
    await until(lambda: any(text in posted for posted in crew.texts), seconds=_SECONDS)


@pytest.mark.parametrize("policy", ["collect", "queue"])
async def test_processes_killed_every_second_answer_everything_once_and_in_order(
    policy, crowd_starter, redis_server, tmp_path
):
    plan = CrowdPlan(
        sessions=200, messages=800, rate=120, kill_every=0.6, policy=policy, lease_seconds=1.0, seconds=100
    )
    result = await Crowd(crowd_starter, plan, redis=redis_server.url, folder=tmp_path).play()
    assert not faults(plan, result)
    assert sum(result.kills.values()) >= 5


async def test_killed_redis_that_writes_always_loses_nothing_of_many_processes(crowd_starter, redis_server, tmp_path):
    plan = CrowdPlan(sessions=100, messages=800, rate=120, kill_every=None, lease_seconds=1.0, seconds=100)
    async with OwnRedis(redis_server.executable, tmp_path) as server:
        playing = asyncio.create_task(Crowd(crowd_starter, plan, redis=server.url, folder=tmp_path).play())
        try:
            for _ in range(3):
                await asyncio.wait((playing,), timeout=2.0)
                server.kill()
                await server.start()
            result = await playing
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
    assert not faults(plan, result)


@pytest.mark.parametrize("kind", ["redis", "sqlite"])
async def test_sessions_of_a_killed_worker_are_taken_over_with_default_settings(
    kind, crowd_starter, redis_server, tmp_path
):
    url = redis_server.url if kind == "redis" else None
    async with Crew(crowd_starter, folder=tmp_path, redis=url, model_seconds=2.0) as crew:
        await crew.add("ingress", "worker", "worker")
        for number in range(10):
            await crew.platform.deliver(f"a{number}", 0)
        await asyncio.sleep(0.5)
        # Whoever took them: nobody else holds any of the ten.
        await crew.kill(1)
        await crew.kill(2)
        for number in range(10):
            await until_posted(crew, f"a{number}/0")
    said = sorted(text.split()[1] for text in crew.texts)
    assert said == [f"a{number}/0" for number in range(10)]


@pytest.mark.parametrize("kind", ["redis", "sqlite"])
async def test_stop_that_another_process_accepts_stops_the_run(kind, crowd_starter, redis_server, tmp_path):
    url = redis_server.url if kind == "redis" else None
    presses = count(1)
    async with Crew(crowd_starter, folder=tmp_path, redis=url, model_seconds=60.0) as crew:
        await crew.add("worker")
        async with crew.open_store() as store:
            question = message("a", 0)
            assert await store.inbox.accept(question) is Acceptance.ACCEPTED

            async def is_stopping() -> bool:
                # A stop that came before the run began is ignored for good: it is pressed anew.
                stop = StopRequested(
                    key=replace(question.key, revision=f"stop:{next(presses)}"),
                    place=question.place,
                    user=UserKey(platform="ledger", workspace="town", user="ann"),
                    speaker="Ann",
                )
                return await store.inbox.accept(stop) is Acceptance.ACCEPTED

            await until_told(is_stopping, seconds=_SECONDS)
            await until_posted(crew, "Stopped")

            async def runs() -> tuple[Run, ...]:
                found = await store.history.load(str(session_key("a")), runs=1)
                return found.runs if found is not None else ()

            (run,) = await until_told(runs, seconds=_SECONDS)
    assert run.status.value == "cancelled"
    assert crew.texts == ["_Stopped._"]
