"""Where people of shared channels are at home."""

from typing import Final

from threadkeep_slack.inbound.payloads import SlackMessage
from threadkeep_slack.limits import CACHED_NAMES


class Homes:
    """Remembers the workspaces of people who come from elsewhere. A process knows what came through it.

    Slack says them with what people write in channels that workspaces share, and asks for them where it streams
    (https://docs.slack.dev/reference/methods/chat.startStream/).
    """

    def __init__(self) -> None:
        self._teams: Final[dict[str, str]] = {}

    def note(self, message: SlackMessage) -> None:
        """Note where who wrote a message is at home, if Slack says it."""
        user, profile = message.user, message.user_profile
        team = message.user_team or (profile and profile.team)
        if user is None or not team:
            return
        self._teams.pop(user, None)
        self._teams[user] = team
        if len(self._teams) > CACHED_NAMES:
            del self._teams[next(iter(self._teams))]

    def of(self, user: str) -> str | None:
        """Give somebody's workspace; None where nothing was said of it."""
        return self._teams.get(user)
