"""What is needed to let many workspaces install the app."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr

from threadkeep.errors import ConfigError
from threadkeep.sealing import SecretKeys, read_secret_keys

_log = structlog.get_logger(__name__)

_WHERE: Final = "https://api.slack.com/apps under Basic Information > App Credentials"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthSettings:
    """The app's credentials, and the keys under which the tokens of workspaces are kept.

    Attributes:
        client_id: The app's Client ID.
        client_secret: The app's Client Secret.
        secret_keys: What seals the tokens in the store.
        public_url: The address under which people's browsers reach this server, such as ``https://bot.example.com``;
            None where it is the address on which it serves.
    """

    client_id: str
    client_secret: SecretStr
    secret_keys: SecretKeys
    public_url: str | None = None

    def __post_init__(self) -> None:
        """Refuse an address that Slack would refuse."""
        if self.public_url is not None:
            object.__setattr__(self, "public_url", _checked_url(self.public_url))


def read_oauth(environ: Mapping[str, str], *, is_used: bool = True) -> OAuthSettings | None:
    """Read the settings from environment variables; None if neither SLACK_CLIENT_ID nor SLACK_CLIENT_SECRET is set.

    Args:
        environ: The variables.
        is_used: Whether they count; if not, because a token is set for one workspace, that is said in the log.

    Raises:
        ConfigError: One is set without the other, or a key or the address is missing or wrong.
    """
    client_id = environ.get("SLACK_CLIENT_ID", "").strip()
    client_secret = environ.get("SLACK_CLIENT_SECRET", "").strip()
    if not (client_id or client_secret):
        return None
    if not is_used:
        _log.warning("slack_oauth_not_used", because="SLACK_BOT_TOKEN is set: the bot serves its workspace only")
        return None
    if not client_id or not client_secret:
        missing = "SLACK_CLIENT_SECRET" if client_id else "SLACK_CLIENT_ID"
        raise ConfigError(f"{missing} is missing: workspaces install the app with both. Copy it from {_WHERE}.")
    keys = read_secret_keys(environ)
    if keys is None:
        raise ConfigError(
            "THREADKEEP_SECRET_KEYS is missing: the tokens of the workspaces that install the app are kept encrypted. "
            f"{SecretKeys.HOW_TO_MAKE}"
        )
    return OAuthSettings(
        client_id=client_id,
        client_secret=SecretStr(client_secret),
        secret_keys=keys,
        public_url=environ.get("SLACK_PUBLIC_URL", "").strip() or None,
    )


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    is_local = parts.hostname in _LOOPBACK
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(f"SLACK_PUBLIC_URL must be an address such as https://bot.example.com, not {url!r}")
    if parts.scheme == "http" and not is_local:
        raise ConfigError(f"SLACK_PUBLIC_URL must begin with https://: Slack sends people to no other, got {url!r}")
    return url.rstrip("/")
