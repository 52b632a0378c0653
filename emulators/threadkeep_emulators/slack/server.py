"""The Slack emulator: one app, its workspaces, the Web API and the ways in which events reach the app."""

import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import AsyncExitStack
from typing import Self

from aiohttp import web

from threadkeep_emulators.faults import Faults

from .call_log import CallLog, LoggedCall
from .changes import Changes
from .consent import ConsentPage
from .courier import Courier, RetrySchedule
from .delivery import Delivery
from .file_store import FileStore
from .http_push import HttpPush
from .ids import Ids
from .interactions import Interactions
from .rate_limits import RateLimits
from .records import App
from .response_urls import ResponseUrls
from .sockets import Sockets
from .web_api import WebApi
from .wire import DeliveryKind, DisconnectReason, Payload
from .workspace import Workspace, install
from .world import World, WorldLimits

DEFAULT_SCOPES = frozenset(
    [
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "mpim:history",
        "mpim:read",
        "mpim:write",
        "reactions:read",
        "reactions:write",
        "team:read",
        "users:read",
    ]
)
DEFAULT_EVENTS = frozenset(
    [
        "agent_session_stopped",
        "app_context_changed",
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "assistant_thread_context_changed",
        "assistant_thread_started",
        "member_joined_channel",
        "message.channels",
        "message.groups",
        "message.im",
        "message.mpim",
        "reaction_added",
        "reaction_removed",
        "tokens_revoked",
    ]
)


class SlackEmulator:
    """Serve Slack on a free port of this machine.

    Use it as an async context manager. Make workspaces, people and channels with ``workspace``; point the bot at
    ``api_url`` with a workspace's ``bot_token`` and the emulator's ``app_token``.

    Attributes:
        faults: What is to go wrong, by name of the Web API method (``chat.postMessage``), or ``events``,
            ``interactive`` and ``slash_commands`` for what is delivered to the app, ``files`` for downloads. Of a
            delivery, ``drop_before`` loses the first try, ``drop_after`` cuts the socket once it is sent.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        seed: int = 0,
        scopes: Iterable[str] = DEFAULT_SCOPES,
        events: Iterable[str] = DEFAULT_EVENTS,
        schedule: RetrySchedule | None = None,
        limits: WorldLimits | None = None,
        enforce_rate_limits: bool = False,
        ping_interval: float = 10.0,
    ) -> None:
        """Set the emulator up; nothing is served before it is entered.

        Args:
            clock: Gives the time in seconds. Signed requests are refused by apps if it is far from the true time.
            seed: Where ids and choices come from.
            scopes: The app's bot scopes.
            events: The app's event subscriptions.
            schedule: How long the app may take to acknowledge, and when an event is sent again.
            limits: How long streams, response addresses and triggers live.
            enforce_rate_limits: Whether calls above the published rates are refused.
            ping_interval: Seconds between pings on each socket.
        """
        self.faults = Faults()
        self._changes = Changes()
        self._log = CallLog()
        ids = Ids(seed)
        app_id = ids.entity("A")
        app = App(
            id=app_id,
            name="threadkeep",
            app_token=ids.token(f"xapp-1-{app_id}"),
            signing_secret=ids.secret(),
            verification_token=ids.secret()[:24],
            scopes=set(scopes),
            events=set(events),
            client_id=f"{ids.entity('')}.{ids.entity('')}",
            client_secret=ids.secret(),
        )
        schedule = schedule or RetrySchedule()
        self._sockets = Sockets(app_id=app.id, ids=ids, changes=self._changes, ping_interval=ping_interval)
        self._push = HttpPush(signing_secret=app.signing_secret, time_limit=schedule.ack_timeout, clock=clock)
        self._courier = Courier(
            sockets=self._sockets,
            push=self._push,
            faults=self.faults,
            ids=ids,
            changes=self._changes,
            clock=clock,
            schedule=schedule,
        )
        self._world = World(
            app=app,
            ids=ids,
            clock=clock,
            changes=self._changes,
            courier=self._courier,
            limits=limits or WorldLimits(),
        )
        self._response_urls = ResponseUrls(self._world)
        self._interactions = Interactions(self._world, self._response_urls)
        self._rate_limits = RateLimits(clock) if enforce_rate_limits else None
        self._workspaces: dict[str, Workspace] = {}
        self._resources = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Begin to serve."""
        await self._resources.enter_async_context(self._push)
        runner = web.AppRunner(self._routes(), shutdown_timeout=1.0)
        await runner.setup()
        self._resources.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self._world.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._resources.push_async_callback(self._sockets.close)
        self._resources.push_async_callback(self._courier.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop delivering, close the sockets, stop serving."""
        await self._resources.aclose()

    @property
    def url(self) -> str:
        """Give the emulator's address."""
        return self._world.base_url

    @property
    def api_url(self) -> str:
        """Give the base of the Web API, with its closing slash."""
        return f"{self._world.base_url}/api/"

    @property
    def app(self) -> App:
        """Give the app's configuration, which may be changed while it runs."""
        return self._world.app

    @property
    def app_token(self) -> str:
        """Give the app-level token (xapp-...) that opens sockets."""
        return self._world.app.app_token

    @property
    def signing_secret(self) -> str:
        """Give the secret that signs HTTP requests to the app."""
        return self._world.app.signing_secret

    @property
    def connections(self) -> tuple[str, ...]:
        """Give the names of the open sockets, oldest first."""
        return tuple(connection.name for connection in self._sockets.connections)

    @property
    def deliveries(self) -> list[Delivery]:
        """Give everything sent to the app, oldest first."""
        return list(self._courier.deliveries)

    def workspace(
        self, name: str, *, team_id: str | None = None, bot_name: str = "Keeper", is_installed: bool = True
    ) -> Workspace:
        """Give the workspace of that name, which is made, with the app installed, at the first call.

        Args:
            name: The workspace's name.
            team_id: An id of the caller's choice.
            bot_name: The name under which the app speaks there.
            is_installed: Whether the app is installed there already; if not, somebody allows it on the consent page.
        """
        if name not in self._workspaces:
            team = install(self._world, name, team_id=team_id, bot_name=bot_name)
            team.is_token_revoked = not is_installed
            self._workspaces[name] = Workspace(self._world, team, self._interactions)
        return self._workspaces[name]

    @property
    def downloads(self) -> tuple[str, ...]:
        """Give the ids of the files that the app was given, once for each request, oldest first."""
        return tuple(self._world.downloads)

    def calls(self, method: str | None = None) -> list[LoggedCall]:
        """Give the calls of one method, or all, granted and refused, oldest first."""
        return self._log.of(method)

    def wait_for_call(
        self, method: str, check: Callable[[LoggedCall], bool] = lambda _: True, *, timeout: float = 5.0
    ) -> Awaitable[LoggedCall]:
        """Wait until a call of a method satisfies a check, and give it.

        Raises:
            WaitTimeoutError: If none comes in time.
        """
        return self._changes.until(
            lambda: next((call for call in self.calls(method) if check(call)), None),
            within=timeout,
            describe=lambda: f"a call of {method}; there were {[call.method for call in self.calls()]}",
        )

    def wait_for_connections(self, count: int = 1, *, timeout: float = 5.0) -> Awaitable[tuple[str, ...]]:
        """Wait until exactly so many sockets are open, and give their names.

        Raises:
            WaitTimeoutError: If there are not in time.
        """
        return self._changes.until(
            lambda: self.connections if len(self.connections) == count else None,
            within=timeout,
            describe=lambda: f"{count} open sockets; there are {self.connections}",
        )

    def deliver(self, event: Payload, *, workspace: Workspace | None = None, is_duplicated: bool = False) -> Delivery:
        """Deliver any inner event, subscribed or not, known or not.

        Args:
            event: The inner event.
            workspace: Where it happens; the first workspace if not said.
            is_duplicated: Whether it is delivered a second time even if it is acknowledged.

        Raises:
            LookupError: If there is no workspace yet.
        """
        if workspace is None and not self._workspaces:
            raise LookupError("there is no workspace yet: make one with `slack.workspace(...)`")
        team = (workspace or next(iter(self._workspaces.values()))).team
        return self._world.deliver(team, event, is_duplicated=is_duplicated)

    def deliver_payload(self, payload: Payload, *, kind: DeliveryKind = "events_api") -> Delivery:
        """Deliver any payload as it is, however malformed."""
        return self._courier.send(kind, payload)

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Deliver a payload once more, with the same event id."""
        return self._courier.send(delivery.kind, delivery.payload)

    async def send_frame(self, message: Payload) -> None:
        """Send a bare message on every socket."""
        for connection in self._sockets.connections:
            await connection.send(message)

    def wait_until_acked(self, delivery: Delivery, *, timeout: float = 5.0) -> Awaitable[Delivery]:
        """Wait until the app has acknowledged a delivery.

        Raises:
            WaitTimeoutError: If it does not in time.
        """
        return self._changes.until(
            lambda: delivery if delivery.is_acked else None, within=timeout, describe=delivery.describe
        )

    def wait_for_attempts(self, delivery: Delivery, count: int, *, timeout: float = 5.0) -> Awaitable[Delivery]:
        """Wait until a delivery has been tried so often.

        Raises:
            WaitTimeoutError: If it has not in time.
        """
        return self._changes.until(
            lambda: delivery if len(delivery.attempts) >= count else None, within=timeout, describe=delivery.describe
        )

    def wait_until_settled(self, *deliveries: Delivery, timeout: float = 5.0) -> Awaitable[bool]:
        """Wait until the deliveries, or all there are, are acknowledged or given up.

        Raises:
            WaitTimeoutError: If something remains under way.
        """

        def look() -> bool | None:
            is_settled = not _open_ones(deliveries) if deliveries else self._courier.is_idle
            return True if is_settled else None

        def describe() -> str:
            remaining = _open_ones(deliveries or self.deliveries)
            return "all settled; under way are " + "; ".join(one.describe() for one in remaining)

        return self._changes.until(look, within=timeout, describe=describe)

    async def disconnect_sockets(
        self,
        reason: DisconnectReason = "refresh_requested",
        *,
        grace: float = 1.0,
        names: Collection[str] | None = None,
    ) -> None:
        """Announce the end of sockets and use them no more; a ``warning`` announces only.

        Args:
            reason: What the app is told.
            grace: Seconds that the app has to hang up by itself before it is hung up on.
            names: Which of the ``connections``; all of them if not said.
        """
        await self._sockets.disconnect(reason, grace=grace, names=names)

    def cut_sockets(self) -> None:
        """Break every socket without a word."""
        self._sockets.cut_all()

    @property
    def sockets(self) -> Sockets:
        """Give the server's end of Socket Mode, where it can be broken in further ways."""
        return self._sockets

    async def use_request_url(self, url: str) -> None:
        """Deliver over HTTP from now on, after the app has answered the challenge.

        Raises:
            ValueError: If it does not answer as it should.
        """
        challenge = self._world.ids.secret()
        is_verified = await self._push.verify_url(
            url, verification_token=self._world.app.verification_token, challenge=challenge
        )
        if not is_verified:
            raise ValueError(f"{url} did not answer the url_verification challenge")
        self._world.app.request_url = url
        self._courier.request_url = url

    def use_socket_mode(self) -> None:
        """Deliver over sockets from now on."""
        self._world.app.request_url = None
        self._courier.request_url = None

    def _routes(self) -> web.Application:
        api = WebApi(
            world=self._world,
            faults=self.faults,
            log=self._log,
            rate_limits=self._rate_limits,
            issue_socket=self._issue_socket,
        )
        files = FileStore(self._world, self.faults)
        server = web.Application(client_max_size=64 * 1024**2)
        server.router.add_route("*", "/api/{method}", api.handle)
        consent = ConsentPage(self._world)
        server.router.add_get("/oauth/v2/authorize", consent.show)
        server.router.add_post("/oauth/v2/authorize", consent.decide)
        server.router.add_get("/link/", self._sockets.serve)
        server.router.add_post("/actions/{team}/{key}", self._response_urls.handle)
        server.router.add_get("/files-pri/{key}/{name:.+}", files.handle)
        server.router.add_get("/login", files.handle_login)
        server.router.add_post("/upload/v1/{ticket}", files.handle_upload)
        return server

    def _issue_socket(self) -> str:
        ticket = self._sockets.issue_ticket()
        address = self._world.base_url.replace("http://", "ws://")
        return f"{address}/link/?ticket={ticket}&app_id={self._world.app.id}"


def _open_ones(deliveries: Iterable[Delivery]) -> list[Delivery]:
    return [one for one in deliveries if not one.is_acked and not one.is_given_up]
