"""Prompts that are suggested to people: once a day to each, for Slack shows them until then."""

import time
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.adapter import SharedState
from threadkeep.errors import PlatformError, PlatformUnavailableError, StoreError
from threadkeep_slack.agent_view.abilities import Abilities, Ability
from threadkeep_slack.agent_view.prompt_settings import PROMPTS, Prompt
from threadkeep_slack.limits import PEOPLE_REMEMBERED, PROMPTS_SECONDS
from threadkeep_slack.replies.refusals import code_of
from threadkeep_slack.web_api import platform_errors

_log = structlog.get_logger(__name__)


class Outcome(Enum):
    """What Slack's answer to prompts without a thread says of the app."""

    AGENT = "agent view"
    """Only apps with the agent view get so far."""
    OTHER = "another view"
    UNKNOWN = "no answer"


class SuggestedPrompts:
    """Suggests prompts in one workspace.

    Args:
        client: The client of the bot.
        abilities: What the workspace allows.
        shared: Where it is noted for all processes to whom they were suggested; None if this one is alone.
        team: The workspace.
        prompts: What is suggested.
        clock: Gives seconds that never go back.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        abilities: Abilities,
        shared: SharedState | None,
        team: str,
        prompts: Sequence[Prompt] = PROMPTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client: Final = client
        self._abilities: Final = abilities
        self._shared: Final = shared
        self._team: Final = team
        self._prompts: Final = tuple(prompts)
        self._written: Final = [{"title": prompt["title"], "message": prompt["message"]} for prompt in prompts]
        self._clock: Final = clock
        self._suggested: dict[str, float] = {}

    @property
    def has_any(self) -> bool:
        """Whether anything is suggested."""
        return bool(self._prompts)

    async def suggest(self, channel: str, *, thread: str | None = None) -> Outcome:
        """Suggest the prompts in somebody's direct messages, unless they were suggested there today.

        Args:
            channel: The direct messages.
            thread: The thread, in the former assistant view: each has prompts of its own.
        """
        if not self._prompts or not self._abilities.may(Ability.PROMPTS):
            return Outcome.UNKNOWN
        if thread is None and await self._is_suggested(channel):
            return Outcome.UNKNOWN
        return await self.ask(channel, thread=thread)

    async def ask(self, channel: str, *, thread: str | None = None) -> Outcome:
        """Suggest the prompts, and tell what the answer says of the app.

        Slack refuses prompts without a thread to apps without the agent view before it does anything else; that it
        failed therefore also says that the app has it (openclaw/openclaw#136510).
        """
        try:
            with platform_errors("assistant.threads.setSuggestedPrompts"):
                await self._client.assistant_threads_setSuggestedPrompts(
                    channel_id=channel, thread_ts=thread, prompts=self._written
                )
        except PlatformError as error:
            return self._read(error, thread)
        if thread is None:
            await self._note(channel)
        return Outcome.AGENT if thread is None else Outcome.OTHER

    def _read(self, error: PlatformError, thread: str | None) -> Outcome:
        _log.info("slack_prompts_refused", team=self._team, reason=str(error))
        if thread is None and code_of(error) == "internal_error":
            return Outcome.AGENT
        if isinstance(error, PlatformUnavailableError):
            return Outcome.UNKNOWN
        if code_of(error) == "not_agent_app" and thread is None:
            return Outcome.OTHER  # In threads of the assistant view they may be suggested all the same.
        return Outcome.OTHER if self._abilities.is_lacking(Ability.PROMPTS, error) else Outcome.UNKNOWN

    async def _is_suggested(self, channel: str) -> bool:
        if self._suggested.get(channel, 0.0) > self._clock():
            return True
        if self._shared is None:
            return False
        try:
            return await self._shared.recall(self._name(channel)) is not None
        except StoreError:
            return False  # They are suggested once more.

    async def _note(self, channel: str) -> None:
        self._suggested.pop(channel, None)
        self._suggested[channel] = self._clock() + PROMPTS_SECONDS
        while len(self._suggested) > PEOPLE_REMEMBERED:
            del self._suggested[next(iter(self._suggested))]
        if self._shared is not None:
            try:
                await self._shared.remember(self._name(channel), "1", seconds=PROMPTS_SECONDS)
            except StoreError as error:
                _log.info("slack_prompts_not_noted", reason=str(error))

    def _name(self, channel: str) -> str:
        return f"slack prompted {self._team} {channel}"
