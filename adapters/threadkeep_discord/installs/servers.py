"""What the bot may do in a server, compared with what it needs."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

import discord

from threadkeep.chat.findings import Finding, Verdict
from threadkeep.errors import PlatformError
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.installs.needs import PermissionNeed
from threadkeep_discord.refusals import calling

_NAMED: Final = 5
_ONLY_IN_THREADS: Final = "send_messages_in_threads"
_ALSO_IN_FORUMS: Final = frozenset({"view_channel", _ONLY_IN_THREADS, "read_message_history", "attach_files"})
_ONLY_WITH_THREADS: Final = frozenset({_ONLY_IN_THREADS, "create_public_threads"})

Written = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel


class ServerCheck:
    """Look at the bot's permissions in servers and in their channels.

    Args:
        client: The client, logged in.
        needs: What the bot needs.
    """

    def __init__(self, client: DiscordClient, needs: Sequence[PermissionNeed]) -> None:
        self._client: Final = client
        self._needs: Final = needs

    async def examine(self, only: int | None = None) -> AsyncIterator[Finding]:
        """Look at all servers, or at one."""
        async with calling("list the servers"):
            servers = [one async for one in self._client.fetch_guilds(limit=None, with_counts=False)]
        chosen = [one for one in servers if only is None or one.id == only]
        if not chosen:
            where = "in no server" if only is None else f"not in the server {only}"
            yield Finding(verdict=Verdict.WANTING, what=f"the bot is {where}", remedy="threadkeep discord invite BOT")
        for server in chosen:
            try:
                findings = await self._look_at(server.id)
            except PlatformError as error:
                findings = [Finding(verdict=Verdict.UNSEEN, what=f"{server.name}: {error}")]
            for finding in findings:
                yield finding

    async def _look_at(self, guild_id: int) -> list[Finding]:
        async with calling("read a server"):
            guild = await self._client.fetch_guild(guild_id, with_counts=False)
            channels = await guild.fetch_channels()
            own = await guild.fetch_member(self._client.user.id if self._client.user is not None else 0)
        lacking = {need.flag for need in self._needs if not getattr(own.guild_permissions, need.flag)}
        found = [
            _lack(need, guild.name, f"Server Settings > Roles: give the bot's role {need.label}")
            for need in self._needs
            if need.flag in lacking
        ]
        written = [channel for channel in channels if isinstance(channel, Written)]
        rights = {channel.name: _lacks(channel, own, self._needs) - lacking for channel in written}
        found += self._in_channels(guild.name, rights)
        if not found:
            found.append(Finding(verdict=Verdict.FINE, what=f"{guild.name}: nothing is missing"))
        return found

    def _in_channels(self, server: str, lacks: Mapping[str, set[str]]) -> list[Finding]:
        # A channel that the bot does not see is usually meant to be so, and whatever else it lacks there follows.
        hidden = [name for name, flags in lacks.items() if "view_channel" in flags]
        found = []
        if hidden:
            found.append(
                Finding(
                    verdict=Verdict.UNSEEN,
                    what=f"{server}: it does not see {_names(hidden)}",
                    remedy="if it should: Edit Channel > Permissions > add the bot's role, allow View Channel (and "
                    "Connect in voice channels)",
                )
            )
        for need in self._needs:
            names = [name for name, flags in lacks.items() if need.flag in flags and name not in hidden]
            if names:
                where = f"{server}, in {_names(names)}"
                found.append(_lack(need, where, f"Edit Channel > Permissions: allow the bot's role {need.label}"))
        return found


def _lack(need: PermissionNeed, where: str, remedy: str) -> Finding:
    verdict = Verdict.MISSING if need.is_required else Verdict.WANTING
    return Finding(verdict=verdict, what=f"{where}: no permission {need.label}: {need.without}", remedy=remedy)


def _lacks(channel: Written, own: discord.Member, needs: Sequence[PermissionNeed]) -> set[str]:
    held = channel.permissions_for(own)
    missing = {need.flag for need in needs if not getattr(held, need.flag)}
    if isinstance(channel, discord.ForumChannel):
        return missing & _ALSO_IN_FORUMS
    if isinstance(channel, discord.TextChannel):
        return missing
    # Nothing can be said in a voice channel by who may not join it.
    missing -= _ONLY_WITH_THREADS
    return missing if held.connect else missing | {"view_channel"}


def _names(channels: Sequence[str]) -> str:
    named = ", ".join(f"#{name}" for name in channels[:_NAMED])
    more = len(channels) - _NAMED
    return f"{named} and {more} more" if more > 0 else named
