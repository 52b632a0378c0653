"""A platform in memory and a clock that tests set."""

import asyncio
from collections import deque

import pytest

from threadkeep.chat.adapter import ReplyRequest
from threadkeep.chat.events import Place, PlaceKind
from threadkeep.chat.reply import EditingReply, ReplyLimits
from threadkeep.errors import PlaceGoneError
from threadkeep.sessions import SessionKey


class Late(Exception):  # noqa: N818 - a wrapper that scripts a failure, never raised
    """Lets a call take effect before its failure is raised: its answer was lost."""

    def __init__(self, failure):
        self.failure = failure


class MemoryPoster:
    """A channel that keeps messages in order of posting; implements the Poster port.

    The next calls raise ``failures``, None letting a call through. Calls end while ``gate`` is set. A post whose answer
    was lost is recognised by its part when it is repeated, as a platform's key against double posting does.
    """

    def __init__(self, failures=()):
        self.messages = {}
        self.calls = []
        self.posts = []
        self.failures = deque(failures)
        self.gate = asyncio.Event()
        self.gate.set()
        self._unanswered = {}

    async def post(self, part, text, elements=()):
        failure = await self._call("post", part, text)
        message_id = self._unanswered.pop(part, None)
        if message_id is None:
            self.posts.append(part)
            message_id = f"m{len(self.posts)}"
        self.messages[message_id] = text
        if failure is not None:
            self._unanswered[part] = message_id
            raise failure
        return message_id

    async def edit(self, message_id, text, elements=()):
        failure = await self._call("edit", message_id, text)
        self._check(message_id)
        self.messages[message_id] = text
        if failure is not None:
            raise failure

    async def remove(self, message_id):
        failure = await self._call("remove", message_id)
        self._check(message_id)
        del self.messages[message_id]
        if failure is not None:
            raise failure

    def texts(self):
        return list(self.messages.values())

    def _check(self, message_id):
        if message_id not in self.messages:
            raise PlaceGoneError(f"{message_id} is gone")

    async def _call(self, *call):
        self.calls.append(call)
        await self.gate.wait()
        failure = self.failures.popleft() if self.failures else None
        if isinstance(failure, Late):
            return failure.failure
        if failure is not None:
            raise failure
        return None


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


class Platform:
    """A poster, a clock and a recorder, and replies on them."""

    def __init__(self, *, is_hasty=False, failures=()):
        self.poster = MemoryPoster(failures)
        self.clock = HastyClock() if is_hasty else SetClock()
        self.recorder = Recorder(self.poster)
        self.limits = ReplyLimits(part_length=20, edit_interval=2.0)
        self.settle = settle

    def open(self, posted=None, limits=None, **options):
        place = Place(session=SessionKey(platform="memory", workspace="w", channel="c"), kind=PlaceKind.DIRECT)
        request = ReplyRequest(place=place, run_id="run", posted=posted or {}, on_posted=self.recorder)
        return EditingReply(request, self.poster, limits or self.limits, clock=self.clock, **options)


@pytest.fixture
def platform():
    return Platform()


@pytest.fixture
def hasty_platform():
    return Platform(is_hasty=True)


@pytest.fixture(scope="session")
def new_platform():
    return Platform


@pytest.fixture(scope="session")
def late():
    return Late
