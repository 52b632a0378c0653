"""How replies are streamed, as the bot's author wants it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from threadkeep.errors import ConfigError

_DISPLAYS: Final = frozenset({"timeline", "plan", "dense"})
_YES: Final = frozenset({"", "on", "true", "yes", "1"})
_NO: Final = frozenset({"off", "false", "no", "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """How replies are streamed.

    Attributes:
        is_on: Whether Slack's streaming is used where it can be; else replies are posted and edited.
        display: How task cards are arranged: one after the other (``timeline``, ``dense``) or under one title
            (``plan``); https://docs.slack.dev/reference/methods/chat.startStream/.
        has_feedback: Whether two buttons under a streamed answer ask how good it was.
    """

    is_on: bool = True
    display: str = "timeline"
    has_feedback: bool = True

    def __post_init__(self) -> None:
        """Refuse an arrangement that Slack does not know.

        Raises:
            ConfigError: It is none of the three.
        """
        if self.display not in _DISPLAYS:
            raise ConfigError(f"SLACK_TASKS must be one of {', '.join(sorted(_DISPLAYS))}, not {self.display!r}")


def read_streams(environ: Mapping[str, str]) -> StreamSettings:
    """Read SLACK_STREAMING, SLACK_TASKS and SLACK_FEEDBACK.

    Raises:
        ConfigError: One of them is neither of what it can be.
    """
    return StreamSettings(
        is_on=_read_switch(environ, "SLACK_STREAMING"),
        display=environ.get("SLACK_TASKS", "").strip().lower() or "timeline",
        has_feedback=_read_switch(environ, "SLACK_FEEDBACK"),
    )


def _read_switch(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "").strip().lower()
    if text not in _YES | _NO:
        raise ConfigError(f"{name} must be on or off, not {text!r}")
    return text in _YES
