"""Slack for threadkeep, on slack-bolt: Socket Mode or the Events API in, Markdown replies out.

The names below are imported when they are used: reading a link to a message does not need slack-bolt.
"""

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from threadkeep_slack.adapter import SlackAdapter
    from threadkeep_slack.agent_view.prompt_settings import Prompt
    from threadkeep_slack.settings import SlackSettings
    from threadkeep_slack.talk import AllowedMentions

_HOME_OF: Final = {
    "AllowedMentions": "talk",
    "Prompt": "agent_view.prompt_settings",
    "SlackAdapter": "adapter",
    "SlackSettings": "settings",
}

__all__ = ["AllowedMentions", "Prompt", "SlackAdapter", "SlackSettings"]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
