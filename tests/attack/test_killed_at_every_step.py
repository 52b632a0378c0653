"""A bot that is killed at any step of a run, and started again, has answered everything once and in order."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from siege.starter import Starter
from siege.streets import calls_of
from siege.trial import Outcome, Setting, Trial, rounds, sampled

# The starter of the bots lives as long as the session, and so does its event loop.
# All points, which ATTACK=all asks for, take longer than a sample of them.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300 * rounds(12))]

_SIDE_BY_SIDE = 8
# Whether a process comes to these depends on the time that passes, or on a connection that is made anew.
_NOT_EACH_TIME = re.compile(r"(.* then )?(control\.repeat|inbox\.renew):\w+:\d+")


@pytest.fixture(params=["redis", "sqlite"])
def redis(request) -> str | None:
    return request.getfixturevalue("redis_server").url if request.param == "redis" else None


@pytest.fixture(
    params=["slack-talk", "slack-tool", "slack-edits-tool", "discord-talk", "discord-tool", "discord-components-tool"]
)
def setting(request, redis) -> Setting:
    platform, _, what = request.param.rpartition("-")
    return Setting(platform=platform, redis=redis, has_tool=what == "tool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One trial: where the first, second ... process dies, and which call's first answer does not come."""

    points: Sequence[str] = ()
    lost: str | None = None


async def try_all(starter: Starter, setting: Setting, folder: Path, plans: Sequence[Plan]) -> list[Outcome]:
    """Make the trials, some at a time."""
    slots = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def one(number: int, plan: Plan) -> Outcome:
        async with slots:
            return await Trial(starter, setting, folder / str(number)).run(*plan.points, lost=plan.lost)

    return await asyncio.gather(*(one(number, plan) for number, plan in enumerate(plans)))


def report(outcomes: Sequence[Outcome]) -> str:
    """Say what did not hold, with the log of the first such trial."""
    bad = [outcome for outcome in outcomes if outcome.faults]
    if not bad:
        return ""
    lines = [f"{len(bad)} of {len(outcomes)} trials failed"]
    for outcome in bad:
        lines += [f"killed at {outcome.point or 'no point'} (reached: {outcome.was_reached})"]
        lines += [f"    {fault}" for fault in outcome.faults]
    return "\n".join([*lines, bad[0].log[-6000:]])


@pytest.fixture
def check(record_property) -> Callable[[Sequence[Outcome]], None]:
    """Requires that all held; how often it died is in the report of ``--junitxml=FILE -o junit_family=xunit1``."""

    def check_and_count(outcomes: Sequence[Outcome]) -> None:
        require(outcomes)
        record_property("trials", len(outcomes))
        record_property("trials with a kill", sum(outcome.was_reached for outcome in outcomes))

    return check_and_count


def require(outcomes: Sequence[Outcome]) -> None:
    """Require that everything held, and that nearly all points were reached: how often a reply is edited may vary."""
    assert not report(outcomes), report(outcomes)
    sure = [outcome for outcome in outcomes if not _NOT_EACH_TIME.fullmatch(outcome.point)]
    missed = [outcome.point for outcome in sure if not outcome.was_reached]
    assert len(missed) <= 1 + 0.2 * len(sure), missed


def steps_of(outcome: Outcome, *without: str) -> list[str]:
    """Give the points of a run, without those operations."""
    # Slack tells a mention twice; what it tells after that is what the bot itself posted.
    own = re.compile(r"slack\..*:([3-9]|\d\d)")
    return [point for point in outcome.passed if not point.startswith(without) and not own.fullmatch(point)]


async def test_killed_at_every_step_it_answers_once_and_in_order(starter, setting, check, tmp_path):
    whole = await try_all(starter, setting, tmp_path / "whole", [Plan()])
    assert not report(whole), report(whole)
    points = sampled(steps_of(whole[0]), every=10)
    check(await try_all(starter, setting, tmp_path / "killed", [Plan(points=[point]) for point in points]))


async def test_killed_again_while_it_recovers_it_answers_once_and_in_order(starter, setting, check, tmp_path):
    posted = "stream.start" if setting.platform == "slack" and setting.has_tool else "poster.post"
    for first in sampled([f"{posted}:after:1", "inbox.record:after:1"], every=2):
        whole = await try_all(starter, setting, tmp_path / first / "whole", [Plan(points=[first])])
        check(whole)
        # Nobody speaks to the process that dies while it recovers.
        points = sampled(steps_of(whole[0], "inbox.accept", "slack"), every=24)
        plans = [Plan(points=[first, point]) for point in points]
        check(await try_all(starter, setting, tmp_path / first / "killed", plans))


async def test_killed_before_the_answer_to_a_performed_call_it_answers_once(starter, setting, check, tmp_path):
    # discord.py repeats a call by itself, with the nonce that Discord knows it by; Slack's client does not.
    when = "after" if setting.platform.startswith("discord") else "failed"
    calls = calls_of(setting.platform, is_direct=not setting.has_tool)
    who = "stream" if "start" in calls else "poster"
    plans = [Plan(points=[f"{who}.{call}:{when}:1"], lost=call) for call in calls]
    check(await try_all(starter, setting, tmp_path / "killed", plans))
