"""What a test or demo does to the gateway: break it, end sessions, send what should not be sent."""

from collections.abc import Coroutine

from threadkeep_emulators.discord.changes import Bell
from threadkeep_emulators.discord.errors import EmulatorError
from threadkeep_emulators.discord.model import Payload

from .connection import Connection
from .hub import Gateway
from .session import Session


class GatewayControl:
    """Make the gateway misbehave as the real one does now and then."""

    def __init__(self, gateway: Gateway, bell: Bell) -> None:
        self._gateway = gateway
        self._bell = bell

    @property
    def sessions(self) -> tuple[Session, ...]:
        """Give the sessions that can be used or resumed."""
        return tuple(self._gateway.sessions.values())

    @property
    def connected(self) -> tuple[Session, ...]:
        """Give the sessions that a client is connected with now."""
        attached = (connection.session for connection in self._gateway.connections)
        return tuple(session for session in attached if session is not None)

    @property
    def identifies(self) -> int:
        """Say how many sessions were opened since the start."""
        return self._gateway.identifies

    @property
    def starts_left(self) -> int:
        """Say how many sessions may still be opened today; what is refused as too early counts as well."""
        return self._gateway.starts.left

    @property
    def resumes(self) -> int:
        """Say how often a session was resumed since the start."""
        return self._gateway.resumes

    @property
    def is_accepting(self) -> bool:
        """Say whether new connections are let in; set it to False for an outage."""
        return self._gateway.is_accepting

    @is_accepting.setter
    def is_accepting(self, is_accepting: bool) -> None:
        self._gateway.is_accepting = is_accepting

    def wait_connected(self, *, timeout: float = 15.0) -> Coroutine[None, None, object]:
        """Wait until a client is connected and has a session."""
        return self._bell.wait_for(lambda: self.connected, within=timeout, describe=self._describe)

    def wait_disconnected(self, *, timeout: float = 15.0) -> Coroutine[None, None, object]:
        """Wait until no client is connected."""
        return self._bell.wait_for(lambda: not self._gateway.connections, within=timeout, describe=self._describe)

    def wait_resumed(self, times: int = 1, *, timeout: float = 15.0) -> Coroutine[None, None, object]:
        """Wait until sessions were resumed so often since the start."""
        return self._bell.wait_for(lambda: self.resumes >= times, within=timeout, describe=self._describe)

    def wait_identified(self, times: int = 1, *, timeout: float = 15.0) -> Coroutine[None, None, object]:
        """Wait until sessions were opened so often since the start."""
        return self._bell.wait_for(lambda: self.identifies >= times, within=timeout, describe=self._describe)

    async def drop(self, code: int | None = None) -> None:
        """Break every connection: with a close code, or as a dead network does, with none."""
        for connection in self._connections():
            if code is None:
                connection.wire.cut()
            else:
                await connection.wire.close(code)

    def stall(self) -> None:
        """Let every connection stand open and bring nothing more, not even answers to heartbeats."""
        for connection in self._connections():
            connection.wire.is_stalled = True

    async def ask_to_reconnect(self) -> None:
        """Send opcode 7 to every client."""
        for connection in self._connections():
            await connection.ask_to_reconnect()

    async def invalidate(self, *, is_resumable: bool = False) -> None:
        """Send opcode 9 to every client; a session that is not resumable is forgotten."""
        for connection in self._connections():
            if connection.session is not None and not is_resumable:
                self._gateway.sessions.pop(connection.session.id, None)
            await connection.invalidate(is_resumable=is_resumable)

    def forget_sessions(self) -> None:
        """Forget every session, so that the next resume is refused."""
        self._gateway.sessions.clear()

    def dispatch(self, name: str, payload: Payload) -> None:
        """Dispatch any payload under any name to every session, asked for or not."""
        for session in self.sessions:
            session.deliver(name, payload)

    def redeliver(self, name: str) -> None:
        """Dispatch the newest event of this name once more, as if it had happened twice."""
        for session in self.sessions:
            for frame in reversed(session.backlog):
                if frame.name == name:
                    session.deliver(name, frame.payload)
                    break
            else:
                raise EmulatorError(f"nothing called {name} was dispatched to session {session.id} yet")

    async def inject(self, text: str) -> None:
        """Write a raw frame to every client, well formed or not."""
        for connection in self._connections():
            await connection.wire.send_text(text)

    def _connections(self) -> tuple[Connection, ...]:
        if not self._gateway.connections:
            raise EmulatorError("no client is connected to the gateway")
        return tuple(self._gateway.connections)

    def _describe(self) -> str:
        return (
            f"{len(self._gateway.connections)} connections, {len(self.connected)} of them with a session,"
            f" {self.identifies} identified and {self.resumes} resumed since the start"
        )
