"""A bot opens and closes what it needs in good order, and ends when its platforms do."""

import asyncio

import pytest

from threadkeep import Agent, Bot, ConfigError, SQLiteStore, StoreUnavailableError
from threadkeep.errors import PlatformAuthError, StoreError
from threadkeep.runtime.bot import Role

SECONDS = 10


class WatchedStore(SQLiteStore):
    """Tells when it is opened and closed."""

    def __init__(self, path):
        super().__init__(path)
        self.life = []

    async def __aenter__(self):
        self.life.append("opened")
        return await super().__aenter__()

    async def __aexit__(self, *exc_info):
        await super().__aexit__(*exc_info)
        self.life.append("closed")


class BrokenInbox:
    """An inbox that refuses to be asked, for a reason that does not go away."""

    def __init__(self, inbox):
        self._inbox = inbox

    def __getattr__(self, name):
        return getattr(self._inbox, name)

    async def claim(self, worker, **wanted):
        raise StoreError("the server refuses the script")


class BrokenStore(WatchedStore):
    @property
    def inbox(self):
        return BrokenInbox(super().inbox)


@pytest.fixture
def store(tmp_path):
    return WatchedStore(tmp_path / "store.db")


@pytest.fixture
def make_bot(make_model, platform, store):
    def make(**settings):
        return Bot(**{"agent": Agent(model=make_model()), "adapters": [platform], "store": store, **settings})

    return make


@pytest.fixture
def other_platform(platform):
    other = type(platform)()
    other.name = "other"
    return other


async def within(work):
    async with asyncio.timeout(SECONDS):
        return await work


async def test_it_answers_what_a_platform_hears(make_bot, platform, wait_for):
    async with make_bot() as bot:
        await platform.sink(platform.said("hello"))
        await wait_for(lambda: platform.finals == ["You said: hello"])
        assert bot.descriptions[1] == "a platform of the test"
        assert bot.descriptions[0].startswith("SQLite file")


async def test_replies_are_shown_whole_where_streaming_is_off(make_bot, platform, wait_for):
    async with make_bot(stream=False):
        await platform.sink(platform.said("hello"))
        await wait_for(lambda: platform.finals)
    assert [content.text for content in platform.replies[0].shown] == [""]


async def test_a_repeated_message_is_answered_once(make_bot, platform, wait_for):
    message = platform.said("hello")
    async with make_bot():
        first, second = await platform.sink(message), await platform.sink(message)
        await wait_for(lambda: platform.finals)
    assert (first, second) == ("accepted", "duplicate")
    assert len(platform.finals) == 1


async def test_it_ends_when_all_platforms_have_ended(make_bot, platform, other_platform):
    async with make_bot(adapters=[platform, other_platform]) as bot:
        closing = asyncio.create_task(bot.wait_closed())
        platform.closed.set()
        done, _ = await asyncio.wait((closing,), timeout=0.05)
        assert not done, "the other platform goes on"
        other_platform.closed.set()
        await within(closing)


async def test_a_platform_that_fails_for_good_ends_it_with_its_error(make_bot, platform, other_platform, store):
    async def lose():
        raise PlatformAuthError("the token was revoked")

    platform.wait_closed = lose
    with pytest.raises(PlatformAuthError, match="revoked"):
        async with make_bot(adapters=[platform, other_platform]) as bot:
            await within(bot.wait_closed())
    assert other_platform.sink is None
    assert store.life == ["opened", "closed"]


async def test_a_worker_that_fails_ends_it(make_bot, tmp_path):
    store = BrokenStore(tmp_path / "store.db")
    with pytest.raises(ExceptionGroup) as caught:
        async with make_bot(store=store) as bot:
            await within(bot.wait_closed())
    assert caught.group_contains(StoreError, match="refuses the script")
    assert store.life == ["opened", "closed"]


async def test_a_platform_that_does_not_start_closes_what_was_opened(make_bot, platform, other_platform, store):
    async def refuse(sink, shared=None):
        raise PlatformAuthError("the token is wrong")

    other_platform.start = refuse
    bot = make_bot(adapters=[platform, other_platform])
    with pytest.raises(PlatformAuthError, match="wrong"):
        await bot.__aenter__()
    assert platform.sink is None
    assert store.life == ["opened", "closed"]
    with pytest.raises(RuntimeError, match="not running"):
        await bot.wait_closed()


async def test_a_store_that_does_not_open_starts_no_platform(make_bot, platform, tmp_path):
    bot = make_bot(store=SQLiteStore(tmp_path / "nowhere" / "store.db"))
    with pytest.raises(StoreUnavailableError):
        await bot.__aenter__()
    assert platform.sink is None


@pytest.mark.parametrize("role", Role)
async def test_only_who_answers_prepares_what_answers(make_bot, make_model, platform, role):
    """Who only accepts needs no key of the model, and starts no servers of tools."""

    class Tools:
        prepared = 0

        async def prepare(self):
            self.prepared += 1

        async def tools_for(self, user_id):
            return ()

        async def aclose(self):
            pass

    tools = Tools()
    async with make_bot(agent=Agent(model=make_model(), tools=[tools]), role=role):
        assert tools.prepared == (role is not Role.INGRESS)


async def test_it_can_be_started_again(make_bot, platform, wait_for):
    bot = make_bot()
    for number in (1, 2):
        async with bot:
            await platform.sink(platform.said(f"hello {number}"))
            await wait_for(lambda count=number: len(platform.finals) == count)
    await bot.__aexit__(None, None, None)


async def test_it_cannot_be_started_twice_at_once(make_bot, platform):
    bot = make_bot()
    async with bot:
        with pytest.raises(RuntimeError, match="running already"):
            await bot.__aenter__()
        assert platform.sink is not None


async def test_a_bot_without_adapters_is_refused(make_bot):
    with pytest.raises(ConfigError, match="no adapter"):
        await make_bot(adapters=[]).__aenter__()


def test_one_platform_twice_is_refused(make_bot, platform):
    with pytest.raises(ConfigError, match="one adapter for each platform"):
        make_bot(adapters=[platform, type(platform)()])


async def test_waiting_for_a_bot_that_does_not_run_is_a_mistake(make_bot):
    with pytest.raises(RuntimeError, match="not running"):
        await make_bot().wait_closed()


def test_the_store_is_the_bots_or_else_the_agents(make_model, store, tmp_path):
    own = SQLiteStore(tmp_path / "own.db")
    model = make_model()
    assert Bot(agent=Agent(model=model)).store is None
    assert Bot(agent=Agent(model=model, store=own)).store is own
    assert Bot(agent=Agent(model=model, store=own), store=store).store is store


async def test_a_bot_without_a_store_keeps_conversations_in_memory(make_bot, platform, wait_for):
    async with make_bot(store=None) as bot:
        await platform.sink(platform.said("hello"))
        await wait_for(lambda: platform.finals)
        assert bot.descriptions[0] == "SQLite in memory"


def test_whoever_starts_a_bot_file_changes_only_what_was_set(make_bot, platform, store, tmp_path):
    bot = make_bot(max_concurrent_runs=3, max_attempts=2, grace_seconds=1.5, stream=False)
    other = SQLiteStore(tmp_path / "other.db")
    same = bot.connected_to([platform], other)
    assert same.store is other
    fields = ("agent", "max_concurrent_runs", "max_attempts", "grace_seconds", "stream")
    assert [getattr(same, name) for name in fields] == [getattr(bot, name) for name in fields]
    changed = bot.connected_to([platform], other, max_concurrent_runs=7, grace_seconds=0.0)
    assert (changed.max_concurrent_runs, changed.grace_seconds) == (7, 0.0)
    assert bot.store is store
