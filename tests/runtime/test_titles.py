"""Titles of conversations."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep.chat.commands import command_table, read_command
from threadkeep.chat.events import PlaceKind
from threadkeep.errors import PlatformError
from threadkeep.runtime.titles import TITLE_LENGTH, title_of


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("What is my name?", "What is my name?"),
        ("\n\n  # **How** do I `deploy`?\nIt does not work.", "How do I deploy?"),
        ("<@U123> @keeper what about <#C1|general>?", "what about ?"),
        ("See [the docs](https://example.org/a) please", "See the docs please"),
        ("<:smile:123> <!channel> hello", "hello"),
        ("- [x] 1. done", "[x] 1. done"),
        ("> > quoted", "quoted"),
        ("```python\nprint()\n```", "python"),
        ("What is List<String>?", "What is List<String>?"),
        ("!!! ???", ""),
        ("", ""),
        ("\u0000\ud800", ""),
    ],
)
def test_the_first_line_with_words_is_the_title(text, title):
    assert title_of(text) == title


def test_a_long_line_is_cut_at_a_word():
    title = title_of("word " * 40)
    assert title == "word " * 11 + "word…"
    assert title_of("x" * 100) == "x" * (TITLE_LENGTH - 1) + "…"
    assert title_of("y" * TITLE_LENGTH) == "y" * TITLE_LENGTH


@given(st.text(alphabet=st.characters(), max_size=300))
def test_a_title_is_one_bounded_line_that_every_store_takes(text):
    title = title_of(text)
    assert len(title) <= TITLE_LENGTH
    assert len(title.splitlines()) <= 1
    assert title == title.strip()
    title.encode()


class Naming:
    """Lets a platform show titles."""

    def __init__(self, platform):
        self.named = []
        self.asked = asyncio.Event()
        self.refuses = None
        platform.name_place = self.name_place

    async def name_place(self, place, title):
        self.asked.set()
        if self.refuses is not None:
            raise self.refuses
        self.named.append((str(place.session), title))


async def named(store, channel="C1"):
    found = await store.history.load(f"test:W:{channel}", runs=0)
    return found.session.name if found is not None else None


async def test_a_conversation_is_named_after_its_first_question(platform, make_model, store, working, wait_for):
    naming = Naming(platform)
    async with working(make_model(), store):
        await store.inbox.accept(platform.said("**What** is up?"))
        await wait_for(lambda: naming.named)
        assert await named(store) == "What is up?"
        await store.inbox.accept(platform.said("And now?"))
        await wait_for(lambda: len(platform.finals) == 2)
    assert naming.named == [("test:W:C1", "What is up?")]
    assert await named(store) == "What is up?"


async def test_a_name_that_was_given_stays(platform, make_model, store, working, wait_for, load_runs):
    naming = Naming(platform)
    async with working(make_model(lambda text: RuntimeError("no") if text == "one" else "yes"), store):
        await store.inbox.accept(platform.said("one"))
        await wait_for(lambda: load_runs(store))
        await store.history.rename("test:W:C1", "Ours")
        await store.inbox.accept(platform.said("two"))
        await wait_for(lambda: len(platform.finals) == 2)
    assert await named(store) == "Ours"
    assert naming.named == []


async def test_a_fresh_conversation_gets_a_title_of_its_own(platform, make_model, store, working, wait_for):
    naming = Naming(platform)
    async with working(make_model(), store):
        for count, text in enumerate(("one", "!new", "two"), start=1):
            await store.inbox.accept(read_command(platform.said(text), command_table()))
            await wait_for(lambda count=count: len(platform.finals) == count)
        await wait_for(lambda: len(naming.named) == 2)
    assert [title for _, title in naming.named] == ["one", "two"]


async def test_a_channel_keeps_the_name_that_people_gave_it(platform, make_model, store, working, wait_for):
    naming = Naming(platform)

    async def is_named():
        return await named(store) == "Hello"

    async with working(make_model(), store):
        await store.inbox.accept(platform.said("Hello", kind=PlaceKind.CHANNEL))
        await wait_for(is_named)
    assert naming.named == []


@pytest.mark.parametrize("error", [PlatformError("no"), RuntimeError("broken")])
async def test_a_title_that_cannot_be_shown_is_in_nobodys_way(platform, make_model, store, working, wait_for, error):
    naming = Naming(platform)
    naming.refuses = error
    async with working(make_model(), store):
        await store.inbox.accept(platform.said("Hello"))
        await wait_for(naming.asked.is_set)
        await store.inbox.accept(platform.said("Again"))
        await wait_for(lambda: len(platform.finals) == 2)
    assert platform.finals == ["You said: Hello", "You said: Again"]


async def test_a_run_that_failed_names_nothing(platform, make_model, store, working, wait_for):
    naming = Naming(platform)
    answers = iter([RuntimeError("no"), "yes"])
    model = make_model(lambda _: next(answers))
    async with working(model, store):
        await store.inbox.accept(platform.said("one"))
        await wait_for(lambda: len(platform.finals) == 1)
        await store.inbox.accept(platform.said("two"))
        await wait_for(lambda: naming.named)
    assert naming.named == [("test:W:C1", "two")]


async def test_nothing_waits_for_a_title(platform, make_model, open_store, working, wait_for, caplog):
    """The next answer comes, and the lease that has ended is not missed, while the platform takes its time."""
    store = await open_store(lease_seconds=0.3)
    naming, go_on = Naming(platform), asyncio.Event()
    name_place = platform.name_place

    async def slowly(place, title):
        naming.asked.set()
        await go_on.wait()
        await name_place(place, title)

    platform.name_place = slowly
    async with working(make_model(), store, max_concurrent_runs=1) as worker:
        await store.inbox.accept(platform.said("one"))
        await wait_for(naming.asked.is_set)
        await store.inbox.accept(platform.said("two"))
        await wait_for(lambda: len(platform.finals) == 2)
        began = worker._monotonic()
        await wait_for(lambda: worker._monotonic() - began > 2 * store.lease_seconds)
        go_on.set()
        await wait_for(lambda: naming.named)
    assert "lease_lost" not in caplog.text
    assert naming.named == [("test:W:C1", "one")]


async def test_the_first_question_names_although_the_second_is_claimed_at_once(
    platform, make_model, store, working, wait_for
):
    """The name is written after the session was claimed for the next message."""
    naming = Naming(platform)
    rename, claimed = store.history.rename, asyncio.Event()
    model = make_model()

    async def rename_late(session_id, name):
        await wait_for(lambda: len(model.asked) == 2)
        done = await rename(session_id, name)
        claimed.set()
        return done

    def script(text):
        if text == "two":
            model.gate.clear()
        return f"You said: {text}"

    model.script = script
    store.history.rename = rename_late
    async with working(model, store):
        await store.inbox.accept(platform.said("one"))
        await wait_for(lambda: len(platform.finals) == 1)
        await store.inbox.accept(platform.said("two"))
        await wait_for(claimed.is_set)
        model.gate.set()
        await wait_for(lambda: len(platform.finals) == 2)
    assert await named(store) == "one"
    assert naming.named == [("test:W:C1", "one")]
