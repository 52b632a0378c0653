"""By Discord's own signs: whom a message answers, and whether it is said to somebody else."""

import re
from collections.abc import Callable
from typing import Final

import discord

from threadkeep.chat.events import Addressing
from threadkeep_discord.layouts import written

Readdress = Callable[[discord.Message, Addressing], Addressing]
"""Tells to whom a message counts as said, given to whom it is said by these signs."""

_LEADING_MENTION: Final = re.compile(r"\s*<@[!&]?\d+>")


def as_said(_message: discord.Message, addressing: Addressing) -> Addressing:
    """Leave it at the signs."""
    return addressing


def answered_author(message: discord.Message) -> int | None:
    """Give who wrote the message that this one answers; None if it answers none, or one that is gone."""
    if message.type is not discord.MessageType.reply or message.reference is None:
        return None
    answered = message.reference.resolved
    return answered.author.id if isinstance(answered, discord.Message) else None


def is_for_others(message: discord.Message) -> bool:
    """Tell whether a message answers somebody else, or begins with a mention of somebody."""
    is_answer = answered_author(message) not in {None, message.author.id}
    return is_answer or _LEADING_MENTION.match(written(message)) is not None
