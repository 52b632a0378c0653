"""Socket Mode: events over a websocket that we open, acknowledged on it."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.errors import PlatformAuthError, PlatformError, PlatformRateLimitError
from threadkeep_slack.inbound.reading import event_id_of
from threadkeep_slack.limits import (
    DRAIN_SECONDS,
    PING_SECONDS,
    RECONNECT_MOST_SECONDS,
    RECONNECT_SECONDS,
    RETIRE_QUIET_SECONDS,
    RETIRE_SECONDS,
    STEADY_SECONDS,
)
from threadkeep_slack.transport.backoff import Backoff
from threadkeep_slack.transport.dispatching import UNREADABLE, acknowledge_malformed, dispatch
from threadkeep_slack.transport.port import OnLost, end_tasks
from threadkeep_slack.transport.socket_link import Farewell, SocketFamily, SocketLink, SocketRefusedError
from threadkeep_slack.web_api import platform_errors

_log = structlog.get_logger(__name__)

_ASKED: Final = frozenset({Farewell.WARNING, Farewell.REFRESH_REQUESTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketPace:
    """How quick a socket is to do things.

    Attributes:
        ping_seconds: Seconds between pings.
        retry_seconds: The first wait before it is opened again.
        retry_most_seconds: The longest of these waits.
        quiet_seconds: For how long nothing may have come before an old socket is closed.
        retire_seconds: After how long it is closed in any case.
        steady_seconds: How old a socket must be for its loss to be an accident.
    """

    ping_seconds: float = PING_SECONDS
    retry_seconds: float = RECONNECT_SECONDS
    retry_most_seconds: float = RECONNECT_MOST_SECONDS
    quiet_seconds: float = RETIRE_QUIET_SECONDS
    retire_seconds: float = RETIRE_SECONDS
    steady_seconds: float = STEADY_SECONDS


class SocketMode:
    """A way for events over one websocket at a time, which is replaced without a gap.

    When Slack asks for it, the next socket is opened first; the old one is closed when all that came over it is
    acknowledged on it. Each socket has an address of its own, since an address opens one socket only.

    slack_sdk's client is not used: it closes the old socket before it opens the next, acknowledges on whichever is
    there, and goes on trying an address that is spent.

    Args:
        app: What is acknowledged, and when.
        app_token: The app-level token.
        web_client: The client of the bot, on whose HTTP session the sockets are opened.
        on_lost: Told when Slack refuses the app-level token, or Socket Mode was turned off.
        family: What it has in common with the other sockets of the process.
        pace: How quick it is.
    """

    def __init__(
        self,
        app: AsyncApp,
        *,
        app_token: str,
        web_client: AsyncWebClient,
        on_lost: OnLost,
        family: SocketFamily,
        pace: SocketPace | None = None,
    ) -> None:
        self._app: Final = app
        self._app_token: Final = app_token
        self._web_client: Final = web_client
        self._on_lost: Final = on_lost
        self._family: Final = family
        self._pace: Final = pace or SocketPace()
        self._backoff: Final = Backoff(first=self._pace.retry_seconds, most=self._pace.retry_most_seconds)
        self._links: Final[list[SocketLink]] = []
        self._retiring: Final[set[asyncio.Task[None]]] = set()
        self._keeper: asyncio.Task[None] | None = None
        self._is_stopping = False

    @property
    def label(self) -> str:
        """Name the way, for the operator."""
        return "Socket Mode"

    @property
    def is_up(self) -> bool:
        """Whether a websocket is open."""
        return any(link.is_open for link in self._links)

    async def start(self) -> None:
        """Open the websocket.

        Raises:
            PlatformAuthError: Slack refuses the app-level token, or Socket Mode is turned off.
            PlatformUnavailableError: Slack is not reached.
        """
        link = await self._connect()
        self._keeper = asyncio.create_task(self._keep(link), name="slack-socket-keeper")

    def refuse(self) -> None:
        """Take no more events: Slack gives them to another connection, or delivers them again."""
        self._is_stopping = True

    async def stop(self) -> None:
        """Take no more events, let those in progress be acknowledged, and close the socket."""
        self.refuse()
        if self._keeper is not None:
            await end_tasks(self._keeper)
            self._keeper = None
        await end_tasks(*self._retiring)
        await asyncio.gather(*(self._close(link) for link in list(self._links)))

    async def _connect(self) -> SocketLink:
        with platform_errors("apps.connections.open"):
            answer = await self._web_client.apps_connections_open(app_token=self._app_token)
        link = SocketLink(self._on_request, family=self._family, ping_seconds=self._pace.ping_seconds)
        try:
            await link.open(str(answer.get("url")), self._web_client)
        except SocketRefusedError as error:
            await link.close()
            if error.reason is Farewell.LINK_DISABLED:
                raise PlatformAuthError(
                    "Socket Mode is turned off for the Slack app: turn it on at https://api.slack.com/apps under "
                    "Socket Mode, or remove SLACK_APP_TOKEN and set SLACK_SIGNING_SECRET to receive events over HTTP"
                ) from error
            raise
        except BaseException:
            await link.close()
            raise
        self._links.append(link)
        return link

    async def _keep(self, link: SocketLink) -> None:
        """Put another socket into the place of each that leaves, until Slack refuses it for good."""
        loop = asyncio.get_running_loop()
        while True:
            opened_at = loop.time()
            reason = await link.leaving()
            level = _log.info if reason in _ASKED else _log.warning
            level("slack_socket_leaves", reason=reason.value, age=round(loop.time() - opened_at, 1))
            if loop.time() - opened_at >= self._pace.steady_seconds:
                self._backoff.reset()
            elif reason not in _ASKED:
                await asyncio.sleep(self._backoff.next())
            try:
                successor = await self._succeed(link)
            except PlatformAuthError as error:
                self._on_lost(error)
                return
            self._retire(link)
            link = successor

    async def _succeed(self, old: SocketLink) -> SocketLink:
        """Open the next socket, however long it takes.

        Raises:
            PlatformAuthError: Slack refuses it for good.
        """
        while True:
            least = 0.0
            try:
                return await self._connect()
            except PlatformAuthError:
                raise
            except SocketRefusedError as error:
                _log.warning("slack_socket_refused", reason=error.reason.value, remedy=_remedy(error.reason))
                if error.reason is Farewell.TOO_MANY_WEBSOCKETS:
                    # The app has as many as it may: the old one makes room.
                    await self._close(old)
            except PlatformRateLimitError as error:
                least = error.retry_after or 0.0
                _log.warning("slack_socket_not_opened", reason=str(error))
            except PlatformError as error:
                _log.warning("slack_socket_not_opened", reason=str(error))
            await asyncio.sleep(max(self._backoff.next(), least))

    def _retire(self, link: SocketLink) -> None:
        task = asyncio.create_task(self._close_in_time(link), name="slack-socket-retiring")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def _close_in_time(self, link: SocketLink) -> None:
        await link.settle(quiet=self._pace.quiet_seconds, most=self._pace.retire_seconds)
        await self._close(link)

    async def _close(self, link: SocketLink) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await link.drain()
        await link.close()
        if link in self._links:
            self._links.remove(link)

    async def _on_request(self, link: SocketLink, request: SocketModeRequest) -> None:
        if self._is_stopping:
            return
        if request.retry_attempt:
            _log.info("slack_event_again", event_id=event_id_of(request.payload), attempt=request.retry_attempt)
        bolt_request = _read(request)
        if bolt_request is None:
            answer = acknowledge_malformed(request.payload, reason="unreadable")
        else:
            answer = await dispatch(self._app, bolt_request)
        if answer.status != 200:
            return
        try:
            await link.send(_acknowledgement(request.envelope_id, answer))
        except ConnectionError as error:
            # The socket is gone: Slack delivers the event again, and it is known then.
            _log.info("slack_acknowledgement_lost", event_id=event_id_of(request.payload), reason=type(error).__name__)


def _remedy(reason: Farewell) -> str:
    if reason is Farewell.TOO_MANY_WEBSOCKETS:
        return "Slack allows ten sockets to an app: run fewer processes, or set SLACK_SOCKETS lower"
    return "it is tried again"


def _acknowledgement(envelope: str, answer: BoltResponse) -> Mapping[str, object]:
    body = answer.body or ""
    if not body:
        return {"envelope_id": envelope}
    is_json = (answer.headers.get("content-type") or [""])[0].startswith("application/json")
    return {"envelope_id": envelope, "payload": json.loads(body) if is_json else {"text": body}}


def _read(request: SocketModeRequest) -> AsyncBoltRequest | None:
    """Give the request as bolt reads it; None if it cannot."""
    try:
        return AsyncBoltRequest(mode="socket_mode", body=request.payload, headers=build_headers(request))
    except UNREADABLE:
        return None
