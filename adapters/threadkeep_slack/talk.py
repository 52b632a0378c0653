"""Who may be heard and mentioned beyond what is always allowed, as the environment says it."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from threadkeep.errors import ConfigError

_ID: Final = re.compile(r"[ABUW][A-Z0-9]{1,31}")


class AllowedMentions(StrEnum):
    """Whom the model may mention, so that Slack notifies them. Groups and whole channels it never may."""

    NONE = "none"
    """Nobody: a name stays a text."""
    PARTICIPANTS = "participants"
    """Those who have spoken in the conversation, by their names."""


def read_allowed_bots(environ: Mapping[str, str]) -> frozenset[str]:
    """Read SLACK_ALLOWED_BOTS: ids of bots, apps or bots' users, separated by commas or spaces.

    Raises:
        ConfigError: One of them is no id.
    """
    found = environ.get("SLACK_ALLOWED_BOTS", "").replace(",", " ").split()
    for name in found:
        if not _ID.fullmatch(name):
            raise ConfigError(
                f"SLACK_ALLOWED_BOTS must hold ids of bots (B...), apps (A...) or bots' users (U...), not {name!r}: "
                "open the bot's profile in Slack and copy its member ID or app ID"
            )
    return frozenset(found)


def read_allowed_mentions(environ: Mapping[str, str]) -> AllowedMentions:
    """Read SLACK_ALLOWED_MENTIONS.

    Raises:
        ConfigError: It is neither ``none`` nor ``participants``.
    """
    text = environ.get("SLACK_ALLOWED_MENTIONS", "").strip().lower() or AllowedMentions.NONE
    try:
        return AllowedMentions(text)
    except ValueError:
        raise ConfigError(f"SLACK_ALLOWED_MENTIONS must be none or participants, not {text!r}") from None
