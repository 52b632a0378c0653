"""What Slack allows a workspace's replies, method by method, and how much of it one process has used."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from threadkeep_slack.limits import (
    APPEND_BURST,
    APPENDS_PER_MINUTE,
    BUDGET_SECONDS,
    EDIT_BURST,
    EDITS_PER_MINUTE,
    PREVIEW_SHARE,
    SESSION_BURST,
    SESSIONS_PER_MINUTE,
    STREAMS_PER_MINUTE,
)

_ROUNDING: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How often a method may be called in one workspace, by all processes of the app together.

    https://docs.slack.dev/apis/web-api/rate-limits/ gives the tiers, and counts per method and workspace.

    Attributes:
        method: The method.
        limit: How many calls.
        seconds: Within any stretch of so many seconds.
        burst: How many of them previews may make at once; beyond it they keep a steady pace.
    """

    method: str
    limit: int
    seconds: float
    burst: int

    @property
    def free_share(self) -> int:
        """Give how many calls a process makes within that time without asking the others."""
        return max(1, self.limit // 10)

    @property
    def lease(self) -> int:
        """Give how many calls a process takes from the others at once."""
        return max(1, self.limit // 20)


def _budget(method: str, limit: int, burst: int) -> Budget:
    return Budget(method=method, limit=limit, seconds=BUDGET_SECONDS, burst=burst)


START: Final = _budget("chat.startStream", STREAMS_PER_MINUTE, STREAMS_PER_MINUTE)
STOP: Final = _budget("chat.stopStream", STREAMS_PER_MINUTE, STREAMS_PER_MINUTE)
UPDATE: Final = _budget("chat.update", EDITS_PER_MINUTE, EDIT_BURST)
APPEND: Final = _budget("chat.appendStream", APPENDS_PER_MINUTE, APPEND_BURST)
SESSION: Final = _budget("agents.sessions", SESSIONS_PER_MINUTE, SESSION_BURST)


class Spending:
    """What one process has used of a budget.

    Previews keep a steady pace within four fifths of the budget; the rest is there for what must be shown.

    Args:
        budget: The budget.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget: Final = budget
        self._interval: Final = budget.seconds / (budget.limit * PREVIEW_SHARE)
        self._calls: deque[float] = deque()
        self._next_preview = 0.0
        self._unreported: deque[float] = deque()
        self._leased = 0
        self._leased_until = 0.0
        self._full_until = 0.0

    def wait(self, now: float) -> float:
        """Give how long this process must wait for a call, as far as it knows; 0 if it may call now."""
        self._forget(now)
        own = self._calls[0] + self._budget.seconds - now if len(self._calls) >= self._budget.limit else 0.0
        shared = self._full_until - now
        return max(own, shared, 0.0)

    def has_room_for_preview(self, now: float) -> bool:
        """Tell whether a preview may be shown now, so that enough is left for what must be shown."""
        self._forget(now)
        is_steady = self._next_preview - self._interval * (self._budget.burst - 1) <= now + _ROUNDING
        return is_steady and len(self._calls) < self._budget.limit * PREVIEW_SHARE and self._full_until <= now

    def must_ask(self, now: float) -> bool:
        """Tell whether the next call goes beyond what the process may use without asking the others."""
        self._forget(now)
        is_leased = self._leased > 0 and self._leased_until > now
        return not is_leased and len(self._unreported) >= self._budget.free_share

    @property
    def unreported(self) -> int:
        """Give how many calls the others do not know of."""
        return len(self._unreported)

    def granted(self, now: float, *, reported: int, leased: int) -> None:
        """Note that the others know of so many calls more, and left so many for the next ones."""
        for _ in range(min(reported, len(self._unreported))):
            self._unreported.popleft()
        self._leased = leased
        self._leased_until = now + _LEASE_SECONDS

    def refused(self, now: float, wait: float) -> None:
        """Note that all processes together have used the budget up."""
        self._full_until = max(self._full_until, now + wait)

    def count(self, now: float) -> None:
        """Note a call."""
        self._calls.append(now)
        self._next_preview = max(self._next_preview, now) + self._interval
        if self._leased and self._leased_until > now:
            self._leased -= 1
        else:
            self._unreported.append(now)

    def _forget(self, now: float) -> None:
        for calls in (self._calls, self._unreported):
            while calls and calls[0] <= now - self._budget.seconds:
                calls.popleft()


_LEASE_SECONDS: Final = 5.0
"""For how long calls that were taken at once may be made: they are counted from when they were taken."""
