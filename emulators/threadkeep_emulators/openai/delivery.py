"""How an answer travels: whole or streamed, slowly, torn, held, cut or broken off, as its script says."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Protocol

from aiohttp import web

from .answers import Answer
from .errors import ApiError
from .events import ServerEvent
from .payloads import JsonObject, encode


class ConnectionCutError(Exception):
    """Say that the connection is to be cut, as the script asked; nothing went wrong in the emulator."""

    def __init__(self, status: int | None) -> None:
        super().__init__("the connection is cut on purpose")
        self.status = status


class AnswerWriter(Protocol):
    """Write an answer in the shapes of one endpoint."""

    def whole(self) -> JsonObject:
        """Give the answer as one object."""

    def events(self) -> Iterable[ServerEvent]:
        """Give the answer as a stream."""

    def failure(self) -> Iterable[ServerEvent]:
        """Give the events that break a stream off with an error."""


class Delivery:
    """Send one answer to one request.

    Args:
        request: The HTTP request to answer.
        answer: What to send, and how.
        headers: The headers that go with every answer.
        closing: Set when the emulator closes, which ends answers that are held.
    """

    def __init__(
        self, *, request: web.Request, answer: Answer, headers: Mapping[str, str], closing: asyncio.Event
    ) -> None:
        self._request = request
        self._answer = answer
        self._headers = headers
        self._closing = closing

    async def send_whole(self, writer: AnswerWriter) -> web.StreamResponse:
        """Send the answer as one JSON body.

        Raises:
            ApiError: The script asks for an error instead, at once or after some events.
            ConnectionCutError: The script cuts the connection; a position counts for the whole answer.
        """
        await self._wait(self._answer.first_delay)
        if self._answer.hold_after is not None:
            await self._hold(status=None)
        if self._answer.cut_after is not None:
            raise ConnectionCutError(None)
        if self._answer.status is not None or self._answer.fail_after is not None:
            raise self._answer.failure
        body = encode(writer.whole()) if self._answer.raw is None else "".join(self._answer.raw)
        return web.Response(
            body=body.encode(errors="surrogatepass"), content_type="application/json", headers=self._headers
        )

    async def send_stream(self, writer: AnswerWriter) -> web.StreamResponse:
        """Send the answer as server-sent events.

        Raises:
            ApiError: The script asks for an error status instead of a stream.
            ConnectionCutError: The script cuts the connection, before or in the middle of the stream.
        """
        answer = self._answer
        await self._wait(answer.first_delay)
        if answer.hold_after == 0:
            await self._hold(status=None)
        if answer.cut_after == 0:
            raise ConnectionCutError(None)
        if answer.status is not None:
            raise answer.failure
        response = web.StreamResponse(headers={**self._headers, "Cache-Control": "no-cache"})
        response.content_type = "text/event-stream"
        response.charset = "utf-8"
        await response.prepare(self._request)
        for position, event in enumerate(self._events(writer)):
            await self._before(position)
            if position == answer.fail_after:
                await self._write(response, b"".join(broken.encoded() for broken in writer.failure()))
                break
            if position in answer.inserted:
                await self._write(response, ServerEvent(answer.inserted[position]).encoded())
            await self._write(response, event.encoded())
        await response.write_eof()
        return response

    def _events(self, writer: AnswerWriter) -> Iterable[ServerEvent]:
        if self._answer.raw is None:
            return writer.events()
        return (ServerEvent(data) for data in self._answer.raw)

    async def _before(self, position: int) -> None:
        if position > 0:
            await self._wait(self._answer.delay)
            if position == self._answer.hold_after:
                await self._hold(status=200)
            if position == self._answer.cut_after:
                raise ConnectionCutError(200)

    async def _write(self, response: web.StreamResponse, data: bytes) -> None:
        size = self._answer.packet_size or len(data)
        for start in range(0, len(data), size):
            await response.write(data[start : start + size])

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            await asyncio.sleep(seconds)

    async def _hold(self, *, status: int | None) -> None:
        waits = [asyncio.create_task(self._closing.wait())]
        if self._answer.release is not None:
            waits.append(asyncio.create_task(self._answer.release.wait()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._closing.is_set():
            raise ConnectionCutError(status)


def error_response(error: ApiError, headers: Mapping[str, str], *, body: object | None = None) -> web.Response:
    """Give the HTTP answer for an error, in the API's envelope unless another body is given."""
    headers = dict(headers)
    if error.retry_after is not None:
        headers["Retry-After"] = f"{error.retry_after:g}"
    if error.status == 501:
        # The real API has no such answer: the client must not take it for an outage and try again.
        headers["x-should-retry"] = "false"
    payload = {"error": error.error} if body is None else body
    return web.json_response(payload, status=error.status, headers=headers)
