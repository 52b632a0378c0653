"""A platform in memory and a clock that tests set."""

import asyncio
from collections import deque

import pytest

from threadkeep.chat.adapter import ReplyRequest
from threadkeep.chat.events import Place
from threadkeep.errors import PlaceGoneError
from threadkeep.sessions import SessionKey


class MemoryPoster:
    """A channel that keeps messages in order of posting; implements the Poster port.

    ``failures`` are raised by the next calls, None letting a call through; an open ``gate`` lets calls end.
    """

    def __init__(self):
        self.messages = {}
        self.calls = []
        self.posts = []
        self.failures = deque()
        self.gate = asyncio.Event()
        self.gate.set()

    async def post(self, part, text):
        await self._call("post", part, text)
        message_id = f"m{len(self.posts)}"
        self.posts.append(part)
        self.messages[message_id] = text
        return message_id

    async def edit(self, message_id, text):
        await self._call("edit", message_id, text)
        self._check(message_id)
        self.messages[message_id] = text

    async def remove(self, message_id):
        await self._call("remove", message_id)
        self._check(message_id)
        del self.messages[message_id]

    def texts(self):
        return list(self.messages.values())

    def _check(self, message_id):
        if message_id not in self.messages:
            raise PlaceGoneError(f"{message_id} is gone")

    async def _call(self, *call):
        self.calls.append(call)
        await self.gate.wait()
        failure = self.failures.popleft() if self.failures else None
        if failure is not None:
            raise failure


class SetClock:
    """A clock that moves when told; implements the Clock port."""

    def __init__(self):
        self.now = 1000.0
        self._waiting = {}

    def monotonic(self):
        return self.now

    async def wait(self, event, seconds):
        elapsed = asyncio.Event()
        self._waiting[elapsed] = self.now + seconds
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(elapsed.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting.pop(elapsed, None)
            for wait in waits:
                wait.cancel()

    async def advance(self, seconds):
        await settle()
        self.now += seconds
        for elapsed, due in list(self._waiting.items()):
            if due <= self.now:
                elapsed.set()
        await settle()


class HastyClock(SetClock):
    """A clock on which every wait is over at once."""

    async def wait(self, event, seconds):
        await asyncio.sleep(0)
        if not event.is_set():
            self.now += seconds


async def settle():
    """Let all tasks run until they wait for something that only the test can bring about."""
    for _ in range(50):
        await asyncio.sleep(0)


class Recorder:
    """Keeps what was reported as posted, in order, with how many messages were posted at that time."""

    def __init__(self, poster):
        self.reported = []
        self.failures = deque()
        self._poster = poster

    async def __call__(self, part, message_id):
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.popleft()
        self.reported.append((part, message_id, len(self._poster.posts)))


def reply_request(on_posted, posted=None):
    place = Place(session=SessionKey(platform="memory", workspace="w", channel="c"))
    return ReplyRequest(place=place, run_id="run", posted=posted or {}, on_posted=on_posted)


@pytest.fixture
def poster():
    return MemoryPoster()


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def hasty_clock():
    return HastyClock()


@pytest.fixture
def recorder(poster):
    return Recorder(poster)
