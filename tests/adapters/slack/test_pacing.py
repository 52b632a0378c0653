"""The workspace's replies share one pace."""

import contextlib

import pytest

from threadkeep.errors import PlatformRateLimitError
from threadkeep_slack.limits import EDIT_BURST, EDITS_PER_MINUTE
from threadkeep_slack.replies.pacing import Pacing


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pacing(clock):
    return Pacing(clock=clock)


def test_a_burst_of_edits_passes_and_then_one_at_a_time(pacing, clock):
    for _ in range(EDIT_BURST):
        pacing.begin_edit("run")
    with pytest.raises(PlatformRateLimitError) as refused:
        pacing.begin_edit("run")
    clock.now += refused.value.retry_after
    pacing.begin_edit("run")
    with pytest.raises(PlatformRateLimitError):
        pacing.begin_edit("run")


def test_no_minute_has_more_edits_than_the_tier_and_the_burst(pacing, clock):
    done = 0
    end = clock.now + 60
    while clock.now < end:
        try:
            pacing.begin_edit("run")
            done += 1
        except PlatformRateLimitError as refused:
            clock.now += refused.retry_after
    assert done <= EDITS_PER_MINUTE + EDIT_BURST


def test_edits_wait_when_slack_says_so(pacing, clock):
    pacing.hold_edits(7)
    with pytest.raises(PlatformRateLimitError) as refused:
        pacing.begin_edit("run")
    assert refused.value.retry_after == pytest.approx(7)
    clock.now += 7
    pacing.begin_edit("run")


def test_posts_wait_in_the_channel_that_slack_named_only(pacing, clock):
    pacing.hold_posts("C1", 3)
    pacing.begin_post("C2")
    with pytest.raises(PlatformRateLimitError):
        pacing.begin_post("C1")
    clock.now += 3
    pacing.begin_post("C1")


def test_a_shorter_wait_does_not_shorten_a_longer_one(pacing, clock):
    pacing.hold_edits(10)
    pacing.hold_edits(1)
    clock.now += 5
    with pytest.raises(PlatformRateLimitError):
        pacing.begin_edit("run")


def test_past_waits_are_forgotten(pacing, clock):
    for number in range(1_000):
        pacing.hold_posts(f"C{number}", 1)
        clock.now += 1
    assert len(pacing._held) <= 2


def test_among_many_replies_each_has_its_turn(pacing, clock):
    names = [f"run{number}" for number in range(EDIT_BURST + 5)]
    waits = {}
    for name in names:
        try:
            pacing.begin_edit(name)
        except PlatformRateLimitError as refused:
            waits[name] = refused.retry_after
    assert list(waits) == names[EDIT_BURST:]
    assert list(waits.values()) == sorted(waits.values())
    clock.now += waits["run12"]
    with pytest.raises(PlatformRateLimitError):
        pacing.begin_edit("another")
    for name in ("run10", "run11", "run12"):
        pacing.begin_edit(name)


def test_moments_that_nobody_came_for_are_forgotten(pacing, clock):
    for number in range(1_000):
        with contextlib.suppress(PlatformRateLimitError):
            pacing.begin_edit(f"run{number}")
        clock.now += 0.6
    assert len(pacing._kept) < 900


def test_there_is_room_for_previews_while_edits_are_granted_soon(pacing, clock):
    assert pacing.has_room()
    with contextlib.suppress(PlatformRateLimitError):
        for number in range(EDIT_BURST + 10):
            pacing.begin_edit(f"run {number}")
    for number in range(10):
        with pytest.raises(PlatformRateLimitError):
            pacing.begin_edit(f"other run {number}")
    assert not pacing.has_room()
    clock.now += 60
    assert pacing.has_room()
