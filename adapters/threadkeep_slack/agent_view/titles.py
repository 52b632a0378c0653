"""Titles of conversations: of an agent's sessions, and of threads in the former assistant view."""

from typing import Final

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.events import Place, PlaceKind
from threadkeep.errors import PlatformError
from threadkeep_slack.agent_view.abilities import Abilities, Ability
from threadkeep_slack.replies.budgets import SESSION
from threadkeep_slack.replies.pacing import Pacing
from threadkeep_slack.replies.refusals import code_of
from threadkeep_slack.web_api import platform_errors

_log = structlog.get_logger(__name__)

_LENGTH: Final = 200
_NO_SESSION: Final = frozenset({"invalid_thread_ts", "not_authorized", "session_not_found", "thread_not_found"})


class Titles:
    """Names the conversations of one workspace for which Slack shows a name.

    Args:
        client: The client of the bot.
        abilities: What the workspace allows.
        pacing: What it still allows at the moment.
    """

    def __init__(self, client: AsyncWebClient, *, abilities: Abilities, pacing: Pacing) -> None:
        self._client: Final = client
        self._abilities: Final = abilities
        self._pacing: Final = pacing

    async def name(self, place: Place, title: str) -> None:
        """Name a conversation. Where Slack shows no name, nothing is done.

        Raises:
            PlatformError: Slack did not take it.
        """
        session = place.session
        if session.thread is None:
            return
        if self._abilities.may(Ability.SESSIONS) and await self._rename(session.channel, session.thread, title):
            return
        if place.kind is PlaceKind.DIRECT and self._abilities.may(Ability.TITLE):
            await self._name_thread(session.channel, session.thread, title)

    async def _rename(self, channel: str, thread: str, title: str) -> bool:
        """Name an agent's session (https://docs.slack.dev/reference/methods/agents.sessions.rename)."""
        await self._pacing.take(SESSION)
        try:
            with platform_errors("agents.sessions.rename"):
                await self._client.agents_sessions_rename(channel_id=channel, thread_ts=thread, title=title[:_LENGTH])
        except PlatformError as error:
            # That there is no session says nothing of the app: its status could not be shown, so there is none.
            if code_of(error) in _NO_SESSION or self._abilities.is_lacking(Ability.SESSIONS, error):
                _log.debug("slack_session_not_named", thread=thread, reason=str(error))
                return False
            raise
        return True

    async def _name_thread(self, channel: str, thread: str, title: str) -> None:
        """Name a thread (https://docs.slack.dev/reference/methods/assistant.threads.setTitle)."""
        try:
            with platform_errors("assistant.threads.setTitle"):
                await self._client.assistant_threads_setTitle(
                    channel_id=channel, thread_ts=thread, title=title[:_LENGTH]
                )
        except PlatformError as error:
            if code_of(error) not in _NO_SESSION and not self._abilities.is_lacking(Ability.TITLE, error):
                raise
            _log.debug("slack_thread_not_named", thread=thread, reason=str(error))
