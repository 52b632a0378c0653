"""How often, and how many at a time, gateway sessions may be begun.

https://discord.com/developers/docs/events/gateway#session-start-limit-object
"""

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Final

from threadkeep_emulators.discord.ids import Clock
from threadkeep_emulators.discord.model import Payload

_DAY: Final = 86_400.0
_LANE_SECONDS: Final = 5.0
_GUILDS_RECOMMENDED: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRules:
    """Be what Discord allows a bot.

    Attributes:
        per_day: Sessions that may be begun in a day.
        max_concurrency: Sessions that may be begun within five seconds: one in each lane, which is the shard's number
            modulo this.
        guilds_per_shard: Guilds that one session may hold.
        is_paced: Whether a session is refused that begins too soon after another in its lane.
    """

    per_day: int = 1_000
    max_concurrency: int = 1
    guilds_per_shard: int = 2_500
    is_paced: bool = False


@dataclass(slots=True, kw_only=True)
class SessionStarts:
    """Count the sessions that are begun."""

    rules: StartRules
    clock: Clock
    _begun: deque[float] = field(default_factory=deque)
    _lanes: defaultdict[int, float] = field(default_factory=lambda: defaultdict(lambda: -math.inf))

    @property
    def left(self) -> int:
        """Say how many sessions may still be begun today."""
        while self._begun and self._begun[0] <= self.clock() - _DAY:
            self._begun.popleft()
        return max(0, self.rules.per_day - len(self._begun))

    def may_begin(self, shard_id: int) -> bool:
        """Count a session; say whether its lane is free for it."""
        now, lane = self.clock(), shard_id % self.rules.max_concurrency
        is_free = not self.rules.is_paced or now - self._lanes[lane] >= _LANE_SECONDS
        if is_free:
            self._lanes[lane] = now
        self._begun.append(now)
        return is_free

    def describe(self, guilds: int) -> Payload:
        """Give what ``GET /gateway/bot`` tells beside the address, to a bot in so many guilds."""
        left = self.left
        oldest = self._begun[0] if self._begun else self.clock()
        return {
            "shards": max(1, math.ceil(guilds / _GUILDS_RECOMMENDED)),
            "session_start_limit": {
                "total": self.rules.per_day,
                "remaining": left,
                "reset_after": round((oldest + _DAY - self.clock()) * 1000),
                "max_concurrency": self.rules.max_concurrency,
            },
        }
