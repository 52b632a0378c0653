"""A store's home desk that tests fill, and processes with a store."""

import pytest

from threadkeep.chat.home import HomeMemo, HomePage, HomeSession
from threadkeep.stores.sqlite import SQLiteStore
from threadkeep_slack import SlackAdapter


class Desk:
    """Gives each user the page that the test says. Implements the HomeDesk port."""

    def __init__(self):
        self.pages = {}
        self.asked = []
        self.forgotten = []

    async def page(self, user, *, sessions, memos):
        self.asked.append(str(user))
        return self.pages.get(str(user), HomePage())

    async def forget(self, user, memo_id):
        self.forgotten.append((str(user), memo_id))
        return True

    def fill(self, user, **fields):
        given = {
            "sessions": (HomeSession(session_id="slack:T1:C1:1.000001", name="Hours", updated_at=1_790_000_000.0),),
            "memos": (HomeMemo(memo_id="m1", text="likes tea"),),
            "has_memory": True,
        }
        self.pages[user] = HomePage(**(given | fields))


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
async def store(tmp_path):
    async with SQLiteStore(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
async def process(socket_settings, store, desk, sink):
    """Starts processes of the bot; they are stopped when the test ends."""
    adapters = []

    async def begin(*, vault=None, **settings):
        adapter = SlackAdapter(socket_settings(**settings))
        adapter.use_vault(vault or store.vault)
        adapter.use_home(desk)
        await adapter.start(sink, store.shared)
        adapters.append(adapter)
        return adapter

    yield begin
    for adapter in adapters:
        await adapter.stop()
