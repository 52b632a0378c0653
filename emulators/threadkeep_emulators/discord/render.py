"""How the platform's things look on the wire.

https://discord.com/developers/docs/resources/message#message-object and its neighbours.
"""

from datetime import UTC, datetime

from .flags import ALL_PERMISSIONS, VOICE_KINDS, Intent, MessageFlag, Permission
from .model import (
    Application,
    Attachment,
    ChannelState,
    Emoji,
    GuildState,
    Member,
    Payload,
    Role,
    ThreadState,
    User,
)
from .permissions import permissions_in
from .world import World

_MESSAGE_CONTENT_FLAG = 1 << 18
_MEMBERS_FLAG = 1 << 14
_PRESENCE_FLAG = 1 << 12


def timestamp(moment: float) -> str:
    """Give a moment as ISO 8601 with a zone."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")


def user_payload(user: User) -> Payload:
    """Render an account."""
    return {
        "id": str(user.id),
        "username": user.name,
        "discriminator": "0",
        "global_name": user.display_name,
        "avatar": None,
        "bot": user.is_bot,
        "public_flags": 0,
    }


def member_payload(member: Member, *, with_user: bool = True) -> Payload:
    """Render a membership; messages carry it without the user."""
    payload: Payload = {
        "nick": member.nick,
        "avatar": None,
        "roles": [str(role_id) for role_id in member.role_ids],
        "joined_at": timestamp(member.joined_at),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
        "communication_disabled_until": None,
    }
    if with_user:
        payload["user"] = user_payload(member.user)
    return payload


def role_payload(role: Role) -> Payload:
    """Render a role."""
    return {
        "id": str(role.id),
        "name": role.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": role.position,
        "permissions": str(int(role.permissions)),
        "managed": False,
        "mentionable": role.is_mentionable,
        "flags": 0,
    }


def emoji_payload(emoji: Emoji) -> Payload:
    """Render the emoji of a reaction."""
    return {"id": None if emoji.id is None else str(emoji.id), "name": emoji.name}


def attachment_payload(attachment: Attachment) -> Payload:
    """Render a posted file."""
    payload: Payload = {
        "id": str(attachment.id),
        "filename": attachment.filename,
        "size": len(attachment.data),
        "url": attachment.url,
        "proxy_url": attachment.url,
        "content_type": attachment.content_type,
    }
    if attachment.description is not None:
        payload["description"] = attachment.description
    return payload


def channel_payload(world: World, channel: ChannelState) -> Payload:
    """Render a channel, a thread or a direct message."""
    payload: Payload = {
        "id": str(channel.id),
        "type": int(channel.kind),
        "last_message_id": None if channel.last_message_id is None else str(channel.last_message_id),
        "flags": 0,
    }
    if channel.recipient is not None:
        return payload | {"recipients": [user_payload(channel.recipient)]}
    if channel.recipients:
        people = [user_payload(person) for person in channel.recipients]
        return payload | {"name": channel.name, "owner_id": people[0]["id"], "recipients": people}
    payload |= {
        "guild_id": str(channel.guild_id),
        "name": channel.name,
        "parent_id": None if channel.parent_id is None else str(channel.parent_id),
        "rate_limit_per_user": 0,
    }
    if channel.thread is not None:
        return payload | thread_fields(world, channel, channel.thread)
    if channel.kind in VOICE_KINDS:
        payload |= {"bitrate": 64_000, "user_limit": 0, "rtc_region": None}
    return payload | {
        "position": channel.position,
        "topic": channel.topic,
        "nsfw": False,
        "permission_overwrites": _overwrites(channel),
        "default_auto_archive_duration": 1440,
        "available_tags": [],
    }


def thread_fields(world: World, channel: ChannelState, thread: ThreadState) -> Payload:
    """Render what a thread has beyond a channel."""
    fields: Payload = {
        "owner_id": str(thread.owner_id),
        "message_count": len(channel.messages),
        "total_message_sent": thread.messages_sent,
        "member_count": len(thread.members),
        "applied_tags": [str(tag_id) for tag_id in thread.tag_ids],
        "thread_metadata": {
            "archived": thread.is_archived,
            "auto_archive_duration": thread.auto_archive_minutes,
            "archive_timestamp": timestamp(thread.changed_at),
            "create_timestamp": timestamp(thread.created_at),
            "locked": thread.is_locked,
        },
    }
    joined_at = thread.members.get(world.application.bot.id)
    if joined_at is not None:
        fields["member"] = thread_member_payload(channel, world.application.bot, joined_at)
    return fields


def thread_member_payload(channel: ChannelState, user: User, joined_at: float) -> Payload:
    """Render somebody's place in a thread."""
    return {
        "id": str(channel.id),
        "user_id": str(user.id),
        "join_timestamp": timestamp(joined_at),
        "flags": 1,
    }


def guild_payload(world: World, guild: GuildState, intents: Intent) -> Payload:
    """Render a guild as GUILD_CREATE carries it.

    Without the presences intent the member list holds the bot alone:
    https://discord.com/developers/docs/events/gateway-events#guild-create
    """
    bot = world.application.bot
    seen = [m for m in guild.members.values() if Intent.GUILD_PRESENCES in intents or m.user.id == bot.id]
    plain = [channel for channel in guild.channels.values() if not channel.is_thread]
    threads = [thread for thread in world.threads_of(guild) if permissions_in(world, bot, thread)]
    return guild_fields(guild) | {
        "joined_at": timestamp(guild.members[bot.id].joined_at),
        "large": len(guild.members) > 250,
        "member_count": len(guild.members),
        "members": [member_payload(member) for member in seen],
        "channels": [channel_payload(world, channel) for channel in plain],
        "threads": [channel_payload(world, thread) for thread in threads],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def guild_fields(guild: GuildState) -> Payload:
    """Render a guild as the HTTP API gives it."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "owner_id": str(guild.owner_id),
        "roles": [role_payload(role) for role in guild.roles.values()],
        "emojis": [],
        "stickers": [],
        "features": [],
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "preferred_locale": "en-US",
        "system_channel_flags": 0,
        "description": None,
    }


def application_payload(application: Application, intents: Intent) -> Payload:
    """Render the application with the flags of its privileged intents."""
    flags = 0
    flags |= _MESSAGE_CONTENT_FLAG if Intent.MESSAGE_CONTENT in intents else 0
    flags |= _MEMBERS_FLAG if Intent.GUILD_MEMBERS in intents else 0
    flags |= _PRESENCE_FLAG if Intent.GUILD_PRESENCES in intents else 0
    return {
        "id": str(application.id),
        "name": application.name,
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "bot": user_payload(application.bot),
        "owner": user_payload(application.owner),
        "verify_key": application.verify_key,
        "team": None,
        "flags": flags,
        "interactions_endpoint_url": None,
        "integration_types_config": {"0": {}, "1": {}},
    }


def embed_payload(embed: Payload) -> Payload:
    """Render an embed as Discord hands it back: of the type rich."""
    return embed | {"type": "rich"}


def flags_value(flags: MessageFlag, *, has_thread: bool) -> int:
    """Give the flags of a message as a number, with the thread that hangs on it."""
    return int(flags | MessageFlag.HAS_THREAD) if has_thread else int(flags)


def permissions_text(permissions: Permission = ALL_PERMISSIONS) -> str:
    """Give permissions as the decimal text of the wire."""
    return str(int(permissions))


def _overwrites(channel: ChannelState) -> list[Payload]:
    return [
        {
            "id": str(target),
            "type": int(one.is_member),
            "allow": permissions_text(one.allowed),
            "deny": permissions_text(one.denied),
        }
        for target, one in channel.overwrites.items()
    ]
