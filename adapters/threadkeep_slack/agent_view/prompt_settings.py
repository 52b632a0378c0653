"""What is suggested to people, and how an operator says it."""

from typing import Final, TypedDict

from threadkeep.errors import ConfigError
from threadkeep_slack.limits import SUGGESTED_PROMPTS


class Prompt(TypedDict):
    """What people may click on instead of writing: its title, and what is said when they do."""

    title: str
    message: str


PROMPTS: Final = (
    Prompt(title="What can you do?", message="What can you help me with?"),
    Prompt(title="How does this work?", message="How do I use you in channels, and which commands do you know?"),
)
"""What is suggested where nothing else is given."""


def read_prompts(text: str) -> tuple[Prompt, ...] | None:
    """Read SLACK_PROMPTS, such as ``Opening hours=When are you open?|Prices=What does it cost?``; ``none`` for none.

    Raises:
        ConfigError: It has another form, or there are more than four.
    """
    if not text.strip():
        return None
    if text.strip().lower() == "none":
        return ()
    found: list[Prompt] = []
    for entry in text.split("|"):
        title, equals, message = (part.strip() for part in entry.partition("="))
        if not (title and equals and message):
            raise ConfigError(f"SLACK_PROMPTS must be Title=Message|Title=Message, but {entry.strip()!r} is not so")
        found.append(Prompt(title=title, message=message))
    if len(found) > SUGGESTED_PROMPTS:
        raise ConfigError(f"SLACK_PROMPTS holds {len(found)} prompts; Slack shows at most {SUGGESTED_PROMPTS}")
    return tuple(found)
