"""What a workspace lets the app do, as its answers have shown."""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import Final

import structlog

from threadkeep.errors import PlatformError
from threadkeep_slack.limits import ABILITY_SECONDS
from threadkeep_slack.replies.refusals import code_of

_log = structlog.get_logger(__name__)

_LACKING: Final = frozenset({
    "access_denied",
    "app_access_denied",
    "deprecated_endpoint",
    "feature_disabled",
    "feature_not_enabled",
    "method_deprecated",
    "missing_scope",
    "no_permission",
    "not_agent_app",
    "not_allowed",
    "not_allowed_token_type",
    "not_authorized",
    "team_access_not_granted",
    "unknown_method",
})  # fmt: skip
"""Refusals that concern the app or the workspace: the same call is refused elsewhere, too."""


class Ability(StrEnum):
    """A family of calls that Slack grants to some apps only."""

    SESSIONS = "agents.sessions"
    """Sessions of an agent: a status, a title, Slack's stop button."""
    STATUS = "assistant.threads.setStatus"
    """A line under a thread that says that the app is at work."""
    TITLE = "assistant.threads.setTitle"
    """Titles of threads in the former assistant view."""
    PROMPTS = "assistant.threads.setSuggestedPrompts"
    """Prompts that are suggested to people."""


class Abilities:
    """Remembers for a while what Slack refused to the app in one workspace.

    What was not refused is worth a call. Who changes the app's settings need not restart the bot.

    Args:
        clock: Gives seconds that never go back.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock: Final = clock
        self._lacking: dict[Ability, float] = {}

    def may(self, ability: Ability) -> bool:
        """Tell whether a call is worth trying."""
        return self._lacking.get(ability, 0.0) <= self._clock()

    def is_lacking(self, ability: Ability, error: PlatformError) -> bool:
        """Tell whether a refusal means that the app has not got the ability, and remember it if so."""
        code = code_of(error)
        if code not in _LACKING:
            return False
        self._lacking[ability] = self._clock() + ABILITY_SECONDS
        _log.info("slack_ability_lacking", ability=ability.value, code=code, for_seconds=ABILITY_SECONDS)
        return True
