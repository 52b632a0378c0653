"""A platform and a model that live in the test, and stores for the worker between them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
import redis.asyncio

from threadkeep import Agent, RedisStore, Run, SQLiteStore
from threadkeep.chat.adapter import Acceptance, ReplyContent, ReplyRequest, Sink
from threadkeep.chat.commands import Command, command_table, read_command
from threadkeep.chat.events import Addressing, MessageDeleted, MessageReceived, Place, PlaceKind, StopRequested
from threadkeep.chat.links import MessageLink
from threadkeep.errors import PlatformError
from threadkeep.messages import Message, Role
from threadkeep.models.base import ModelAnswer, ModelEvent, TextDelta, Usage
from threadkeep.runtime.answer_settings import AnswerSettings
from threadkeep.runtime.explaining import Inquiry
from threadkeep.runtime.story import Story, tell
from threadkeep.runtime.subjects import Reference, read_subject
from threadkeep.runtime.worker import Worker
from threadkeep.sessions import MessageKey, SessionKey, UserKey
from threadkeep.stores.base import Store

SECONDS = 10


class ScriptedModel:
    """Answers what the script says of the last user message; may be held in the middle of an answer."""

    id = "scripted"

    def __init__(self, script: Callable[[str], str | ModelEvent | Exception] | None = None) -> None:
        self.script = script or (lambda text: f"You said: {text}")
        self.asked: list[tuple[Message, ...]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.at_work = 0
        self.most_at_work = 0

    async def stream(self, messages: Sequence[Message], tools: Any, settings: Any) -> AsyncIterator[ModelEvent]:
        self.asked.append(tuple(messages))
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            said = self.script(messages[-1].content)
            if isinstance(said, Exception):
                raise said
            if isinstance(said, ModelAnswer):
                yield said
                return
            yield TextDelta(text=said[:1])
            await self.gate.wait()
            yield TextDelta(text=said[1:])
            yield ModelAnswer(message=Message(role=Role.ASSISTANT, content=said), usage=Usage(), finish_reason="stop")
        finally:
            self.at_work -= 1

    async def prepare(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


@dataclass(eq=False)
class SeenReply:
    """A reply as the people of the test platform see it; may be told to refuse."""

    request: ReplyRequest
    refuse: Callable[[], PlatformError | None]
    shown: list[ReplyContent] = field(default_factory=list)
    final: str | None = None
    is_closed: bool = False

    async def show(self, content: ReplyContent) -> None:
        if not self.shown and 0 not in self.request.posted:
            await self.request.on_posted(0, f"message-{uuid4().hex[:8]}")
        self.shown.append(content)

    async def finish(self, content: ReplyContent) -> None:
        error = self.refuse()
        if error is not None:
            raise error
        self.final = content.text

    async def aclose(self) -> None:
        self.is_closed = True


class TestPlatform:
    """A chat platform in memory: an implementation of the adapter's port."""

    __test__ = False
    name = "test"
    description = "a platform of the test"

    def __init__(self) -> None:
        self.replies: list[SeenReply] = []
        self.refusals: list[PlatformError] = []
        self.sink: Sink | None = None
        self.closed = asyncio.Event()
        self._ids = count(1)

    @classmethod
    def from_environment(cls, environ: Any) -> None:
        return None

    async def start(self, sink, shared=None):
        self.sink = sink

    async def wait_closed(self) -> None:
        await self.closed.wait()

    async def stop(self) -> None:
        self.sink = None

    def open_reply(self, request: ReplyRequest) -> SeenReply:
        reply = SeenReply(request, lambda: self.refusals.pop(0) if self.refusals else None)
        self.replies.append(reply)
        return reply

    def said(
        self,
        text: str,
        *,
        channel: str = "C1",
        user: str = "Ann",
        addressing: Addressing = Addressing.BOT,
        kind: PlaceKind = PlaceKind.DIRECT,
    ) -> MessageReceived:
        session = SessionKey(platform=self.name, workspace="W", channel=channel)
        return MessageReceived(
            key=MessageKey(platform=self.name, workspace="W", channel=channel, message=str(next(self._ids))),
            place=Place(session=session, kind=kind),
            user=UserKey(platform=self.name, user=user),
            speaker=user,
            text=text,
            addressing=addressing,
        )

    def revised(self, event: MessageReceived, revision: str) -> MessageKey:
        return replace(event.key, revision=revision)

    def stopped(self, event: MessageReceived, *, revision: str = "stop:button") -> StopRequested:
        """Give the wish to stop the answer to a message."""
        key = self.revised(event, revision)
        return StopRequested(key=key, place=event.place, user=event.user, speaker=event.speaker)

    def deleted(self, event: MessageReceived) -> MessageDeleted:
        return MessageDeleted(key=self.revised(event, "deleted"), place=event.place)

    @property
    def finals(self) -> list[str]:
        return [reply.final for reply in self.replies if reply.final is not None]


async def eventually(check: Callable[[], Any]) -> Any:
    """Return the check's first true value; fail after some seconds."""
    async with asyncio.timeout(SECONDS):
        while True:
            value = check()
            if asyncio.iscoroutine(value):
                value = await value
            if value:
                return value
            await asyncio.sleep(0.005)


async def runs_of(store: Store, channel: str = "C1", *, count: int | None = None) -> tuple[Run, ...]:
    """Give the runs of a session; none while they are not as many as wanted."""
    transcript = await store.history.load(f"test:W:{channel}", runs=100)
    runs = transcript.runs if transcript is not None else ()
    return runs if count in (None, len(runs)) else ()


@pytest.fixture
def platform() -> TestPlatform:
    return TestPlatform()


@pytest.fixture
def make_model() -> type[ScriptedModel]:
    return ScriptedModel


@pytest.fixture
def held_model(make_model: type[ScriptedModel]) -> ScriptedModel:
    """Stops after the first character of each answer until its gate is set."""
    model = make_model()
    model.gate.clear()
    return model


@pytest.fixture
def wait_for() -> Callable[[Callable[[], Any]], Any]:
    return eventually


@pytest.fixture
def load_runs() -> Callable[..., Any]:
    return runs_of


@pytest.fixture(params=["redis", "sqlite"])
async def open_store(request, tmp_path) -> AsyncIterator[Callable[..., Any]]:
    """Opens stores that share the test's data."""
    async with AsyncExitStack() as stack:
        if request.param == "sqlite":

            async def open_sqlite(**settings: Any) -> Store:
                return await stack.enter_async_context(SQLiteStore(tmp_path / "store.db", **settings))

            yield open_sqlite
            return
        url = request.getfixturevalue("redis_server").url
        prefix = f"test-{uuid4().hex}"

        async def open_redis(**settings: Any) -> Store:
            return await stack.enter_async_context(RedisStore(url, prefix=prefix, **settings))

        yield open_redis
    async with redis.asyncio.from_url(url) as client:
        keys = [key async for key in client.scan_iter(match=f"{prefix}:*")]
        if keys:
            await client.delete(*keys)


@pytest.fixture
async def store(open_store) -> Store:
    return await open_store()


@pytest.fixture
def why(store: Store) -> Callable[[Any], Any]:
    """Tells an operator of an event, a key, a link or a reference what happened."""

    async def ask(subject: Any) -> Story | None:
        if not isinstance(subject, MessageLink | Reference):
            subject = read_subject(str(getattr(subject, "key", subject)), ())
        facts = await Inquiry(store, platforms=("test",), clock=time.time).facts(subject)
        return None if facts is None else tell(facts, now=time.time())

    return ask


@pytest.fixture
def talk(platform: TestPlatform, store: Store) -> Callable[..., Any]:
    """Says one thing after the other and gives the answers to all of them."""

    async def say(*texts: str, commands: Sequence[Command] = (), **where: Any) -> list[str]:
        before = len(platform.finals)
        for number, text in enumerate(texts, start=before + 1):
            await store.inbox.accept(read_command(platform.said(text, **where), command_table(commands)))
            await eventually(lambda number=number: len(platform.finals) >= number)
        return platform.finals[before:]

    return say


@pytest.fixture
def working(platform) -> Callable[..., Any]:
    """Runs a worker around a block."""

    @asynccontextmanager
    async def run(
        model: ScriptedModel, store: Store, *, agent: Any = None, max_concurrent_runs: int = 50, **settings: Any
    ) -> AsyncIterator[Worker]:
        fields = {"add_history_to_messages": True, **(agent or {})}
        worker = Worker(
            agent=Agent(model=model, store=store, **fields),
            store=store,
            adapters={platform.name: platform},
            settings=AnswerSettings(**settings),
            max_concurrent_runs=max_concurrent_runs,
        )
        task = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            await worker.stop(grace=5)
            await task

    return run


ACCEPTED = Acceptance.ACCEPTED
