"""The pace at which Slack lets a workspace's replies change, shared by all of them, and by all processes of the bot."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Final

import structlog

from threadkeep.chat.adapter import SharedState
from threadkeep.errors import PlatformRateLimitError, StoreError
from threadkeep_slack.replies.budgets import APPEND, SESSION, START, STOP, UPDATE, Budget, Spending

_log = structlog.get_logger(__name__)

_LOOK_INTERVAL: Final = 5.0
"""Seconds for which what the other processes were told by Slack is not asked for again."""
_LOOK_SECONDS: Final = 0.1
"""How long a call waits for that, if it is being asked for."""
_STORE_SECONDS: Final = 1.0
"""How long a call waits for the store to say what the other processes have used."""
_BESIDE_SECONDS: Final = 5.0
"""How long the store may take for what no call waits for."""


class Pacing:
    """Refuses calls that Slack would refuse, without making them.

    Slack counts calls per method and workspace, whichever process makes them. A process uses a tenth of each budget
    without asking; what goes beyond that it takes from the store, some calls at a time. What Slack said to wait for is
    noted in the store, and read by the others when they open a reply: that is before there is anything to show, so no
    call waits for it as a rule. A store that fails holds nobody up: then each process keeps its own count.

    Args:
        shared: What the processes share; None if this one is alone.
        workspace: The workspace's id.
        clock: Gives seconds that never go back.
        wall: Gives the seconds since the epoch, by which processes agree on moments.
    """

    def __init__(
        self,
        shared: SharedState | None = None,
        *,
        workspace: str = "",
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._shared: Final = shared
        self._workspace: Final = workspace
        self._clock: Final = clock
        self._wall: Final = wall
        self._spendings: Final = {budget.method: Spending(budget) for budget in (START, STOP, APPEND, UPDATE, SESSION)}
        self._asking: Final = asyncio.Lock()
        self._held: dict[str, float] = {}
        self._looked_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None
        self._telling: set[asyncio.Task[None]] = set()

    def prepare(self) -> None:
        """Ask what Slack told the other processes, beside everything else. Returns at once."""
        now = self._clock()
        if self._shared is None or self._looking is not None or now - self._looked_at < _LOOK_INTERVAL:
            return
        self._looked_at = now
        self._looking = asyncio.create_task(self._look(self._shared), name="slack-pacing-look")

    async def take(self, budget: Budget) -> None:
        """Ask for a call and count it.

        Raises:
            PlatformRateLimitError: Slack asked to wait, or the workspace's share is used up.
        """
        await self._settle_look()
        self._check_held(budget.method)
        spending = self._spendings[budget.method]
        self._check(budget, spending)
        if self._shared is not None and spending.must_ask(self._clock()):
            async with self._asking:
                if spending.must_ask(self._clock()):
                    await self._ask(self._shared, budget, spending)
            self._check(budget, spending)
        spending.count(self._clock())

    def has_room(self, budget: Budget) -> bool:
        """Tell whether a preview may be shown now; what must be shown may be shown beyond that."""
        now = self._clock()
        return self._held.get(budget.method, 0.0) <= now and self._spendings[budget.method].has_room_for_preview(now)

    def is_free(self, budget: Budget) -> bool:
        """Tell whether a call would be granted now, as far as this process knows."""
        now = self._clock()
        return self._held.get(budget.method, 0.0) <= now and self._spendings[budget.method].wait(now) <= 0

    def hold(self, budget: Budget, seconds: float) -> None:
        """Note, for all processes, that Slack asked to wait before the next call of a method."""
        self._hold(budget.method, seconds)

    def begin_post(self, channel: str) -> None:
        """Ask for a message in a channel. Slack allows one a second, and short bursts of more.

        Raises:
            PlatformRateLimitError: Slack asked to wait for this channel.
        """
        self._check_held(_post_key(channel))

    def hold_posts(self, channel: str, seconds: float) -> None:
        """Note, for all processes, that Slack asked to wait before the next message in a channel."""
        self._hold(_post_key(channel), seconds)

    async def aclose(self) -> None:
        """End what is still being asked and told."""
        tasks = [*self._telling, *([self._looking] if self._looking is not None else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    @property
    def _note(self) -> str:
        return f"slack waits {self._workspace}"

    def _check(self, budget: Budget, spending: Spending) -> None:
        wait = spending.wait(self._clock())
        if wait > 0:
            raise PlatformRateLimitError(
                f"the workspace's share of {budget.method} is used up for {wait:.1f} s", retry_after=wait
            )

    def _check_held(self, key: str) -> None:
        wait = self._held.get(key, 0.0) - self._clock()
        if wait > 0:
            raise PlatformRateLimitError(f"Slack asked to wait {wait:.1f} s more", retry_after=wait)

    def _hold(self, key: str, seconds: float) -> None:
        now = self._clock()
        self._held = {name: until for name, until in self._held.items() if until > now}
        self._held[key] = max(self._held.get(key, 0.0), now + seconds)
        if self._shared is not None:
            task = asyncio.create_task(self._tell(self._shared), name="slack-pacing-tell")
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _settle_look(self) -> None:
        left = self._looked_at + _LOOK_SECONDS - self._clock()
        if self._looking is not None and left > 0:
            await asyncio.wait((self._looking,), timeout=left)

    async def _ask(self, shared: SharedState, budget: Budget, spending: Spending) -> None:
        """Tell the others of the calls that they do not know of, and take some for the next ones."""
        name = f"slack {self._workspace} {budget.method}"
        owed, wait = spending.unreported, 0.0
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                for leased in sorted({budget.lease, 1}, reverse=True):
                    wait = await shared.spend(name, owed + leased, limit=budget.limit, per_seconds=budget.seconds)
                    if wait <= 0:
                        spending.granted(self._clock(), reported=owed, leased=leased)
                        return
        except (StoreError, TimeoutError) as error:
            _log.warning("slack_pacing_alone", error=type(error).__name__)
            return
        spending.refused(self._clock(), wait)

    async def _look(self, shared: SharedState) -> None:
        try:
            async with asyncio.timeout(_BESIDE_SECONDS):
                noted = await shared.recall(self._note)
        except (StoreError, TimeoutError) as error:
            _log.info("slack_pacing_not_read", error=type(error).__name__)
        else:
            ahead = self._clock() - self._wall()
            for key, until in (json.loads(noted) if noted else {}).items():
                self._held[key] = max(self._held.get(key, 0.0), float(until) + ahead)
        finally:
            self._looking = None

    async def _tell(self, shared: SharedState) -> None:
        """Note what Slack asked to wait for. Of two processes that do so at once, the later one is heard."""
        try:
            async with asyncio.timeout(_BESIDE_SECONDS):
                noted = await shared.recall(self._note)
                behind = self._wall() - self._clock()
                waits = json.loads(noted) if noted else {}
                for key, until in self._held.items():
                    waits[key] = max(float(waits.get(key, 0.0)), until + behind)
                waits = {key: until for key, until in waits.items() if until > self._wall()}
                if waits:
                    longest = max(waits.values()) - self._wall()
                    await shared.remember(self._note, json.dumps(waits), seconds=longest)
        except (StoreError, TimeoutError) as error:
            _log.info("slack_pacing_not_told", error=type(error).__name__)


def _post_key(channel: str) -> str:
    return f"posts in {channel}"
