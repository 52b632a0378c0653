"""One client's connection to the gateway, from HELLO to the close.

https://discord.com/developers/docs/events/gateway#connection-lifecycle
"""

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from typing import Protocol

from aiohttp import WSMsgType, web

from threadkeep_emulators.discord.ids import Clock
from threadkeep_emulators.discord.model import Payload

from .handshake import CloseError, check_address, check_token
from .session import Frame, Session
from .wire import Wire

_DISPATCH, _HEARTBEAT, _IDENTIFY, _PRESENCE, _VOICE, _RESUME = 0, 1, 2, 3, 4, 6
_RECONNECT, _MEMBERS, _INVALID, _HELLO, _ACK = 7, 8, 9, 10, 11
_MOST_BYTES = 4096
_MOST_EVENTS = 120
_PER_SECONDS = 60.0
_GOODBYES = frozenset({1000, 1001})
_IGNORED = frozenset({_PRESENCE, _VOICE})


class Sessions(Protocol):
    """Give the connection its session: a new one, or the one that it lost."""

    def identify(self, data: Payload) -> Session | None:
        """Open a session and put READY and the guilds into it; None if it is not its turn yet."""
        ...

    def resume(self, session_id: str, sequence: int) -> Session | None:
        """Give a session that can be resumed, or None."""
        ...

    def detach(self, connection: "Connection", *, is_over: bool) -> None:
        """Note that the connection is gone; a session that is over cannot be resumed."""
        ...

    def request_members(self, session: Session, data: Payload) -> None:
        """Answer a request for guild members."""
        ...


class Connection:
    """Speak the gateway's protocol with one client."""

    def __init__(
        self,
        sessions: Sessions,
        socket: web.WebSocketResponse,
        wire: Wire,
        *,
        token: str,
        clock: Clock,
        heartbeat_interval: float,
    ) -> None:
        self._sessions = sessions
        self._socket = socket
        self.wire = wire
        self._token = token
        self._clock = clock
        self._interval = heartbeat_interval
        self._received: deque[float] = deque(maxlen=_MOST_EVENTS)
        self._sent = 0
        self._ready = asyncio.Event()
        self.session: Session | None = None

    async def run(self, query: Mapping[str, str]) -> None:
        """Serve the client until one side closes."""
        try:
            check_address(query)
            interval = int(self._interval * 1000)
            await self.wire.send({"op": _HELLO, "t": None, "s": None, "d": {"heartbeat_interval": interval}})
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(self._write())
                try:
                    await self._read()
                finally:
                    writer.cancel()
        except* CloseError as group:
            await self._refuse(group)
        finally:
            # Only a client that says goodbye itself ends its session; any other loss can be resumed.
            says_goodbye = self._socket.close_code in _GOODBYES and not self.wire.was_closed_here
            self._sessions.detach(self, is_over=says_goodbye)

    async def invalidate(self, *, is_resumable: bool) -> None:
        """Tell the client that its session is invalid."""
        await self.wire.send({"op": _INVALID, "t": None, "s": None, "d": is_resumable})

    async def ask_to_reconnect(self) -> None:
        """Tell the client to reconnect and resume."""
        await self.wire.send({"op": _RECONNECT, "t": None, "s": None, "d": None})

    async def _refuse(self, group: BaseExceptionGroup[CloseError]) -> None:
        refusal: BaseException = group
        while isinstance(refusal, BaseExceptionGroup):
            refusal = refusal.exceptions[0]
        if isinstance(refusal, CloseError):
            await self.wire.close(refusal.code, refusal.reason)

    async def _read(self) -> None:
        # A client that misses two beats is taken for dead, as after a network that broke silently.
        patience = self._interval * 2
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(patience) as limit:
                async for frame in self._socket:
                    if frame.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                        break
                    if await self._handle(self._decode(frame.data)) == _HEARTBEAT:
                        limit.reschedule(loop.time() + patience)
        except TimeoutError:
            raise CloseError(4009, "Session timed out.") from None

    def _decode(self, data: str | bytes) -> Payload:
        now = self._clock()
        if len(self._received) == _MOST_EVENTS and now - self._received[0] < _PER_SECONDS:
            raise CloseError(4008, "Rate limited.")
        self._received.append(now)
        try:
            payload = json.loads(data)
        except ValueError:
            payload = None
        if not isinstance(payload, dict) or len(data) > _MOST_BYTES:
            raise CloseError(4002, "Error while decoding payload.")
        return payload

    async def _handle(self, payload: Payload) -> int:
        operation = payload.get("op")
        data = payload.get("d")
        if operation == _HEARTBEAT:
            await self.wire.send({"op": _ACK, "t": None, "s": None, "d": None})
            return _HEARTBEAT
        if operation in {_IDENTIFY, _RESUME}:
            await self._authenticate(operation, data)
        elif operation not in {*_IGNORED, _MEMBERS}:
            raise CloseError(4001, "Unknown opcode.")
        elif self.session is None:
            raise CloseError(4003, "Not authenticated.")
        elif operation == _MEMBERS and isinstance(data, dict):
            self._sessions.request_members(self.session, data)
        return int(operation)

    async def _authenticate(self, operation: int, data: object) -> None:
        if not isinstance(data, dict):
            raise CloseError(4002, "Error while decoding payload.")
        check_token(data, self._token)
        if self.session is not None:
            raise CloseError(4005, "Already authenticated.")
        if operation == _IDENTIFY:
            await self._identify(data)
        else:
            await self._resume(data)

    async def _identify(self, data: Payload) -> None:
        session = self._sessions.identify(data)
        if session is None:
            await self.invalidate(is_resumable=False)
        else:
            self._attach(session, 0)

    async def _resume(self, data: Payload) -> None:
        sequence = data.get("seq")
        if not isinstance(sequence, int):
            await self.invalidate(is_resumable=False)
            return
        session = self._sessions.resume(str(data.get("session_id")), sequence)
        if session is None:
            await self.invalidate(is_resumable=False)
            return
        session.deliver("RESUMED", {"_trace": []})
        self._attach(session, sequence)

    def _attach(self, session: Session, sequence: int) -> None:
        self._sent = sequence
        self.session = session
        session.detached_at = None
        self._ready.set()

    async def _write(self) -> None:
        await self._ready.wait()
        session = self.session
        while session is not None and self.wire.is_open:
            news = session.news
            for frame in session.after(self._sent):
                await self._send(frame)
                self._sent = frame.sequence
            await news.wait()

    async def _send(self, frame: Frame) -> None:
        fault = None if self.session is None else self.session.faults.pop(frame.sequence, None)
        if fault is not None and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind == "drop_before":
            self.wire.cut()
            return
        await self.wire.send_text(frame.text)
        if fault is not None and fault.kind == "drop_after":
            self.wire.cut()
