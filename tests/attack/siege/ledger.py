"""A platform of two files' worth: deliveries come over a socket, posts go into a ledger that only grows."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from threadkeep.chat.adapter import Reply, ReplyRequest, SharedState, Sink
from threadkeep.chat.elements import Elements
from threadkeep.chat.events import MessageReceived, Place, PlaceKind
from threadkeep.chat.reply import EditingReply, ReplyLimits
from threadkeep.errors import StoreUnavailableError
from threadkeep.messages import Message, Role
from threadkeep.models.base import ModelAnswer, ModelEvent, ModelSettings, ToolSpec, Usage
from threadkeep.sessions import MessageKey, SessionKey, UserKey

_LIMITS = ReplyLimits(part_length=10_000, measure=len, edit_interval=1.0)


def session_key(channel: str) -> SessionKey:
    """Give the conversation of a channel."""
    return SessionKey(platform="ledger", workspace="town", channel=channel)


def message(channel: str, number: int) -> MessageReceived:
    """Give the n-th message of a channel; its text names it."""
    session = session_key(channel)
    return MessageReceived(
        key=MessageKey(platform="ledger", workspace="town", channel=channel, message=f"{number:06d}"),
        place=Place(session=session, kind=PlaceKind.DIRECT, reply_to=f"{number:06d}"),
        user=UserKey(platform="ledger", workspace="town", user="ann"),
        speaker="Ann",
        text=f"{channel}/{number}",
        sent_at=time.time(),
    )


class EchoModel:
    """Answers at once with what was said, so that an answer names all messages that it answers."""

    id = "echo"

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncIterator[ModelEvent]:
        started = time.time()
        if self._seconds:
            await asyncio.sleep(self._seconds)
        said = " ".join(message.content for message in messages if message.role is Role.USER)
        answer = Message(role=Role.ASSISTANT, content=f"{started} {said}")
        yield ModelAnswer(message=answer, usage=Usage(), finish_reason="stop")

    async def prepare(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


class LedgerPoster:
    """Posts a part as one line of the ledger; after a death it looks there first, as a real platform's poster does."""

    def __init__(self, path: str, ledger: int, request: ReplyRequest) -> None:
        self._path = path
        self._ledger = ledger
        self._request = request

    async def post(self, part: int, text: str, elements: Elements = ()) -> str:
        message_id = f"{self._request.run_id}/{part}"
        if not (self._request.is_retry and self._stands(message_id)):
            line = {"id": message_id, "channel": self._request.place.session.channel, "text": text, "at": time.time()}
            os.write(self._ledger, json.dumps(line).encode() + b"\n")
        return message_id

    async def edit(self, message_id: str, text: str, elements: Elements = ()) -> None:
        raise AssertionError("an answer that is not streamed is never edited")

    async def remove(self, message_id: str) -> None:
        raise AssertionError("there is nothing to remove")

    def _stands(self, message_id: str) -> bool:
        return any(line["id"] == message_id for line in read_ledger(self._path))


def read_ledger(path: str) -> list[dict[str, Any]]:
    """Read the posts, oldest first."""
    file = Path(path)
    return [json.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []


def post_texts(path: str) -> list[str]:
    """Read the texts of the posts, oldest first."""
    return [line["text"] for line in read_ledger(path)]


class LedgerAdapter:
    """The adapter of that platform.

    Args:
        ledger: The file of the posts.
        deliveries: The socket from which messages come.
    """

    name = "ledger"
    description = "a ledger"

    def __init__(self, ledger: str, deliveries: str) -> None:
        self._path = ledger
        self._ledger = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._deliveries = deliveries
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> None:
        return None

    async def start(self, sink: Sink | None, shared: SharedState | None = None) -> None:
        if sink is not None:
            reader, writer = await asyncio.open_unix_connection(self._deliveries)
            self._reading = asyncio.create_task(self._read(sink, reader, writer))

    async def wait_closed(self) -> None:
        await (asyncio.Event().wait() if self._reading is None else self._reading)

    async def stop(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    def open_reply(self, request: ReplyRequest) -> Reply:
        return EditingReply(request, LedgerPoster(self._path, self._ledger, request), _LIMITS)

    async def _read(self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                async for line in reader:
                    channel, number = line.decode().split()
                    group.create_task(self._take(sink, channel, int(number), writer))
        finally:
            writer.close()

    async def _take(self, sink: Sink, channel: str, number: int, writer: asyncio.StreamWriter) -> None:
        """Hand a message over and acknowledge it; what the store does not take is delivered again."""
        began = time.perf_counter()
        try:
            await sink(message(channel, number))
            words = f"{time.perf_counter() - began} {time.time()}"
        except StoreUnavailableError:
            words = "refused"
        writer.write(f"{channel} {number} {words}\n".encode())
