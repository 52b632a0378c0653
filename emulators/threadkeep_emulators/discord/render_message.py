"""How a message looks on the wire, to a reader who may or may not read its content.

https://discord.com/developers/docs/events/gateway#message-content-intent
"""

from .extras import extras_payload, voiced
from .flags import Intent, MessageKind
from .model import ChannelState, InteractionMark, Message, Payload, Reaction, Reference, User
from .render import (
    attachment_payload,
    channel_payload,
    embed_payload,
    emoji_payload,
    flags_value,
    member_payload,
    timestamp,
    user_payload,
)
from .world import World

_ANSWERING_KINDS = frozenset({MessageKind.REPLY, MessageKind.THREAD_STARTER_MESSAGE})


def message_payload(world: World, message: Message, intents: Intent, *, depth: int = 1) -> Payload:
    """Render a message for a reader with these intents, with what it answers when it answers something."""
    channel = world.channels[message.channel_id]
    has_thread = message.id in world.channels and message.id != message.channel_id
    payload = _always(message, has_thread=has_thread) | _content(world, channel, message, intents)
    payload["mentions"] = [_mention(world, channel, user) for user in message.mentions]
    if message.nonce is not None:
        payload["nonce"] = message.nonce
    if message.reactions:
        payload["reactions"] = [_reaction(world, reaction) for reaction in message.reactions]
    if has_thread:
        payload["thread"] = channel_payload(world, world.channels[message.id])
    guild_id = channel.guild_id
    payload |= extras_payload(message.extras, guild_id=guild_id, has_content=can_read(world, channel, message, intents))
    if message.interaction is not None:
        payload |= _interaction(world, message.interaction)
    if message.reference is not None:
        payload["message_reference"] = _pointer(message.reference)
        if depth and message.kind in _ANSWERING_KINDS:
            payload["referenced_message"] = _answered(world, message.reference, intents, depth=depth - 1)
    return payload


def dispatched_message(world: World, message: Message, intents: Intent) -> Payload:
    """Render a message as the gateway sends it: with its guild and its author's membership."""
    payload = message_payload(world, message, intents)
    guild = world.guild_of(world.channels[message.channel_id])
    if guild is not None:
        payload["guild_id"] = str(guild.id)
        member = guild.members.get(message.author.id)
        if member is not None:
            payload["member"] = member_payload(member, with_user=False)
    return payload


def can_read(world: World, channel: ChannelState, message: Message, intents: Intent) -> bool:
    """Say whether the bot gets the content: by the intent, in a direct message, its own, or mentioned in it."""
    bot = world.application.bot
    if Intent.MESSAGE_CONTENT in intents or channel.is_dm:
        return True
    return message.author.id == bot.id or bot in message.mentions


def _always(message: Message, *, has_thread: bool) -> Payload:
    return {
        "id": str(message.id),
        "channel_id": str(message.channel_id),
        "author": user_payload(message.author),
        "timestamp": timestamp(message.created_at),
        "edited_timestamp": None if message.edited_at is None else timestamp(message.edited_at),
        "tts": False,
        "mention_everyone": message.is_everyone_mentioned,
        "mention_roles": [str(role_id) for role_id in message.role_mentions],
        "pinned": False,
        "type": int(message.kind),
        "flags": flags_value(message.flags, has_thread=has_thread),
    }


def _content(world: World, channel: ChannelState, message: Message, intents: Intent) -> Payload:
    if not can_read(world, channel, message, intents):
        return {"content": "", "embeds": [], "attachments": [], "components": []}
    return {
        "content": message.content,
        "embeds": [embed_payload(embed) for embed in message.embeds],
        "attachments": voiced([attachment_payload(one) for one in message.attachments], message.extras),
        "components": list(message.components),
    }


def _mention(world: World, channel: ChannelState, user: User) -> Payload:
    payload = user_payload(user)
    guild = world.guild_of(channel)
    member = None if guild is None else guild.members.get(user.id)
    if member is not None:
        payload["member"] = member_payload(member, with_user=False)
    return payload


def _reaction(world: World, reaction: Reaction) -> Payload:
    count = len(reaction.user_ids)
    return {
        "count": count,
        "count_details": {"burst": 0, "normal": count},
        "me": world.application.bot.id in reaction.user_ids,
        "me_burst": False,
        "emoji": emoji_payload(reaction.emoji),
        "burst_colors": [],
    }


def _interaction(world: World, mark: InteractionMark) -> Payload:
    return {
        "application_id": str(world.application.id),
        "webhook_id": str(world.application.id),
        "interaction_metadata": {
            "id": str(mark.id),
            "type": int(mark.kind),
            "user": user_payload(mark.user),
            "authorizing_integration_owners": {},
        },
    }


def _pointer(reference: Reference) -> Payload:
    pointer: Payload = {
        "type": 0,
        "channel_id": str(reference.channel_id),
    }
    if reference.message_id is not None:
        pointer["message_id"] = str(reference.message_id)
    if reference.guild_id is not None:
        pointer["guild_id"] = str(reference.guild_id)
    return pointer


def _answered(world: World, reference: Reference, intents: Intent, *, depth: int) -> Payload | None:
    # None, sent as an explicit null, says that the original was deleted.
    place = world.channels.get(reference.channel_id)
    if place is None or reference.message_id is None:
        return None
    answered = place.messages.get(reference.message_id)
    return None if answered is None else message_payload(world, answered, intents, depth=depth)
