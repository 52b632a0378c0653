"""How an interaction looks on the wire.

https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object
"""

from typing import Protocol

from .flags import ALL_PERMISSIONS, Intent, InteractionKind, MessageFlag
from .guests import context_of, owners
from .ids import Snowflake
from .model import ChannelState, Message, Payload, User
from .permissions import permissions_in
from .render import channel_payload, member_payload, permissions_text, user_payload
from .render_message import message_payload
from .world import World

_FILE_LIMIT = 10 * 1024 * 1024


class Started(Protocol):
    """Be an interaction as far as its payload goes."""

    id: Snowflake
    token: str
    kind: InteractionKind
    user: User
    channel: ChannelState
    data: Payload
    source: Message | None


def interaction_payload(world: World, started: Started, intents: Intent) -> Payload:
    """Render an interaction for the application."""
    channel = started.channel
    guild = world.guild_of(channel)
    payload: Payload = {
        "id": str(started.id),
        "application_id": str(world.application.id),
        "type": int(started.kind),
        "token": started.token,
        "version": 1,
        "data": started.data,
        "channel_id": str(channel.id),
        "channel": channel_payload(world, channel) | {"permissions": permissions_text()},
        "app_permissions": permissions_text(permissions_in(world, world.application.bot, channel)),
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": owners(world, channel, started.user),
        "context": context_of(channel),
        "attachment_size_limit": _FILE_LIMIT,
    }
    if started.source is not None:
        payload["message"] = message_payload(world, started.source, intents)
    if guild is None:
        return payload | {"user": user_payload(started.user)}
    permissions = permissions_in(world, started.user, channel) or ALL_PERMISSIONS
    member = member_payload(guild.members[started.user.id])
    return payload | {
        "guild_id": str(guild.id),
        "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
        "guild_locale": "en-US",
        "member": member | {"permissions": permissions_text(permissions)},
    }


def callback_payload(world: World, started: Started, kind: int, message: Message | None, intents: Intent) -> Payload:
    """Render what the callback answers when it is asked for the response."""
    interaction: Payload = {"id": str(started.id), "type": int(started.kind)}
    resource: Payload = {"type": kind}
    if message is not None:
        interaction |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.is_loading,
            "response_message_ephemeral": MessageFlag.EPHEMERAL in message.flags,
        }
        resource["message"] = message_payload(world, message, intents)
    return {"interaction": interaction, "resource": resource}
