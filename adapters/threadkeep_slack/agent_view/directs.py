"""Whether each direct message begins a thread, as in the agent view, or all of them are one conversation.

Slack has no method that says which view an app has. ``docs/decisions/0009-which-view-an-app-has.md`` says how it is
found out, and why the answer is kept together with the time from which on it holds.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from threadkeep.errors import ThreadkeepError
from threadkeep_slack.agent_view.prompts import Outcome, SuggestedPrompts
from threadkeep_slack.home.notes import WorkspaceNotes
from threadkeep_slack.limits import DIRECTS_ASK_SECONDS, DIRECTS_SECONDS

_log = structlog.get_logger(__name__)


class DirectThreads:
    """Tells it for one workspace, message by message: what was said before it was known stays where it was.

    Args:
        notes: Where the answer is kept.
        prompts: Asks Slack.
        team: The workspace.
        setting: The answer, where the operator gives it; None finds it out.
        clock: Gives seconds that never go back.
    """

    def __init__(
        self,
        notes: WorkspaceNotes,
        prompts: SuggestedPrompts | None,
        *,
        team: str,
        setting: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._notes: Final = notes
        self._prompts: Final = prompts
        self._team: Final = team
        self._setting: Final = setting
        self._clock: Final = clock
        self._not_before = float("-inf")
        self._since: float | None = None
        self._asking: asyncio.Lock = asyncio.Lock()

    def is_threaded(self, ts: str) -> bool:
        """Tell whether the message of this time begins, or began, a thread.

        Args:
            ts: Slack's timestamp of a direct message.
        """
        if self._setting is not None:
            return self._setting
        since = self._known()
        return since is not None and float(ts) >= since

    @property
    def is_on(self) -> bool:
        """Whether direct messages begin threads from now on."""
        return self._setting if self._setting is not None else self._known() is not None

    def is_decided(self) -> bool:
        """Tell whether the answer is known, at least for a while."""
        if self._setting is not None:
            return True
        if not self._notes.is_known(self._team):
            return False
        return self.is_on or self._clock() < self._not_before

    async def settle(self, channel: str, ts: str) -> None:
        """Find it out before a direct message is given its place. Without an answer in time the bot goes on without.

        Args:
            channel: The direct messages.
            ts: The message.
        """
        if self.is_decided():
            return
        async with self._asking:
            await self._notes.load(self._team)
            if self.is_decided() or self._prompts is None or not self._prompts.has_any:
                return
            try:
                async with asyncio.timeout(DIRECTS_ASK_SECONDS):
                    outcome = await self._prompts.ask(channel)
            except TimeoutError:
                outcome = Outcome.UNKNOWN
            if outcome is Outcome.AGENT:
                await self.note(ts)
            elif outcome is Outcome.OTHER:
                self._not_before = self._clock() + DIRECTS_SECONDS

    async def note(self, ts: str) -> None:
        """Note that the app has the agent view, from a moment on at the latest."""
        if self._setting is not None or self._known() is not None:
            return
        self._since = since = float(ts)
        try:
            await self._notes.change(self._team, lambda notes: notes.with_directs(since))
        except ThreadkeepError as error:
            _log.warning("slack_agent_view_not_noted", team=self._team, reason=str(error))
        else:
            _log.info("slack_agent_view_found", team=self._team)

    def _known(self) -> float | None:
        noted = self._notes.known(self._team).directs_since
        return noted if noted is not None else self._since
