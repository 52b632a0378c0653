"""The adapter: what a bot sees of Discord."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Self, Unpack

import discord
from pydantic import SecretStr

from threadkeep.chat.adapter import Reply, ReplyRequest, SharedState, Sink
from threadkeep.chat.commands import BUILT_IN, Command
from threadkeep.chat.events import Event, MessageReceived, Place
from threadkeep.chat.posting import Poster
from threadkeep.chat.reply import EditingReply, ReplyLimits
from threadkeep.chat.rights import Rights
from threadkeep.chat.worded import WordedReply
from threadkeep.errors import PlatformUnavailableError
from threadkeep.messages import Attachment, File
from threadkeep.sessions import UserKey
from threadkeep_discord.arrivals import ArrivalReader
from threadkeep_discord.bots import PEOPLE_ONLY, Hearing
from threadkeep_discord.catch_up import MissedMessages
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.crew import ShardCrew
from threadkeep_discord.directory import Directory
from threadkeep_discord.door import Door
from threadkeep_discord.files import DiscordFiles
from threadkeep_discord.ingress import gather_crew, log_in
from threadkeep_discord.intents import report_intents
from threadkeep_discord.interactions.front import InteractionFront
from threadkeep_discord.interactions.marks import most_messages
from threadkeep_discord.limits import EDIT_INTERVAL, LAYOUT_LENGTH, MESSAGE_LENGTH
from threadkeep_discord.markdown import DiscordMarkdown
from threadkeep_discord.one_bot import claim_store
from threadkeep_discord.places import PLATFORM
from threadkeep_discord.poster import DiscordPoster
from threadkeep_discord.refusals import calling
from threadkeep_discord.rights import rights_of
from threadkeep_discord.said_before import Recollection
from threadkeep_discord.settings import DiscordOptions, DiscordSettings, LongAnswers, read_settings
from threadkeep_discord.text import utf16_length
from threadkeep_discord.thinking import ThinkingReply, typing_in
from threadkeep_discord.threads import Question, name_thread

_START_SECONDS = 60.0
_DRAIN_SECONDS = 5.0

_PLAIN = ReplyLimits(part_length=MESSAGE_LENGTH, measure=utf16_length, edit_interval=EDIT_INTERVAL, has_elements=True)
_LIMITS: Final[Mapping[LongAnswers, ReplyLimits]] = {
    "messages": _PLAIN,
    "components": replace(_PLAIN, part_length=LAYOUT_LENGTH, simple_length=MESSAGE_LENGTH),
}


class DiscordAdapter:
    """Connect a bot to Discord by the gateway. Implements ``threadkeep.chat.adapter.Adapter``.

    It asks for no privileged intent unless told to, and its messages ping nobody unless told whom.

    Args:
        token: The bot's token.
        allowed_mentions: Whom messages may ping: what is not set in it is forbidden.
        options: How it is connected, as ``DiscordOptions`` tells.

    Raises:
        ConfigError: The token or the URL cannot be right.
    """

    def __init__(
        self,
        token: str | SecretStr,
        *,
        allowed_mentions: discord.AllowedMentions | None = None,
        **options: Unpack[DiscordOptions],
    ) -> None:
        secret = SecretStr(token) if isinstance(token, str) else token
        self._settings = DiscordSettings(token=secret, **options)
        self._commands: tuple[Command, ...] = BUILT_IN
        self._front: InteractionFront | None = None
        # discord.py takes what is left out for allowed; here it stays forbidden.
        self._allowed_mentions = discord.AllowedMentions.none().merge(allowed_mentions or discord.AllowedMentions())
        self._files = DiscordFiles(
            self._connected, api_url=self._settings.api_url, link_previews=self._settings.link_previews
        )
        self._client: DiscordClient | None = None
        self._directory: Directory | None = None
        self._crew: ShardCrew | None = None
        self._hearing = PEOPLE_ONLY
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
            long_answers=settings.long_answers,
            api_url=settings.api_url,
            shards=settings.shards,
            shards_per_process=settings.shards_per_process,
            commands=settings.commands,
            answer_buttons=settings.answer_buttons,
            allowed_bots=settings.allowed_bots,
            rules=settings.rules,
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

    def offer_commands(self, commands: Sequence[Command]) -> None:
        """Take the bot's commands, for Discord to list; called before ``start``."""
        self._commands = tuple(commands)

    async def start(self, sink: Sink | None, shared: SharedState | None = None) -> None:
        """Log in, and hand what happens to the sink from then on.

        Processes that share their state run each shard once: where others run all of them, this one stands by and
        takes over within seconds. It can reply meanwhile.

        Args:
            sink: Takes the events; None logs in for replies only.
            shared: What the processes of the bot share.

        Raises:
            ConfigError: They share a store that has the conversations of another bot.
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
            client.http.budget.share(shared, bot=client.application_id or 0)
            name = "" if client.user is None else client.user.name
            await claim_store(
                shared, application_id=client.application_id or 0, name=name, replaces=self._settings.replaces
            )
            self._directory = Directory(client)
            bot_id = 0 if client.user is None else client.user.id
            self._hearing = Hearing(self._settings.allowed_bots, bot_id=bot_id)
            self._front = self._make_front(shared)
            if sink is not None:
                report_intents(self._settings)
                reader = self._reader()
                self._crew = await gather_crew(
                    client, self._settings, sink=sink, shared=shared, reader=reader, on_gap=self._gap.set
                )
                await self._crew.open(timeout=_START_SECONDS)
                self._front.begin_listing()
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
        front, self._front = self._front, None
        if crew is not None:
            await crew.aclose(grace=_DRAIN_SECONDS)
        if front is not None:
            await front.aclose()
        client, self._client = self._client, None
        self._directory = None
        await self._files.aclose()
        if client is not None:
            await client.close()
            client.stop_heartbeats()
        self._over.set()

    def open_reply(self, request: ReplyRequest) -> Reply:
        """Open a reply that posts messages and edits them.

        The answer to a slash command takes the place that Discord holds for it; a private one is for the asker alone.
        Elsewhere Discord shows that the bot types until there are words.
        """
        poster = self._plain_poster(request) if self._front is None else self._front.poster(request)
        limits = replace(_LIMITS[self._settings.long_answers], most_parts=most_messages(request.place.reply_to))
        return ThinkingReply(
            WordedReply(EditingReply(request, poster, limits), DiscordMarkdown()),
            typing_in(request, self._connected),
            has_buttons=self._settings.answer_buttons and not request.is_private,
        )

    async def whisper(self, place: Place, user: UserKey, text: str) -> None:
        """Show a text to one person only: under what they pressed, else in direct messages.

        Raises:
            PlatformError: It could not be shown, or the adapter is not connected.
        """
        if self._front is None:
            raise PlatformUnavailableError("Discord is not connected")
        await self._front.whisper(place, user, text)

    async def said_before(self, place: Place, *, before: str, most: int) -> Sequence[MessageReceived]:
        """Read what people said in a place before a message, oldest first.

        Raises:
            PlatformError: The place cannot be read, or the adapter is not connected.
        """
        client = self._connected()
        directory = self._directory or Directory(client)
        return await Recollection(client, directory, self._reader()).read(place, before=before, most=most)

    async def name_place(self, place: Place, title: str) -> None:
        """Give a thread that was opened for its question a title; harmless to repeat, and in any other place.

        Raises:
            PlatformError: It could not be given, or the adapter is not connected.
        """
        question = Question.parse(place.reply_to)
        if question is not None:
            async with calling("name a thread"):
                await name_thread(self._connected(), question, wanted=title)

    async def rights(self, place: Place, user: UserKey) -> Rights:
        """Ask Discord for the roles of a person, and for what they may do in a place now.

        Raises:
            PlatformError: It cannot be told, or the adapter is not connected.
        """
        async with calling("read what a member may do"):
            return await rights_of(self._connected(), place, int(user.user))

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
            desk=(self._front or self._make_front(None)).desk,
            hearing=self._hearing,
            door=Door(self._settings.rules),
        )

    def _make_front(self, shared: SharedState | None) -> InteractionFront:
        return InteractionFront(
            self._connected,
            api_url=self._settings.api_url,
            shared=shared,
            commands=self._commands if self._settings.commands else None,
            plain=self._plain_poster,
            link_previews=self._settings.link_previews,
        )

    def _plain_poster(self, request: ReplyRequest) -> Poster:
        return DiscordPoster(request, client=self._connected, link_previews=self._settings.link_previews)


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
