"""What a message shows besides its text: stickers, polls, voice, embeds; and the one that it answers."""

from collections.abc import Iterator
from typing import Final

import discord

_MOST_EMBEDS: Final = 10
_MOST_TEXT: Final = 6_000
"""Discord allows embeds no more: https://discord.com/developers/docs/resources/message#embed-object-embed-limits"""

_MOST_PREVIEW: Final = 500
_MOST_ANSWERED: Final = 1_000


def shown_beyond(one: discord.Message | discord.MessageSnapshot) -> Iterator[str]:
    """Give in words what a message or a forwarded one shows besides its text. Attached files are told elsewhere."""
    yield from (f"[voice message, {file.duration or 0:.0f} seconds]" for file in one.attachments if _is_voice(file))
    yield from (f"[sticker: {_line(sticker.name)}]" for sticker in one.stickers)
    if isinstance(one, discord.Message) and one.poll is not None:
        yield _poll(one.poll)
    for embed in one.embeds[:_MOST_EMBEDS]:
        if text := _embed(embed):
            yield text


def has_beyond(one: discord.Message | discord.MessageSnapshot) -> bool:
    """Tell whether a message shows anything besides its text and files."""
    return any(shown_beyond(one))


def answered_by(message: discord.Message) -> discord.Message | None:
    """Give the message to which a message is a reply; None where it is none, or Discord does not say."""
    if message.type is not discord.MessageType.reply or message.reference is None:
        return None
    answered = message.reference.resolved
    return answered if isinstance(answered, discord.Message) else None


def quoted(head: str, text: str) -> str:
    """Write a text as a quotation under a head, so that no line of it can be taken for what stands around."""
    return "\n".join(f"> {line}" for line in (head, *text.splitlines()))


def quoted_answer(answered: discord.Message, text: str) -> str:
    """Write the message that is answered as a quotation.

    Args:
        answered: The message.
        text: What it says.
    """
    names = [f"[its file: {_line(file.filename)}]" for file in answered.attachments]
    said = "\n".join(part for part in (_cut(text, _MOST_ANSWERED), *names) if part)
    return quoted(f"In reply to {_line(answered.author.display_name)}:", said or "[Discord does not show what it says]")


def _is_voice(file: discord.Attachment) -> bool:
    return file.is_voice_message()


def _poll(poll: discord.Poll) -> str:
    state = "closed poll" if poll.is_finalised() else "poll"
    answers = (f"- {_line(answer.text)}" for answer in poll.answers)
    return "\n".join([f"[{state}: {_line(poll.question)}]", *answers])


def _embed(embed: discord.Embed) -> str:
    if embed.type != "rich":
        said = " - ".join(_line(part) for part in (embed.title, embed.description) if part)
        return f"[link preview: {_cut(said, _MOST_PREVIEW)}]" if said else ""
    fields = (f"{_line(field.name or '')}: {field.value}" for field in embed.fields)
    parts = (embed.author.name, embed.title, embed.description, *fields, embed.footer.text)
    return _cut("\n".join(part for part in parts if part), _MOST_TEXT)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most].rstrip()} …"


def _line(text: str) -> str:
    """Give what people chose as a name in one line."""
    return " ".join(text.split())
