"""The one slash command of an app, where a workspace has others of the usual names."""

import re
from collections.abc import Mapping
from typing import Final

from threadkeep.errors import ConfigError

_COMMAND: Final = re.compile(r"/[a-z0-9_-]{1,31}")


def read_prefix(environ: Mapping[str, str]) -> str | None:
    """Read SLACK_COMMAND; None if it is not set.

    Raises:
        ConfigError: It is no name of a slash command.
    """
    text = environ.get("SLACK_COMMAND", "").strip().lower()
    return check_prefix(text if not text or text.startswith("/") else f"/{text}") if text else None


def check_prefix(prefix: str) -> str:
    """Give a prefix command back if Slack allows its name.

    Raises:
        ConfigError: It does not.
    """
    if not _COMMAND.fullmatch(prefix):
        raise ConfigError(
            "SLACK_COMMAND must be the name of a slash command such as /keeper: up to 31 small letters, digits, "
            f"_ or -, not {prefix!r}"
        )
    return prefix
