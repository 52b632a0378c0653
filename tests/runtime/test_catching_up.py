"""What was missed is read also where the process that began to read it has died."""

import asyncio
import time

from threadkeep.errors import PlatformUnavailableError
from threadkeep.runtime.catch_up import CatchUp, CatchUpLimits


class Reader:
    """A platform whose places are read; it notes from where."""

    name = "test"

    def __init__(self, *, is_stuck=False, error=None):
        self.read = []
        self.is_stuck = is_stuck
        self.error = error
        self.most = None

    async def missed(self, place, *, after, most):
        self.read.append((place.session.channel, after))
        self.most = most
        if self.is_stuck:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        for event in ():
            yield event


def catch_up(reader, store, *, clock=time.time, **limits):
    return CatchUp(reader, store, store.inbox.accept, limits=CatchUpLimits(**limits), clock=clock)


async def read(reader, store, **limits):
    catching_up = catch_up(reader, store, **limits)
    await catching_up.run(await catching_up.prepare())
    return reader.read


async def dies_while_reading(store, wait_for):
    reader = Reader(is_stuck=True)
    catching_up = catch_up(reader, store)
    reading = asyncio.create_task(catching_up.run(await catching_up.prepare()))
    await wait_for(lambda: reader.read)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def test_a_gap_is_read_by_the_next_process_although_new_messages_came(platform, store, wait_for):
    known = platform.said("before the gap")
    await store.inbox.accept(known)
    await dies_while_reading(store, wait_for)
    live = platform.said("after the gap")
    await store.inbox.accept(live)
    assert await read(Reader(), store) == [("C1", known.key.message)]
    assert await read(Reader(), store) == [("C1", live.key.message)]


async def test_a_gap_is_remembered_through_several_deaths(platform, store, wait_for):
    known = platform.said("before the gap")
    await store.inbox.accept(known)
    for _ in range(3):
        await dies_while_reading(store, wait_for)
        await store.inbox.accept(platform.said("after the gap"))
    assert await read(Reader(), store) == [("C1", known.key.message)]


async def test_a_process_that_is_done_leaves_the_marks_of_another(platform, store, wait_for):
    known = platform.said("before the gap")
    await store.inbox.accept(known)
    done = catch_up(Reader(), store)
    places = await done.prepare()
    await store.inbox.accept(platform.said("elsewhere", channel="C2"))
    await dies_while_reading(store, wait_for)
    await done.run(places)
    await store.inbox.accept(platform.said("after the gap"))
    assert ("C1", known.key.message) in await read(Reader(), store)


async def test_a_place_that_cannot_be_read_does_not_stop_the_others(platform, store):
    first, second = platform.said("one"), platform.said("two", channel="C2")
    for event in (first, second):
        await store.inbox.accept(event)
    reader = Reader(error=PlatformUnavailableError("down"))
    assert sorted(await read(reader, store)) == [("C1", first.key.message), ("C2", second.key.message)]


async def test_as_many_places_and_messages_are_read_as_the_operator_sets(platform, store):
    for number in range(3):
        await store.inbox.accept(platform.said("hello", channel=f"C{number}"))
    reader = Reader()
    assert [channel for channel, _ in await read(reader, store, max_places=2, max_messages=7)] == ["C2", "C1"]
    assert reader.most == 7


async def test_places_in_which_nothing_was_said_for_too_long_are_not_read(platform, store):
    await store.inbox.accept(platform.said("hello"))
    later = {"clock": lambda: time.time() + 3600}
    assert await read(Reader(), store, max_age=3000, **later) == []
    assert len(await read(Reader(), store, max_age=4000, **later)) == 1
    assert await read(Reader(), store, max_age=0) == []


async def test_nothing_is_noted_where_nothing_is_read(store):
    assert await read(Reader(), store) == []
    assert await store.shared.recall("catching-up:test") is None
