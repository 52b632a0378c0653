"""Who the bot is and where it is installed."""

from dataclasses import dataclass
from typing import Final

import structlog
from pydantic import BaseModel, Field, ValidationError
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.errors import PlatformError
from threadkeep_slack.inbound.payloads import Envelope, Id
from threadkeep_slack.web_api import platform_errors

_log = structlog.get_logger(__name__)

_NEEDED_SCOPES: Final = ("chat:write", "app_mentions:read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The installation whose token the adapter holds.

    Attributes:
        team: The workspace's id; the organisation's, where the app is installed for a whole organisation.
        team_name: Its name.
        enterprise: The organisation's id, where the workspace belongs to one. People keep one id in all of it.
        is_org_wide: Whether the app is installed for a whole organisation.
        bot_user: The bot's user id, which people mention.
        bot_name: The bot's user name.
        bot: The bot's id, which its own messages carry.
    """

    team: str
    team_name: str
    enterprise: str | None = None
    is_org_wide: bool = False
    bot_user: str
    bot_name: str
    bot: str | None = None

    @property
    def people(self) -> str:
        """Give the workspace or organisation in which ids of people are unique."""
        return self.enterprise or self.team

    def team_of(self, envelope: Envelope) -> str | None:
        """Give the workspace under which an event is kept; None if it is not for this installation.

        In channels that several organisations share, the event names the workspace of the speaker; the authorizations
        and the context name one of the workspaces in which the app is installed.
        """
        seen_by = [auth for auth in envelope.authorizations if auth.team_id or auth.enterprise_id]
        if self.is_org_wide:
            if seen_by and all(auth.enterprise_id != self.enterprise for auth in seen_by):
                return None
            seen_in = next((auth.team_id for auth in seen_by if auth.team_id), envelope.context_team_id)
            return seen_in or envelope.team_id or self.team
        named = {envelope.team_id, envelope.context_team_id, *(auth.team_id for auth in seen_by)}
        return self.team if not seen_by or self.team in named else None

    def team_pressed_in(self, team: str | None, enterprise: str | None) -> str | None:
        """Give the workspace under which a press or command is kept; None if it is not for this installation.

        Args:
            team: The workspace that Slack names.
            enterprise: The organisation that Slack names.
        """
        if self.is_org_wide:
            return (team or self.team) if enterprise == self.enterprise else None
        return self.team if team == self.team else None


class _AuthTest(BaseModel):
    """The answer of auth.test (https://docs.slack.dev/reference/methods/auth.test/)."""

    team_id: Id
    team: str = ""
    user_id: Id
    user: str = ""
    bot_id: Id | None = None
    enterprise_id: Id | None = None
    is_enterprise_install: bool = Field(default=False)


async def identify(client: AsyncWebClient) -> Workspace:
    """Ask Slack whose token the client holds.

    Raises:
        PlatformAuthError: Slack refuses the token.
        PlatformUnavailableError: Slack is not reached.
        PlatformError: The answer makes no sense.
    """
    with platform_errors("auth.test"):
        response = await client.auth_test()
    try:
        answer = _AuthTest.model_validate(response.data)
    except ValidationError as error:
        raise PlatformError("Slack's auth.test gave an answer without workspace or bot user") from error
    _warn_of_missing_scopes(str(response.headers.get("x-oauth-scopes") or ""))
    return Workspace(
        team=answer.team_id,
        team_name=answer.team or answer.team_id,
        enterprise=answer.enterprise_id,
        is_org_wide=answer.is_enterprise_install,
        bot_user=answer.user_id,
        bot_name=answer.user or answer.user_id,
        bot=answer.bot_id,
    )


def _warn_of_missing_scopes(header: str) -> None:
    granted = {scope.strip() for scope in header.split(",") if scope.strip()}
    missing = [scope for scope in _NEEDED_SCOPES if scope not in granted]
    if granted and missing:
        _log.warning(
            "slack_scopes_missing",
            missing=missing,
            remedy="add them under OAuth & Permissions > Scopes and install the app again",
        )
