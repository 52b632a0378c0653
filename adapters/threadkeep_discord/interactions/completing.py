"""Completions of what somebody is writing after a command.

https://discord.com/developers/docs/interactions/application-commands#autocomplete
"""

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from threadkeep.chat.commands import Suggest
from threadkeep.chat.elements import Option
from threadkeep.errors import StoreError
from threadkeep.messages import clean_text
from threadkeep.sessions import UserKey
from threadkeep_discord.interactions.answers import Answer
from threadkeep_discord.interactions.calls import CHOICES
from threadkeep_discord.interactions.payloads import Interaction
from threadkeep_discord.limits import CHOICES as MOST_CHOICES
from threadkeep_discord.limits import COMPLETION_SECONDS
from threadkeep_discord.places import PLATFORM

_log = structlog.get_logger(__name__)


async def completion_of(interaction: Interaction, suggestions: Mapping[str, Suggest | None]) -> Answer:
    """Give the answer that completes what somebody is writing: none where nothing is known in time."""
    name = interaction.data.get("name", "")
    suggest = suggestions.get(name)
    options: Sequence[Option] = ()
    if suggest is not None:
        user = UserKey(platform=PLATFORM, user=str(interaction.user_id))
        try:
            async with asyncio.timeout(COMPLETION_SECONDS):
                options = await suggest(user, _written(interaction))
        except (TimeoutError, StoreError) as error:
            _log.info("discord_completion_not_given", command=name, error=type(error).__name__)
    choices = [{"name": option.label, "value": option.value} for option in options[:MOST_CHOICES]]
    return Answer(kind=CHOICES, data={"choices": choices})


def _written(interaction: Interaction) -> str:
    written = (option.get("value", "") for option in interaction.data.get("options") or () if option.get("focused"))
    return clean_text(str(next(written, "")))
