"""The adapter: what a bot sees of Discord."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Self

import discord
from pydantic import SecretStr

from threadkeep.chat.adapter import Reply, ReplyRequest, SharedState, Sink
from threadkeep.chat.events import Event, Place
from threadkeep.chat.reply import EditingReply, ReplyLimits
from threadkeep.errors import PlatformUnavailableError
from threadkeep.messages import Attachment, File
from threadkeep_discord.arrivals import ArrivalReader
from threadkeep_discord.catch_up import MissedMessages
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.crew import ShardCrew
from threadkeep_discord.directory import Directory
from threadkeep_discord.files import DiscordFiles
from threadkeep_discord.ingress import gather_crew, log_in
from threadkeep_discord.limits import EDIT_INTERVAL, MESSAGE_LENGTH
from threadkeep_discord.places import PLATFORM, ReplyIn
from threadkeep_discord.poster import DiscordPoster
from threadkeep_discord.settings import DiscordSettings, Shards, read_settings
from threadkeep_discord.text import utf16_length

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
        shards: How many shards the bot has; ``auto`` for as many as Discord recommends.
        shards_per_process: How many of them this process runs at most.

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
        shards: Shards = 1,
        shards_per_process: int | None = None,
    ) -> None:
        self._settings = DiscordSettings(
            token=SecretStr(token) if isinstance(token, str) else token,
            message_content=message_content,
            reply_in=reply_in,
            link_previews=link_previews,
            api_url=api_url,
            shards=shards,
            shards_per_process=shards_per_process,
        )
        # discord.py takes what is left out for allowed; here it stays forbidden.
        self._allowed_mentions = discord.AllowedMentions.none().merge(allowed_mentions or discord.AllowedMentions())
        self._files = DiscordFiles(self._connected, api_url=self._settings.api_url)
        self._client: DiscordClient | None = None
        self._directory: Directory | None = None
        self._crew: ShardCrew | None = None
        self._gap = asyncio.Event()
        self._over = asyncio.Event()

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
            shards=settings.shards,
            shards_per_process=settings.shards_per_process,
        )

    @property
    def name(self) -> str:
        """The platform part of every key."""
        return PLATFORM

    @property
    def description(self) -> str:
        """Which bot it is and how many servers it is in, once connected."""
        client = self._client
        if client is None or client.user is None:
            return "Discord (not connected)"
        return f"Discord as @{client.user.name}{_servers(client)} ({_role(self._crew)})"

    @property
    def is_connected(self) -> bool:
        """Whether it is logged in, and the gateway sends what happens or this process stands by."""
        client = self._client
        return client is not None and not client.is_closed() and (self._crew is None or self._crew.is_up)

    async def start(self, sink: Sink | None, shared: SharedState | None = None) -> None:
        """Log in, and hand what happens to the sink from then on.

        Processes that share their state run each shard once: where others run all of them, this one stands by and
        takes over within seconds. It can reply meanwhile.

        Args:
            sink: Takes the events; None logs in for replies only.
            shared: What the processes of the bot share.

        Raises:
            PlatformAuthError: Discord refuses the token, or the Message Content Intent.
            PlatformUnavailableError: Discord cannot be reached.
            PlatformError: It refuses for another reason.
        """
        self._over.clear()
        client = DiscordClient(
            message_content=self._settings.message_content,
            allowed_mentions=self._allowed_mentions,
            api_url=self._settings.api_url,
        )
        self._client = client
        try:
            await log_in(client, self._settings.token.get_secret_value())
            self._directory = Directory(client)
            if sink is not None:
                reader = self._reader()
                self._crew = await gather_crew(
                    client, self._settings, sink=sink, shared=shared, reader=reader, on_gap=self._gap.set
                )
                await self._crew.open(timeout=_START_SECONDS)
        except BaseException:
            await self.stop()
            raise

    async def wait_closed(self) -> None:
        """Return when the adapter is stopped.

        Raises:
            PlatformError: Discord ended the connection for good; the message says what to do.
        """
        if self._crew is not None:
            await self._crew.wait_closed()
        elif self._client is not None:
            await self._over.wait()

    async def wait_gap(self) -> None:
        """Return when messages may have been missed since the last call: a gateway session has begun anew.

        The sessions of processes that share their state go on from one to the next, so that nothing is missed, unless
        Discord has given them up.
        """
        await self._gap.wait()
        self._gap.clear()

    def missed(self, place: Place, *, after: str, most: int) -> AsyncIterator[Event]:
        """Read what was said in a place after a message, oldest first, at most so many messages.

        Raises:
            PlatformError: The place cannot be read, or the adapter is not connected.
        """
        client = self._connected()
        directory = self._directory or Directory(client)
        return MissedMessages(client, directory, self._reader()).read(place, after=after, most=most)

    async def stop(self) -> None:
        """Disconnect, then hand over what had arrived. Harmless when not started; takes seconds at most."""
        crew, self._crew = self._crew, None
        client, self._client = self._client, None
        self._directory = None
        if crew is not None:
            await crew.aclose(grace=_DRAIN_SECONDS)
        await self._files.aclose()
        if client is not None:
            await client.close()
            client.stop_heartbeats()
        self._over.set()

    def open_reply(self, request: ReplyRequest) -> Reply:
        """Open a reply that posts messages and edits them."""
        poster = DiscordPoster(request, client=self._connected, link_previews=self._settings.link_previews)
        return EditingReply(request, poster, _LIMITS)

    async def read_file(self, place: Place, attachment: Attachment, *, most: int) -> File:  # noqa: ARG002 - see below
        """Read a file that stands in a message, from Discord's file server only.

        The attachment itself says where its message stands: a question that is answered in a thread of its own does not
        stand in that thread.

        Raises:
            FileNotReadError: It is too large or gone.
            PlatformError: Discord is not reached, or the adapter is not connected.
        """
        return await self._files.read(attachment, most=most)

    async def send_file(self, place: Place, file: File, *, caption: str = "") -> str:
        """Post a file into a place and give its message's id.

        Raises:
            PlatformError: It could not be posted, or the adapter is not connected.
        """
        return await self._files.send(place, file, caption=caption)

    def _connected(self) -> DiscordClient:
        if self._client is None or self._client.is_closed() or self._client.user is None:
            raise PlatformUnavailableError("Discord is not connected")
        return self._client

    def _reader(self) -> ArrivalReader:
        client = self._connected()
        return ArrivalReader(
            self._directory or Directory(client),
            bot_id=client.user.id if client.user is not None else 0,
            reply_in=self._settings.reply_in,
            has_content=self._settings.message_content,
        )


def _servers(client: DiscordClient) -> str:
    count = len(client.guilds)
    # A session that is gone on with does not tell the servers again.
    return f" in {count} {'server' if count == 1 else 'servers'}" if count else ""


def _role(crew: ShardCrew | None) -> str:
    if crew is None:
        return "replies only"
    if not crew.running:
        return "stand-by"
    if crew.count == 1:
        return "gateway"
    return f"gateway, shards {', '.join(map(str, crew.running))} of {crew.count}"
