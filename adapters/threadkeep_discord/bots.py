"""Other bots and webhooks: which are heard, and how often in a row they are answered."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import discord

from threadkeep.sessions import SessionKey
from threadkeep_discord.limits import BOT_TURNS, SESSIONS_REMEMBERED


class Hearing:
    """Knows whose words count, and keeps two bots from talking to each other for ever.

    Args:
        allowed: Ids of bots, their applications or webhooks that are heard like people.
        bot_id: This bot, which is never heard.
        most_turns: How many messages of bots are answered in a conversation before a person must have spoken in it.
    """

    def __init__(self, allowed: Iterable[str] = (), *, bot_id: int = 0, most_turns: int = BOT_TURNS) -> None:
        self._allowed: Final = frozenset(allowed)
        self._bot_id: Final = bot_id
        self._most_turns: Final = most_turns
        self._turns: dict[SessionKey, tuple[int, int]] = {}

    def may_concern(self, payload: Mapping[str, Any]) -> bool:
        """Tell at a glance whether a message is of somebody who is heard."""
        author = payload.get("author", {})
        if "webhook_id" not in payload and not author.get("bot", False):
            return True
        ids = (author.get("id"), payload.get("webhook_id"), payload.get("application_id"))
        return author.get("id") != str(self._bot_id) and not self._allowed.isdisjoint(ids)

    def is_heard(self, message: discord.Message) -> bool:
        """Tell whether a person said it, or a bot that is allowed. This bot is never heard."""
        if is_from_person(message):
            return True
        ids = {str(one) for one in (message.author.id, message.webhook_id, message.application_id) if one is not None}
        return message.author.id != self._bot_id and not self._allowed.isdisjoint(ids)

    def may_answer(self, message: discord.Message, session: SessionKey) -> bool:
        """Count a message that is heard; tell whether it may be answered, or bots were answered often enough.

        A message that comes again, or one that is older than what was counted, counts no more.
        """
        if not self._allowed:
            return True
        turns, latest = self._turns.pop(session, (0, 0))
        is_person = is_from_person(message)
        if message.id > latest:
            turns, latest = 0 if is_person else turns + 1, message.id
        self._turns[session] = (turns, latest)
        while len(self._turns) > SESSIONS_REMEMBERED:
            del self._turns[next(iter(self._turns))]
        return is_person or turns <= self._most_turns


def is_from_person(message: discord.Message) -> bool:
    """Tell whether a person said it: no bot and no webhook."""
    return not message.author.bot and message.webhook_id is None


PEOPLE_ONLY: Final = Hearing()
"""Hears no bots, and so remembers nothing."""
