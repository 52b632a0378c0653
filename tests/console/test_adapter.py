"""The terminal as a platform: lines in, replies out, one after the other."""

import asyncio
import queue

import pytest

from threadkeep.chat.adapter import Acceptance, ReplyContent, ReplyRequest
from threadkeep.chat.events import Addressing, PlaceKind, StopRequested
from threadkeep.errors import InvalidKeyError, StoreError, StoreUnavailableError
from threadkeep_console import ConsoleAdapter

SECONDS = 10


class Person:
    """Types lines, and reads what the terminal shows."""

    def __init__(self):
        self.typed = queue.Queue()
        self.prompts = 0
        self.shown = ""

    def read_line(self, prompt):
        self.prompts += 1
        line = self.typed.get(timeout=SECONDS)
        if line is None:
            raise EOFError
        return line

    def write(self, text):
        self.shown += text

    def types(self, *lines):
        for line in lines:
            self.typed.put(line)


@pytest.fixture
def person():
    someone = Person()
    yield someone
    someone.types(None)


class Ears:
    """A sink that says what a store would say."""

    def __init__(self, *outcomes):
        self.heard = asyncio.Queue()
        self.outcomes = list(outcomes)

    async def __call__(self, event):
        outcome = self.outcomes.pop(0) if self.outcomes else Acceptance.ACCEPTED
        if isinstance(outcome, Exception):
            raise outcome
        await self.heard.put(event)
        return outcome


async def ignore(part, message_id):
    pass


def reply_to(adapter, event):
    return adapter.open_reply(ReplyRequest(place=event.place, run_id="r1", posted={}, on_posted=ignore))


async def answer(adapter, event, text="fine"):
    reply = reply_to(adapter, event)
    await reply.finish(ReplyContent(text=text, is_final=True))
    await reply.aclose()


async def within(work):
    async with asyncio.timeout(SECONDS):
        return await work


async def test_a_line_is_a_direct_message_of_the_named_conversation(person):
    adapter, ears = ConsoleAdapter("garden", speaker="Ann", read_line=person.read_line, write=person.write), Ears()
    await adapter.start(ears)
    person.types("hello")
    event = await within(ears.heard.get())
    await answer(adapter, event)
    await adapter.stop()
    assert str(event.place.session) == "console:local:garden"
    assert str(event.user) == "console:Ann"
    assert (event.text, event.speaker, event.addressing) == ("hello", "Ann", Addressing.BOT)
    assert event.place.kind is PlaceKind.DIRECT
    assert person.shown == "fine\n\n"
    assert "console:local:garden" in adapter.description


async def test_the_next_line_is_read_when_the_last_one_was_answered(person):
    adapter, ears = ConsoleAdapter(read_line=person.read_line, write=person.write), Ears()
    await adapter.start(ears)
    person.types("one", "two", None)
    first = await within(ears.heard.get())
    assert person.prompts == 1
    await answer(adapter, first)
    second = await within(ears.heard.get())
    assert second.text == "two"
    assert first.key != second.key
    await answer(adapter, second)
    await within(adapter.wait_closed())
    await adapter.stop()


async def test_who_starts_the_bot_speaks_before_the_first_prompt(person):
    adapter, ears = ConsoleAdapter(read_line=person.read_line, write=person.write), Ears()
    await adapter.start(ears)
    assert person.prompts == 0
    person.types("hello")
    await within(ears.heard.get())
    assert person.prompts == 1
    await adapter.stop()


@pytest.mark.parametrize("line", ["!stop", " /STOP "])
async def test_stop_alone_asks_to_stop(line, person):
    adapter, ears = ConsoleAdapter(read_line=person.read_line, write=person.write), Ears()
    await adapter.start(ears)
    person.types(line)
    event = await within(ears.heard.get())
    assert isinstance(event, StopRequested)
    await adapter.stop()


@pytest.mark.parametrize(("line", "words"), [("!stop", "nothing to stop"), ("hello", "nothing was changed")])
async def test_what_changes_nothing_is_said_so(line, words, person):
    adapter = ConsoleAdapter(read_line=person.read_line, write=person.write)
    await adapter.start(Ears(Acceptance.IGNORED))
    person.types(line, None)
    await within(adapter.wait_closed())
    assert words in person.shown
    await adapter.stop()


async def test_blank_lines_are_not_handed_over(person):
    adapter, ears = ConsoleAdapter(read_line=person.read_line, write=person.write), Ears()
    await adapter.start(ears)
    person.types("", "   ", None)
    await within(adapter.wait_closed())
    assert ears.heard.empty()
    await adapter.stop()


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (StoreUnavailableError("Redis cannot be reached"), "Redis cannot be reached"),
        (Acceptance.FULL, "too much waits"),
    ],
)
async def test_what_the_store_does_not_take_is_said_and_the_talk_goes_on(outcome, words, person):
    adapter, ears = ConsoleAdapter(read_line=person.read_line, write=person.write), Ears(outcome)
    await adapter.start(ears)
    person.types("lost", "found", None)
    while (event := await within(ears.heard.get())).text != "found":
        pass
    assert words in person.shown
    await answer(adapter, event)
    await within(adapter.wait_closed())
    await adapter.stop()


async def test_a_store_that_refuses_for_good_ends_the_conversation(person):
    adapter = ConsoleAdapter(read_line=person.read_line, write=person.write)
    await adapter.start(Ears(StoreError("the file is damaged")))
    person.types("hello")
    with pytest.raises(StoreError, match="damaged"):
        await within(adapter.wait_closed())
    await adapter.stop()


async def test_stopping_does_not_wait_for_the_keyboard(person):
    adapter = ConsoleAdapter(read_line=person.read_line, write=person.write)
    await adapter.start(Ears())
    await within(adapter.stop())
    await within(adapter.wait_closed())
    await within(adapter.stop())


async def test_an_adapter_that_was_not_started_is_closed():
    adapter = ConsoleAdapter()
    await within(adapter.wait_closed())
    await adapter.stop()


def test_the_environment_names_the_conversation():
    assert ConsoleAdapter.from_environment({}) is None
    assert ConsoleAdapter.from_environment({"THREADKEEP_CONSOLE_SESSION": ""}) is None
    adapter = ConsoleAdapter.from_environment({"THREADKEEP_CONSOLE_SESSION": "a:b"})
    assert adapter is not None
    assert "console:local:a%3Ab" in adapter.description


def test_a_name_that_cannot_be_stored_is_refused():
    with pytest.raises(InvalidKeyError):
        _ = ConsoleAdapter("bell\x07").description


async def test_a_person_without_a_login_name_is_you(person, monkeypatch):
    monkeypatch.setattr("getpass.getuser", raise_key_error)
    adapter, ears = ConsoleAdapter(read_line=person.read_line, write=person.write), Ears()
    await adapter.start(ears)
    person.types("hello")
    event = await within(ears.heard.get())
    assert event.speaker == "you"
    await adapter.stop()


def raise_key_error():
    raise KeyError("no such user")
