"""Posts in forums: threads whose title was written by a person, often as the question."""

import discord

from threadkeep.messages import clean_text


def with_title(message: discord.Message, text: str) -> str:
    """Give the text of a message; the one that opens a post begins with the post's title."""
    channel = message.channel
    # A message on which a thread was opened has the thread's id too, but stands in the channel.
    if not isinstance(channel, discord.Thread) or channel.id != message.id:
        return text
    if isinstance(channel.parent, discord.TextChannel):
        # Read back, that message is told as the first one of its thread.
        return text
    title = " ".join(clean_text(channel.name).split())
    return f"{title}\n\n{text}" if title else text
