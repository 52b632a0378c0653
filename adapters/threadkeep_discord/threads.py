"""Opening a thread on the message that asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import discord

from threadkeep_discord.limits import THREAD_NAME_LENGTH
from threadkeep_discord.no_thread import tell_no_thread
from threadkeep_discord.refusals import INVALID_FORM, THREAD_EXISTS
from threadkeep_discord.text import readable_text, title

_UNNAMED = "Conversation"
_ARCHIVED_AFTER_MINUTES: Final = 1440


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A message in a channel that is to be answered in a thread of its own.

    Attributes:
        channel_id: The channel in which it was asked.
        message_id: The message, and the thread that is opened on it.
    """

    channel_id: int
    message_id: int

    @classmethod
    def parse(cls, reply_to: str | None) -> Self | None:
        """Read ``channel/message``; None for a plain message id."""
        channel, slash, message = (reply_to or "").partition("/")
        return cls(channel_id=int(channel), message_id=int(message)) if slash else None


async def open_thread(client: discord.Client, question: Question, *, guild_id: int | None) -> None:
    """Open the thread, named after the question; harmless if it is open already.

    Where none may be opened, the question is answered with a line that says so.

    Raises:
        discord.HTTPException: Discord refuses.
    """
    channel = client.get_partial_messageable(question.channel_id, guild_id=guild_id)
    name = await _name(client, channel, question)
    try:
        await client.http.start_thread_with_message(
            question.channel_id, question.message_id, name=name, auto_archive_duration=_ARCHIVED_AFTER_MINUTES
        )
    except discord.HTTPException as error:
        if error.code == THREAD_EXISTS:
            return
        if error.status in {400, 403} and error.code != INVALID_FORM:
            await tell_no_thread(client, question.channel_id, question.message_id, error)
        raise


async def name_thread(client: discord.Client, question: Question, *, wanted: str) -> None:
    """Give the thread of a question a title, unless it is called like that already.

    Discord tells everybody in the thread of a new name, and allows few of them.

    Raises:
        discord.HTTPException: Discord refuses.
    """
    channel: Mapping[str, Any] = await client.http.get_channel(question.message_id)
    bot_id = client.user.id if client.user is not None else 0
    present, name = str(channel.get("name") or ""), title(wanted, length=THREAD_NAME_LENGTH)
    is_alike = present.rstrip("…").startswith(name.rstrip("…")) or name.startswith(present.rstrip("…"))
    if str(channel.get("owner_id")) == str(bot_id) and name and not is_alike:
        await client.http.edit_channel(question.message_id, name=name)


async def _name(client: discord.Client, channel: discord.PartialMessageable, question: Question) -> str:
    # The question is read again instead of remembered: the answer may be written by another process.
    try:
        message = await channel.fetch_message(question.message_id)
    except discord.Forbidden:
        return _UNNAMED
    bot_id = client.user.id if client.user is not None else 0
    return title(readable_text(message, bot_id=bot_id), length=THREAD_NAME_LENGTH) or _UNNAMED
