"""Frames on a gateway socket: plain JSON text, or one zlib stream for the whole connection.

https://discord.com/developers/docs/events/gateway#transport-compression
"""

import asyncio
import json
import zlib
from collections.abc import Mapping

from aiohttp import web

from threadkeep_emulators.discord.model import Payload


class Wire:
    """Write frames to one socket, one after the other, in the encoding that its address asked for."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, query: Mapping[str, str]
    ) -> None:
        self._socket = socket
        self._transport = transport
        # zstd-stream is answered in plain text too: clients tell the two apart by the frame's type.
        self._zlib = zlib.compressobj() if query.get("compress") == "zlib-stream" else None
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
                if self._zlib is None:
                    await self._socket.send_str(text)
                else:
                    data = self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
                    await self._socket.send_bytes(data)
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
