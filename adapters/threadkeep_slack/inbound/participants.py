"""Who has spoken in a conversation, by name."""

from collections.abc import Mapping
from typing import Final

from threadkeep.sessions import SessionKey
from threadkeep_slack.limits import PARTICIPANTS, PLACES_REMEMBERED


class Participants:
    """Remembers who spoke lately in the latest conversations. A process knows what came through it."""

    def __init__(self) -> None:
        self._spoke: Final[dict[SessionKey, dict[str, str]]] = {}

    def note(self, session: SessionKey, user: str, name: str) -> None:
        """Note that somebody spoke.

        Args:
            session: The conversation.
            user: The person's id.
            name: The name under which people know them.
        """
        spoke = self._spoke.pop(session, {})
        self._spoke[session] = spoke
        spoke.pop(user, None)
        spoke[user] = name
        if len(spoke) > PARTICIPANTS:
            del spoke[next(iter(spoke))]
        if len(self._spoke) > PLACES_REMEMBERED:
            del self._spoke[next(iter(self._spoke))]

    def by_name(self, session: SessionKey) -> Mapping[str, str]:
        """Give the ids of those who spoke by their names. A name that two people bear names nobody."""
        found: dict[str, str] = {}
        doubled: set[str] = set()
        for user, name in self._spoke.get(session, {}).items():
            if name in found:
                doubled.add(name)
            found[name] = user
        return {name: user for name, user in found.items() if name not in doubled and name != user}
