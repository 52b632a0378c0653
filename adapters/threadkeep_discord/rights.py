"""What a person may do in a place, by their roles and the channel's exceptions to them.

https://discord.com/developers/docs/topics/permissions#permission-hierarchy
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import discord

from threadkeep.chat.events import Place
from threadkeep.chat.rights import Rights
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.places import DIRECT_WORKSPACE
from threadkeep_discord.threads import Question

_THREADS: Final = frozenset({10, 11, 12})
_UNKNOWN_MEMBER: Final = 10007
_IN_TIMEOUT: Final = discord.Permissions(view_channel=True, read_message_history=True)

Payload = Mapping[str, Any]


async def rights_of(client: DiscordClient, place: Place, user_id: int) -> Rights:
    """Ask Discord for a person's roles and permissions in a place.

    They are read anew each time: who lost a role a moment ago must not act by it. In direct messages nobody has any.

    Raises:
        discord.HTTPException: Discord refuses.
    """
    workspace = place.session.workspace
    if workspace == DIRECT_WORKSPACE:
        return Rights()
    try:
        member: Payload = dict(await client.http.get_member(int(workspace), user_id))
    except discord.NotFound as error:
        if error.code != _UNKNOWN_MEMBER:
            raise
        return Rights()
    guild: Payload = dict(await client.http.get_guild(int(workspace), with_counts=False))
    channel = await _channel(client, place)
    granted = permissions_of(guild, channel, member)
    return Rights(
        roles=frozenset(str(role) for role in member["roles"]),
        permissions=frozenset(name for name, is_granted in granted if is_granted),
    )


def permissions_of(guild: Payload, channel: Payload, member: Payload) -> discord.Permissions:
    """Work out what a member may do in a channel that is not a thread, as Discord documents it."""
    user_id, everyone = str(member["user"]["id"]), str(guild["id"])
    roles = {everyone, *map(str, member["roles"])}
    granted = 0
    for role in guild["roles"]:
        if str(role["id"]) in roles:
            granted |= int(role["permissions"])
    if str(guild["owner_id"]) == user_id or discord.Permissions(granted).administrator:
        return discord.Permissions.all()
    exceptions = channel.get("permission_overwrites") or ()
    for subjects in ({everyone}, roles - {everyone}, {user_id}):
        granted = _with_exceptions(granted, exceptions, subjects)
    permissions = discord.Permissions(granted)
    if not permissions.view_channel:
        return discord.Permissions.none()
    return permissions & _IN_TIMEOUT if _is_in_timeout(member) else permissions


def _with_exceptions(granted: int, exceptions: Iterable[Payload], subjects: Collection[str]) -> int:
    own = [one for one in exceptions if str(one["id"]) in subjects]
    for one in own:
        granted &= ~int(one["deny"])
    for one in own:
        granted |= int(one["allow"])
    return granted


def _is_in_timeout(member: Payload) -> bool:
    until = member.get("communication_disabled_until")
    return bool(until) and datetime.fromisoformat(str(until)) > datetime.now(tz=UTC)


async def _channel(client: DiscordClient, place: Place) -> Payload:
    """Give the channel whose exceptions hold in a place: of a thread that is the one above it."""
    question = Question.parse(place.reply_to)
    # A thread that is to be opened for the answer may not be there yet.
    channel_id = int(place.session.channel) if question is None else question.channel_id
    channel: Payload = dict(await client.http.get_channel(channel_id))
    if channel["type"] in _THREADS:
        return dict(await client.http.get_channel(int(channel["parent_id"])))
    return channel
