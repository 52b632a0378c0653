"""Guilds, their members and roles: https://discord.com/developers/docs/resources/guild ."""

from threadkeep_emulators.discord.errors import missing_access
from threadkeep_emulators.discord.flags import Intent
from threadkeep_emulators.discord.ids import Snowflake
from threadkeep_emulators.discord.model import GuildState
from threadkeep_emulators.discord.render import (
    channel_payload,
    guild_fields,
    member_payload,
    role_payload,
    thread_member_payload,
)

from .request import ApiAnswer, ApiRequest


def get_guild(request: ApiRequest) -> ApiAnswer:
    """Give a guild: https://discord.com/developers/docs/resources/guild#get-guild ."""
    return ApiAnswer(body=guild_fields(_guild(request)))


def get_channels(request: ApiRequest) -> ApiAnswer:
    """Give a guild's channels without threads.

    https://discord.com/developers/docs/resources/guild#get-guild-channels
    """
    plain = [channel for channel in _guild(request).channels.values() if not channel.is_thread]
    return ApiAnswer(body=[channel_payload(request.realm.world, channel) for channel in plain])


def get_roles(request: ApiRequest) -> ApiAnswer:
    """Give a guild's roles: https://discord.com/developers/docs/resources/guild#get-guild-roles ."""
    return ApiAnswer(body=[role_payload(role) for role in _guild(request).roles.values()])


def get_member(request: ApiRequest) -> ApiAnswer:
    """Give a member: https://discord.com/developers/docs/resources/guild#get-guild-member ."""
    guild = _guild(request)
    member = request.realm.world.member(guild.id, request.snowflake("user_id"))
    return ApiAnswer(body=member_payload(member))


def get_members(request: ApiRequest) -> ApiAnswer:
    """List members, for who has the members intent.

    https://discord.com/developers/docs/resources/guild#list-guild-members
    """
    if Intent.GUILD_MEMBERS not in request.realm.enabled_intents:
        raise missing_access()
    after = Snowflake(int(request.query.get("after", 0)))
    limit = int(request.query.get("limit", 1))
    members = sorted(_guild(request).members.values(), key=lambda member: member.user.id)
    found = [member for member in members if member.user.id > after][:limit]
    return ApiAnswer(body=[member_payload(member) for member in found])


def get_active_threads(request: ApiRequest) -> ApiAnswer:
    """Give the threads that are not archived.

    https://discord.com/developers/docs/resources/guild#list-active-guild-threads
    """
    world = request.realm.world
    threads = world.threads_of(_guild(request))
    bot = request.realm.bot
    return ApiAnswer(
        body={
            "threads": [channel_payload(world, channel) for channel in threads],
            "members": [
                thread_member_payload(channel, bot, channel.thread.members[bot.id])
                for channel in threads
                if channel.thread is not None and bot.id in channel.thread.members
            ],
            "has_more": False,
        }
    )


def _guild(request: ApiRequest) -> GuildState:
    guild = request.realm.world.guild(request.snowflake("guild_id"))
    if request.realm.bot.id not in guild.members:
        raise missing_access()
    return guild
