"""discord.py's client with the least that a bot needs, and with events handed over in order."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import discord
import structlog
from discord.gateway import KeepAliveHandler
from discord.state import ConnectionState

from threadkeep_discord.rest import HostedHTTPClient

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """What a client tells its owner. Both are called synchronously, in the order of the gateway.

    Attributes:
        on_ready: The gateway has accepted the bot.
        on_message: Somebody posted a message.
    """

    on_ready: Callable[[], None]
    on_message: Callable[[discord.Message], None]


class GatewayClient(discord.Client):
    """Hear messages and nothing else; ping nobody; cache no messages and no members.

    Args:
        listeners: Who is told of what the gateway brings.
        message_content: Whether to ask for the privileged intent that shows what is not addressed to the bot.
        allowed_mentions: Whom messages may ping.
        api_url: The base URL of the API; None for Discord's.
    """

    def __init__(
        self,
        *,
        listeners: Listeners,
        message_content: bool,
        allowed_mentions: discord.AllowedMentions,
        api_url: str | None,
    ) -> None:
        self._listening = listeners
        self._api_url = api_url
        # Without these discord.py warns each bot that it cannot speak, which none of ours wants to.
        discord.VoiceClient.warn_nacl = False
        discord.VoiceClient.warn_dave = False
        super().__init__(
            intents=discord.Intents(
                guilds=True, guild_messages=True, dm_messages=True, message_content=message_content
            ),
            allowed_mentions=allowed_mentions,
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            # READY is enough: a server's messages arrive after the server itself, and nothing here asks for all.
            guild_ready_timeout=0.0,
        )

    def _get_state(self, **options: Any) -> ConnectionState[Any]:
        self.http: HostedHTTPClient = HostedHTTPClient(self.loop, api_url=self._api_url)
        state: ConnectionState[Any] = super()._get_state(**options)
        # An exception in a parser ends discord.py's gateway loop. READY alone must not be skipped.
        state.parsers = {
            name: parse if name == "READY" else _skipping(name, parse) for name, parse in state.parsers.items()
        }
        return state

    async def setup_hook(self) -> None:
        """Learn where the gateway is, once the token was accepted."""
        await self.http.learn_gateway()

    def stop_heartbeats(self) -> None:
        """Stop the threads that beat for this client's connections.

        discord.py loses sight of the thread of a connection that is cut off between HELLO and IDENTIFY.
        """
        own = self._connection.call_hooks
        for thread in threading.enumerate():
            if isinstance(thread, KeepAliveHandler) and getattr(thread.ws, "call_hooks", None) == own:
                thread.stop()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Hand events to the listeners at once.

        discord.py would start a task for each, which nobody owns and nobody awaits.
        """
        if event == "message":
            self._listening.on_message(args[0])
        elif event == "ready":
            self._listening.on_ready()
        else:
            super().dispatch(event, *args, **kwargs)


def _skipping(name: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
    def parse_or_skip(payload: Any) -> None:
        try:
            parse(payload)
        except Exception:  # noqa: BLE001 - whatever one payload breaks must not end the connection; it is reported
            fields = payload if isinstance(payload, dict) else {}
            _log.exception("discord_event_skipped", kind=name, id=fields.get("id"), channel=fields.get("channel_id"))

    return parse_or_skip
