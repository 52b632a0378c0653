"""The adapter: what the bot sees of Slack."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import structlog

from threadkeep.chat.adapter import OnPosted, Reply, ReplyRequest, SharedState, Sink
from threadkeep.chat.events import Event, MessageReceived, Place
from threadkeep.chat.home import HomeDesk
from threadkeep.chat.rights import Rights
from threadkeep.chat.worded import WordedReply
from threadkeep.errors import PlatformError
from threadkeep.messages import Attachment, File
from threadkeep.sessions import UserKey
from threadkeep.vault import Vault
from threadkeep_slack.branches import Branch, Branches, BranchMaker
from threadkeep_slack.files import read_file, send_file
from threadkeep_slack.home.notes import WorkspaceNotes
from threadkeep_slack.inbound.directory import Directory, thread_key
from threadkeep_slack.inbound.events import PLATFORM
from threadkeep_slack.installs.opening import open_front_desk
from threadkeep_slack.replies.late import LateReply
from threadkeep_slack.settings import SlackSettings, read_settings
from threadkeep_slack.text.markdown import SlackMarkdown
from threadkeep_slack.transport.beside_pages import BesidePages
from threadkeep_slack.transport.choice import transport_for
from threadkeep_slack.transport.http_events import HttpEvents
from threadkeep_slack.transport.mounted import Mounted
from threadkeep_slack.transport.port import Ending, Transport
from threadkeep_slack.transport.requests import NOT_READY, Answer
from threadkeep_slack.web_api import new_session

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Connection:
    """What exists from ``start`` to ``stop``.

    Attributes:
        branches: What belongs to each workspace in which the app is installed.
        transport: The way of events; None where the process takes none.
    """

    branches: Branches
    transport: Transport | None
    ending: Ending
    resources: AsyncExitStack

    @property
    def requests(self) -> Mounted | None:
        """What takes the requests of another server; None if there is none."""
        events = self.transport.events if isinstance(self.transport, BesidePages) else self.transport
        return events if isinstance(events, Mounted) else None

    @property
    def label(self) -> str:
        return "replies only" if self.transport is None else self.transport.label


class SlackAdapter:
    """Connects a bot to a Slack workspace, or to all that install it, over Socket Mode or HTTP."""

    def __init__(self, settings: SlackSettings) -> None:
        self._settings = settings
        self._connection: _Connection | None = None
        self._vault: Vault | None = None
        self._home: HomeDesk | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self | None:
        """Build the adapter from SLACK_BOT_TOKEN and SLACK_APP_TOKEN or SLACK_SIGNING_SECRET.

        Raises:
            ConfigError: Some are set but others are missing or wrong; the message says which and where to get them.
        """
        settings = read_settings(environ)
        return None if settings is None else cls(settings)

    @property
    def name(self) -> str:
        """The platform part of every key: ``slack``."""
        return PLATFORM

    @property
    def description(self) -> str:
        """What it is connected to: "Slack workspace Acme as @threadkeep (Socket Mode)"."""
        if self._connection is None:
            return "Slack (not connected)"
        return f"Slack {self._connection.branches.description} ({self._connection.label})"

    @property
    def is_connected(self) -> bool:
        """Whether it is started and events can come: the socket is open, or requests are served."""
        connection = self._connection
        return connection is not None and (connection.transport is None or connection.transport.is_up)

    @property
    def request_url(self) -> str | None:
        """Where Slack's requests are served, to be made public and entered at Slack; None in Socket Mode."""
        transport = self._connection.transport if self._connection else None
        return transport.url if isinstance(transport, HttpEvents) else None

    def mount(self) -> None:
        """Leave it to another web server to take Slack's requests: no port is served and no socket opened.

        That server gives each to ``answer_request``; ``threadkeep_slack.asgi`` and ``threadkeep_slack.aiohttp_app`` do.

        Raises:
            ConfigError: SLACK_SIGNING_SECRET is missing: nobody could tell Slack's requests from others.
            PlatformError: The adapter is started already.
        """
        if self._connection is not None:
            raise PlatformError("the Slack adapter is connected already: mount it before it is started")
        self._settings = replace(self._settings, is_mounted=True)

    async def answer_request(self, body: bytes, *, headers: Mapping[str, str], query: str = "") -> Answer:
        """Answer a request of Slack's that came to another web server; see ``mount``.

        While the adapter is not started the answer is 503, and Slack delivers again.

        Args:
            body: Its body, as it came: the signature is over these bytes.
            headers: Its headers.
            query: What stands behind the question mark of its address.
        """
        if self._connection is None or self._connection.requests is None:
            return NOT_READY
        return await self._connection.requests.answer(body, headers=headers, query=query)

    def use_vault(self, vault: Vault) -> None:
        """Take the store's vault, where the installations of many workspaces are kept; called before ``start``."""
        self._vault = vault

    def use_home(self, desk: HomeDesk) -> None:
        """Take the desk where people's own pages are asked for; called before ``start``."""
        self._home = desk

    async def start(self, sink: Sink | None, shared: SharedState | None = None) -> None:
        """Connect and begin to hand events to the sink. Returns when connected.

        Args:
            sink: Takes the events. None connects for replies only: no socket is opened, no request served.
            shared: What this process shares with the others of the bot; None if it is alone.

        Raises:
            PlatformAuthError: Slack refuses a token.
            PlatformUnavailableError: Slack cannot be reached.
            PlatformError: It is connected already.
            ConfigError: The address for Slack's requests cannot be served.
            StoreError: The sockets cannot be shared out.
        """
        if self._connection is not None:
            raise PlatformError("the Slack adapter is connected already: stop it first")
        async with AsyncExitStack() as opening:
            notes = WorkspaceNotes(self._vault, shared)
            notes.start()
            opening.push_async_callback(notes.aclose)
            session = await opening.enter_async_context(new_session())
            maker = BranchMaker(self._settings, session, sink, shared, notes=notes, home=self._home)
            desk = await open_front_desk(self._settings, maker, vault=self._vault, shared=shared)
            opening.push_async_callback(desk.branches.aclose)
            ending = Ending()
            transport = None
            if desk.inlet is not None:
                transport = transport_for(
                    self._settings, desk, desk.inlet, on_lost=ending.reach, shared=shared, overlap=maker.overlap
                )
                await transport.start()
                opening.push_async_callback(transport.stop)
            self._connection = _Connection(
                branches=desk.branches,
                transport=transport,
                ending=ending,
                resources=opening.pop_all(),
            )
        _log.info("slack_connected", to=desk.branches.description, over=self._connection.label)

    async def wait_closed(self) -> None:
        """Return when it was stopped; at once when it is not connected.

        Raises:
            PlatformAuthError: The app was removed from the workspace, or its token revoked.
        """
        if self._connection is not None:
            await self._connection.ending.wait()

    async def stop(self) -> None:
        """Stop taking events and close every connection. Harmless when not started."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.resources.aclose()
            connection.ending.reach()
            _log.info("slack_disconnected", of=connection.branches.description)

    def open_reply(self, request: ReplyRequest) -> Reply:
        """Open the reply of a run. Nothing is posted before ``show`` or ``finish``.

        Raises:
            PlatformError: The adapter is not started.
        """
        branches, team = self._connected("opening replies").branches, request.place.session.workspace
        branch = branches.ready(team)
        if branch is not None:
            return _reply_in(branch, request)

        async def open_later() -> Reply:
            return _reply_in(await branches.find(team), request)

        return LateReply(open_later)

    async def missed(self, place: Place, *, after: str, most: int) -> AsyncIterator[Event]:
        """Read what was said in a place after a message, oldest first, at most so many.

        Args:
            place: Where the bot takes part.
            after: The timestamp of the last message that is known.
            most: How many messages to give.

        Raises:
            PlatformError: The place cannot be read, or the adapter is not started.
        """
        branch = await self._connected("reading what was missed").branches.find(place.session.workspace)
        await branch.rooms.notes.load(branch.workspace.team)
        async for event in branch.history.since(place, after, most=most):
            yield event

    async def said_before(self, place: Place, *, before: str, most: int) -> Sequence[MessageReceived]:
        """Read what was said in a place before a message, oldest first, the latest so many.

        What the bot and other bots said is among it, marked as theirs; nothing of it is to be answered.

        Args:
            place: The thread, or the channel.
            before: The timestamp of the message that called the bot.
            most: How many messages to give.

        Raises:
            PlatformError: The place cannot be read, or the adapter is not started.
        """
        branch = await self._connected("reading what was said").branches.find(place.session.workspace)
        return await branch.recollection.before(place, before, most=most)

    async def rights(self, place: Place, user: UserKey) -> Rights:
        """Ask Slack for the user groups of a person, and whether they administer the workspace.

        Raises:
            PlatformError: It cannot be told, or the adapter is not started.
        """
        branch = await self._connected("asking what people may do").branches.find(place.session.workspace)
        return await branch.rights.of(user.user, place.session.workspace)

    async def read_file(self, place: Place, attachment: Attachment, *, most: int) -> File:
        """Read a file that stands in a message, from Slack's file server only.

        Args:
            place: Where its message stands.
            attachment: Which file.
            most: The most bytes to read.

        Raises:
            FileNotReadError: It is too large, gone, outside of Slack, or closed to the bot.
            PlatformError: Slack is not reached, or the adapter is not started.
        """
        branch = await self._connected("reading files").branches.find(place.session.workspace)
        return await read_file(branch.client, attachment, most=most)

    async def send_file(self, place: Place, file: File, *, caption: str = "") -> str:
        """Post a file into a place and give Slack's id of it.

        Raises:
            PlatformError: It could not be posted, or the adapter is not started.
        """
        branch = await self._connected("posting files").branches.find(place.session.workspace)
        return await send_file(branch.client, place, file, caption=caption)

    async def name_place(self, place: Place, title: str) -> None:
        """Give an agent's session, or a thread of the former assistant view, a title.

        Raises:
            PlatformError: Slack did not take it, or the adapter is not started.
        """
        branch = await self._connected("naming conversations").branches.find(place.session.workspace)
        await branch.titles.name(place, title)

    async def whisper(self, place: Place, user: UserKey, text: str) -> None:
        """Show a text to one person of a place only; it is gone when they reload Slack.

        Raises:
            PlatformError: It could not be shown, or the adapter is not started.
        """
        branch = await self._connected("whispering").branches.find(place.session.workspace)
        await branch.whispers.post(place.session, user.user, text)

    def _connected(self, before: str) -> _Connection:
        if self._connection is None:
            raise PlatformError(f"the Slack adapter is not connected: start it before {before}")
        return self._connection


def _reply_in(branch: Branch, request: ReplyRequest) -> Reply:
    on_posted = partial(_note_thread, branch.directory, request.place, request.on_posted)
    request = replace(request, on_posted=on_posted)
    people = _mentionable(branch, request)
    ordinary = partial(branch.replies.open, request, may_mention=frozenset(people.values()))
    if request.is_private and request.asked_by is not None:
        return WordedReply(branch.private.open(request, request.asked_by.user, ordinary), SlackMarkdown(people))
    return WordedReply(ordinary(), SlackMarkdown(people))


def _mentionable(branch: Branch, request: ReplyRequest) -> Mapping[str, str]:
    """Give whom the answer may mention: ids by name, of those who spoke in the conversation and who is answered."""
    if branch.participants is None:
        return {}
    people = branch.participants.by_name(request.place.session)
    if request.asked_by is None:
        return people
    asker = request.asked_by.user
    return {branch.directory.people.known(asker) or asker: asker, **people}


async def _note_thread(directory: Directory, place: Place, on_posted: OnPosted, part: int, message: str) -> None:
    """Note where a message of ours stands, so that a reaction to it is understood at once."""
    session = place.session
    directory.threads.remember(thread_key(session.channel, message), session.thread or "")
    await on_posted(part, message)
