"""What Slack answers when it grants or renews tokens (https://docs.slack.dev/reference/methods/oauth.v2.access/)."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.errors import PlatformAuthError, PlatformError
from threadkeep_slack.inbound.payloads import Id
from threadkeep_slack.installs.installation import Tokens
from threadkeep_slack.installs.oauth_settings import OAuthSettings
from threadkeep_slack.web_api import platform_errors, read_refusal

_CREDENTIALS: Final = frozenset({"bad_client_secret", "invalid_client_id", "invalid_client"})
_SPENT: Final = frozenset({"invalid_refresh_token", "invalid_grant", "token_revoked", "token_expired"})
_CODE: Final = frozenset({"invalid_code", "code_already_used", "code_expired"})


class RefreshRefusedError(PlatformAuthError):
    """Slack does not take the refresh token: it was used already, or the app was removed."""


class CodeRefusedError(PlatformAuthError):
    """Slack does not take the code that a browser brought: it was used already, or is too old."""


class _Person(BaseModel):
    id: Id | None = None


class Grant(BaseModel):
    """Tokens of a workspace or organisation."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    access_token: SecretStr
    token_type: Literal["bot"] = "bot"  # noqa: S105 - a kind of token
    refresh_token: SecretStr | None = None
    expires_in: float | None = Field(default=None, gt=0)
    scope: str = ""
    app_id: str = ""
    authed_user: _Person = _Person()

    def tokens(self, now: float) -> Tokens:
        """Give the tokens, which live from now on."""
        return Tokens(
            token=self.access_token,
            refresh_token=self.refresh_token,
            expires_at=None if self.expires_in is None else now + self.expires_in,
        )

    @property
    def scopes(self) -> tuple[str, ...]:
        """Give what the token may do."""
        return tuple(scope for scope in self.scope.split(",") if scope)


async def ask_grant(client: AsyncWebClient, oauth: OAuthSettings, arguments: Mapping[str, str]) -> Grant:
    """Ask Slack for tokens.

    Args:
        client: Calls Slack.
        oauth: The app's credentials.
        arguments: The code, or the refresh token, with what belongs to it.

    Raises:
        RefreshRefusedError: The refresh token is refused.
        CodeRefusedError: The code is refused.
        PlatformAuthError: The app's credentials are refused.
        PlatformUnavailableError: Slack is not reached; it may have granted the tokens.
        PlatformError: Any other refusal, or an answer that makes no sense.
    """
    with platform_errors("oauth.v2.access"):
        try:
            # slack_sdk's own method builds the header in a way that aiohttp warns of.
            response = await client.api_call(
                "oauth.v2.access", data=dict(arguments), headers={"Authorization": _basic(oauth)}
            )
        except SlackApiError as error:
            raise _refused(error) from error
    try:
        return Grant.model_validate(response.data)
    except ValidationError as error:
        fields = sorted({".".join(map(str, detail["loc"])) for detail in error.errors()})
        raise PlatformError(f"Slack's oauth.v2.access granted no bot token ({', '.join(fields)})") from None


def _basic(oauth: OAuthSettings) -> str:
    credentials = f"{oauth.client_id}:{oauth.client_secret.get_secret_value()}"
    return f"Basic {b64encode(credentials.encode()).decode()}"


def _refused(error: SlackApiError) -> PlatformError | SlackApiError:
    code = read_refusal(error.response).code
    what = f"Slack's oauth.v2.access answered {code}"
    if code in _SPENT:
        return RefreshRefusedError(f"{what}: the app must be installed again")
    if code in _CODE:
        return CodeRefusedError(f"{what}: begin the installation again")
    if code == "bad_redirect_uri":
        return PlatformAuthError(
            f"{what}: SLACK_PUBLIC_URL with /slack/oauth_redirect must be one of the app's Redirect URLs, under OAuth "
            "& Permissions"
        )
    if code in _CREDENTIALS:
        return PlatformAuthError(
            f"{what}: copy SLACK_CLIENT_ID and SLACK_CLIENT_SECRET again from Basic Information > App Credentials"
        )
    return error
