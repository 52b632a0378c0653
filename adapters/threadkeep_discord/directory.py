"""Servers and channels that the gateway did not tell of, read by the HTTP API."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import discord
import structlog

from threadkeep.errors import PlatformError
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.places import MessageChannel
from threadkeep_discord.refusals import calling

_log = structlog.get_logger(__name__)

_MOST_CHANNELS = 1_000
_FORGET_FAILURE_SECONDS = 60.0


class Directory:
    """Know the servers and channels in which something happens.

    A gateway session that another process began tells nothing of the servers: its READY went to that process. A server
    is read when something happens in it, once, and kept up to date by the gateway from then on. What cannot be read is
    worked with as far as its id goes.

    Args:
        client: The client, logged in.
        clock: Seconds that only grow.
    """

    def __init__(self, client: DiscordClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._channels: OrderedDict[int, MessageChannel] = OrderedDict()
        self._failed: OrderedDict[int, float] = OrderedDict()

    async def channel(self, channel_id: int, *, guild_id: int | None) -> MessageChannel:
        """Give a channel or thread; a partial one if it cannot be read."""
        if guild_id is None:
            return self._client.get_partial_messageable(channel_id)
        found = self._cached(channel_id, guild_id)
        if found is None and not self._is_hopeless(guild_id):
            await self._try(guild_id, "read a server", lambda: self._read_guild(guild_id))
            found = self._cached(channel_id, guild_id)
        if found is None and not self._is_hopeless(guild_id) and not self._is_hopeless(channel_id):
            await self._try(channel_id, "read a channel", lambda: self._read_channel(channel_id))
            found = self._cached(channel_id, guild_id)
        return found or self._client.get_partial_messageable(channel_id, guild_id=guild_id)

    def known(self, channel_id: int, *, guild_id: int | None) -> MessageChannel:
        """Give a channel or thread as far as it is known, without asking; a partial one if it is not."""
        found = None if guild_id is None else self._cached(channel_id, guild_id)
        return found or self._client.get_partial_messageable(channel_id, guild_id=guild_id)

    async def speaker_of(self, user_id: int) -> str:
        """Give the name of a person, the id where it cannot be read."""
        try:
            async with calling("read a user"):
                return (await self._client.fetch_user(user_id)).display_name
        except PlatformError as error:
            _log.info("discord_user_unknown", user=user_id, reason=str(error))
            return str(user_id)

    async def member_of(self, user_id: int, *, guild_id: int) -> Any:
        """Give a person's membership of a server as Discord sends it; None where it cannot be read."""
        try:
            async with calling("read a member"):
                return await self._client.http.get_member(guild_id, user_id)
        except PlatformError as error:
            _log.info("discord_member_unknown", user=user_id, reason=str(error))
            return None

    async def message_payload(self, channel_id: int, message_id: int) -> Any:
        """Give a message as Discord sends it; None where it cannot be read."""
        try:
            async with calling("read a message"):
                return await self._client.http.get_message(channel_id, message_id)
        except PlatformError as error:
            _log.info("discord_message_unreadable", message=message_id, reason=str(error))
            return None

    def message(self, payload: Any, channel: MessageChannel) -> discord.Message:
        """Read a message that stands in a channel."""
        return discord.Message(state=self._client.cache, channel=channel, data=payload)

    def _cached(self, channel_id: int, guild_id: int) -> MessageChannel | None:
        guild = self._client.get_guild(guild_id)
        if guild is None:
            return None
        found = guild.get_channel_or_thread(channel_id)
        return found if isinstance(found, MessageChannel) else self._channels.get(channel_id)

    async def _try(self, subject: int, action: str, read: Callable[[], Any]) -> None:
        try:
            async with calling(action):
                await read()
        except PlatformError as error:
            _log.info("discord_lookup_failed", subject=subject, reason=str(error))
            self._failed[subject] = self._clock()
            _trim(self._failed)

    async def _read_guild(self, guild_id: int) -> None:
        guild = self._client.get_guild(guild_id)
        if guild is not None and not guild.unavailable:
            return
        http = self._client.http
        payload: dict[str, Any] = {**await http.get_guild(guild_id, with_counts=False)}
        payload["channels"] = await http.get_all_guild_channels(guild_id)
        payload["threads"] = (await http.get_active_threads(guild_id))["threads"]
        self._client.cache.learn_guild(payload)

    async def _read_channel(self, channel_id: int) -> None:
        found = await self._client.fetch_channel(channel_id)
        if isinstance(found, MessageChannel):
            self._channels[channel_id] = found
            _trim(self._channels)

    def _is_hopeless(self, subject: int) -> bool:
        failed_at = self._failed.get(subject)
        return failed_at is not None and self._clock() - failed_at < _FORGET_FAILURE_SECONDS


def _trim(known: OrderedDict[int, Any]) -> None:
    while len(known) > _MOST_CHANNELS:
        known.popitem(last=False)
