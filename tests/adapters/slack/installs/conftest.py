"""An app that many workspaces install: its processes, and the browsers of those who install it."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from html.parser import HTMLParser
from uuid import uuid4

import aiohttp
import pytest
import redis.asyncio
from cryptography.fernet import Fernet
from pydantic import SecretStr
from yarl import URL

from threadkeep import RedisStore, SQLiteStore
from threadkeep.chat.adapter import ReplyContent, ReplyRequest
from threadkeep.chat.events import MessageReceived
from threadkeep.sealing import SecretKeys
from threadkeep.stores.base import Store
from threadkeep_emulators.slack import DEFAULT_SCOPES, RetrySchedule, SlackEmulator, Workspace
from threadkeep_slack import SlackAdapter, SlackSettings
from threadkeep_slack.installs.needs import scopes_for
from threadkeep_slack.installs.oauth_settings import OAuthSettings


@pytest.fixture
async def slack() -> AsyncIterator[SlackEmulator]:
    """Slack, with an app that has the scopes that we ask for."""
    scopes = DEFAULT_SCOPES | {need.scope for need in scopes_for()}
    schedule = RetrySchedule(ack_timeout=1.0, delays=(0.0, 0.1, 0.2))
    async with SlackEmulator(schedule=schedule, scopes=scopes) as emulator:
        # Slack takes what begins like a configured address: the port is not known before the bot runs.
        emulator.app.redirect_urls.append("http://127.0.0.1:")
        yield emulator


@pytest.fixture(params=["redis", "sqlite"])
async def open_store(request: pytest.FixtureRequest, tmp_path) -> AsyncIterator[Callable[[], Awaitable[Store]]]:
    """Opens a store at the test's place, as each process of a bot does."""
    prefix = f"test-{uuid4().hex}"
    url = request.getfixturevalue("redis_server").url if request.param == "redis" else ""
    async with AsyncExitStack() as opened:

        async def open_one() -> Store:
            store = RedisStore(url, prefix=prefix) if url else SQLiteStore(tmp_path / "store.db")
            return await opened.enter_async_context(store)

        yield open_one
    if url:
        async with redis.asyncio.from_url(url) as client:
            async for key in client.scan_iter(match=f"{prefix}:*"):
                await client.delete(key)


@pytest.fixture
def everything_stored(open_store, request, tmp_path) -> Callable[[], Awaitable[bytes]]:
    """Reads all that the store holds, as somebody could who gets hold of its server or its file."""

    async def read() -> bytes:
        if request.node.callspec.params["open_store"] == "sqlite":
            return await asyncio.to_thread(lambda: b"".join(path.read_bytes() for path in tmp_path.glob("store.db*")))
        found: list[object] = []
        async with redis.asyncio.from_url(request.getfixturevalue("redis_server").url) as client:
            async for key in client.scan_iter(match="test-*"):
                kind = await client.type(key)
                if kind == b"hash":
                    found.append(await client.hgetall(key))
                elif kind == b"string":
                    found.append(await client.get(key))
        return str(found).encode()

    return read


@pytest.fixture
def secret_key() -> str:
    return Fernet.generate_key().decode()


MakeSettings = Callable[..., SlackSettings]


@pytest.fixture
def oauth_settings(slack: SlackEmulator, secret_key: str) -> MakeSettings:
    """Settings of the app over HTTP; what is given replaces what would be right."""

    def make(**changes: object) -> SlackSettings:
        keys = changes.pop("secret_keys", (secret_key,))
        oauth = OAuthSettings(
            client_id=slack.app.client_id,
            client_secret=SecretStr(str(changes.pop("client_secret", slack.app.client_secret))),
            secret_keys=SecretKeys(tuple(SecretStr(key) for key in keys)),
            public_url=changes.pop("public_url", None),
        )
        fields = {"signing_secret": SecretStr(slack.signing_secret), "api_url": slack.api_url, "port": 0}
        return SlackSettings(oauth=oauth, **(fields | changes))

    return make


@pytest.fixture
def socket_mode(slack: SlackEmulator) -> dict[str, object]:
    """What changes the settings to Socket Mode."""
    return {"app_token": SecretStr(slack.app_token), "signing_secret": None}


class Process:
    """One process of the bot: an adapter on a store."""

    def __init__(self, adapter: SlackAdapter, store: Store) -> None:
        self.adapter = adapter
        self.store = store

    @property
    def base_url(self) -> str:
        """Where browsers find it."""
        url = self.adapter.request_url
        if url is not None:
            return url.removesuffix("/slack/events")
        found = re.search(r"pages on (http://[\d.:]+)", self.adapter.description)
        assert found, self.adapter.description
        return found.group(1)


StartProcess = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start(slack, open_store, oauth_settings, sink) -> AsyncIterator[StartProcess]:
    """Starts processes; they are stopped when the test ends."""
    async with AsyncExitStack() as opened:

        async def start_one(*, takes_events: bool = True, into=sink, **changes: object) -> Process:
            store = await open_store()
            adapter = SlackAdapter(oauth_settings(**changes))
            adapter.use_vault(store.vault)
            await adapter.start(into if takes_events else None, store.shared)
            opened.push_async_callback(adapter.stop)
            if adapter.request_url is not None:
                await slack.use_request_url(adapter.request_url)
            return Process(adapter, store)

        yield start_one


@pytest.fixture
def answer() -> Callable[..., Awaitable[None]]:
    """Answers an event as a worker does."""

    async def finish(process: Process, event: MessageReceived, text: str) -> None:
        async def on_posted(part: int, message: str) -> None:
            pass

        request = ReplyRequest(place=event.place, run_id=uuid4().hex, posted={}, on_posted=on_posted)
        reply = process.adapter.open_reply(request)
        try:
            await reply.finish(ReplyContent(text=text, is_final=True))
        finally:
            await reply.aclose()

    return finish


class _Form(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.teams: dict[str, str] = {}
        self._team = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        fields = dict(attrs)
        if tag == "input" and fields.get("type") == "hidden":
            self.hidden[str(fields["name"])] = str(fields["value"])
        self._team = str(fields["value"]) if tag == "option" else ""

    def handle_data(self, data):
        if self._team:
            self.teams[data] = self._team
            self._team = ""


class Browser:
    """A browser: it keeps cookies, follows redirects, fills in forms."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def open(self, url: str) -> tuple[int, str]:
        """Open an address and follow where it leads; gives status and text."""
        async with self._session.get(url) as response:
            self.headers = response.headers
            return response.status, await response.text()

    async def ask(self, base_url: str) -> tuple[URL, _Form]:
        """Begin an installation, and give Slack's form with its address."""
        async with self._session.get(f"{base_url}/slack/install") as response:
            assert response.status == 200, await response.text()
            return response.url, _Form(await response.text())

    async def way_back(self, base_url: str, team: str, decision: str = "allow") -> str:
        """Begin an installation, decide, and give the address to which Slack sends the browser."""
        url, form = await self.ask(base_url)
        fields = form.hidden | {"team": form.teams[team], "decision": decision}
        async with self._session.post(url, data=fields, allow_redirects=False) as response:
            assert response.status == 302, await response.text()
            return response.headers["Location"]

    async def install(self, base_url: str, team: str, decision: str = "allow") -> tuple[int, str]:
        """Go the whole way."""
        return await self.open(await self.way_back(base_url, team, decision))


@pytest.fixture
async def new_browser() -> AsyncIterator[Callable[[], Awaitable[Browser]]]:
    async with AsyncExitStack() as opened:

        async def make() -> Browser:
            jar = aiohttp.CookieJar(unsafe=True)  # cookies of addresses without a name, too
            return Browser(await opened.enter_async_context(aiohttp.ClientSession(cookie_jar=jar)))

        yield make


@pytest.fixture
async def browser(new_browser) -> Browser:
    return await new_browser()


@pytest.fixture
def globex(slack) -> Workspace:
    """A workspace in which the app is not installed yet."""
    return slack.workspace("Globex", is_installed=False)


@pytest.fixture
def initech(slack) -> Workspace:
    return slack.workspace("Initech", is_installed=False)


@pytest.fixture
def soon() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Waits for a state, given by a function that returns whether it is reached, or awaits that."""

    async def wait_until(state: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while True:
                found = state()
                if await found if asyncio.iscoroutine(found) else found:
                    return
                await asyncio.sleep(0.01)

    return wait_until
