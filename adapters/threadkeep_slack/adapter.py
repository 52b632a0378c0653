"""The adapter: what the bot sees of Slack."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final, Self

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.adapter import Reply, ReplyRequest, Sink
from threadkeep.chat.reply import EditingReply, ReplyLimits
from threadkeep.errors import PlatformError
from threadkeep_slack.bolt import build_app
from threadkeep_slack.directory import conversations_of, people_of
from threadkeep_slack.events import PLATFORM
from threadkeep_slack.http_events import HttpEvents
from threadkeep_slack.intake import Intake
from threadkeep_slack.limits import EDIT_INTERVAL, PART_LENGTH
from threadkeep_slack.mentions import sent_length
from threadkeep_slack.pacing import Pacing
from threadkeep_slack.poster import SlackPoster
from threadkeep_slack.settings import SlackSettings, read_settings
from threadkeep_slack.socket_mode import SocketMode
from threadkeep_slack.transport import Ending, OnLost, Transport
from threadkeep_slack.web_api import new_client, new_session
from threadkeep_slack.workspace import Workspace, identify

_log = structlog.get_logger(__name__)

_LIMITS: Final = ReplyLimits(part_length=PART_LENGTH, measure=sent_length, edit_interval=EDIT_INTERVAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Connection:
    """What exists from ``start`` to ``stop``."""

    client: AsyncWebClient
    workspace: Workspace
    transport: Transport
    pacing: Pacing
    ending: Ending
    resources: AsyncExitStack


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
        workspace, label = self._connection.workspace, self._connection.transport.label
        return f"Slack workspace {workspace.team_name} as @{workspace.bot_name} ({label})"

    @property
    def request_url(self) -> str | None:
        """Where Slack's requests are served, to be made public and entered at Slack; None in Socket Mode."""
        transport = self._connection.transport if self._connection else None
        return transport.url if isinstance(transport, HttpEvents) else None

    async def start(self, sink: Sink) -> None:
        """Connect and begin to hand events to the sink. Returns when connected.

        Raises:
            PlatformAuthError: Slack refuses a token.
            PlatformUnavailableError: Slack cannot be reached.
            PlatformError: It is connected already.
            ConfigError: The address for Slack's requests cannot be served.
        """
        if self._connection is not None:
            raise PlatformError("the Slack adapter is connected already: stop it first")
        async with AsyncExitStack() as opening:
            session = await opening.enter_async_context(new_session())
            client = new_client(self._settings, session)
            workspace = await identify(client)
            people, conversations = people_of(client), conversations_of(client)
            opening.push_async_callback(people.aclose)
            opening.push_async_callback(conversations.aclose)
            intake = Intake(
                sink,
                workspace=workspace,
                people=people,
                conversations=conversations,
                is_agent_view=self._settings.is_agent_view,
            )
            ending = Ending()
            transport = self._transport(intake, client, workspace, ending.reach)
            await transport.start()
            opening.push_async_callback(transport.stop)
            self._connection = _Connection(
                client=client,
                workspace=workspace,
                transport=transport,
                pacing=Pacing(),
                ending=ending,
                resources=opening.pop_all(),
            )
        _log.info("slack_connected", team=workspace.team, bot_user=workspace.bot_user, over=transport.label)

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
        connection = self._connection
        if connection is None:
            raise PlatformError("the Slack adapter is not connected: start it before opening replies")
        poster = SlackPoster(
            request,
            client=connection.client,
            pacing=connection.pacing,
            bot_user=connection.workspace.bot_user,
        )
        return EditingReply(request, poster, _LIMITS)

    def _transport(self, intake: Intake, client: AsyncWebClient, workspace: Workspace, on_lost: OnLost) -> Transport:
        settings = self._settings
        secret = settings.signing_secret
        app = build_app(
            intake.accept,
            client=client,
            workspace=workspace,
            on_lost=on_lost,
            signing_secret=None if secret is None else secret.get_secret_value(),
        )
        if settings.app_token is not None:
            app_token = settings.app_token.get_secret_value()
            return SocketMode(app, app_token=app_token, web_client=client, on_lost=on_lost)
        return HttpEvents(app, host=settings.host, port=settings.port)
