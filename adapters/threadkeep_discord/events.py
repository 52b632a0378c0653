"""Discord's messages as threadkeep's events."""

import re
from typing import Literal

import discord

from threadkeep.chat.events import Addressing, MessageReceived, Place, PlaceKind
from threadkeep.messages import clean_text
from threadkeep.sessions import MessageKey, SessionKey, UserKey
from threadkeep_discord.text import has_words, own_roles, readable_text

PLATFORM = "discord"
DIRECT_WORKSPACE = "@me"

ReplyIn = Literal["place", "thread"]
"""Where a question in a channel is answered: by a reply in the channel, or in a thread opened on it."""

_SAID_BY_PEOPLE = {discord.MessageType.default, discord.MessageType.reply}
_CAN_HAVE_THREADS = {discord.ChannelType.text, discord.ChannelType.news}
_LEADING_MENTION = re.compile(r"\s*<@[!&]?\d+>")


def read_message(message: discord.Message, *, bot_id: int, reply_in: ReplyIn) -> MessageReceived | None:
    """Translate a message; None if no person said it, or nothing that can be read."""
    if not _is_said(message) or not has_words(message):
        return None
    kind = _place_kind(message)
    addressing = _addressing(message, kind, bot_id)
    guild_id = _guild_of(message)
    workspace = DIRECT_WORKSPACE if guild_id is None else str(guild_id)
    channel = str(message.channel.id)
    return MessageReceived(
        key=MessageKey(platform=PLATFORM, workspace=workspace, channel=channel, message=str(message.id)),
        place=_place(message, kind, workspace, opens_thread=reply_in == "thread" and addressing is Addressing.BOT),
        user=UserKey(platform=PLATFORM, user=str(message.author.id)),
        speaker=clean_text(message.author.display_name),
        text=readable_text(message, bot_id=bot_id),
        addressing=addressing,
        sent_at=message.created_at.timestamp(),
    )


def is_unreadable(message: discord.Message, *, bot_id: int) -> bool:
    """Tell whether somebody said something that the bot might answer, and Discord does not show what.

    https://discord.com/developers/docs/events/gateway#message-content-intent
    """
    if not _is_said(message) or has_words(message):
        return False
    return _addressing(message, _place_kind(message), bot_id) is not Addressing.OTHERS


def _is_said(message: discord.Message) -> bool:
    return not message.author.bot and message.webhook_id is None and message.type in _SAID_BY_PEOPLE


def _place_kind(message: discord.Message) -> PlaceKind:
    """Tell in what kind of place a message stands."""
    if _guild_of(message) is None:
        return PlaceKind.DIRECT
    return PlaceKind.THREAD if isinstance(message.channel, discord.Thread) else PlaceKind.CHANNEL


def _guild_of(message: discord.Message) -> int | None:
    """Give the server of a message; None for a direct message."""
    if message.guild is not None:
        return message.guild.id
    # A server that is not in the cache, as during an outage, leaves its id in the channel alone.
    return message.channel.guild_id if isinstance(message.channel, discord.PartialMessageable) else None


def _place(message: discord.Message, kind: PlaceKind, workspace: str, *, opens_thread: bool) -> Place:
    if opens_thread and kind is PlaceKind.CHANNEL and message.channel.type in _CAN_HAVE_THREADS:
        # A thread that is opened on a message has the message's id, so its key is known before it is there:
        # https://discord.com/developers/docs/resources/channel#start-thread-from-message
        thread = SessionKey(platform=PLATFORM, workspace=workspace, channel=str(message.id))
        return Place(session=thread, kind=PlaceKind.THREAD, reply_to=f"{message.channel.id}/{message.id}")
    session = SessionKey(platform=PLATFORM, workspace=workspace, channel=str(message.channel.id))
    return Place(session=session, kind=kind, reply_to=None if kind is PlaceKind.DIRECT else str(message.id))


def _addressing(message: discord.Message, kind: PlaceKind, bot_id: int) -> Addressing:
    answered = _answered_author(message)
    if kind is PlaceKind.DIRECT or answered == bot_id or _mentions(message, bot_id):
        return Addressing.BOT
    is_for_somebody = answered not in {None, message.author.id} or _LEADING_MENTION.match(message.content)
    if kind is PlaceKind.THREAD and not is_for_somebody:
        return Addressing.THREAD
    return Addressing.OTHERS


def _mentions(message: discord.Message, bot_id: int) -> bool:
    return any(user.id == bot_id for user in message.mentions) or bool(own_roles(message, bot_id))


def _answered_author(message: discord.Message) -> int | None:
    if message.type is not discord.MessageType.reply or message.reference is None:
        return None
    answered = message.reference.resolved
    return answered.author.id if isinstance(answered, discord.Message) else None
