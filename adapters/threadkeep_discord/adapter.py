"""The adapter: what a bot sees of Discord."""

from collections.abc import Mapping
from typing import Self

import discord
import structlog
from pydantic import SecretStr

from threadkeep.chat.adapter import Reply, ReplyRequest, Sink
from threadkeep.chat.reply import EditingReply, ReplyLimits
from threadkeep.errors import PlatformUnavailableError
from threadkeep_discord.connection import GatewayConnection
from threadkeep_discord.events import PLATFORM, ReplyIn, is_unreadable, read_message
from threadkeep_discord.intake import Intake
from threadkeep_discord.limits import EDIT_INTERVAL, MESSAGE_LENGTH
from threadkeep_discord.poster import DiscordPoster
from threadkeep_discord.refusals import ENABLE_CONTENT
from threadkeep_discord.settings import DiscordSettings, read_settings
from threadkeep_discord.text import utf16_length

_log = structlog.get_logger(__name__)

_START_SECONDS = 60.0
_DRAIN_SECONDS = 5.0

_LIMITS = ReplyLimits(part_length=MESSAGE_LENGTH, measure=utf16_length, edit_interval=EDIT_INTERVAL)


class DiscordAdapter:
    """Connect a bot to Discord by the gateway. Implements ``threadkeep.chat.adapter.Adapter``.

    It asks for no privileged intent unless told to, and its messages ping nobody unless told whom.

    Args:
        token: The bot's token.
        message_content: Whether to ask for the privileged Message Content Intent, which shows what is said without
            addressing the bot.
        reply_in: Where a question in a channel is answered: ``place``, by a reply, or ``thread``, in a new thread.
        link_previews: Whether Discord may fetch the links of an answer to show previews of them.
        allowed_mentions: Whom messages may ping: what is not set in it is forbidden.
        api_url: The base URL of the API, for another host than Discord's.

    Raises:
        ConfigError: The token or the URL cannot be right.
    """

    def __init__(
        self,
        token: str | SecretStr,
        *,
        message_content: bool = False,
        reply_in: ReplyIn = "place",
        link_previews: bool = False,
        allowed_mentions: discord.AllowedMentions | None = None,
        api_url: str | None = None,
    ) -> None:
        self._settings = DiscordSettings(
            token=SecretStr(token) if isinstance(token, str) else token,
            message_content=message_content,
            reply_in=reply_in,
            link_previews=link_previews,
            api_url=api_url,
        )
        # discord.py takes what is left out for allowed; here it stays forbidden.
        self._allowed_mentions = discord.AllowedMentions.none().merge(allowed_mentions or discord.AllowedMentions())
        self._connection: GatewayConnection | None = None
        self._intake: Intake | None = None
        self._has_told_blank = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self | None:
        """Build the adapter from ``DISCORD_BOT_TOKEN`` and its companions; None if no token is set.

        Raises:
            ConfigError: A variable is wrong; the message says which, and where to get it.
        """
        settings = read_settings(environ)
        if settings is None:
            return None
        return cls(
            settings.token,
            message_content=settings.message_content,
            reply_in=settings.reply_in,
            link_previews=settings.link_previews,
            api_url=settings.api_url,
        )

    @property
    def name(self) -> str:
        """The platform part of every key."""
        return PLATFORM

    @property
    def description(self) -> str:
        """Which bot it is and how many servers it is in, once connected."""
        client = self._connection.client if self._connection is not None else None
        if client is None or client.user is None:
            return "Discord (not connected)"
        count = len(client.guilds)
        return f"Discord as @{client.user.name} in {count} {'server' if count == 1 else 'servers'} (gateway)"

    async def start(self, sink: Sink) -> None:
        """Connect, and hand messages to the sink from then on.

        Raises:
            PlatformAuthError: Discord refuses the token, or the Message Content Intent.
            PlatformUnavailableError: Discord cannot be reached.
            PlatformError: It refuses for another reason.
        """
        self._intake = Intake(sink)
        self._connection = GatewayConnection(
            self._settings, allowed_mentions=self._allowed_mentions, on_message=self._take
        )
        try:
            self._intake.open()
            await self._connection.open(timeout=_START_SECONDS)
        except BaseException:
            await self.stop()
            raise

    async def wait_closed(self) -> None:
        """Return when the adapter is stopped.

        Raises:
            PlatformError: Discord ended the connection for good; the message says what to do.
        """
        if self._connection is not None:
            await self._connection.wait_closed()

    async def stop(self) -> None:
        """Disconnect, then hand over what had arrived. Harmless when not started; takes seconds at most."""
        connection, self._connection = self._connection, None
        intake, self._intake = self._intake, None
        if connection is not None:
            await connection.aclose()
        if intake is not None:
            await intake.aclose(grace=_DRAIN_SECONDS)

    def open_reply(self, request: ReplyRequest) -> Reply:
        """Open a reply that posts messages and edits them."""
        poster = DiscordPoster(request, client=self._connected, link_previews=self._settings.link_previews)
        return EditingReply(request, poster, _LIMITS)

    def _connected(self) -> discord.Client:
        if self._connection is None or self._connection.client.is_closed():
            raise PlatformUnavailableError("Discord is not connected")
        return self._connection.client

    def _take(self, message: discord.Message) -> None:
        if self._connection is None or self._intake is None or self._connection.client.user is None:
            return
        bot_id = self._connection.client.user.id
        event = read_message(message, bot_id=bot_id, reply_in=self._settings.reply_in)
        if event is not None:
            self._intake.put(event)
        elif not self._settings.message_content and is_unreadable(message, bot_id=bot_id):
            self._tell_what_blank_costs()

    def _tell_what_blank_costs(self) -> None:
        if not self._has_told_blank:
            self._has_told_blank = True
            _log.warning(
                "discord_messages_unreadable",
                cost="What is said in threads without mentioning the bot arrives without its text, and so does a reply "
                "to it that does not ping it: it is neither answered nor kept as context.",
                remedy=f"{ENABLE_CONTENT}, and set DISCORD_MESSAGE_CONTENT=1.",
            )
