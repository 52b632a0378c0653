"""Who may do what where, and how Discord refuses the rest.

https://discord.com/developers/docs/topics/permissions#permission-overwrites
"""

from functools import reduce
from operator import or_

from .errors import ApiError, missing_access, missing_permissions
from .flags import ALL_PERMISSIONS, FORUM_KINDS, NO_PERMISSIONS, VOICE_KINDS, ChannelKind, Permission
from .ids import Snowflake
from .model import ChannelState, GuildState, Overwrite, User
from .world import World


def permissions_in(world: World, user: User, channel: ChannelState) -> Permission:
    """Give what a user may do in a channel; a thread follows the channel that it hangs under."""
    guild = world.guild_of(channel)
    if guild is None:
        is_in = channel.kind is ChannelKind.DM or user in channel.recipients
        return ALL_PERMISSIONS if is_in else NO_PERMISSIONS
    if user.id not in guild.members:
        return NO_PERMISSIONS
    granted = everywhere_in(world, user, guild)
    if granted == ALL_PERMISSIONS:
        return granted
    if channel.kind is ChannelKind.PRIVATE_THREAD and not _is_in_thread(user, channel, granted):
        return NO_PERMISSIONS
    parent = world.channels[channel.parent_id] if channel.is_thread and channel.parent_id is not None else channel
    granted = _in_place(granted, parent, guild, user)
    if parent.kind in VOICE_KINDS and Permission.CONNECT not in granted:
        # Who may not join a voice channel may do nothing else in it either.
        return NO_PERMISSIONS
    return granted if Permission.VIEW_CHANNEL in granted else NO_PERMISSIONS


def everywhere_in(world: World, user: User, guild: GuildState) -> Permission:
    """Give what a member may do in a guild where no channel says otherwise."""
    granted = NO_PERMISSIONS
    for role in world.roles_of(guild, user):
        granted |= role.permissions
    is_all = user.id == guild.owner_id or Permission.ADMINISTRATOR in granted
    return ALL_PERMISSIONS if is_all else granted


def visible_channel(world: World, channel_id: Snowflake) -> ChannelState:
    """Give a channel that the bot can see.

    Raises:
        ApiError: 10003 when there is none, 50001 when the bot cannot see it.
    """
    channel = world.channel(channel_id)
    if not can_see(world, world.application.bot, channel):
        raise missing_access()
    return channel


def can_see(world: World, user: User, channel: ChannelState) -> bool:
    """Say whether a user can see a channel."""
    return Permission.VIEW_CHANNEL in permissions_in(world, user, channel)


def require(world: World, user: User, channel: ChannelState, needed: Permission) -> None:
    """Refuse what needs a permission that the user has not got there.

    Raises:
        ApiError: 50001 when the channel is out of sight, 50013 when a permission is missing.
    """
    granted = permissions_in(world, user, channel)
    if Permission.VIEW_CHANNEL not in granted:
        raise missing_access()
    if needed & ~granted:
        raise missing_permissions()


def require_posting(world: World, user: User, channel: ChannelState) -> None:
    """Refuse a post where the user may not write.

    Raises:
        ApiError: 50001, 50007, 50008, 50013 or 160005.
    """
    if channel.kind in {*FORUM_KINDS, ChannelKind.CATEGORY}:
        raise ApiError(400, 50008, "Cannot send messages in a non-text channel")
    if channel.is_closed_to_bot and user.is_bot:
        raise ApiError(403, 50007, "Cannot send messages to this user")
    needed = Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES
    require(world, user, channel, needed)
    locked = channel.thread is not None and channel.thread.is_locked
    if locked and Permission.MANAGE_THREADS not in permissions_in(world, user, channel):
        raise ApiError(403, 160005, "Thread is locked")


def _in_place(granted: Permission, channel: ChannelState, guild: GuildState, user: User) -> Permission:
    """Give what is granted where a channel says otherwise: for everyone, then for roles together, then for the user."""
    everyone = channel.overwrites.get(guild.id, Overwrite())
    roles = [one for role_id in guild.members[user.id].role_ids if (one := channel.overwrites.get(role_id))]
    together = Overwrite(
        allowed=reduce(or_, (one.allowed for one in roles), NO_PERMISSIONS),
        denied=reduce(or_, (one.denied for one in roles), NO_PERMISSIONS),
    )
    own = channel.overwrites.get(user.id, Overwrite())
    return own.apply(together.apply(everyone.apply(granted)))


def _is_in_thread(user: User, channel: ChannelState, granted: Permission) -> bool:
    if Permission.MANAGE_THREADS in granted:
        return True
    return channel.thread is not None and user.id in channel.thread.members
