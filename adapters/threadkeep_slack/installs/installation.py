"""One workspace's, or one organisation's, installation of the app, as it is kept."""

from dataclasses import dataclass, replace
from typing import Self

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from threadkeep.errors import ConfigError
from threadkeep_slack.inbound.payloads import Id
from threadkeep_slack.limits import TOKEN_LEAST_SECONDS, TOKEN_RENEWAL_SECONDS
from threadkeep_slack.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What Slack grants to the app in a workspace.

    Attributes:
        token: The bot's token.
        refresh_token: What it is renewed with, once; None where it does not expire.
        expires_at: When it expires, in seconds since the epoch.
    """

    token: SecretStr
    refresh_token: SecretStr | None = None
    expires_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """An installation of the app.

    Attributes:
        workspace: Who the bot is there.
        tokens: What it calls Slack with.
        scopes: What it may do.
        installed_at: When it was installed, in seconds since the epoch.
        installed_by: Who installed it.
        app: The app's id.
        renewal_begun_at: When the renewal of the token was begun that is not yet known to have ended.
    """

    workspace: Workspace
    tokens: Tokens
    scopes: tuple[str, ...] = ()
    installed_at: float = 0.0
    installed_by: str = ""
    app: str = ""
    renewal_begun_at: float | None = None

    @property
    def id(self) -> str:
        """Give the id under which it is kept: the organisation's where it is installed for all of it."""
        workspace = self.workspace
        return (workspace.enterprise or workspace.team) if workspace.is_org_wide else workspace.team

    def is_due(self, now: float) -> bool:
        """Tell whether it is time to renew the token."""
        expires_at = self.tokens.expires_at
        return expires_at is not None and now >= expires_at - TOKEN_RENEWAL_SECONDS

    def is_expired(self, now: float) -> bool:
        """Tell whether the token does not work any more, or not for long enough."""
        expires_at = self.tokens.expires_at
        return expires_at is not None and now >= expires_at - TOKEN_LEAST_SECONDS

    def being_renewed(self, now: float) -> Self:
        """Give the same with the mark that its renewal has begun."""
        return replace(self, renewal_begun_at=now)

    def renewed(self, tokens: Tokens) -> Self:
        """Give the same with new tokens."""
        return replace(self, tokens=tokens, renewal_begun_at=None)

    def to_bytes(self) -> bytes:
        """Write it for the vault."""
        workspace, tokens = self.workspace, self.tokens
        return (
            _Record(
                team=workspace.team,
                team_name=workspace.team_name,
                enterprise=workspace.enterprise,
                is_org_wide=workspace.is_org_wide,
                bot_user=workspace.bot_user,
                bot_name=workspace.bot_name,
                bot=workspace.bot,
                token=tokens.token.get_secret_value(),
                refresh_token=None if tokens.refresh_token is None else tokens.refresh_token.get_secret_value(),
                expires_at=tokens.expires_at,
                scopes=self.scopes,
                installed_at=self.installed_at,
                installed_by=self.installed_by,
                app=self.app,
                renewal_begun_at=self.renewal_begun_at,
            )
            .model_dump_json(exclude_none=True)
            .encode()
        )

    @classmethod
    def from_bytes(cls, text: bytes) -> Self:
        """Read it as it was written.

        Raises:
            ConfigError: It was written by a threadkeep that writes it otherwise.
        """
        try:
            record = _Record.model_validate_json(text)
        except ValidationError as error:
            fields = sorted({".".join(map(str, detail["loc"])) for detail in error.errors()})
            raise ConfigError(f"a Slack installation in the vault cannot be read ({', '.join(fields)})") from None
        return cls(
            workspace=Workspace(
                team=record.team,
                team_name=record.team_name,
                enterprise=record.enterprise,
                is_org_wide=record.is_org_wide,
                bot_user=record.bot_user,
                bot_name=record.bot_name,
                bot=record.bot,
            ),
            tokens=Tokens(
                token=SecretStr(record.token),
                refresh_token=None if record.refresh_token is None else SecretStr(record.refresh_token),
                expires_at=record.expires_at,
            ),
            scopes=record.scopes,
            installed_at=record.installed_at,
            installed_by=record.installed_by,
            app=record.app,
            renewal_begun_at=record.renewal_begun_at,
        )


class _Record(BaseModel):
    """How an installation is written; fields that a later version adds are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    team: Id
    team_name: str
    enterprise: Id | None = None
    is_org_wide: bool = False
    bot_user: Id
    bot_name: str
    bot: Id | None = None
    token: str
    refresh_token: str | None = None
    expires_at: float | None = None
    scopes: tuple[str, ...] = ()
    installed_at: float = 0.0
    installed_by: str = ""
    app: str = ""
    renewal_begun_at: float | None = None
