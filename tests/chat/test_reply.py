"""The reply that posts and edits: pace, failures, cancellation."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from threadkeep.chat.adapter import ReplyContent
from threadkeep.chat.clock import LoopClock
from threadkeep.chat.reply import ReplyLimits
from threadkeep.errors import (
    PlaceGoneError,
    PlatformAuthError,
    PlatformError,
    PlatformRateLimitError,
    PlatformUnavailableError,
    StoreUnavailableError,
)

LONG = "one two three four. five six seven."
LONG_PARTS = ["one two three four.", "five six seven."]


def text(words):
    return ReplyContent(text=words)


@asynccontextmanager
async def closing(reply):
    try:
        yield reply
    finally:
        await reply.aclose()


async def test_first_state_is_posted_at_once(platform):
    async with closing(platform.open()) as reply:
        await reply.show(text("Hel"))
        await platform.settle()
        assert platform.poster.calls == [("post", 0, "Hel")]


async def test_later_states_wait_for_the_interval_and_the_last_one_wins(platform):
    async with closing(platform.open()) as reply:
        for words in ("a", "a b", "a b c"):
            await reply.show(text(words))
            await platform.settle()
        await platform.clock.advance(1.9)
        assert platform.poster.calls == [("post", 0, "a")]
        await platform.clock.advance(0.2)
        assert platform.poster.calls == [("post", 0, "a"), ("edit", "m1", "a b c")]


async def test_nothing_to_show_calls_nothing(platform):
    async with closing(platform.open()) as reply:
        await reply.show(ReplyContent())
        await platform.settle()
        assert platform.poster.calls == []


async def test_equal_content_calls_nothing(platform):
    async with closing(platform.open()) as reply:
        await reply.show(text("same"))
        await platform.clock.advance(5)
        await reply.show(text("same"))
        await reply.show(text("same \n"))
        await platform.clock.advance(5)
        await reply.finish(text("same"))
        assert platform.poster.calls == [("post", 0, "same")]


async def test_activity_is_replaced_by_the_text(platform):
    async with closing(platform.open()) as reply:
        await reply.show(ReplyContent(activity=("Using it",)))
        await platform.settle()
        assert platform.poster.texts() == ["_Using it\u2026_"]
        await reply.finish(text("Done"))
        assert platform.poster.texts() == ["Done"]
        assert platform.poster.posts == [0]


async def test_only_changed_parts_are_edited(platform):
    async with closing(platform.open()) as reply:
        await reply.finish(text(LONG))
        await reply.finish(text(LONG + " end"))
        assert platform.poster.calls[2:] == [("edit", "m2", "five six seven. end")]


async def test_each_part_is_recorded_before_the_next_is_posted(platform):
    async with closing(platform.open()) as reply:
        await reply.finish(text(LONG))
    assert platform.poster.texts() == LONG_PARTS
    assert platform.recorder.reported == [(0, "m1", 1), (1, "m2", 2)]


async def test_messages_of_an_earlier_attempt_are_edited_and_surplus_ones_removed(platform):
    platform.poster.messages.update(a="old", b="old", c="old", d="old")
    async with closing(platform.open(posted={0: "a", 1: "b", 2: "c", 3: "d"})) as reply:
        await reply.finish(text(LONG))
    assert platform.poster.messages == dict(zip("ab", LONG_PARTS, strict=True))
    assert platform.poster.posts == []
    assert platform.recorder.reported == []


async def test_surplus_message_that_is_gone_already_is_no_failure(platform):
    async with closing(platform.open(posted={1: "gone"})) as reply:
        await reply.finish(text("short"))
    assert platform.poster.texts() == ["short"]


async def test_final_state_does_not_wait_for_the_preview_interval(platform):
    async with closing(platform.open()) as reply:
        await reply.show(text("a"))
        await platform.settle()
        await reply.show(text("a b"))
        await platform.settle()
        await reply.finish(text("a b c"))
        assert platform.poster.calls == [("post", 0, "a"), ("edit", "m1", "a b c")]
        assert platform.clock.now == 1000.0


async def test_call_under_way_is_awaited_by_finish(platform):
    platform.poster.gate.clear()
    async with closing(platform.open()) as reply:
        await reply.show(text("a"))
        await platform.settle()
        finishing = asyncio.create_task(reply.finish(text("b")))
        await platform.settle()
        assert platform.poster.calls == [("post", 0, "a")]
        platform.poster.gate.set()
        await finishing
        assert platform.poster.calls == [("post", 0, "a"), ("edit", "m1", "b")]


async def test_preview_of_many_parts_gives_way_to_the_final_state(platform):
    platform.poster.gate.clear()
    async with closing(platform.open()) as reply:
        await reply.show(text(LONG))
        await platform.settle()
        finishing = asyncio.create_task(reply.finish(text("short")))
        await platform.settle()
        platform.poster.gate.set()
        await finishing
        assert platform.poster.posts == [0]
        assert platform.poster.texts() == ["short"]


async def test_show_after_finish_changes_nothing(platform):
    async with closing(platform.open()) as reply:
        await reply.finish(text("end"))
        await reply.show(text("more"))
        await platform.clock.advance(10)
        assert platform.poster.texts() == ["end"]


async def test_final_state_needs_text(platform):
    async with closing(platform.open()) as reply:
        with pytest.raises(ValueError, match="needs text"):
            await reply.finish(text(" \n"))


async def test_refused_preview_is_shown_when_the_platform_allows(platform):
    platform.poster.failures.append(PlatformRateLimitError("slow down", retry_after=7))
    async with closing(platform.open()) as reply:
        await reply.show(text("a"))
        await platform.clock.advance(6.9)
        assert len(platform.poster.calls) == 1
        await reply.show(text("a b"))
        await platform.clock.advance(0.2)
        assert platform.poster.texts() == ["a b"]


async def test_final_state_honours_the_wait_that_a_preview_was_told(platform):
    platform.poster.failures.append(PlatformRateLimitError("slow down", retry_after=7))
    async with closing(platform.open()) as reply:
        await reply.show(text("a"))
        await platform.settle()
        finishing = asyncio.create_task(reply.finish(text("b")))
        await platform.clock.advance(6.9)
        assert len(platform.poster.calls) == 1
        await platform.clock.advance(0.2)
        await finishing
        assert platform.poster.texts() == ["b"]


async def test_unavailable_platform_delays_a_preview_but_not_the_final_state(platform):
    platform.poster.failures.append(PlatformUnavailableError("down"))
    async with closing(platform.open()) as reply:
        await reply.show(text("a"))
        await platform.settle()
        await reply.finish(text("b"))
        assert platform.clock.now == 1000.0
        assert platform.poster.texts() == ["b"]


async def test_finish_repeats_with_growing_delays(hasty_platform):
    hasty_platform.poster.failures.extend(PlatformUnavailableError("down") for _ in range(4))
    async with closing(hasty_platform.open()) as reply:
        await reply.finish(text("a"))
    assert hasty_platform.poster.texts() == ["a"]
    assert hasty_platform.clock.now == 1000 + 0.5 + 1 + 2 + 4


async def test_finish_gives_up_when_its_time_is_over_and_can_be_called_again(hasty_platform):
    hasty_platform.poster.failures.extend(PlatformUnavailableError(f"down {n}") for n in range(5))
    async with closing(hasty_platform.open(finish_timeout=4)) as reply:
        with pytest.raises(PlatformUnavailableError, match="down 3"):
            await reply.finish(text("a"))
        assert hasty_platform.clock.now <= 1004
        await reply.finish(text("a"))
    assert hasty_platform.poster.texts() == ["a"]


async def test_finish_does_not_wait_longer_than_its_time_for_a_rate_limit(platform):
    platform.poster.failures.append(PlatformRateLimitError("slow down", retry_after=3600))
    async with closing(platform.open()) as reply:
        with pytest.raises(PlatformRateLimitError):
            await reply.finish(text("a"))


@pytest.mark.parametrize("error", [PlaceGoneError("gone"), PlatformAuthError("revoked"), PlatformError("refused")])
async def test_final_errors_are_raised_by_finish_at_once(platform, error):
    platform.poster.failures.append(error)
    async with closing(platform.open()) as reply:
        with pytest.raises(type(error)):
            await reply.finish(text("a"))
    assert len(platform.poster.calls) == 1


@pytest.mark.parametrize("error", [PlaceGoneError("gone"), PlatformAuthError("revoked"), PlatformError("refused")])
async def test_final_error_of_a_preview_is_raised_by_the_next_show(platform, error):
    platform.poster.failures.append(error)
    async with closing(platform.open()) as reply:
        await reply.show(text("a"))
        await platform.settle()
        with pytest.raises(type(error)):
            await reply.show(text("a b"))


async def test_finish_tries_anew_after_a_preview_was_refused(platform):
    platform.poster.failures.append(PlatformError("refused"))
    async with closing(platform.open()) as reply:
        await reply.show(text("bad"))
        await platform.settle()
        await reply.finish(text("good"))
    assert platform.poster.texts() == ["good"]


@pytest.mark.parametrize("error", [PlatformError("refused"), PlatformUnavailableError("down")])
async def test_preview_that_fails_while_finish_waits_for_it_does_no_harm(platform, error):
    platform.poster.gate.clear()
    platform.poster.failures.append(error)
    async with closing(platform.open()) as reply:
        await reply.show(text("bad"))
        await platform.settle()
        finishing = asyncio.create_task(reply.finish(text("good")))
        await platform.settle()
        platform.poster.gate.set()
        await finishing
    assert platform.poster.texts() == ["good"]
    assert platform.clock.now == 1000.0


async def test_deleted_message_is_posted_anew_once(platform):
    async with closing(platform.open()) as reply:
        await reply.show(text("a"))
        await platform.settle()
        platform.poster.messages.clear()
        await reply.finish(text("a b"))
        assert platform.poster.texts() == ["a b"]
        assert platform.recorder.reported == [(0, "m1", 1), (0, "m2", 2)]
        platform.poster.messages.clear()
        with pytest.raises(PlaceGoneError):
            await reply.finish(text("a b c"))


async def test_edit_of_unknown_outcome_is_made_again(platform, late):
    async with closing(platform.open()) as reply:
        await reply.finish(text("a"))
        platform.poster.failures.append(late(PlatformError("answer lost")))
        with pytest.raises(PlatformError):
            await reply.finish(text("b"))
        assert platform.poster.texts() == ["b"]
        await reply.finish(text("a"))
        assert platform.poster.texts() == ["a"]


async def test_surplus_message_whose_post_was_never_answered_is_removed(platform, late):
    platform.poster.failures.extend([None, late(PlatformUnavailableError("answer lost"))])
    async with closing(platform.open()) as reply:
        await reply.show(text(LONG))
        await platform.settle()
        assert platform.poster.texts() == LONG_PARTS
        await reply.finish(text("short"))
    assert platform.poster.texts() == ["short"]


async def test_finish_cancelled_and_called_again_posts_once(platform):
    platform.poster.gate.clear()
    async with closing(platform.open()) as reply:
        finishing = asyncio.create_task(reply.finish(text(LONG)))
        await platform.settle()
        finishing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await finishing
        platform.poster.gate.set()
        await reply.finish(text(LONG + " end"))
        assert platform.poster.posts == [0, 1]
        assert "".join(platform.poster.texts()).endswith("end")


async def test_unrecorded_message_is_recorded_before_anything_else_is_posted(platform):
    platform.recorder.failures.append(StoreUnavailableError("down"))
    async with closing(platform.open()) as reply:
        with pytest.raises(StoreUnavailableError):
            await reply.finish(text(LONG))
        assert platform.poster.posts == [0]
        await reply.finish(text(LONG))
        assert platform.recorder.reported == [(0, "m1", 1), (1, "m2", 2)]


async def test_store_error_of_a_preview_is_raised_by_the_next_call(platform):
    platform.recorder.failures.append(StoreUnavailableError("down"))
    async with closing(platform.open()) as reply:
        await reply.show(text("a"))
        await platform.settle()
        with pytest.raises(StoreUnavailableError):
            await reply.finish(text("a b"))


async def test_close_lets_a_call_under_way_end_and_records_it(platform):
    platform.poster.gate.clear()
    reply = platform.open()
    await reply.show(text(LONG))
    await platform.settle()
    closed = asyncio.create_task(reply.aclose())
    await platform.settle()
    platform.poster.gate.set()
    await closed
    assert platform.recorder.reported == [(0, "m1", 1)]
    with pytest.raises(RuntimeError, match="closed"):
        await reply.show(text("more"))


async def test_close_cancels_a_call_that_hangs(platform):
    platform.poster.gate.clear()
    reply = platform.open(close_timeout=0)
    await reply.show(text("a"))
    await platform.settle()
    await reply.aclose()
    platform.poster.gate.set()
    await platform.settle()
    assert platform.poster.posts == []


async def test_close_ends_a_finish_that_waits(platform):
    platform.poster.failures.append(PlatformRateLimitError("slow down", retry_after=30))
    reply = platform.open()
    finishing = asyncio.create_task(reply.finish(text("a")))
    await platform.settle()
    await reply.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await finishing


async def test_close_is_harmless_when_nothing_was_shown_and_after_a_failure(platform):
    await platform.open().aclose()
    platform.recorder.failures.append(StoreUnavailableError("down"))
    reply = platform.open()
    await reply.show(text("a"))
    await platform.settle()
    await reply.aclose()


async def test_without_edits_only_full_messages_are_posted_before_the_end(platform):
    limits = ReplyLimits(part_length=20, edit_interval=2.0, edits=False)
    async with closing(platform.open(limits=limits)) as reply:
        await reply.show(ReplyContent(text=LONG, activity=("Thinking",)))
        await platform.settle()
        assert platform.poster.texts() == LONG_PARTS[:1]
        await reply.finish(text(LONG))
    assert [call[0] for call in platform.poster.calls] == ["post", "post"]


async def test_real_clock_ends_a_wait_by_the_event_or_by_time():
    clock = LoopClock()
    event = asyncio.Event()
    before = clock.monotonic()
    await clock.wait(event, 0.001)
    assert clock.monotonic() > before
    event.set()
    await clock.wait(event, 3600)


async def test_without_room_for_edits_the_answer_is_posted_once(platform):
    async with closing(platform.open(may_preview=lambda: False)) as reply:
        await reply.show(text("The beginning"))
        await platform.settle()
        assert platform.poster.calls == []
        await reply.finish(text("The whole answer."))
        assert platform.poster.calls == [("post", 0, "The whole answer.")]
