"""The events that the gateway dispatches: who gets them and what they carry.

https://discord.com/developers/docs/events/gateway-events#receive-events
"""

from collections.abc import Callable
from dataclasses import dataclass

from threadkeep_emulators.discord.flags import NO_INTENTS, Intent
from threadkeep_emulators.discord.ids import Snowflake
from threadkeep_emulators.discord.model import ChannelState, GuildState, Member, Message, Payload, Role, User
from threadkeep_emulators.discord.render import channel_payload, guild_payload, member_payload, role_payload
from threadkeep_emulators.discord.render_message import dispatched_message
from threadkeep_emulators.discord.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Be something that happened, rendered for each session by its intents.

    Attributes:
        name: The event's name on the wire.
        render: Gives the payload for a session with the given intents, as things stand when it is called.
        intent: What a session must have asked for; none stands for events that everybody gets.
        guild_id: The guild that it happened in; direct messages belong to the first shard.
        channel: Where it happened, if only who sees that place may hear of it.
        is_for_guests: Whether the bot hears of it in guilds that it is not in.
    """

    name: str
    render: Callable[[Intent], Payload]
    intent: Intent = NO_INTENTS
    guild_id: Snowflake | None = None
    channel: ChannelState | None = None
    is_for_guests: bool = False


def guild_available(world: World, guild: GuildState) -> Event:
    """Say that a guild named in READY is there."""
    return Event(
        name="GUILD_CREATE",
        render=lambda intents: guild_payload(world, guild, intents) | {"unavailable": False},
        intent=Intent.GUILDS,
        guild_id=guild.id,
    )


def guild_joined(world: World, guild: GuildState) -> Event:
    """Say that the bot came into a guild; the missing mark tells it from one that became available."""
    return Event(
        name="GUILD_CREATE",
        render=lambda intents: guild_payload(world, guild, intents),
        intent=Intent.GUILDS,
        guild_id=guild.id,
    )


def channel_changed(world: World, channel: ChannelState, verb: str, **extra: object) -> Event:
    """Say that a channel or thread was created, updated or deleted."""
    kind = "THREAD" if channel.is_thread else "CHANNEL"
    payload = channel_payload(world, channel) | extra
    intent = NO_INTENTS if channel.is_dm else Intent.GUILDS
    return Event(
        name=f"{kind}_{verb}",
        render=lambda _: payload,
        intent=intent,
        guild_id=channel.guild_id,
        # Bots hear of every plain channel, also of one that they cannot see.
        channel=channel if channel.is_thread else None,
    )


def message_changed(world: World, message: Message, name: str) -> Event:
    """Say that a message was posted or edited."""
    channel = world.channels[message.channel_id]
    return Event(
        name=name,
        render=lambda intents: dispatched_message(world, message, intents),
        intent=Intent.DIRECT_MESSAGES if channel.is_dm else Intent.GUILD_MESSAGES,
        guild_id=channel.guild_id,
        channel=channel,
    )


def message_deleted(channel: ChannelState, message: Message) -> Event:
    """Say that a message was deleted."""
    payload = {"id": str(message.id), "channel_id": str(channel.id)}
    return Event(
        name="MESSAGE_DELETE",
        render=lambda _: _in_guild(channel, payload),
        intent=Intent.DIRECT_MESSAGES if channel.is_dm else Intent.GUILD_MESSAGES,
        guild_id=channel.guild_id,
        channel=channel,
    )


def reaction_changed(channel: ChannelState, name: str, payload: Payload, member: Member | None) -> Event:
    """Say that a reaction was put under a message or taken away."""
    if member is not None:
        payload = payload | {"member": member_payload(member)}
    return Event(
        name=name,
        render=lambda _: _in_guild(channel, payload),
        intent=Intent.DIRECT_MESSAGE_REACTIONS if channel.is_dm else Intent.GUILD_MESSAGE_REACTIONS,
        guild_id=channel.guild_id,
        channel=channel,
    )


def typing_started(channel: ChannelState, user: User, moment: float, member: Member | None) -> Event:
    """Say that somebody types."""
    payload: Payload = {
        "channel_id": str(channel.id),
        "user_id": str(user.id),
        "timestamp": int(moment),
    }
    if member is not None:
        payload["member"] = member_payload(member)
    return Event(
        name="TYPING_START",
        render=lambda _: _in_guild(channel, payload),
        intent=Intent.DIRECT_MESSAGE_TYPING if channel.is_dm else Intent.GUILD_MESSAGE_TYPING,
        guild_id=channel.guild_id,
        channel=channel,
    )


def member_added(guild: GuildState, member: Member) -> Event:
    """Say that somebody joined a guild."""
    payload = member_payload(member) | {"guild_id": str(guild.id)}
    return Event(
        name="GUILD_MEMBER_ADD",
        render=lambda _: payload,
        intent=Intent.GUILD_MEMBERS,
        guild_id=guild.id,
    )


def role_created(guild: GuildState, role: Role) -> Event:
    """Say that a guild has a new role."""
    payload: Payload = {"guild_id": str(guild.id), "role": role_payload(role)}
    return Event(name="GUILD_ROLE_CREATE", render=lambda _: payload, intent=Intent.GUILDS, guild_id=guild.id)


def thread_members_changed(channel: ChannelState, added: list[Payload], removed: list[str]) -> Event:
    """Say who joined and left a thread; without the members intent the bot hears only of itself."""
    thread = channel.thread
    payload: Payload = {
        "id": str(channel.id),
        "guild_id": str(channel.guild_id),
        "member_count": 0 if thread is None else len(thread.members),
        "added_members": added,
        "removed_member_ids": removed,
    }
    return Event(
        name="THREAD_MEMBERS_UPDATE",
        render=lambda _: payload,
        intent=Intent.GUILDS,
        guild_id=channel.guild_id,
        channel=channel,
    )


def interaction_created(payload: Payload, guild_id: Snowflake | None) -> Event:
    """Say that somebody used a command or a component; no intent is needed for it."""
    return Event(name="INTERACTION_CREATE", render=lambda _: payload, guild_id=guild_id, is_for_guests=True)


def _in_guild(channel: ChannelState, payload: Payload) -> Payload:
    return payload if channel.guild_id is None else payload | {"guild_id": str(channel.guild_id)}
