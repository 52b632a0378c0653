"""What the bot does not hear for want of an intent, said when it starts."""

import structlog

from threadkeep_discord.refusals import ENABLE_CONTENT
from threadkeep_discord.settings import DiscordSettings

_log = structlog.get_logger(__name__)

_REMEDY = f"{ENABLE_CONTENT}, and set DISCORD_MESSAGE_CONTENT=1."


def report_intents(settings: DiscordSettings) -> None:
    """Log what the bot will not hear, and what its rules promise in vain."""
    if settings.message_content:
        return
    if settings.rules.needs_content:
        _log.warning(
            "discord_rules_need_content",
            cost="DISCORD_ANSWER_WHEN says `always`, but what is said without mentioning the bot arrives without its "
            "text: it is answered nowhere.",
            remedy=_REMEDY,
        )
        return
    _log.info(
        "discord_content_not_asked",
        cost="Direct messages, mentions and replies that ping the bot are heard, and nothing else of what is said.",
        remedy=_REMEDY,
    )
