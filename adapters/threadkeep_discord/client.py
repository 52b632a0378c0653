"""discord.py's client with the least that a bot needs: calls, and what is known of servers."""

import threading
from typing import Any

import discord
from discord.gateway import KeepAliveHandler
from discord.state import ConnectionState

from threadkeep_discord.rest import HostedHTTPClient


class ServerCache(ConnectionState[Any]):
    """Know servers and their channels, of all shards of this process together."""

    def parse_ready(self, data: Any) -> None:
        """Begin anew for one shard: its servers arrive after this.

        discord.py's own would forget the servers of all shards, and wait for those of this one in a task.
        """
        shard_id = data["shard"][0] if "shard" in data else None
        for guild in tuple(self._guilds.values()):
            if guild.shard_id == shard_id or shard_id is None or guild.shard_id is None:
                self._remove_guild(guild)
        for guild_data in data["guilds"]:
            self._add_guild_from_data(guild_data)

    def learn_guild(self, payload: Any) -> None:
        """Take a server that the gateway did not tell of."""
        self._add_guild_from_data(payload)


class DiscordClient(discord.Client):
    """Make calls and keep what is known of servers; ping nobody; cache no messages and no members.

    The gateway is listened to by others, each with a shard of its own: this client has no connection to it.

    Args:
        message_content: Whether to ask for the privileged intent that shows what is not addressed to the bot.
        allowed_mentions: Whom messages may ping.
        api_url: The base URL of the API; None for Discord's.
    """

    def __init__(
        self, *, message_content: bool, allowed_mentions: discord.AllowedMentions, api_url: str | None
    ) -> None:
        self._api_url = api_url
        # Without these discord.py warns each bot that it cannot speak, which none of ours wants to.
        discord.VoiceClient.warn_nacl = False
        discord.VoiceClient.warn_dave = False
        super().__init__(
            intents=discord.Intents(
                guilds=True,
                guild_messages=True,
                dm_messages=True,
                guild_reactions=True,
                dm_reactions=True,
                message_content=message_content,
            ),
            allowed_mentions=allowed_mentions,
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
        )

    def _get_state(self, **options: Any) -> ConnectionState[Any]:
        self.http: HostedHTTPClient = HostedHTTPClient(self.loop, api_url=self._api_url)
        self.cache = ServerCache(
            dispatch=self.dispatch, handlers=self._handlers, hooks=self._hooks, http=self.http, **options
        )
        return self.cache

    async def setup_hook(self) -> None:
        """Learn where the gateway is, once the token was accepted."""
        await self.http.learn_gateway()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify at once: whoever connects a shard has waited for its turn."""

    def stop_heartbeats(self) -> None:
        """Stop the threads that beat for this client's connections.

        discord.py loses sight of the thread of a connection that is cut off between HELLO and IDENTIFY.
        """
        own = self.cache.call_hooks
        for thread in threading.enumerate():
            if isinstance(thread, KeepAliveHandler) and getattr(thread.ws, "call_hooks", None) == own:
                thread.stop()

    def dispatch(self, event: str, /, *_args: Any, **_kwargs: Any) -> None:
        """Tell nobody: events are taken from the gateway as they come, in order.

        discord.py would start a task for each, which nobody owns and nobody awaits.
        """
