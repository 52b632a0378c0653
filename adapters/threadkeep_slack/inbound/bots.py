"""Other bots: which are heard, and how often in a row they are answered."""

from collections.abc import Iterable
from typing import Final

from threadkeep.sessions import SessionKey
from threadkeep_slack.inbound.payloads import SlackMessage
from threadkeep_slack.inbound.subtypes import Treatment, treatment_of
from threadkeep_slack.limits import BOT_TURNS, PLACES_REMEMBERED
from threadkeep_slack.workspace import Workspace

_SLACKBOT: Final = "USLACKBOT"


def is_from_person(message: SlackMessage, workspace: Workspace) -> bool:
    """Tell whether a person said it: not a bot, an app, Slack itself, or this bot."""
    if message.hidden or message.bot_id or message.app_id:
        return False
    return message.user not in {None, workspace.bot_user, _SLACKBOT}


def is_own(message: SlackMessage, workspace: Workspace) -> bool:
    """Tell whether this bot said it."""
    is_our_bot = workspace.bot is not None and message.bot_id == workspace.bot
    return is_our_bot or message.user == workspace.bot_user


class Hearing:
    """Knows whose words count, and keeps two bots from talking to each other for ever.

    Args:
        allowed_bots: Ids of bots (``B...``), apps (``A...``) or bots' users (``U...``) that are heard like people.
        most_turns: How many messages of bots are answered in a conversation before a person must have spoken in it.
    """

    def __init__(self, allowed_bots: Iterable[str] = (), *, most_turns: int = BOT_TURNS) -> None:
        self._allowed: Final = frozenset(allowed_bots)
        self._most_turns: Final = most_turns
        self._turns: dict[SessionKey, tuple[int, str]] = {}

    def may_concern(self, subtype: str | None) -> bool:
        """Tell whether a message of this subtype may be something that is heard."""
        treatment = treatment_of(subtype)
        return treatment is Treatment.SAID or (treatment is Treatment.SAID_BY_BOT and bool(self._allowed))

    def is_heard(self, message: SlackMessage, workspace: Workspace) -> bool:
        """Tell whether a person said it, or a bot that is allowed. This bot is never heard."""
        if treatment_of(message.subtype) is Treatment.SAID and is_from_person(message, workspace):
            return True
        return bool(self._allowed) and self.may_concern(message.subtype) and self._is_allowed(message, workspace)

    def may_answer(self, message: SlackMessage, session: SessionKey, workspace: Workspace) -> bool:
        """Count a message that is heard; tell whether it may be answered, or bots were answered often enough."""
        if not self._allowed:
            return True
        if is_from_person(message, workspace):
            self._turns.pop(session, None)
            return True
        turns, latest = self._turns.pop(session, (0, ""))
        # A mention comes twice, as a message and as an app_mention; it is one turn.
        turns += message.ts != latest
        self._turns[session] = (turns, message.ts)
        while len(self._turns) > PLACES_REMEMBERED:
            del self._turns[next(iter(self._turns))]
        return turns <= self._most_turns

    def _is_allowed(self, message: SlackMessage, workspace: Workspace) -> bool:
        if message.hidden or is_own(message, workspace) or message.user == _SLACKBOT:
            return False
        return not self._allowed.isdisjoint(name for name in (message.bot_id, message.app_id, message.user) if name)
