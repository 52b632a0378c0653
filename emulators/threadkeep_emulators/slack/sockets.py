"""Socket Mode's server end: tickets, connections, hello and disconnect.

https://docs.slack.dev/apis/events-api/using-socket-mode/
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from .changes import Changes
from .ids import Ids
from .wire import DisconnectReason, Payload

MAX_CONNECTIONS = 10

AckListener = Callable[[str, str, Payload | None], None]


@dataclass(slots=True, kw_only=True, eq=False)
class Connection:
    """Hold one open socket of the app.

    Attributes:
        awaited: The hand-overs whose acknowledgement is still to come; they fail when the socket closes.
        is_frozen: Whether nothing gets through any more, though neither end was told.
    """

    name: str
    socket: web.WebSocketResponse
    request: web.Request
    awaited: set["asyncio.Future[bool]"] = field(default_factory=set)
    is_open: bool = True
    is_frozen: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: Payload) -> bool:
        """Send one JSON message and tell whether the socket took it."""
        if not self.is_open:
            return False
        if self.is_frozen:
            return True
        try:
            await self.socket.send_str(json.dumps(message))
        except ConnectionError:
            return False
        return True

    def freeze(self) -> None:
        """Let nothing through any more, as when a router between the two has forgotten them."""
        self.is_frozen = True
        transport = self.request.transport
        if transport is not None and not transport.is_closing():
            transport.pause_reading()

    def cut(self) -> None:
        """Break the connection without a word, as a failing network does."""
        self.end()
        if self.request.transport is not None:
            self.request.transport.abort()

    def end(self) -> None:
        """Take the connection out of use and fail what waits on it."""
        self.is_open = False
        for waiter in self.awaited:
            if not waiter.done():
                waiter.set_result(False)
        self.awaited.clear()


class Sockets:
    """Hold the app's connections, and choose one for each payload.

    Attributes:
        is_turned_off: Whether the app's configuration allows no sockets.
    """

    def __init__(self, *, app_id: str, ids: Ids, changes: Changes, ping_interval: float) -> None:
        self._app_id = app_id
        self._ids = ids
        self._changes = changes
        self._ping_interval = ping_interval
        self._tickets: set[str] = set()
        self._open: list[Connection] = []
        self._count = 0
        self._taken = 0
        self._opened = asyncio.Event()
        self.is_turned_off = False
        self.on_ack: AckListener | None = None

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Give the open connections, oldest first."""
        return tuple(self._open)

    def issue_ticket(self) -> str:
        """Give a ticket that opens one connection, once."""
        ticket = self._ids.uuid()
        self._tickets.add(ticket)
        return ticket

    async def wait_for_one(self) -> Connection:
        """Give one of the open connections, by chance, as soon as there is one."""
        while not self._open:
            self._opened.clear()
            await self._opened.wait()
        return self._ids.pick(self._open)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Run one connection from its handshake to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=401, text="invalid or used ticket")
        self._tickets.discard(ticket)
        self._taken += 1
        try:
            return await self._run(request, is_surplus=self._taken > MAX_CONNECTIONS)
        finally:
            self._taken -= 1

    async def disconnect(self, reason: DisconnectReason, *, grace: float, names: Collection[str] | None = None) -> None:
        """Announce the end of connections and use them no more, except after a mere ``warning``.

        Args:
            reason: What the app is told.
            grace: Seconds that the app has to hang up by itself before it is hung up on.
            names: Which connections; all of them if not said.
        """
        connections = [found for found in self._open if names is None or found.name in names]
        for connection in connections:
            await connection.send(self._disconnect_message(reason))
        if reason == "warning":
            return
        for connection in connections:
            # Nothing is sent over it any more; what was sent may still be acknowledged.
            self._take_out(connection)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                for connection in connections:
                    await connection.ended.wait()
        for connection in connections:
            await connection.socket.close()

    def cut_all(self) -> None:
        """Break every connection without a word."""
        for connection in self.connections:
            connection.cut()
            self._leave(connection)

    async def turn_off(self, *, grace: float = 1.0) -> None:
        """Turn Socket Mode off in the app's configuration: connections end, and new ones are told so."""
        self.is_turned_off = True
        await self.disconnect("link_disabled", grace=grace)

    def freeze_all(self) -> None:
        """Let nothing through on any connection, which both ends take for open. Needs a long ``ping_interval``."""
        for connection in self.connections:
            connection.freeze()

    async def close(self) -> None:
        """Close every connection in good order."""
        for connection in self.connections:
            self._leave(connection)
            if connection.is_frozen:
                connection.cut()
                continue
            with contextlib.suppress(ConnectionError):
                await connection.socket.close()

    async def _run(self, request: web.Request, *, is_surplus: bool) -> web.StreamResponse:
        number = self._taken
        socket = web.WebSocketResponse(heartbeat=self._ping_interval)
        await socket.prepare(request)
        self._count += 1
        connection = Connection(name=f"socket-{self._count}", socket=socket, request=request)
        if is_surplus or self.is_turned_off:
            reason: DisconnectReason = "link_disabled" if self.is_turned_off else "too_many_websockets"
            await connection.send(self._disconnect_message(reason))
            await socket.close()
            return socket
        if await connection.send(self._hello(number)):
            self._enter(connection)
        try:
            await self._listen(connection)
        finally:
            self._leave(connection)
            connection.ended.set()
        return socket

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            answer = _decode(message.data)
            if self.on_ack is not None and isinstance(answer.get("envelope_id"), str):
                self.on_ack(answer["envelope_id"], connection.name, answer.get("payload"))

    def _enter(self, connection: Connection) -> None:
        self._open.append(connection)
        self._opened.set()
        self._changes.ring()

    def _leave(self, connection: Connection) -> None:
        connection.end()
        self._take_out(connection)

    def _take_out(self, connection: Connection) -> None:
        if connection in self._open:
            self._open.remove(connection)
            self._changes.ring()

    def _hello(self, number: int) -> Payload:
        return {
            "type": "hello",
            "num_connections": number,
            "debug_info": {
                "host": "applink-emulator",
                "build_number": 1,
                "approximate_connection_time": 18_060,
            },
            "connection_info": {"app_id": self._app_id},
        }

    @staticmethod
    def _disconnect_message(reason: DisconnectReason) -> Payload:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-emulator"}}


def _decode(text: str) -> Payload:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return {"undecodable": text}
    return value if isinstance(value, dict) else {"undecodable": text}
