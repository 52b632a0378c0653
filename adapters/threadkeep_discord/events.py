"""What people say on Discord as threadkeep's events."""

import discord

from threadkeep.chat.events import Addressing, MessageEdited, MessageReceived, PlaceKind, StopRequested
from threadkeep.messages import clean_text
from threadkeep.sessions import UserKey
from threadkeep_discord.addressed import Readdress, answered_author, as_said, is_for_others
from threadkeep_discord.bots import PEOPLE_ONLY, Hearing, is_from_person
from threadkeep_discord.files import attachments_of
from threadkeep_discord.places import PLATFORM, ReplyIn, Spot, spot_of
from threadkeep_discord.posts import with_title
from threadkeep_discord.text import has_words, own_roles, text_in_context

_SAID_BY_PEOPLE = {discord.MessageType.default, discord.MessageType.reply}
_STOP_WORDS = {"/stop", "!stop"}


def read_message(
    message: discord.Message,
    *,
    bot_id: int,
    reply_in: ReplyIn,
    hearing: Hearing = PEOPLE_ONLY,
    readdress: Readdress = as_said,
) -> MessageReceived | StopRequested | None:
    """Translate a message; None if nobody said it who is heard, or nothing that can be read.

    ``/stop`` or ``!stop`` alone, said to the bot, asks to stop.
    """
    if not _is_said(message, hearing) or not has_words(message):
        return None
    spot = spot_of(message)
    addressing = readdress(message, _addressing(message, spot.kind, bot_id))
    if not hearing.may_answer(message, spot.place(has_own_thread=False).session):
        addressing = Addressing.OTHERS
    text = text_in_context(message, bot_id=bot_id)
    user, speaker = user_key(message.author.id), speaker_of(message)
    if addressing is not Addressing.OTHERS and text.lower() in _STOP_WORDS:
        asked = _spot_to_stop(message, spot)
        return StopRequested(
            key=spot.key(), place=asked.place(has_own_thread=reply_in == "thread"), user=user, speaker=speaker
        )
    return MessageReceived(
        key=spot.key(),
        place=spot.place(has_own_thread=reply_in == "thread" and addressing is Addressing.BOT),
        user=user,
        speaker=speaker,
        text=with_title(message, text),
        addressing=addressing,
        sent_at=message.created_at.timestamp(),
        attachments=attachments_of(message),
    )


def read_edit(
    message: discord.Message, *, bot_id: int, reply_in: ReplyIn, hearing: Hearing = PEOPLE_ONLY
) -> MessageEdited | None:
    """Translate the new state of a message that its author edited; None for whatever else changes messages.

    Discord tells of links that were looked up and of pins in the same way. They change no time of an edit, so those of
    a message that was edited before give the identity of that edit.
    """
    if message.edited_at is None or not _is_said(message, hearing) or not has_words(message):
        return None
    spot = spot_of(message)
    return MessageEdited(
        key=spot.key(f"edited:{round(message.edited_at.timestamp() * 1000)}"),
        # Whom the message addressed before is not known; a message in a channel that has threads for its questions
        # has no other session than its own.
        place=spot.place(has_own_thread=reply_in == "thread"),
        user=user_key(message.author.id),
        speaker=speaker_of(message),
        text=with_title(message, text_in_context(message, bot_id=bot_id)),
    )


def is_unreadable(message: discord.Message, *, bot_id: int) -> bool:
    """Tell whether somebody said something that the bot might answer, and Discord does not show what.

    https://discord.com/developers/docs/events/gateway#message-content-intent
    """
    if not _is_said(message, PEOPLE_ONLY) or has_words(message):
        return False
    return _addressing(message, spot_of(message).kind, bot_id) is not Addressing.OTHERS


def user_key(user_id: int) -> UserKey:
    """Give the key of a person."""
    return UserKey(platform=PLATFORM, user=str(user_id))


def speaker_of(message: discord.Message) -> str:
    """Give the name under which people know who said something, in one line; what is no person is called a bot."""
    name = " ".join(clean_text(message.author.display_name).split())
    return name if is_from_person(message) else f"{name} (bot)"


def _is_said(message: discord.Message, hearing: Hearing) -> bool:
    return message.type in _SAID_BY_PEOPLE and hearing.is_heard(message)


def _addressing(message: discord.Message, kind: PlaceKind, bot_id: int) -> Addressing:
    if kind is PlaceKind.DIRECT or answered_author(message) == bot_id or _mentions(message, bot_id):
        return Addressing.BOT
    if kind is PlaceKind.THREAD and not is_for_others(message):
        return Addressing.THREAD
    return Addressing.OTHERS


def _mentions(message: discord.Message, bot_id: int) -> bool:
    return any(user.id == bot_id for user in message.mentions) or bool(own_roles(message, bot_id))


def _spot_to_stop(message: discord.Message, spot: Spot) -> Spot:
    # Where each question has its own thread, a stop in the channel names the question by replying to it.
    answered = message.reference.message_id if message.reference is not None else None
    if answered is None or message.type is not discord.MessageType.reply:
        return spot
    return Spot(guild_id=spot.guild_id, channel=spot.channel, message_id=answered)
