"""The addresses at which slash commands may be answered, kept until they are answered.

Each works five times within half an hour, from any process, also where the bot is no member of the conversation:
https://docs.slack.dev/interactivity/handling-user-interaction/#message_responses
"""

from collections import OrderedDict
from typing import Final

import structlog

from threadkeep.chat.adapter import SharedState
from threadkeep.errors import StoreError
from threadkeep.sessions import SessionKey
from threadkeep_slack.limits import ANSWER_URL_SECONDS, ANSWER_URLS

_log = structlog.get_logger(__name__)


class AnswerUrls:
    """Keeps the addresses of one workspace where all processes find them.

    Args:
        shared: What the processes of the bot share; None if this one is alone.
    """

    def __init__(self, shared: SharedState | None) -> None:
        self._shared: Final = shared
        self._own: Final[OrderedDict[str, str]] = OrderedDict()

    async def keep(self, session: SessionKey, user: str, message: str, url: str) -> None:
        """Keep the address of a command.

        Args:
            session: The conversation that it means.
            user: Slack's id of who gave it.
            message: The id under which the command is known.
            url: The address.

        Raises:
            StoreError: It cannot be kept.
        """
        name = _name(session, user, message)
        self._own[name] = url
        while len(self._own) > ANSWER_URLS:
            self._own.popitem(last=False)
        if self._shared is not None:
            await self._shared.remember(name, url, seconds=ANSWER_URL_SECONDS)

    async def find(self, session: SessionKey, user: str, message: str | None) -> str | None:
        """Give the address of a command; None for what is no command, or when its time is over."""
        if message is None:
            return None
        name = _name(session, user, message)
        known = self._own.get(name)
        if known is not None or self._shared is None:
            return known
        try:
            return await self._shared.recall(name)
        except StoreError as error:
            _log.warning("slack_answer_url_not_read", error=type(error).__name__)
            return None


def _name(session: SessionKey, user: str, message: str) -> str:
    return f"slack:answer:{session.workspace}:{session.channel}:{user}:{message}"
