"""A Slack whose clock tests set, and replies that stream into it."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from pydantic import SecretStr

from threadkeep.chat.adapter import ReplyRequest
from threadkeep.chat.events import Place, PlaceKind
from threadkeep.sessions import SessionKey, UserKey
from threadkeep_emulators.slack import SlackEmulator
from threadkeep_slack import SlackSettings
from threadkeep_slack.replies.opening import ReplyDesk
from threadkeep_slack.replies.pacing import Pacing
from threadkeep_slack.replies.stream_settings import StreamSettings
from threadkeep_slack.web_api import new_client, new_session


class SetClock:
    """The time of Slack and of the replies; it moves when told. Implements the Clock port."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0
        self._waiting: dict[asyncio.Event, float] = {}
        self._has_waiter = asyncio.Event()

    def monotonic(self) -> float:
        return self.now

    async def wait(self, event, seconds):
        elapsed = asyncio.Event()
        self._waiting[elapsed] = self.now + seconds
        self._has_waiter.set()
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(elapsed.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting.pop(elapsed, None)
            for wait in waits:
                wait.cancel()

    def advance(self, seconds):
        """Let time pass; who waits for it goes on."""
        self.now += seconds
        for elapsed, due in list(self._waiting.items()):
            if due <= self.now:
                elapsed.set()

    async def until_somebody_waits(self, seconds):
        """Return when a reply waits for at least so long."""
        async with asyncio.timeout(5):
            while not any(due - self.now >= seconds for due in self._waiting.values()):
                self._has_waiter.clear()
                await self._has_waiter.wait()


class Journal:
    """Notes what was posted, as a worker does; refuses as often as told."""

    def __init__(self):
        self.posted = {}
        self.refusals = []
        self._has_more = asyncio.Event()

    async def __call__(self, part, message):
        if self.refusals:
            raise self.refusals.pop()
        self.posted[part] = message
        self._has_more.set()

    async def wait(self, count=1):
        """Return when so many parts are recorded."""
        async with asyncio.timeout(5):
            while len(self.posted) < count:
                self._has_more.clear()
                await self._has_more.wait()
        return self.posted


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
async def slack(clock):
    async with SlackEmulator(clock=clock.monotonic) as emulator:
        yield emulator


@pytest.fixture
async def strict_slack(clock):
    """Slack with its rate limits."""
    async with SlackEmulator(clock=clock.monotonic, enforce_rate_limits=True) as emulator:
        yield emulator


class Scene:
    """A question in a channel's thread, and the replies to it."""

    def __init__(self, slack, acme, question, *, client, clock, resources):
        self.slack = slack
        self.acme = acme
        self.question = question
        self.thread = question.thread
        self.client = client
        self.clock = clock
        self.pacing = Pacing(clock=clock.monotonic)
        self.journal = Journal()
        self._resources = resources
        self._desks = {}

    @property
    def ann(self):
        return self.acme.user("Ann")

    def request(self, question=None, **changes):
        question = question or self.question
        is_direct = question.channel_id.startswith("D")
        session = SessionKey(platform="slack", workspace=self.acme.id, channel=question.channel_id, thread=question.ts)
        given = {
            "place": Place(
                session=session, kind=PlaceKind.DIRECT if is_direct else PlaceKind.THREAD, reply_to=question.ts
            ),
            "run_id": "run1",
            "posted": {},
            "on_posted": self.journal,
            "asked_by": UserKey(platform="slack", workspace=self.acme.id, user=self.ann.id),
        }
        return ReplyRequest(**(given | changes))

    def desk(self, **streams):
        key = tuple(streams.items())
        if key not in self._desks:
            self._desks[key] = ReplyDesk(
                self.client,
                pacing=self.pacing,
                bot_user=self.acme.bot.bot.user_id,
                streams=StreamSettings(**streams),
                clock=self.clock,
            )
        return self._desks[key]

    def open(self, question=None, *, streams=None, may_mention=frozenset(), **changes):
        reply = self.desk(**(streams or {})).open(self.request(question, **changes), may_mention=may_mention)
        self._resources.push_async_callback(reply.aclose)
        return reply

    @property
    def ours(self):
        return [message for message in self.thread.messages if message.is_ours]

    @property
    def texts(self):
        return [message.text for message in self.ours]

    def count(self, *methods):
        return [len(self.slack.calls(method)) for method in methods]

    async def settle(self):
        """Let the replies make the calls that they want to make now."""
        calls, quiet = -1, 0
        while quiet < 3:
            await asyncio.sleep(0.001)
            quiet = quiet + 1 if len(self.slack.calls()) == calls else 0
            calls = len(self.slack.calls())

    async def shows(self, text):
        """Wait until the last message of ours shows a text, and the reply knows that it does."""
        await self.thread.wait_for(lambda seen: any(one.is_ours and text in one.text for one in seen[-1:]))
        await self.settle()


@pytest.fixture
async def make_scene(clock):
    async with AsyncExitStack() as resources:

        async def make(slack):
            session = await resources.enter_async_context(new_session())
            acme = slack.workspace("Acme")
            settings = SlackSettings(
                bot_token=SecretStr(acme.bot_token), app_token=SecretStr(slack.app_token), api_url=slack.api_url
            )
            question = await acme.user("Ann").says(acme.channel("general"), f"{acme.bot.mention} hello")
            return Scene(slack, acme, question, client=new_client(settings, session), clock=clock, resources=resources)

        yield make


@pytest.fixture
async def scene(make_scene, slack):
    return await make_scene(slack)


@pytest.fixture
async def strict_scene(make_scene, strict_slack):
    return await make_scene(strict_slack)
