"""The published rate limits (https://docs.slack.dev/apis/web-api/rate-limits/), for who wants them enforced."""

import math
from collections import deque
from collections.abc import Callable

CALLS_PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
POSTS_PER_SECOND = 1
_MINUTE = 60.0


class RateLimits:
    """Count calls per method and workspace over a sliding minute, and posts per channel over a second."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._calls: dict[tuple[str, ...], deque[float]] = {}

    def take(self, *, method: str, team: str, tier: int | None, channel: str | None = None) -> int | None:
        """Count a call, or give the whole seconds to wait for if it is one too many.

        Args:
            method: The name of the method.
            team: The workspace's id.
            tier: The method's tier; None is not limited.
            channel: The channel posted to, for the methods limited by channel.
        """
        if channel is not None:
            return self._count((method, team, channel), POSTS_PER_SECOND, 1.0)
        if tier is None:
            return None
        return self._count((method, team), CALLS_PER_MINUTE[tier], _MINUTE)

    def _count(self, key: tuple[str, ...], limit: int, window: float) -> int | None:
        now = self._clock()
        calls = self._calls.setdefault(key, deque(maxlen=limit))
        while calls and calls[0] <= now - window:
            calls.popleft()
        if len(calls) >= limit:
            return max(1, math.ceil(calls[0] + window - now))
        calls.append(now)
        return None
