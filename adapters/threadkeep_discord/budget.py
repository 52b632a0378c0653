"""How many requests a token may make: a global limit, and one of refused requests; all processes share both."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import discord
import structlog

from threadkeep.chat.adapter import SharedState
from threadkeep.errors import StoreError
from threadkeep_discord.limits import (
    GLOBAL_REQUESTS,
    INVALID_REQUESTS,
    INVALID_SECONDS,
    LONGEST_WAIT,
    REFUSED_TOKEN_SECONDS,
)

_log = structlog.get_logger(__name__)

_FREE_REQUESTS: Final = 5
"""Requests of a second that a process makes without asking the others: a tenth of what all may make."""
_LEASE: Final = 10
"""Requests that it asks for at a time beyond those."""
_WINDOW: Final = 1.0
_INVALID_BATCH: Final = 20
"""Refused requests that are told to the other processes together."""
_STORE_SECONDS: Final = 1.0
_UNLIMITED: Final = ("/interactions/", "/webhooks/")
"""What has a token of its own in its address: https://discord.com/developers/docs/topics/rate-limits#global-rate-limit"""


class RequestBudget:
    """Hold back requests that Discord would refuse.

    A process makes a few requests a second without asking, the rest it takes from the store, some at a time. A store
    that fails holds nobody up: each process keeps its own count then, and Discord's own refusals are heard as before.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._shared: SharedState | None = None
        self._name = ""
        self._made: deque[float] = deque()
        self._leased = 0
        self._leased_until = 0.0
        self._unreported = 0
        self._asking = asyncio.Lock()
        self._refused: deque[float] = deque(maxlen=INVALID_REQUESTS)
        self._untold = 0
        self._closed_until = 0.0
        self._is_refused_until = 0.0

    def share(self, shared: SharedState | None, *, bot: int) -> None:
        """Keep to the budgets together with the other processes of a bot."""
        self._shared = shared
        self._name = str(bot)

    async def take(self, url: str) -> None:
        """Wait until a request may be made, and count it.

        Raises:
            discord.RateLimited: It may not for longer than anybody should wait.
            discord.LoginFailure: Discord refused the token a moment ago.
        """
        now = self._clock()
        if is_unlimited(url):
            self._check_refusals(now)
            return
        if self._is_refused_until > now:
            raise discord.LoginFailure("Discord refused the bot token a moment ago")
        self._check_refusals(now)
        if self._shared is None or len(self._recent(now)) >= _FREE_REQUESTS:
            async with self._asking:
                await self._wait_for_room()
        else:
            self._unreported += 1
        self._made.append(self._clock())

    def heard(self, url: str, status: int, *, is_shared: bool) -> None:
        """Note how a request was answered.

        Args:
            url: Where it went.
            status: The HTTP status.
            is_shared: Whether a limit was meant that others have used up, which is not held against the bot.
        """
        if status not in {401, 403, 429} or is_shared:
            return
        now = self._clock()
        if status == 401 and not is_unlimited(url):
            self._is_refused_until = now + REFUSED_TOKEN_SECONDS
        self._refused.append(now)
        self._untold += 1
        if len(self._refused) == INVALID_REQUESTS and self._refused[0] > now - INVALID_SECONDS:
            self._close(self._refused[0] + INVALID_SECONDS)

    async def tell_refusals(self) -> None:
        """Tell the other processes of refused requests, some at a time, and hear whether all together were too many."""
        shared = self._shared
        if shared is None or self._untold < _INVALID_BATCH:
            return
        amount, self._untold = self._untold, 0
        wait = await self._spend(
            shared, "refused", amount, limit=INVALID_REQUESTS - INVALID_REQUESTS // 10, seconds=INVALID_SECONDS
        )
        if wait is not None and wait > 0:
            self._close(self._clock() + wait)

    def _check_refusals(self, now: float) -> None:
        if self._closed_until > now:
            raise discord.RateLimited(self._closed_until - now)

    def _close(self, until: float) -> None:
        if until > self._closed_until:
            _log.error(
                "discord_refused_too_often",
                seconds=round(until - self._clock()),
                reason="Discord bans an address for a while that makes too many requests which it refuses",
                remedy="Look above for what it refused: a permission that is missing, or a token that is used twice.",
            )
            self._closed_until = until

    def _recent(self, now: float) -> deque[float]:
        while self._made and self._made[0] <= now - _WINDOW:
            self._made.popleft()
        return self._made

    async def _wait_for_room(self) -> None:
        limit = self._clock() + LONGEST_WAIT
        while (wait := await self._seconds_to_wait()) > 0:
            if self._clock() + wait > limit:
                raise discord.RateLimited(wait)
            await asyncio.sleep(wait)

    async def _seconds_to_wait(self) -> float:
        """Give how long to wait; 0 when a request was granted."""
        now = self._clock()
        recent = self._recent(now)
        if len(recent) >= GLOBAL_REQUESTS:
            return recent[0] + _WINDOW - now
        if self._shared is None:
            return 0.0
        if self._leased and now < self._leased_until:
            self._leased -= 1
            return 0.0
        # What was made without asking longer ago than the window is over for the others as well.
        owed = min(self._unreported, len(recent))
        wait = await self._spend(self._shared, "requests", owed + _LEASE, limit=GLOBAL_REQUESTS, seconds=_WINDOW)
        if not wait:
            self._unreported = 0
            self._leased = 0 if wait is None else _LEASE - 1
            self._leased_until = now + _WINDOW
            return 0.0
        return wait

    async def _spend(self, shared: SharedState, what: str, amount: int, *, limit: int, seconds: float) -> float | None:
        """Spend units together with the other processes; None if the store does not say."""
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                return await shared.spend(f"discord-{what}:{self._name}", amount, limit=limit, per_seconds=seconds)
        except (StoreError, TimeoutError) as error:
            _log.warning("discord_budget_alone", reason=type(error).__name__)
            return None


def is_unlimited(url: str) -> bool:
    """Tell whether an address has a token of its own, so that neither the bot's token nor its limit matters."""
    path = urlsplit(url).path
    # The commands of an application are below /applications, and its webhooks are managed below /channels.
    return any(part in path for part in _UNLIMITED)
