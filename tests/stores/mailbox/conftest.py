"""A simple model of one session's mailbox, and stores whose time can be moved."""

from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

import pytest
import redis.asyncio

from threadkeep.chat.adapter import Acceptance
from threadkeep.stores.base import Store
from threadkeep.stores.redis import RedisStore
from threadkeep.stores.sqlite import SQLiteStore

MAX_WAITING, MAX_CONTEXT, MAX_CLAIMED, MAX_RUNS = 5, 2, 4, 2
SETTINGS: dict[str, Any] = {
    "max_waiting": MAX_WAITING,
    "max_context": MAX_CONTEXT,
    "max_claimed_events": MAX_CLAIMED,
    "max_runs": MAX_RUNS,
    "lease_seconds": 1000,
}


class Lab(Protocol):
    """A store under test, whose time can be moved."""

    store: Store

    async def lapse(self) -> None:
        """Let every lease lapse and every delay end."""
        ...

    async def close(self) -> None: ...


class RedisLab:
    def __init__(self, url: str) -> None:
        self._prefix = f"machine-{uuid4().hex}"
        self._client = redis.asyncio.from_url(url)
        self.store = RedisStore(url, prefix=self._prefix, **SETTINGS)

    async def lapse(self) -> None:
        ready, later = f"{self._prefix}:{{0}}:ready:slack", f"{self._prefix}:{{0}}:later:slack"
        if await self._client.exists(ready) and await self._client.xinfo_groups(ready):
            for entry in await self._client.xpending_range(ready, "workers", "-", "+", 1000):
                await self._client.xclaim(ready, "workers", "worker", 0, [entry["message_id"]], idle=10**9, justid=True)
        for session in await self._client.zrange(later, 0, -1):
            await self._client.zadd(later, {session: 0})

    async def close(self) -> None:
        keys = [key async for key in self._client.scan_iter(match=f"{self._prefix}:*", count=10_000)]
        if keys:
            await self._client.delete(*keys)
        await self._client.aclose()
        await self.store.__aexit__()


class SQLiteLab:
    def __init__(self) -> None:
        self._now = 1e9
        self.store = SQLiteStore(":memory:", clock=lambda: self._now, **SETTINGS)

    async def lapse(self) -> None:
        self._now += 2000

    async def close(self) -> None:
        await self.store.__aexit__()


@dataclass(slots=True)
class Item:
    """What the model knows of a waiting event."""

    message: str
    text: str
    is_answerable: bool
    is_late: bool = False
    is_deleted: bool = False

    @property
    def is_asked(self) -> bool:
        """Whether a run that takes it answers it."""
        return self.is_answerable and not self.is_late and not self.is_deleted


@dataclass(slots=True)
class Conversation:
    """What the model knows of a session."""

    items: list[Item] = field(default_factory=list)
    shown: int = 0
    taken: int = 0
    fence: int = 0
    is_held: bool = False
    is_blocked: bool = False  # held, or given back with a delay, and the time is not over
    is_asleep: bool = False  # waits for people
    run_id: str | None = None
    attempt: int = 0
    steps: dict[str, str] = field(default_factory=dict)
    runs: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    run_count: int = 0
    amendments: dict[str, str | None] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        return sum(item.is_answerable and not item.is_deleted for item in self.items)

    @property
    def kept(self) -> int:
        """How many items an unfinished run has taken for good."""
        return min(int(self.steps.get("taken", 0)), len(self.items))

    @property
    def protected(self) -> int:
        return self.taken if self.is_held else self.kept

    @property
    def is_dead_end(self) -> bool:
        """Whether nothing will be left to be answered once its lapsed lease is over."""
        doomed = [
            index < self.taken and index >= self.kept and self.amendments.get(item.message, "") is None
            for index, item in enumerate(self.items)
        ]
        left = [item for item, is_doomed in zip(self.items, doomed, strict=True) if not is_doomed]
        return self.is_held and not any(item.is_answerable and not item.is_deleted for item in left)

    @property
    def is_claimable(self) -> bool:
        return self.waiting > 0 and not self.is_blocked and not self.is_dead_end

    def find(self, message: str) -> int | None:
        found = [index for index, item in enumerate(self.items) if item.message == message and not item.is_deleted]
        return found[0] if found else None

    def drop_context(self, start: int) -> None:
        def is_context(item: Item) -> bool:
            return not item.is_answerable and not item.is_deleted

        while sum(map(is_context, self.items[start:])) > MAX_CONTEXT:
            oldest = next(index for index, item in enumerate(self.items) if index >= start and is_context(item))
            del self.items[oldest]

    def add_run(self, run_id: str, sources: tuple[str, ...] = ()) -> None:
        self.runs = [*self.runs, (run_id, sources)][-MAX_RUNS:]
        self.run_count += 1

    def settle(self, first: int, last: int) -> None:
        for item in self.items[first:last]:
            if item.is_deleted or item.message not in self.amendments:
                continue
            text = self.amendments[item.message]
            if text is None:
                item.is_deleted = True
            else:
                item.text = text
                del self.amendments[item.message]

    def purge(self, first: int) -> None:
        self.items = self.items[:first] + [item for item in self.items[first:] if not item.is_deleted]

    def settle_unfinished(self) -> int:
        kept = self.kept
        self.settle(kept, self.taken)
        self.purge(kept)
        return kept

    def end_lease(self) -> None:
        self.is_held = self.is_blocked = self.is_asleep = False
        self.taken = self.shown = 0
        if self.waiting == 0:
            self.forget_run()

    def forget_run(self) -> None:
        self.run_id, self.attempt, self.steps = None, 0, {}

    def keep(self, message: str) -> None:
        self.items.append(Item(message, message, is_answerable=False))
        self.drop_context(self.shown if self.is_held else self.kept)

    def wake(self) -> None:
        if self.is_asleep:
            self.is_asleep = self.is_blocked = False

    def suspend(self, handled: list[str], *, is_over: bool) -> None:
        for name in handled:
            self.steps.pop(name, None)
        is_new = any(
            item.is_asked and self.shown < MAX_CLAIMED and index >= self.shown for index, item in enumerate(self.items)
        )
        is_late = any(item.is_late and not item.is_deleted for item in self.items[self.taken :])
        is_called = any(name == "stop" or name.startswith("press:") for name in self.steps)
        self.attempt -= 1
        self.settle_unfinished()
        self.end_lease()
        if self.waiting > 0:
            self.is_asleep = self.is_blocked = not (is_over or is_new or is_late or is_called)

    def pull(self, message: str) -> bool:
        index = self.find(message)
        if index is None or index < self.taken or not self.items[index].is_answerable:
            return False
        item = self.items.pop(index)
        item.is_late = False
        self.items.insert(self.taken, item)
        self.shown += index >= self.shown
        self.taken += 1
        self.steps["taken"] = str(self.taken)
        return True

    def answer_aside(self, message: str, run_id: str) -> None:
        index = self.find(message)
        if index is not None and index >= self.taken and self.items[index].is_answerable:
            self.items.pop(index)
            self.shown -= index < self.shown
        self.steps = {name: value for name, value in self.steps.items() if not name.startswith("aside:")}
        self.add_run(run_id)

    def ask(self, message: str) -> None:
        self.wake()
        index = self.find(message)
        if index is None:
            self.items.append(Item(message, message, is_answerable=True))
            return
        is_late = (self.is_held and index < self.shown) or index < self.kept
        self.items[index] = Item(message, message, is_answerable=True, is_late=is_late)

    def amend(self, message: str, text: str | None) -> Acceptance:
        index = self.find(message)
        if index is None:
            self.amendments[message] = text
            return Acceptance.KEPT
        item = self.items[index]
        if index >= self.protected:
            if text is None:
                self._remove(index)
            else:
                item.text = text
                self.amendments.pop(message, None)
            return Acceptance.ACCEPTED if item.is_answerable else Acceptance.KEPT
        self.amendments[message] = text
        if not item.is_asked:
            return Acceptance.KEPT
        is_first = not any(other.is_asked for other in self.items[:index])
        if text is None and ("taken" in self.steps or is_first):
            self.steps.setdefault("stop", "deleted")
            self.wake()
        return Acceptance.ACCEPTED

    def _remove(self, index: int) -> None:
        item = self.items[index]
        item.is_deleted = True
        if self.is_held and index < self.shown:
            self.amendments[item.message] = None
            return
        self.purge(index)
        if not self.is_held and self.waiting == 0:
            self.end_lease()

    def take(self, proposed: str) -> None:
        kept = self.settle_unfinished()
        self.drop_context(kept)
        for item in self.items[kept:]:
            item.is_late = False
        self.shown = min(len(self.items), max(MAX_CLAIMED, kept))
        self.taken = kept or self.shown
        self.is_held = self.is_blocked = True
        self.is_asleep = False
        self.run_id = self.run_id or proposed
        self.attempt += 1

    def narrow(self, taken: int) -> None:
        self.steps["taken"] = str(taken)
        if taken < self.taken:
            self.settle(taken, self.taken)
            self.taken = taken

    def extend(self, taken: int) -> None:
        taken = min(taken, len(self.items))
        if taken >= self.taken:
            self.taken = taken
            self.shown = max(self.shown, taken)
            self.steps["taken"] = str(taken)

    def show(self) -> None:
        self.purge(self.taken)
        self.shown = min(len(self.items), self.taken + MAX_CLAIMED)
        for item in self.items[self.taken : self.shown]:
            item.is_late = False

    def commit(self, consumed: int) -> list[tuple[str, str]]:
        """Give what was answered: messages and their texts."""
        count = min(consumed, self.taken)
        popped, rest = self.items[:count], self.items[count:]
        answered = [(item.message, item.text) for item in popped if item.is_asked]
        left = [item for item in popped if item.is_late and not item.is_deleted]
        self.items = left + rest
        self.forget_run()
        self.settle(0, self.taken - count + len(left))
        for item in self.items:
            item.is_late = False
        self.purge(0)
        self.end_lease()
        self.drop_context(0)
        return answered

    def put_back(self, letter: list[tuple[str, str]]) -> None:
        first = len(self.items)
        self.items += [Item(message, text, is_answerable=True) for message, text in letter]
        self.settle(first, len(self.items))
        if not self.is_held:
            self.purge(first)


@pytest.fixture
def new_conversation() -> type[Conversation]:
    return Conversation


@pytest.fixture(params=["redis", "sqlite"])
def make_lab(request):
    """Makes an empty store on one kind of server."""
    if request.param == "sqlite":
        return SQLiteLab
    url = request.getfixturevalue("redis_server").url
    return lambda: RedisLab(url)
