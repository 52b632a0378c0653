"""One websocket of Socket Mode, from its address to its end.

https://docs.slack.dev/apis/events-api/using-socket-mode/
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Final, TypeAlias

import aiohttp
import structlog
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.errors import PlatformUnavailableError
from threadkeep_slack.inbound.overlap import Overlap
from threadkeep_slack.limits import CONNECT_SECONDS, EVENTS_IN_FLIGHT, SILENT_PINGS
from threadkeep_slack.transport.port import end_tasks
from threadkeep_slack.web_api import failure_of

_log = structlog.get_logger(__name__)

_CLOSE_SECONDS: Final = 1.0
_ENVELOPE: Final = re.compile(r'"envelope_id"\s*:\s*"([0-9A-Za-z-]{1,64})"')


class Farewell(StrEnum):
    """Why a socket is to be replaced. The first four are Slack's words."""

    WARNING = "warning"
    REFRESH_REQUESTED = "refresh_requested"
    LINK_DISABLED = "link_disabled"
    TOO_MANY_WEBSOCKETS = "too_many_websockets"
    OTHER = "other"
    """Slack asked for it with a word of later days."""
    SILENT = "silent"
    """Not even a pong came."""
    LOST = "lost"
    """It broke, or Slack closed it."""


class SocketRefusedError(PlatformUnavailableError):
    """Slack took the connection, and ended it at once.

    Attributes:
        reason: Slack's word for why.
    """

    def __init__(self, reason: Farewell) -> None:
        super().__init__(f"Slack ended the new socket at once: {reason}")
        self.reason: Final = reason


class SocketFamily:
    """What the sockets of one process have in common.

    Attributes:
        overlap: Counts them.
        frames: How many frames may be in progress, on all of them.
    """

    def __init__(self, overlap: Overlap | None = None) -> None:
        self.overlap: Final = overlap or Overlap()
        self.frames: Final = asyncio.Semaphore(EVENTS_IN_FLIGHT)


OnRequest: TypeAlias = Callable[["SocketLink", SocketModeRequest], Awaitable[None]]
"""Takes a request and acknowledges it on the socket on which it came."""


class SocketLink:
    """A websocket that is opened once and not again: what takes its place is another one.

    Each request has a task, and the tasks begin in the order of the requests. When too many are in progress the
    next ones wait unread: one that was refused instead would come again behind later ones.

    Args:
        on_request: Takes the requests.
        family: What it has in common with the other sockets of the process.
        ping_seconds: Seconds between pings; it is given up when nothing came during several of them.
    """

    def __init__(self, on_request: OnRequest, *, family: SocketFamily, ping_seconds: float) -> None:
        self._on_request: Final = on_request
        self._family: Final = family
        self._ping_seconds: Final = ping_seconds
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._requests: set[asyncio.Task[None]] = set()
        self._taken = 0
        self._farewell: Farewell | None = None
        self._is_in_use = False
        self._leaving = asyncio.Event()
        self._ended = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether requests can come."""
        return self._socket is not None and not self._ended.is_set()

    async def open(self, url: str, client: AsyncWebClient) -> None:
        """Connect, on the client's HTTP session, and wait until Slack says hello.

        Args:
            url: The address. It carries a ticket for one use.
            client: The client of the bot.

        Raises:
            SocketRefusedError: Slack ends the socket at once.
            PlatformUnavailableError: It cannot be opened.
        """
        if client.session is None:
            raise PlatformUnavailableError("the client has no HTTP session")
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                self._socket = await client.session.ws_connect(
                    url,
                    # Slack leaves the connection open after the last words; it is not waited for.
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS),
                    proxy=client.proxy,
                    ssl=True if client.ssl is None else client.ssl,
                )
                first = await self._socket.receive()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PlatformUnavailableError(
                f"Slack's websocket cannot be opened ({failure_of(error)}): is wss:// let through?"
            ) from error
        if first.type is not aiohttp.WSMsgType.TEXT:
            raise SocketRefusedError(Farewell.LOST)
        self._family.overlap.begin()
        self._tasks = (
            asyncio.create_task(self._read(self._socket, first.data), name="slack-socket-reader"),
            asyncio.create_task(self._ping(self._socket), name="slack-socket-pings"),
        )
        # What is said at once is heard before the socket counts as open.
        if (farewell := _farewell_in(_decode(first.data))) is not None:
            raise SocketRefusedError(farewell)

    async def leaving(self) -> Farewell:
        """Return, with the reason, when another socket must take its place. Requests may go on coming."""
        await self._leaving.wait()
        return self._farewell or Farewell.LOST

    async def send(self, message: Mapping[str, object]) -> None:
        """Send a message.

        Raises:
            ConnectionError: The socket is gone.
        """
        if self._socket is None or self._socket.closed:
            raise ConnectionError("the socket is closed")
        await self._socket.send_str(json.dumps(message))

    async def settle(self, *, quiet: float, most: float) -> None:
        """Return when it may be closed: nothing has come for a while, or Slack has closed it.

        A mere warning is followed by another word some seconds later; until then Slack goes on using the socket.

        Args:
            quiet: For how many seconds nothing may come.
            most: After how many seconds it may be closed in any case.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(most):
                taken = -1
                while (taken != self._taken or self._is_in_use) and not self._ended.is_set():
                    taken = self._taken
                    with suppress(TimeoutError):
                        async with asyncio.timeout(quiet):
                            await self._ended.wait()

    async def drain(self) -> None:
        """Wait until the requests in progress are done."""
        while pending := [task for task in self._requests if task is not asyncio.current_task()]:
            await asyncio.wait(pending)

    async def close(self) -> None:
        """Close it and end every task. Requests in progress are cut off; ``drain`` lets them end."""
        await end_tasks(*self._tasks, *self._requests)
        socket, self._socket = self._socket, None
        if socket is None:
            return
        if self._tasks:
            self._family.overlap.end()
        with suppress(TimeoutError, OSError, aiohttp.ClientError):
            async with asyncio.timeout(2 * _CLOSE_SECONDS):
                await socket.close()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse, first: str) -> None:
        reason = Farewell.LOST
        try:
            await self._take(first)
            while True:
                message = await socket.receive(timeout=self._ping_seconds * SILENT_PINGS)
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._take(message.data)
                elif message.type is not aiohttp.WSMsgType.BINARY:
                    return
        except TimeoutError:
            reason = Farewell.SILENT
        finally:
            self._ended.set()
            self._leave(reason)

    async def _ping(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        with suppress(ConnectionError):
            while not self._ended.is_set():
                await asyncio.sleep(self._ping_seconds)
                await socket.ping()

    async def _take(self, text: str) -> None:
        message = _decode(text)
        if (reason := _farewell_in(message)) is not None:
            self._leave(reason)
            return
        request = _request_in(message)
        if request is not None:
            self._taken += 1
            await self._family.frames.acquire()
            task = asyncio.create_task(self._answer(request), name="slack-request")
            self._requests.add(task)
            task.add_done_callback(self._on_answered)
        elif (found := _ENVELOPE.search(text)) is not None:
            # Slack would only send it again.
            _log.warning("slack_frame_malformed", length=len(text))
            with suppress(ConnectionError):
                await self.send({"envelope_id": found[1]})

    async def _answer(self, request: SocketModeRequest) -> None:
        await self._on_request(self, request)

    def _on_answered(self, task: asyncio.Task[None]) -> None:
        self._requests.discard(task)
        self._family.frames.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("slack_request_failed", error=type(error).__name__)

    def _leave(self, reason: Farewell) -> None:
        self._farewell = self._farewell or reason
        self._is_in_use = reason is Farewell.WARNING
        self._leaving.set()


def _decode(text: str) -> Mapping[str, object]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _farewell_in(message: Mapping[str, object]) -> Farewell | None:
    if message.get("type") != "disconnect":
        return None
    try:
        return Farewell(str(message.get("reason")))
    except ValueError:
        return Farewell.OTHER


def _request_in(message: Mapping[str, object]) -> SocketModeRequest | None:
    kind, envelope, payload = message.get("type"), message.get("envelope_id"), message.get("payload")
    if not isinstance(kind, str) or not isinstance(envelope, str) or not isinstance(payload, dict):
        return None
    number, reason = message.get("retry_attempt"), message.get("retry_reason")
    return SocketModeRequest(
        type=kind,
        envelope_id=envelope,
        payload=payload,
        retry_attempt=number if isinstance(number, int) else None,
        retry_reason=reason if isinstance(reason, str) else None,
    )
