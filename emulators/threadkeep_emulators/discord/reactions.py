"""Reactions: https://discord.com/developers/docs/resources/message#create-reaction ."""

import re
from dataclasses import replace

from .errors import ApiError
from .flags import Permission
from .gateway.events import reaction_changed
from .ids import Snowflake
from .model import Emoji, Message, Payload, Reaction, User, emoji_key
from .permissions import require
from .posting import refuse_if_archived
from .realm import Realm
from .render import emoji_payload

_CUSTOM = re.compile(r"(\w{2,32}):(\d{1,20})")
_MOST_REACTIONS = 20


def read_emoji(text: str) -> Emoji:
    """Read an emoji from a route.

    Raises:
        ApiError: 10014, Unknown Emoji: the text is plain ASCII and no ``name:id``.
    """
    custom = _CUSTOM.fullmatch(text)
    if custom is not None:
        return Emoji(name=custom[1], id=Snowflake(int(custom[2])))
    if not text or text.isascii():
        raise ApiError(400, 10014, "Unknown Emoji")
    return Emoji(name=text)


def react(realm: Realm, user: User, message: Message, emoji: Emoji) -> None:
    """Put a reaction under a message; twice is once.

    Raises:
        ApiError: 30010, 50001, 50013 or 50083.
    """
    channel = realm.world.channels[message.channel_id]
    refuse_if_archived(channel)
    known = _find(message, emoji)
    needed = Permission.READ_MESSAGE_HISTORY
    require(realm.world, user, channel, needed if known else needed | Permission.ADD_REACTIONS)
    if known is not None and user.id in known.user_ids:
        return
    if known is None and len(message.reactions) >= _MOST_REACTIONS:
        raise ApiError(400, 30010, f"Maximum number of reactions reached ({_MOST_REACTIONS})")
    before = () if known is None else known.user_ids
    _put(realm, message, Reaction(emoji=emoji, user_ids=(*before, user.id)))
    _tell(realm, "MESSAGE_REACTION_ADD", user, message, emoji)


def take_back(realm: Realm, user: User, message: Message, emoji: Emoji) -> None:
    """Take somebody's reaction away.

    Raises:
        ApiError: 10014 when there is no such reaction, or 50083.
    """
    refuse_if_archived(realm.world.channels[message.channel_id])
    known = _find(message, emoji)
    if known is None or user.id not in known.user_ids:
        raise ApiError(404, 10014, "Unknown Emoji")
    left = tuple(user_id for user_id in known.user_ids if user_id != user.id)
    _put(realm, message, Reaction(emoji=emoji, user_ids=left))
    _tell(realm, "MESSAGE_REACTION_REMOVE", user, message, emoji)


def _find(message: Message, emoji: Emoji) -> Reaction | None:
    for reaction in message.reactions:
        if emoji_key(reaction.emoji) == emoji_key(emoji):
            return reaction
    return None


def _put(realm: Realm, message: Message, changed: Reaction) -> None:
    key = emoji_key(changed.emoji)
    reactions = {emoji_key(reaction.emoji): reaction for reaction in message.reactions}
    reactions[key] = changed
    if not changed.user_ids:
        del reactions[key]
    place = realm.world.channels[message.channel_id].messages
    place[message.id] = replace(message, reactions=tuple(reactions.values()))


def _tell(realm: Realm, name: str, user: User, message: Message, emoji: Emoji) -> None:
    channel = realm.world.channels[message.channel_id]
    guild = realm.world.guild_of(channel)
    payload: Payload = {
        "user_id": str(user.id),
        "channel_id": str(channel.id),
        "message_id": str(message.id),
        "emoji": emoji_payload(emoji),
        "burst": False,
        "type": 0,
    }
    is_added = name == "MESSAGE_REACTION_ADD"
    if is_added:
        payload["message_author_id"] = str(message.author.id)
    member = None if guild is None or not is_added else guild.members.get(user.id)
    realm.tell(reaction_changed(channel, name, payload, member))
