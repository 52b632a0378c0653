"""How the adapter is told which Slack app it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import SecretStr

from threadkeep.errors import ConfigError
from threadkeep_slack.agent_view.prompt_settings import Prompt, read_prompts
from threadkeep_slack.controls.command_settings import check_prefix, read_prefix
from threadkeep_slack.installs.oauth_settings import OAuthSettings, read_oauth
from threadkeep_slack.limits import MOST_SOCKETS, SOCKETS
from threadkeep_slack.replies.stream_settings import StreamSettings, read_streams
from threadkeep_slack.talk import AllowedMentions, read_allowed_bots, read_allowed_mentions

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

    With ``app_token`` the adapter uses Socket Mode, else it serves the Events API over HTTP. With ``bot_token`` it
    serves one workspace, with ``oauth`` all that install the app.

    Attributes:
        bot_token: The bot user's token, ``xoxb-...``; None where workspaces install the app by OAuth.
        app_token: The app-level token with ``connections:write``, ``xapp-...``.
        signing_secret: The secret with which Slack signs its requests; needed without ``app_token``.
        api_url: Where Slack's Web API is.
        host: The address on which requests from Slack are served.
        port: The port; 0 takes a free one.
        sockets: How many sockets a process opens in Socket Mode, of the ten that Slack allows to an app.
        is_mounted: Whether another web server takes Slack's requests and hands them over; then ``signing_secret`` is
            needed, and ``app_token`` not used.
        is_agent_view: Whether the app has the agent view, so that each top-level direct message begins a conversation
            of its own; None finds it out.
        prompts: What is suggested to people, at most four; None for two that fit every bot.
        oauth: How workspaces install the app; not used where ``bot_token`` is given.
        allowed_bots: Ids of other bots (``B...``), apps (``A...``) or bots' users that are heard like people.
        allowed_mentions: Whom the model may mention, so that Slack notifies them.
        streams: How replies are streamed.
        command: The one slash command of the app, such as ``/keeper``, where the bot's commands have none of their own.
    """

    bot_token: SecretStr | None = None
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    api_url: str = SLACK_API_URL
    host: str = "127.0.0.1"
    port: int = 3000
    sockets: int = SOCKETS
    is_mounted: bool = False
    is_agent_view: bool | None = None
    prompts: tuple[Prompt, ...] | None = None
    oauth: OAuthSettings | None = None
    allowed_bots: frozenset[str] = frozenset()
    allowed_mentions: AllowedMentions = AllowedMentions.NONE
    streams: StreamSettings = field(default_factory=StreamSettings)
    command: str | None = None

    def __post_init__(self) -> None:
        """Refuse tokens that cannot be right, before Slack does it with less to say."""
        if self.command is not None:
            check_prefix(self.command)
        if not 1 <= self.sockets <= MOST_SOCKETS:
            raise ConfigError(f"SLACK_SOCKETS must be a number from 1 to {MOST_SOCKETS}, not {self.sockets}")
        if self.bot_token is not None:
            _check_bot_token(self.bot_token.get_secret_value())
        elif self.oauth is None:
            raise ConfigError("SlackSettings need a bot_token for one workspace, or oauth for many")
        if self.app_token is not None:
            _check_app_token(self.app_token.get_secret_value())
        elif self.signing_secret is None and not self.is_mounted:
            raise ConfigError(
                "SLACK_APP_TOKEN is missing: Socket Mode needs an app-level token (xapp-...) with connections:write. "
                f"Create one at {_APPS} under Basic Information > App-Level Tokens, "
                "or set SLACK_SIGNING_SECRET (Basic Information > App Credentials) to receive events over HTTP."
            )
        if self.is_mounted and self.signing_secret is None:
            raise ConfigError(
                "SLACK_SIGNING_SECRET is missing: it tells Slack's requests from others. Copy the Signing Secret from "
                f"{_APPS} under Basic Information > App Credentials."
            )


def read_settings(environ: Mapping[str, str]) -> SlackSettings | None:
    """Read the settings from environment variables; None if none of the secrets is set.

    Raises:
        ConfigError: Some are set but others are missing or wrong; the message says which and where to get them.
    """
    bot_token = environ.get("SLACK_BOT_TOKEN", "").strip()
    app_token = environ.get("SLACK_APP_TOKEN", "").strip()
    signing_secret = environ.get("SLACK_SIGNING_SECRET", "").strip()
    oauth = read_oauth(environ, is_used=not bot_token)
    if not (bot_token or app_token or signing_secret or oauth):
        return None
    if not bot_token and oauth is None:
        given = "SLACK_APP_TOKEN" if app_token else "SLACK_SIGNING_SECRET"
        raise ConfigError(
            f"SLACK_BOT_TOKEN is missing although {given} is set: copy the Bot User OAuth Token (xoxb-...) "
            f"from {_APPS} under OAuth & Permissions, after installing the app to the workspace. For many workspaces "
            "set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET instead."
        )
    return SlackSettings(
        bot_token=SecretStr(bot_token) if bot_token else None,
        oauth=oauth,
        app_token=SecretStr(app_token) if app_token else None,
        signing_secret=SecretStr(signing_secret) if signing_secret else None,
        api_url=_read_url(environ),
        host=environ.get("SLACK_HOST", "").strip() or "127.0.0.1",
        port=_read_port(environ),
        sockets=_read_sockets(environ),
        allowed_bots=read_allowed_bots(environ),
        allowed_mentions=read_allowed_mentions(environ),
        streams=read_streams(environ),
        command=read_prefix(environ),
        is_agent_view=_read_view(environ),
        prompts=read_prompts(environ.get("SLACK_PROMPTS", "")),
    )


def _check_bot_token(token: str) -> None:
    if token.startswith("xoxb-"):
        return
    where = f"Copy the Bot User OAuth Token from {_APPS} under OAuth & Permissions."
    if token.startswith("xoxe"):
        raise ConfigError(
            "SLACK_BOT_TOKEN is a token that expires (xoxe...) and cannot be renewed by itself: turn token rotation "
            "off for the app and install it anew, or let the workspace install it by OAuth (SLACK_CLIENT_ID, "
            f"SLACK_CLIENT_SECRET), which renews its tokens. {where}"
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


def _read_view(environ: Mapping[str, str]) -> bool | None:
    text = environ.get("SLACK_AGENT_VIEW", "").strip().lower()
    if text in {"", "auto"}:
        return None
    if text not in {"0", "1"}:
        raise ConfigError(f"SLACK_AGENT_VIEW must be 1, 0 or auto, not {text!r}")
    return text == "1"


def _read_sockets(environ: Mapping[str, str]) -> int:
    text = environ.get("SLACK_SOCKETS", "").strip()
    if not text:
        return SOCKETS
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_SOCKETS:
        raise ConfigError(f"SLACK_SOCKETS must be a number from 1 to {MOST_SOCKETS}, not {text!r}")
    return int(text)
