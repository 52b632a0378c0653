"""The adapter: what the bot sees of Slack."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Self

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.adapter import OnPosted, Reply, ReplyRequest, SharedState, Sink
from threadkeep.chat.events import Event, Place
from threadkeep.chat.reply import EditingReply, ReplyLimits
from threadkeep.errors import PlatformError
from threadkeep_slack.inbound.catch_up import History
from threadkeep_slack.inbound.directory import Directory, thread_key
from threadkeep_slack.inbound.events import PLATFORM
from threadkeep_slack.inbound.hand_over import HandOver
from threadkeep_slack.inbound.intake import Intake
from threadkeep_slack.limits import EDIT_INTERVAL, GATHER_SECONDS, PART_LENGTH, SLOT_HEARTBEAT
from threadkeep_slack.replies.pacing import Pacing
from threadkeep_slack.replies.poster import SlackPoster
from threadkeep_slack.settings import SlackSettings, read_settings
from threadkeep_slack.text.mentions import sent_length
from threadkeep_slack.transport.bolt import build_app
from threadkeep_slack.transport.http_events import HttpEvents
from threadkeep_slack.transport.port import Ending, OnLost, Transport
from threadkeep_slack.transport.slots import SocketSlots, app_of
from threadkeep_slack.transport.socket_client import SocketFamily
from threadkeep_slack.transport.socket_mode import SocketMode
from threadkeep_slack.transport.sockets import Sockets
from threadkeep_slack.web_api import new_client, new_session
from threadkeep_slack.workspace import Workspace, identify

_log = structlog.get_logger(__name__)

_LIMITS: Final = ReplyLimits(part_length=PART_LENGTH, measure=sent_length, edit_interval=EDIT_INTERVAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Connection:
    """What exists from ``start`` to ``stop``.

    Attributes:
        transport: The way of events; None where the process takes none.
    """

    client: AsyncWebClient
    workspace: Workspace
    directory: Directory
    history: History
    transport: Transport | None
    pacing: Pacing
    ending: Ending
    resources: AsyncExitStack

    @property
    def label(self) -> str:
        return "replies only" if self.transport is None else self.transport.label


class SlackAdapter:
    """Connects a bot to one Slack workspace, over Socket Mode or HTTP."""

    def __init__(self, settings: SlackSettings) -> None:
        self._settings: Final = settings
        self._connection: _Connection | None = None

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
        workspace = self._connection.workspace
        return f"Slack workspace {workspace.team_name} as @{workspace.bot_name} ({self._connection.label})"

    @property
    def request_url(self) -> str | None:
        """Where Slack's requests are served, to be made public and entered at Slack; None in Socket Mode."""
        transport = self._connection.transport if self._connection else None
        return transport.url if isinstance(transport, HttpEvents) else None

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
            client = new_client(self._settings, await opening.enter_async_context(new_session()))
            workspace = await identify(client)
            directory = Directory(client)
            opening.push_async_callback(directory.aclose)
            ending = Ending()
            transport = None
            if sink is not None:
                inlet = self._intake(sink, workspace, directory)
                transport = self._transport(inlet, client, workspace, ending.reach, shared)
                await transport.start()
                opening.push_async_callback(transport.stop)
            self._connection = _Connection(
                client=client,
                workspace=workspace,
                directory=directory,
                history=History(
                    client,
                    workspace=workspace,
                    directory=directory,
                    is_agent_view=self._settings.is_agent_view,
                ),
                transport=transport,
                pacing=Pacing(),
                ending=ending,
                resources=opening.pop_all(),
            )
        _log.info("slack_connected", team=workspace.team, bot_user=workspace.bot_user, over=self._connection.label)

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
            _log.info("slack_disconnected", team=connection.workspace.team)

    def open_reply(self, request: ReplyRequest) -> Reply:
        """Open the reply of a run. Nothing is posted before ``show`` or ``finish``.

        Raises:
            PlatformError: The adapter is not started.
        """
        connection = self._connected("opening replies")
        on_posted = partial(_note_thread, connection.directory, request.place, request.on_posted)
        request = replace(request, on_posted=on_posted)
        poster = SlackPoster(
            request,
            client=connection.client,
            pacing=connection.pacing,
            bot_user=connection.workspace.bot_user,
        )
        return EditingReply(request, poster, _LIMITS, may_preview=connection.pacing.has_room)

    async def missed(self, place: Place, *, after: str, most: int) -> AsyncIterator[Event]:
        """Read what was said in a place after a message, oldest first, at most so many.

        Args:
            place: Where the bot takes part.
            after: The timestamp of the last message that is known.
            most: How many messages to give.

        Raises:
            PlatformError: The place cannot be read, or the adapter is not started.
        """
        connection = self._connected("reading what was missed")
        async for event in connection.history.since(place, after, most=most):
            yield event

    def _connected(self, before: str) -> _Connection:
        if self._connection is None:
            raise PlatformError(f"the Slack adapter is not connected: start it before {before}")
        return self._connection

    def _intake(self, sink: Sink, workspace: Workspace, directory: Directory) -> Intake:
        settings = self._settings
        has_several = settings.app_token is not None and settings.sockets > 1
        hand_over = HandOver(sink, directory, gather_seconds=GATHER_SECONDS if has_several else 0.0)
        return Intake(hand_over, workspace=workspace, directory=directory, is_agent_view=settings.is_agent_view)

    def _transport(
        self,
        intake: Intake,
        client: AsyncWebClient,
        workspace: Workspace,
        on_lost: OnLost,
        shared: SharedState | None,
    ) -> Transport:
        settings = self._settings
        secret = settings.signing_secret
        app = build_app(
            intake,
            client=client,
            workspace=workspace,
            on_lost=on_lost,
            signing_secret=None if secret is None else secret.get_secret_value(),
        )
        if settings.app_token is None:
            return HttpEvents(app, host=settings.host, port=settings.port)
        app_token = settings.app_token.get_secret_value()
        make = partial(SocketMode, app, app_token=app_token, web_client=client, on_lost=on_lost, family=SocketFamily())
        slots = SocketSlots(app_of(app_token) or workspace.team, most=settings.sockets, shared=shared)
        return Sockets(make, slots=slots, on_lost=on_lost, heartbeat=SLOT_HEARTBEAT)


async def _note_thread(directory: Directory, place: Place, on_posted: OnPosted, part: int, message: str) -> None:
    """Note where a message of ours stands, so that a reaction to it is understood at once."""
    session = place.session
    directory.threads.remember(thread_key(session.channel, message), session.thread or "")
    await on_posted(part, message)
