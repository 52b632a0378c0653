"""Places to which somebody brought the bot along, though it is not in them: other servers and group messages.

https://discord.com/developers/docs/resources/application#installation-context
"""

from collections.abc import Sequence
from typing import Final

from .errors import ApiError, EmulatorError
from .flags import ChannelKind
from .ids import Snowflake
from .model import ChannelState, Payload, User
from .world import World

GUILD, BOT_DM, PRIVATE = 0, 1, 2
"""Where a command is used: https://discord.com/developers/docs/interactions/application-commands#interaction-contexts"""

_GUILD_INSTALL, _USER_INSTALL = 0, 1
_MOST_FOLLOW_UPS: Final = 5


def group_channel(channel_id: Snowflake, name: str, members: Sequence[User]) -> ChannelState:
    """Make a group message; no bot can be in one."""
    return ChannelState(id=channel_id, kind=ChannelKind.GROUP_DM, name=name, recipients=tuple(members))


def context_of(channel: ChannelState) -> int:
    """Say in what kind of place a channel is."""
    if channel.guild_id is not None:
        return GUILD
    return BOT_DM if channel.kind is ChannelKind.DM else PRIVATE


def is_guest(world: World, channel: ChannelState) -> bool:
    """Say whether the bot is in a place only because somebody who uses it there has brought it along."""
    guild = world.guild_of(channel)
    if guild is None:
        return channel.kind is ChannelKind.GROUP_DM
    return world.application.bot.id not in guild.members


def owners(world: World, channel: ChannelState, user: User) -> Payload:
    """Say who has installed the application where an interaction happens."""
    if is_guest(world, channel):
        return {str(_USER_INSTALL): str(user.id)}
    # Outside of servers the installation in a server has the id 0.
    return {str(_GUILD_INSTALL): "0" if channel.guild_id is None else str(channel.guild_id)}


def require_listed(world: World, channel: ChannelState, command: Payload) -> None:
    """Refuse a command that people do not see in a place.

    Raises:
        EmulatorError: It is not listed there.
    """
    contexts, installs = command.get("contexts"), command.get("integration_types") or [_GUILD_INSTALL]
    name = command["name"]
    if contexts is not None and context_of(channel) not in contexts:
        raise EmulatorError(f"/{name} is not listed here: its contexts are {contexts}")
    needed = _USER_INSTALL if is_guest(world, channel) else _GUILD_INSTALL
    if needed not in installs and channel.kind is not ChannelKind.DM:
        raise EmulatorError(f"/{name} is not listed here: its integration_types are {installs}")


def check_follow_ups(world: World, channel: ChannelState, count: int) -> None:
    """Refuse another message of an interaction where the bot is a guest and has sent enough of them.

    https://discord.com/developers/docs/interactions/receiving-and-responding#create-followup-message

    Raises:
        ApiError: 40094.
    """
    if is_guest(world, channel) and count >= _MOST_FOLLOW_UPS:
        text = "This interaction callback has reached the maximum number of follow up messages"
        raise ApiError(400, 40094, text)
