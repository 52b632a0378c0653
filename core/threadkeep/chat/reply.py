"""A reply whose place is made to show what is declared: by posting and editing, or as the adapter's surface does it.

One task per reply makes all calls to the platform, one after another. ``show`` and ``finish`` only say what it should
arrive at, so cancelling them never interrupts a call that is under way.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from threadkeep.chat.adapter import ReplyContent, ReplyRequest
from threadkeep.chat.clock import Clock, LoopClock
from threadkeep.chat.posting import PostedParts, Poster
from threadkeep.chat.surface import Course, EditedMessages, Surface
from threadkeep.chat.visible import ReplyLimits
from threadkeep.errors import PlatformError, PlatformRateLimitError, PlatformUnavailableError

__all__ = ["Clock", "Course", "EditedMessages", "EditingReply", "Poster", "ReplyLimits", "Surface", "SurfaceReply"]

_log = structlog.get_logger(__name__)

_FIRST_DELAY = 0.5
_LONGEST_DELAY = 8.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Target:
    """A state to arrive at.

    Attributes:
        content: What should be visible.
        deadline: For the final state, the time after which its failures are not repeated any more.
    """

    content: ReplyContent
    deadline: float | None = None

    @property
    def is_final(self) -> bool:
        return self.deadline is not None


class SurfaceReply:
    """Makes a surface show what is declared, at the platform's pace. Implements ``chat.adapter.Reply``.

    The first state goes out at once, later previews at least ``edit_interval`` apart, the last state winning; the final
    state waits for nothing but the platform's own demand to wait.

    Args:
        surface: What shows it.
        run_id: The run, for the log.
        edit_interval: Seconds between visible changes while the answer is being written.
        clock: The time.
        finish_timeout: Seconds in which ``finish`` repeats calls that fail for a while.
        close_timeout: Seconds that ``aclose`` gives to a call under way: cut off, it might be visible and unrecorded.
    """

    def __init__(
        self,
        surface: Surface,
        *,
        run_id: str,
        edit_interval: float,
        clock: Clock | None = None,
        finish_timeout: float = 60.0,
        close_timeout: float = 2.0,
    ) -> None:
        self._surface = surface
        self._edit_interval = edit_interval
        self._clock = clock or LoopClock()
        self._finish_timeout = finish_timeout
        self._close_timeout = close_timeout
        self._log = _log.bind(run_id=run_id)
        self._target: _Target | None = None
        self._reached: _Target | None = None
        self._pump: asyncio.Task[None] | None = None
        self._preview_error: PlatformError | None = None
        self._refusal: PlatformError | None = None
        self._failures = 0
        self._blocked_until = float("-inf")
        self._retry_at = float("-inf")
        self._next_preview = float("-inf")
        self._has_news = asyncio.Event()
        self._is_finishing = asyncio.Event()
        self._is_closing = asyncio.Event()

    async def show(self, content: ReplyContent) -> None:
        """Let the place show this soon. Ignored once ``finish`` was called.

        Raises:
            PlatformError: An earlier state could not be shown for a reason that will not go away.
            RuntimeError: The reply is closed.
        """
        self._check_open()
        self._raise_failure()
        if self._target is not None and (self._target.is_final or self._target.content == content):
            return
        self._target = _Target(content=content)
        self._has_news.set()
        self._ensure_pump()

    async def finish(self, content: ReplyContent) -> None:
        """Make the place show this, and return when it does.

        Cancelled, it leaves the work under way to go on until ``aclose``; called again, it goes on from there.

        Raises:
            PlatformError: It could not be shown, the last error of all attempts.
            ValueError: There is no text; the caller has the words for that.
            RuntimeError: The reply is closed.
        """
        if not content.text.strip():
            raise ValueError("a final reply needs text: say in it why there is no answer")
        self._check_open()
        self._preview_error = None
        self._raise_failure()
        self._failures = 0
        self._retry_at = float("-inf")
        self._target = _Target(content=content, deadline=self._clock.monotonic() + self._finish_timeout)
        self._is_finishing.set()
        self._has_news.set()
        await asyncio.wait({self._ensure_pump()})
        self._raise_failure()
        self._check_open()

    async def aclose(self) -> None:
        """Stop all work on this reply; what is visible stays as it is."""
        self._is_closing.set()
        self._is_finishing.set()
        self._has_news.set()
        pump = self._pump
        if pump is None:
            return
        try:
            await asyncio.wait({pump}, timeout=self._close_timeout)
        finally:
            pump.cancel()
            await asyncio.wait({pump})
        if not pump.cancelled() and (error := pump.exception()) is not None and self._pump is pump:
            self._log.warning("reply_closed_after_failure", error=type(error).__name__)

    def _check_open(self) -> None:
        if self._is_closing.is_set():
            raise RuntimeError("the reply is closed")

    def _ensure_pump(self) -> asyncio.Task[None]:
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._drive(), name="reply")
        return self._pump

    def _raise_failure(self) -> None:
        """Raise what went wrong meanwhile, once: the next call tries anew."""
        error, self._preview_error = self._preview_error, None
        if error is not None:
            raise error
        pump = self._pump
        if pump is not None and pump.done() and not pump.cancelled():
            self._pump = None
            pump.result()

    async def _drive(self) -> None:
        """Go after the target until the final one is reached."""
        while (target := self._target) is not None and not self._is_closing.is_set():
            if target is self._reached:
                if target.is_final:
                    return
                await self._rest()
            elif not await self._has_waited(target):
                await self._attempt(target)

    async def _rest(self) -> None:
        """Wait for news, or until the surface has something to do although nothing is new."""
        patience = self._surface.patience()
        if patience is None:
            await self._has_news.wait()
        else:
            await self._clock.wait(self._has_news, patience)
            if not self._has_news.is_set():
                self._reached = None
        self._has_news.clear()

    async def _has_waited(self, target: _Target) -> bool:
        """Wait until the target may be gone after; give whether time has passed, in which it may have changed.

        Raises:
            PlatformError: The platform's last refusal, if its time is up before.
        """
        due = max(self._blocked_until, self._retry_at if target.is_final else self._next_preview)
        delay = due - self._clock.monotonic()
        if delay <= 0:
            if target.is_final or self._surface.may_preview(target.content):
                return False
            delay = self._edit_interval
        if self._refusal is not None and target.deadline is not None and due > target.deadline:
            raise self._refusal
        await self._clock.wait(self._is_closing if target.is_final else self._is_finishing, delay)
        return True

    async def _attempt(self, target: _Target) -> None:
        try:
            is_reached = await self._approach(target)
        except (PlatformRateLimitError, PlatformUnavailableError) as error:
            self._back_off(target, error)
        except PlatformError as error:
            if target.is_final:
                raise
            self._reached = target
            if not self._is_overtaken(target):
                self._preview_error = error
        else:
            self._failures = 0
            if is_reached:
                self._reached = target

    async def _approach(self, target: _Target) -> bool:
        """Change what differs from the target; give False if the final one came in between, or it cannot be now."""

        def note_change() -> None:
            self._next_preview = self._clock.monotonic() + self._edit_interval

        course = Course(
            is_final=target.is_final, is_overtaken=lambda: self._is_overtaken(target), note_change=note_change
        )
        return await self._surface.bring(target.content, course)

    def _is_overtaken(self, target: _Target) -> bool:
        latest = self._target
        is_newer_final = latest is not None and latest.is_final and latest is not target
        return is_newer_final or self._is_closing.is_set()

    def _back_off(self, target: _Target, error: PlatformRateLimitError | PlatformUnavailableError) -> None:
        """Note how long to wait; only the platform's own demand holds beyond the next ``finish``."""
        self._failures += 1
        now = self._clock.monotonic()
        delay = min(_FIRST_DELAY * 2 ** min(self._failures - 1, 10), _LONGEST_DELAY)
        if isinstance(error, PlatformRateLimitError) and error.retry_after > 0:
            delay = error.retry_after
            self._blocked_until = now + delay
        self._refusal = error
        if target.is_final:
            self._retry_at = now + delay
        self._next_preview = now + max(delay, self._edit_interval)
        self._log.debug("reply_delayed", seconds=delay, error=type(error).__name__, is_final=target.is_final)


class EditingReply(SurfaceReply):
    """Shows an answer in messages that are posted once and edited while it grows.

    Surplus messages (of an earlier attempt that had more to say) are removed when the final state is shown.

    Args:
        request: Where it goes, and what an earlier attempt posted already.
        poster: The platform's calls.
        limits: What the platform allows.
        may_preview: Tells whether the platform has room for a preview now. What is previewed must be edited once more:
            where edits are short, an answer is better posted once.
        clock: The time.
        finish_timeout: As for ``SurfaceReply``.
        close_timeout: As for ``SurfaceReply``.
    """

    def __init__(
        self,
        request: ReplyRequest,
        poster: Poster,
        limits: ReplyLimits,
        *,
        may_preview: Callable[[], bool] = lambda: True,
        clock: Clock | None = None,
        finish_timeout: float = 60.0,
        close_timeout: float = 2.0,
    ) -> None:
        super().__init__(
            EditedMessages(PostedParts(request, poster), limits, may_preview=may_preview),
            run_id=request.run_id,
            edit_interval=limits.edit_interval,
            clock=clock,
            finish_timeout=finish_timeout,
            close_timeout=close_timeout,
        )
