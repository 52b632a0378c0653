"""How the adapter is told which Slack app it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from threadkeep.errors import ConfigError
from threadkeep_slack.limits import MOST_SOCKETS, SOCKETS

SLACK_API_URL: Final = "https://slack.com/api/"
"""Where Slack's Web API is."""

_APPS: Final = "https://api.slack.com/apps"

_KINDS: Final = {
    "xoxb-": "a bot token (xoxb-...)",
    "xoxp-": "a user token (xoxp-...)",
    "xapp-": "an app-level token (xapp-...)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    """The tokens of a Slack app and how it is connected.

    With ``app_token`` the adapter uses Socket Mode, else it serves the Events API over HTTP.

    Attributes:
        bot_token: The bot user's token, ``xoxb-...``.
        app_token: The app-level token with ``connections:write``, ``xapp-...``.
        signing_secret: The secret with which Slack signs its requests; needed without ``app_token``.
        api_url: Where Slack's Web API is.
        host: The address on which requests from Slack are served.
        port: The port; 0 takes a free one.
        sockets: How many sockets a process opens in Socket Mode, of the ten that Slack allows to an app.
        is_agent_view: Whether the app is declared as an agent, so that each top-level direct message begins a
            conversation of its own.
    """

    bot_token: SecretStr
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    api_url: str = SLACK_API_URL
    host: str = "127.0.0.1"
    port: int = 3000
    sockets: int = SOCKETS
    is_agent_view: bool = False

    def __post_init__(self) -> None:
        """Refuse tokens that cannot be right, before Slack does it with less to say."""
        if not 1 <= self.sockets <= MOST_SOCKETS:
            raise ConfigError(f"SLACK_SOCKETS must be a number from 1 to {MOST_SOCKETS}, not {self.sockets}")
        _check_bot_token(self.bot_token.get_secret_value())
        if self.app_token is not None:
            _check_app_token(self.app_token.get_secret_value())
        elif self.signing_secret is None:
            raise ConfigError(
                "SLACK_APP_TOKEN is missing: Socket Mode needs an app-level token (xapp-...) with connections:write. "
                f"Create one at {_APPS} under Basic Information > App-Level Tokens, "
                "or set SLACK_SIGNING_SECRET (Basic Information > App Credentials) to receive events over HTTP."
            )


def read_settings(environ: Mapping[str, str]) -> SlackSettings | None:
    """Read the settings from environment variables; None if none of the secrets is set.

    Raises:
        ConfigError: Some are set but others are missing or wrong; the message says which and where to get them.
    """
    bot_token = environ.get("SLACK_BOT_TOKEN", "").strip()
    app_token = environ.get("SLACK_APP_TOKEN", "").strip()
    signing_secret = environ.get("SLACK_SIGNING_SECRET", "").strip()
    if not (bot_token or app_token or signing_secret):
        return None
    if not bot_token:
        given = "SLACK_APP_TOKEN" if app_token else "SLACK_SIGNING_SECRET"
        raise ConfigError(
            f"SLACK_BOT_TOKEN is missing although {given} is set: copy the Bot User OAuth Token (xoxb-...) "
            f"from {_APPS} under OAuth & Permissions, after installing the app to the workspace."
        )
    return SlackSettings(
        bot_token=SecretStr(bot_token),
        app_token=SecretStr(app_token) if app_token else None,
        signing_secret=SecretStr(signing_secret) if signing_secret else None,
        api_url=_read_url(environ),
        host=environ.get("SLACK_HOST", "").strip() or "127.0.0.1",
        port=_read_port(environ),
        sockets=_read_sockets(environ),
    )


def _check_bot_token(token: str) -> None:
    if token.startswith("xoxb-"):
        return
    where = f"Copy the Bot User OAuth Token from {_APPS} under OAuth & Permissions."
    if token.startswith("xoxe"):
        raise ConfigError(
            "SLACK_BOT_TOKEN is a token that expires (xoxe...), which threadkeep does not renew: turn token rotation "
            f"off for the app, or install it anew without. {where}"
        )
    kind = _KINDS.get(token[:5], "something else")
    raise ConfigError(f"SLACK_BOT_TOKEN must begin with xoxb-, but {kind} was given. {where}")


def _check_app_token(token: str) -> None:
    if not token.startswith("xapp-"):
        kind = _KINDS.get(token[:5], "something else")
        raise ConfigError(
            f"SLACK_APP_TOKEN must begin with xapp-, but {kind} was given. Create an app-level token with "
            f"connections:write at {_APPS} under Basic Information > App-Level Tokens."
        )


def _read_url(environ: Mapping[str, str]) -> str:
    url = environ.get("SLACK_API_URL", "").strip() or SLACK_API_URL
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"SLACK_API_URL must begin with https:// (or http:// for a local server), not {url!r}")
    return url


def _read_port(environ: Mapping[str, str]) -> int:
    for name in ("SLACK_PORT", "PORT"):
        text = environ.get(name, "").strip()
        if not text:
            continue
        if not text.isascii() or not text.isdigit() or int(text) > 65_535:
            raise ConfigError(f"{name} must be a port number from 0 to 65535, not {text!r}")
        return int(text)
    return 3000


def _read_sockets(environ: Mapping[str, str]) -> int:
    text = environ.get("SLACK_SOCKETS", "").strip()
    if not text:
        return SOCKETS
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_SOCKETS:
        raise ConfigError(f"SLACK_SOCKETS must be a number from 1 to {MOST_SOCKETS}, not {text!r}")
    return int(text)
