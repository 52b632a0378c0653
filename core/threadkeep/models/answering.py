"""From the bytes of an answer to model events, the same for both endpoints."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, Protocol

from threadkeep.errors import ModelResponseError
from threadkeep.models.base import ModelAnswer, ModelEvent, TextDelta
from threadkeep.models.payloads import JsonObject, is_object
from threadkeep.models.server import ModelServer
from threadkeep.models.sse import EventReader

_DRAIN_SECONDS: Final = 0.25


class Assembler(Protocol):
    """Puts one answer together from what an endpoint sends."""

    def feed(self, payload: JsonObject) -> str | None:
        """Take one event of a stream and give the text that it adds; None if it is no part of an answer.

        The text is empty where the model writes what is not seen: thoughts, or the call of a tool.

        Raises:
            ModelError: The event reports a failure.
        """
        ...

    def whole(self, payload: JsonObject) -> str:
        """Take an answer that came in one piece and give its text.

        Raises:
            ModelError: It is not an answer, or reports a failure.
        """
        ...

    def finish(self, *, is_done: bool) -> tuple[str, ModelAnswer]:
        """Give the text that was held back, and the answer.

        Args:
            is_done: Whether the server said that the stream is complete.

        Raises:
            ModelUnavailableError: The answer was cut off.
        """
        ...


async def ask(
    server: ModelServer, path: str, body: JsonObject, assembler: Assembler
) -> AsyncGenerator[ModelEvent, None]:
    """Send a request and yield its answer as model events; closing the iterator ends the call.

    Raises:
        ModelError: There is no usable answer; the subclass says why.
    """
    reader = EventReader()
    async with server.post(path, body) as answering:
        if answering.is_event_stream and body.get("stream"):
            async with aclosing(_events(answering.chunks, reader)) as events:
                async for payload in events:
                    said = assembler.feed(payload)
                    if said is not None:
                        yield TextDelta(text=said)
        else:
            text = assembler.whole(_document(b"".join([chunk async for chunk in answering.chunks])))
            if text:
                yield TextDelta(text=text)
    rest, answer = assembler.finish(is_done=reader.is_done)
    if rest:
        yield TextDelta(text=rest)
    yield answer


async def _events(chunks: AsyncGenerator[bytes, None], reader: EventReader) -> AsyncGenerator[JsonObject, None]:
    async with aclosing(chunks):
        async for chunk in chunks:
            for payload in reader.feed(chunk):
                yield payload
            if reader.is_done:
                await _drain(chunks)
                return
    for payload in reader.finish():
        yield payload


def _document(body: bytes) -> JsonObject:
    try:
        payload = json.loads(body)
    except ValueError as error:
        raise ModelResponseError("the model server answered with something that is not JSON") from error
    if not is_object(payload):
        raise ModelResponseError("the model server answered with JSON that is not an object")
    return payload


async def _drain(chunks: AsyncGenerator[bytes, None]) -> None:
    # A connection is reused only when its answer was read to the end, which comes with the last event or right
    # after it; a server that keeps the stream open after [DONE] costs us that connection and no more time.
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in chunks:
                pass
    except TimeoutError:
        return
