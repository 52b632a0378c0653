"""Socket Mode: events over a websocket that we open, acknowledged on it."""

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.errors import PlatformAuthError, PlatformError, PlatformUnavailableError
from threadkeep_slack.inbound.reading import event_id_of
from threadkeep_slack.limits import CONNECT_SECONDS, DRAIN_SECONDS, PING_SECONDS, SOCKET_DOWN_SECONDS
from threadkeep_slack.transport.port import OnLost, end_tasks
from threadkeep_slack.transport.socket_client import OwnedSocketClient, SocketFamily
from threadkeep_slack.web_api import platform_errors

_log = structlog.get_logger(__name__)


class SocketMode:
    """One websocket to Slack.

    slack_sdk renews the connection when Slack asks for it and when it breaks. A watchdog covers what it does not: it
    goes on trying an address whose ticket is spent.

    Args:
        app: What is acknowledged, and when.
        app_token: The app-level token.
        web_client: The client of the bot.
        on_lost: Told when Slack refuses the app-level token.
        family: What it has in common with the other sockets of the process.
        ping_seconds: Seconds between pings, and between the watchdog's looks.
        down_seconds: How long the socket may be down before its address is thrown away.
    """

    def __init__(
        self,
        app: AsyncApp,
        *,
        app_token: str,
        web_client: AsyncWebClient,
        on_lost: OnLost,
        family: SocketFamily,
        ping_seconds: float = PING_SECONDS,
        down_seconds: float = SOCKET_DOWN_SECONDS,
    ) -> None:
        self._app: Final = app
        self._app_token: Final = app_token
        self._web_client: Final = web_client
        self._on_lost: Final = on_lost
        self._family: Final = family
        self._ping_seconds: Final = ping_seconds
        self._down_seconds: Final = down_seconds
        self._client: OwnedSocketClient | None = None
        self._watchdog: asyncio.Task[None] | None = None
        self._is_stopping = False

    @property
    def label(self) -> str:
        """Name the way, for the operator."""
        return "Socket Mode"

    async def start(self) -> None:
        """Open the websocket.

        Raises:
            PlatformAuthError: Slack refuses the app-level token.
            PlatformUnavailableError: Slack is not reached.
        """
        # Asked for here first: the client would go on asking for ever with a token that is refused.
        with platform_errors("apps.connections.open"):
            answer = await self._web_client.apps_connections_open(app_token=self._app_token)
        client = OwnedSocketClient(
            app_token=self._app_token,
            web_client=self._web_client,
            ping_seconds=self._ping_seconds,
            family=self._family,
        )
        client.socket_mode_request_listeners.append(self._on_request)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await client.open(str(answer.get("url")))
        except TimeoutError as error:
            await client.close()
            raise PlatformUnavailableError("Slack's websocket cannot be reached: is wss:// let through?") from error
        except BaseException:
            await client.close()
            raise
        self._client = client
        self._watchdog = asyncio.create_task(self._watch(client), name="slack-socket-watchdog")

    def refuse(self) -> None:
        """Take no more events: Slack gives them to another connection, or delivers them again."""
        self._is_stopping = True

    async def stop(self) -> None:
        """Take no more events, let those in progress be acknowledged, and close the socket."""
        self.refuse()
        if self._watchdog is not None:
            await end_tasks(self._watchdog)
            self._watchdog = None
        client, self._client = self._client, None
        if client is not None:
            await client.drain(DRAIN_SECONDS)
            await client.close()

    async def _on_request(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        if self._is_stopping:
            return
        try:
            bolt_request = _read(request)
            if bolt_request is None:
                await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
                return
            await send_async_response(client, request, await self._app.async_dispatch(bolt_request), 0.0)
        except (ConnectionError, RuntimeError) as error:
            # The socket is being replaced: Slack delivers the event again, and it is known then.
            _log.info("slack_acknowledgement_lost", event_id=event_id_of(request.payload), reason=type(error).__name__)

    async def _watch(self, client: OwnedSocketClient) -> None:
        loop = asyncio.get_running_loop()
        up_at = loop.time()
        while True:
            await asyncio.sleep(self._ping_seconds)
            if await client.is_connected():
                up_at = loop.time()
                continue
            down = loop.time() - up_at
            if down < self._down_seconds:
                continue
            _log.warning("slack_socket_down", seconds=round(down, 1))
            await self._revive(client)

    async def _revive(self, client: OwnedSocketClient) -> None:
        client.forget_address()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                with platform_errors("apps.connections.open"):
                    await client.connect_to_new_endpoint()
        except PlatformAuthError as error:
            self._on_lost(error)
        except (PlatformError, TimeoutError) as error:
            _log.warning("slack_socket_still_down", reason=str(error) or "no answer in time")


def _read(request: SocketModeRequest) -> AsyncBoltRequest | None:
    """Give the request as bolt reads it; None, with a line in the log, if bolt cannot: it trusts every field."""
    reason = "shape"
    if _has_known_shape(request.payload):
        try:
            return AsyncBoltRequest(mode="socket_mode", body=request.payload, headers=build_headers(request))
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            reason = type(error).__name__
    _log.warning("slack_event_malformed", event_id=event_id_of(request.payload), reason=reason)
    return None


def _has_known_shape(payload: object) -> bool:
    """Tell whether what bolt looks into while it dispatches is there, or is what it takes it for."""
    if not isinstance(payload, Mapping) or not isinstance(payload.get("event", {}), dict):
        return False
    seen_by = payload.get("authorizations")
    return seen_by is None or (isinstance(seen_by, list) and all(isinstance(seen, dict) for seen in seen_by))
