"""Frames on a gateway socket: plain JSON text, or one compressed stream for the whole connection.

https://discord.com/developers/docs/events/gateway#transport-compression
"""

import asyncio
import json
import zlib
from collections.abc import Callable, Mapping

from aiohttp import web

from threadkeep_emulators.discord.model import Payload

from .zstd import ZstdStream


class Wire:
    """Write frames to one socket, one after the other, in the encoding that its address asked for."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, query: Mapping[str, str]
    ) -> None:
        self._socket = socket
        self._transport = transport
        self._packed = _packing(query.get("compress"))
        self._turn = asyncio.Lock()
        self.was_closed_here = False
        self.is_stalled = False

    @property
    def is_open(self) -> bool:
        """Say whether frames can still be written."""
        return not self._socket.closed

    async def send(self, payload: Payload) -> None:
        """Write one payload; a connection that went away takes nothing and raises nothing."""
        await self.send_text(json.dumps(payload, ensure_ascii=False, separators=(",", ":")))

    async def send_text(self, text: str) -> None:
        """Write one frame that is already text, well formed or not."""
        # The turn keeps the compressed stream in the order in which it was compressed.
        async with self._turn:
            if self._socket.closed or self.is_stalled:
                return
            try:
                if self._packed is None:
                    await self._socket.send_str(text)
                else:
                    await self._socket.send_bytes(self._packed(text.encode()))
            except ConnectionError:
                # The client is gone; its session keeps what it missed.
                return

    async def close(self, code: int, reason: str = "") -> None:
        """Close the socket with a close code."""
        self.was_closed_here = True
        await self._socket.close(code=code, message=reason.encode())

    def cut(self) -> None:
        """Drop the connection as a broken network does: with no close frame."""
        self.was_closed_here = True
        if self._transport is not None:
            self._transport.abort()


def _packing(name: str | None) -> Callable[[bytes], bytes] | None:
    match name:
        case "zlib-stream":
            stream = zlib.compressobj()
            return lambda data: stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)
        case "zstd-stream":
            return ZstdStream().write
        case _:
            return None
