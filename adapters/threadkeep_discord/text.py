"""What people wrote, in words that a model understands."""

import re
from datetime import UTC, datetime

import discord

from threadkeep.messages import clean_text
from threadkeep_discord.beyond import answered_by, has_beyond, quoted, quoted_answer, shown_beyond
from threadkeep_discord.layouts import written

# https://discord.com/developers/docs/reference#message-formatting
_TOKEN = re.compile(
    r"<(?:(?P<sigil>@!?|@&|\#)(?P<id>\d{1,20})|a?:(?P<emoji>\w{1,64}):\d{1,20}|/(?P<command>[^:<>]{1,128}):\d{1,20}"
    r"|t:(?P<time>\d{1,11})(?::[tTdDfFsSR])?)>"
)


_COMMAND_SIGNS = ("!", "/")


def readable_text(message: discord.Message, *, bot_id: int) -> str:
    """Give the text of a message, with names for ids, without the mentions of the bot.

    Forwarded messages are told as quotes, stickers, polls, embeds and the like in words. Attached files are not in the
    text.
    """
    parts = [_with_names(message, written(message), bot_id=bot_id)]
    parts += [_with_names(message, text) for text in shown_beyond(message)]
    copies = ("\n".join((written(copy), *shown_beyond(copy))).strip() for copy in message.message_snapshots)
    parts += [quoted("Forwarded message:", _with_names(message, copy)) for copy in copies if copy]
    return clean_text("\n".join(part for part in parts if part)).strip()


def text_in_context(message: discord.Message, *, bot_id: int) -> str:
    """Give the text of a message under a quotation of the one that it answers.

    What the bot itself said is not quoted, since it knows that; nor is anything where the message is a command.
    """
    text, answered = readable_text(message, bot_id=bot_id), answered_by(message)
    if answered is None or answered.author.id == bot_id or text.startswith(_COMMAND_SIGNS):
        return text
    quote = quoted_answer(answered, readable_text(answered, bot_id=bot_id))
    return clean_text(f"{quote}\n\n{text}").strip()


def has_words(message: discord.Message) -> bool:
    """Tell whether there is anything to read: text, a file, what is shown otherwise, or any of it forwarded."""
    copies: tuple[discord.Message | discord.MessageSnapshot, ...] = (message, *message.message_snapshots)
    return any(written(copy).strip() or copy.attachments or has_beyond(copy) for copy in copies)


def title(text: str, *, length: int) -> str:
    """Make a title of the first line of a text; empty where there is none."""
    first = " ".join(next((line for line in text.splitlines() if line.strip()), "").split())
    if utf16_length(first) <= length:
        return first
    while utf16_length(first) > length - 1:
        first = first[:-1]
    return first.rstrip() + "…"


def utf16_length(text: str) -> int:
    """Count UTF-16 units, as JavaScript does: a character beyond the basic plane counts twice."""
    return len(text) + sum(char > "\uffff" for char in text)


def _with_names(message: discord.Message, text: str, *, bot_id: int | None = None) -> str:
    if bot_id is not None:
        own = "|".join([rf"@!?{bot_id}", *(f"@&{role.id}" for role in own_roles(message, bot_id))])
        # From the first of several spaces only: a search from each of many would not end.
        text = re.sub(rf"(?<![ \t])[ \t]*<(?:{own})>", "", text)
    return _TOKEN.sub(lambda token: _name(message, token), text)


def own_roles(message: discord.Message, bot_id: int) -> list[discord.Role]:
    """Give the mentioned roles that Discord made for the bot: people take them for the bot itself."""
    return [role for role in message.role_mentions if role.tags is not None and role.tags.bot_id == bot_id]


def _name(message: discord.Message, token: re.Match[str]) -> str:
    if token["emoji"]:
        return f":{token['emoji']}:"
    if token["command"]:
        return f"/{token['command']}"
    if token["time"]:
        # Each reader sees it in their own time zone; the model is told the moment itself.
        return f"{datetime.fromtimestamp(int(token['time']), tz=UTC):%Y-%m-%d %H:%M} UTC"
    target = int(token["id"])
    match token["sigil"]:
        case "#":
            channel = None if message.guild is None else message.guild.get_channel_or_thread(target)
            name = None if channel is None else f"#{channel.name}"
        case "@&":
            role = None if message.guild is None else message.guild.get_role(target)
            name = None if role is None else f"@{role.name}"
        case _:
            names = (" ".join(user.display_name.split()) for user in message.mentions if user.id == target)
            name = next((f"@{name}" for name in names), None)
    # An id that is not known is a mention inside code, or of something that is gone: it stays as it was written.
    return name or token[0]


def shortened(text: str, length: int) -> str:
    """Give a text that is no longer than so many UTF-16 units; what is cut off ends with ``…``."""
    if utf16_length(text) <= length:
        return text
    text = text[: length - 1]
    while utf16_length(text) > length - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"
