"""What happens to messages on Discord as threadkeep's events: deletions and reactions."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import discord

from threadkeep.chat.events import Addressing, MessageDeleted, MessageReceived, StopRequested
from threadkeep.messages import clean_text
from threadkeep_discord.addressed import Readdress
from threadkeep_discord.events import read_message, user_key
from threadkeep_discord.places import MessageChannel, ReplyIn, Spot

_STOP_SIGN = "\N{OCTAGONAL SIGN}"


class UserPayload(TypedDict):
    """A user, as far as it is read here: https://discord.com/developers/docs/resources/user#user-object."""

    username: str
    global_name: NotRequired[str | None]
    bot: NotRequired[bool]


class MemberPayload(TypedDict):
    """A member: https://discord.com/developers/docs/resources/guild#guild-member-object."""

    user: UserPayload
    nick: NotRequired[str | None]


class EmojiPayload(TypedDict):
    """An emoji; the id is None for those of Unicode."""

    id: str | None
    name: str | None


class ReactionPayload(TypedDict):
    """A reaction: https://discord.com/developers/docs/events/gateway-events#message-reaction-add."""

    user_id: str
    channel_id: str
    message_id: str
    emoji: EmojiPayload
    guild_id: NotRequired[str]
    member: NotRequired[MemberPayload]
    message_author_id: NotRequired[str]


def read_deletions(
    channel: MessageChannel, *, guild_id: int | None, message_ids: Sequence[int], reply_in: ReplyIn
) -> tuple[MessageDeleted, ...]:
    """Translate the deletion of messages, in the order in which they were written."""
    spots = (Spot(guild_id=guild_id, channel=channel, message_id=message_id) for message_id in sorted(message_ids))
    return tuple(
        MessageDeleted(key=spot.key("deleted"), place=spot.place(has_own_thread=reply_in == "thread")) for spot in spots
    )


def asks_to_stop(reaction: ReactionPayload, *, bot_id: int) -> bool:
    """Tell whether a reaction is a person's stop sign."""
    emoji = reaction["emoji"]
    is_bot = reaction["user_id"] == str(bot_id) or reaction.get("member", {}).get("user", {}).get("bot", False)
    return emoji["id"] is None and emoji["name"] == _STOP_SIGN and not is_bot


def member_name(reaction: ReactionPayload) -> str | None:
    """Give the name of who reacted, where Discord tells it: it does so in servers."""
    member = reaction.get("member")
    if member is None:
        return None
    user = member["user"]
    return " ".join(clean_text(member.get("nick") or user.get("global_name") or user["username"]).split())


def is_on_own_message(reaction: ReactionPayload, *, bot_id: int) -> bool:
    """Tell whether Discord says that the bot wrote the message; it does not always say who did."""
    return reaction.get("message_author_id") == str(bot_id)


def read_stop(reaction: ReactionPayload, channel: MessageChannel, *, speaker: str) -> StopRequested:
    """Translate a stop sign under a message of the bot."""
    spot, revision = _spot(reaction, channel), _revision(reaction)
    user = user_key(int(reaction["user_id"]))
    return StopRequested(key=spot.key(revision), place=spot.place(has_own_thread=False), user=user, speaker=speaker)


def read_stop_on_question(
    reaction: ReactionPayload,
    message: discord.Message,
    *,
    bot_id: int,
    speaker: str,
    reply_in: ReplyIn,
    readdress: Readdress,
) -> StopRequested | None:
    """Translate a stop sign under a message of somebody; None if that is no question to the bot.

    Args:
        reaction: Who reacted.
        message: What stands there.
        bot_id: The bot.
        speaker: The name of who reacted.
        reply_in: Where a question in a channel is answered.
        readdress: Tells to whom a message counts as said.
    """
    if message.author.id == bot_id:
        return read_stop(reaction, message.channel, speaker=speaker)
    question = read_message(message, bot_id=bot_id, reply_in=reply_in, readdress=readdress)
    if not isinstance(question, MessageReceived) or question.addressing is Addressing.OTHERS:
        return None
    user = user_key(int(reaction["user_id"]))
    key = _spot(reaction, message.channel).key(_revision(reaction))
    return StopRequested(key=key, place=question.place, user=user, speaker=speaker)


def _spot(reaction: ReactionPayload, channel: MessageChannel) -> Spot:
    guild_id = int(reaction["guild_id"]) if "guild_id" in reaction else None
    return Spot(guild_id=guild_id, channel=channel, message_id=int(reaction["message_id"]))


def _revision(reaction: ReactionPayload) -> str:
    # Reactions have no id; a person can put one sign under a message.
    return f"stop:{reaction['user_id']}"
