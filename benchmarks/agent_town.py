"""A platform and a model that cost nothing, so that what is left is the agent, the runtime and the store."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

from threadkeep import Agent, Memory, Summary
from threadkeep.agent.tokens import estimated_tokens
from threadkeep.chat.adapter import Acceptance, ReplyContent, ReplyRequest
from threadkeep.chat.events import MessageReceived, Place, PlaceKind
from threadkeep.messages import Message, Role
from threadkeep.models.base import ModelAnswer, ModelEvent, ModelSettings, TextDelta, ToolSpec, Usage
from threadkeep.runs import Run
from threadkeep.runtime.answer_settings import AnswerSettings
from threadkeep.runtime.worker import Worker
from threadkeep.sessions import MessageKey, SessionKey, UserKey
from threadkeep.stores.base import Store

ANSWER = "The library is open until eight in the evening, and on Saturdays until four. " * 4
QUESTION = "When is the library open, and may I bring a friend along? "
EVERY = 10
SHOWN = 5
SUMMARY = "Ann asked about the opening hours. " * 100


class InstantModel:
    """Answers at once, and counts what it is shown.

    Args:
        chunks: In how many pieces it answers.
    """

    id = "instant"

    def __init__(self, chunks: int = 1) -> None:
        self._pieces = [f"{word} " for word in (ANSWER * chunks).split()[:chunks]] if chunks > 1 else [ANSWER]
        self.shown: list[int] = []

    async def stream(
        self,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],  # noqa: ARG002 - part of the port
        settings: ModelSettings,  # noqa: ARG002
    ) -> AsyncIterator[ModelEvent]:
        """Answer."""
        self.shown.append(sum(estimated_tokens(message.content) for message in messages))
        for piece in self._pieces:
            yield TextDelta(text=piece)
        usage = Usage(input_tokens=self.shown[-1], cached_tokens=0, output_tokens=len(self._pieces))
        message = Message(role=Role.ASSISTANT, content="".join(self._pieces))
        yield ModelAnswer(message=message, usage=usage, finish_reason="stop")

    async def prepare(self) -> None:
        """Do nothing."""

    async def aclose(self) -> None:
        """Do nothing."""


class Town:
    """A platform in memory: an adapter whose replies nobody sees."""

    name = "bench"
    description = "a platform in memory"

    def __init__(self) -> None:
        # Other towns have spoken in the same places before.
        self._numbers = itertools.count(time.time_ns())
        self._finished: dict[str, asyncio.Future[None]] = {}

    @classmethod
    def from_environment(cls, environ: Any) -> Self | None:  # noqa: ARG003 - part of the port
        """Give nothing: it has no settings."""
        return None

    async def start(self, sink: Any, shared: Any = None) -> None:
        """Do nothing: what is said is accepted by the benchmark."""

    async def stop(self) -> None:
        """Do nothing."""

    async def wait_closed(self) -> None:
        """Wait for ever."""
        await asyncio.Event().wait()

    def open_reply(self, request: ReplyRequest) -> "Unseen":
        """Open a reply that nobody sees."""
        return Unseen(self._finished[str(request.place.session)], request)

    async def ask(self, store: Store, channel: str) -> None:
        """Ask in a conversation, and return when it is answered and committed."""
        key = session(channel)
        self._finished[str(key)] = asyncio.get_running_loop().create_future()
        message = MessageReceived(
            key=MessageKey(platform=key.platform, workspace="town", channel=channel, message=str(next(self._numbers))),
            place=Place(session=key, kind=PlaceKind.DIRECT),
            user=UserKey(platform=key.platform, workspace="town", user="ann"),
            speaker="Ann",
            text=QUESTION,
        )
        assert await store.inbox.accept(message) is Acceptance.ACCEPTED
        async with asyncio.timeout(30):
            await self._finished[str(key)]


class Unseen:
    """A reply that nobody sees; posted once, like a real one."""

    def __init__(self, finished: "asyncio.Future[None]", request: ReplyRequest) -> None:
        self._finished = finished
        self._request = request
        self._is_posted = False

    async def show(self, content: ReplyContent) -> None:  # noqa: ARG002 - part of the port
        """Note that it is posted."""
        if not self._is_posted:
            self._is_posted = True
            await self._request.on_posted(0, "1700000000.000100")

    async def finish(self, content: ReplyContent) -> None:
        """Do the same: the run is committed right after."""
        await self.show(content)

    async def aclose(self) -> None:
        """Let the asker go on."""
        if not self._finished.done():
            self._finished.set_result(None)


def session(channel: str) -> SessionKey:
    """Give the conversation of a channel."""
    return SessionKey(platform="bench", workspace="town", channel=channel)


async def seed(store: Store, channel: str, turns: int) -> None:
    """Give a conversation its earlier runs, all but a few summed up."""
    name = str(session(channel))
    said = (Message(role=Role.USER, content=QUESTION), Message(role=Role.ASSISTANT, content=ANSWER))
    for first in range(0, turns, 200):
        runs = (
            Run(run_id=f"{number:032x}", session_id=name, user_id="bench:town:ann", messages=said, content=ANSWER)
            for number in range(first, min(turns, first + 200))
        )
        await asyncio.gather(*(store.history.append(run) for run in runs))
    await sum_up(store, channel)


async def sum_up(store: Store, channel: str) -> None:
    """Set the summary where it stands between two foldings."""
    name = str(session(channel))
    found = await store.history.load(name, runs=0)
    assert found is not None
    known = found.session
    await store.digests.summarise(name, SUMMARY, since=known.summarised, until=known.run_count - SHOWN)


def agent_with(model: InstantModel, store: Store, folder: InstantModel) -> Agent:
    """Give an agent with all that concerns long conversations."""
    return Agent(
        model=model,
        store=store,
        instructions="You help the visitors of a library.",
        memory=Memory(),
        add_history_to_messages=True,
        num_history_runs=SHOWN,
        max_history_tokens=8_000,
        summary=Summary(model=folder, every=EVERY),
    )


@asynccontextmanager
async def working(agent: Agent, store: Store, town: Town) -> AsyncIterator[None]:
    """Run a worker around a block, the same that a bot runs."""
    worker = Worker(agent=agent, store=store, adapters={town.name: town}, settings=AnswerSettings())
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        await worker.stop(grace=5)
        await task
