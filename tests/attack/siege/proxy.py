"""A TCP proxy that misbehaves on demand."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Self


@dataclass(slots=True)
class _Trap:
    request: bytes
    times: int


class Proxy:
    """Stands between a bot and a server.

    Args:
        port: The server's port on this machine.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._flows: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._traps: list[_Trap] = []
        self._is_flowing = asyncio.Event()
        self._is_flowing.set()
        self.delay = 0.0
        """By how many seconds each answer is late."""
        self.port = 0
        self.sprung = 0
        """How many answers were lost."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1")
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for flow in tuple(self._flows):
            flow.cancel()
        await asyncio.gather(*self._flows, return_exceptions=True)

    def cut(self) -> None:
        """Cut all connections now."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    def lead_to(self, port: int) -> None:
        """Lead new connections to another server; those that stand are left alone."""
        self._target = port

    def hold(self) -> None:
        """Let nothing through, while all connections stand."""
        self._is_flowing.clear()

    def release(self) -> None:
        """Let everything through again."""
        self._is_flowing.set()

    def lose_answers_to(self, request: bytes, *, times: int = 1) -> None:
        """Pass on the next requests that contain these bytes, and cut the connection when they are answered."""
        self._traps.append(_Trap(request, times))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, server_writer}
        doomed = asyncio.Event()
        flows = {
            asyncio.create_task(self._pass_up(reader, server_writer, doomed)),
            asyncio.create_task(self._pass_down(server_reader, writer, doomed)),
        }
        self._flows |= flows
        await asyncio.wait(flows, return_when=asyncio.FIRST_COMPLETED)
        for flow in flows:
            flow.cancel()
        await asyncio.gather(*flows, return_exceptions=True)
        self._flows -= flows
        for end in (writer, server_writer):
            self._writers.discard(end)
            end.transport.abort()

    async def _pass_up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 20):
                await self._is_flowing.wait()
                trap = next((trap for trap in self._traps if trap.request in data), None)
                if trap is not None:
                    doomed.set()
                    trap.times -= 1
                    self.sprung += 1
                    if not trap.times:
                        self._traps.remove(trap)
                writer.write(data)
                await writer.drain()

    async def _pass_down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 20):
                await self._is_flowing.wait()
                if doomed.is_set():
                    return
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()
