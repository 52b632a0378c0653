"""What was said before the bot was called into a place, and what people look at."""

import asyncio

import pytest

from threadkeep.chat.events import Addressing, PlaceKind
from threadkeep.errors import PlatformError
from threadkeep.messages import Role
from threadkeep.runtime import context

SESSION = "test:W:C1"
THREAD = {"kind": PlaceKind.THREAD}


class Telling:
    """Lets a platform tell what was said before."""

    def __init__(self, platform, *texts):
        self.asked = []
        self.said = [platform.said(text, user="Bob", addressing=Addressing.OTHERS, **THREAD) for text in texts]
        self.error = None
        platform.said_before = self.said_before

    async def said_before(self, place, *, before, most):
        self.asked.append((str(place.session), before, most))
        if self.error is not None:
            raise self.error
        return self.said


def shown(model, number=0):
    return [message.content for message in model.asked[number] if message.role is not Role.SYSTEM]


def system(model, number=0):
    return "\n".join(message.content for message in model.asked[number] if message.role is Role.SYSTEM)


async def test_a_bot_that_is_called_into_a_thread_reads_what_was_said(
    platform, make_model, store, working, wait_for, load_runs
):
    telling, model = Telling(platform, "It broke.", "Who knows?"), make_model()
    question = platform.said("What is it?", **THREAD)
    async with working(model, store):
        await store.inbox.accept(question)
        await wait_for(lambda: load_runs(store, count=1))
        await store.inbox.accept(platform.said("And now?", **THREAD))
        runs = await wait_for(lambda: load_runs(store, count=2))
    said = [
        '<message from="Bob" id="test:Bob">It broke.</message>',
        '<message from="Bob" id="test:Bob">Who knows?</message>',
    ]
    assert shown(model) == [*said, '<message from="Ann" id="test:Ann">What is it?</message>']
    assert telling.asked == [(SESSION, question.key.message, 30)]
    assert [message.content for message in runs[0].messages][:2] == said
    assert shown(model, 1)[:2] == said


async def test_talk_that_waited_before_the_first_question_is_not_shown_twice(
    platform, make_model, store, working, wait_for
):
    telling, model = Telling(platform, "Earlier."), make_model()
    question = platform.said("What?", **THREAD)
    telling.said.append(question)
    async with working(model, store):
        await store.inbox.accept(question)
        await wait_for(lambda: platform.finals)
    assert shown(model) == [
        '<message from="Bob" id="test:Bob">Earlier.</message>',
        '<message from="Ann" id="test:Ann">What?</message>',
    ]


@pytest.mark.parametrize(
    ("where", "is_read"),
    [
        ({"kind": PlaceKind.CHANNEL}, True),
        ({"kind": PlaceKind.THREAD}, True),
        ({"kind": PlaceKind.DIRECT}, False),
    ],
)
async def test_it_reads_where_others_may_have_talked(platform, make_model, store, working, wait_for, where, is_read):
    telling = Telling(platform, "Earlier.")
    async with working(make_model(), store):
        await store.inbox.accept(platform.said("What?", **where))
        await wait_for(lambda: platform.finals)
    assert bool(telling.asked) == is_read


async def test_it_can_be_turned_off(platform, make_model, store, working, wait_for):
    telling, model = Telling(platform, "Earlier."), make_model()
    async with working(model, store, context_messages=0):
        await store.inbox.accept(platform.said("What?", **THREAD))
        await wait_for(lambda: platform.finals)
    assert telling.asked == []
    assert len(shown(model)) == 1


async def test_as_many_messages_are_read_as_are_set(platform, make_model, store, working, wait_for):
    telling, model = Telling(platform, "one", "two", "three"), make_model()
    async with working(model, store, context_messages=2):
        await store.inbox.accept(platform.said("What?", **THREAD))
        await wait_for(lambda: platform.finals)
    assert telling.asked[0][2] == 2
    assert [text.partition(">")[2][:-10] for text in shown(model)] == ["two", "three", "What?"]


@pytest.mark.parametrize("error", [PlatformError("not allowed"), KeyError("ts")])
async def test_what_cannot_be_read_is_told_to_the_model(
    platform, make_model, store, working, wait_for, load_runs, caplog, error
):
    telling, model = Telling(platform), make_model()
    telling.error = error
    async with working(model, store):
        await store.inbox.accept(platform.said("What?", **THREAD))
        await wait_for(lambda: platform.finals)
        await store.inbox.accept(platform.said("And now?", **THREAD))
        await wait_for(lambda: len(platform.finals) == 2)
    assert "could not be read" in system(model)
    assert "could not be read" not in system(model, 1)
    assert "context_not_read" in caplog.text


async def test_a_platform_that_is_silent_does_not_hold_the_answer_up(
    platform, make_model, store, working, wait_for, monkeypatch
):
    monkeypatch.setattr(context, "_READING_SECONDS", 0.01)
    model = make_model()

    async def hang(place, *, before, most):
        await asyncio.Event().wait()

    platform.said_before = hang
    async with working(model, store):
        await store.inbox.accept(platform.said("What?", **THREAD))
        await wait_for(lambda: platform.finals)
    assert "could not be read" in system(model)


async def test_another_attempt_sees_what_the_first_one_read(platform, make_model, store, working, wait_for):
    telling, model = Telling(platform, "Earlier."), make_model()
    model.gate.clear()
    await store.inbox.accept(platform.said("What?", **THREAD))
    async with working(model, store) as worker:
        await wait_for(lambda: model.asked)
        telling.said = []
        for task in worker._running.values():
            task.cancel()
        model.gate.set()
        await wait_for(lambda: platform.finals)
    assert len(telling.asked) == 1
    assert len(shown(model)) == 2
    assert shown(model, 1) == shown(model, 0)


async def test_a_fresh_conversation_does_not_look_back(platform, make_model, store, working, wait_for, load_runs):
    telling, model = Telling(platform, "Earlier."), make_model()
    new = platform.said("", **THREAD)
    object.__setattr__(new, "command", "new")
    async with working(model, store):
        await store.inbox.accept(new)
        await wait_for(lambda: load_runs(store, count=1))
        await store.inbox.accept(platform.said("What?", **THREAD))
        await wait_for(lambda: len(platform.finals) == 2)
    assert telling.asked == []
    assert shown(model) == ['<message from="Ann" id="test:Ann">What?</message>']


async def test_long_talk_is_shortened_from_its_beginning(platform, make_model, store, working, wait_for):
    model = make_model()
    Telling(platform, *(f"{number} " + "x" * 5000 for number in range(12)))
    async with working(model, store):
        await store.inbox.accept(platform.said("What?", **THREAD))
        await wait_for(lambda: platform.finals)
    said = shown(model)[:-1]
    assert sum(map(len, said)) < 31_000
    assert [text.split(">", 1)[1].split(" ")[0] for text in said] == [str(number) for number in range(5, 12)]
    assert all(text.endswith(" …</message>") for text in said)


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (PlaceKind.DIRECT, "The user has this open while asking: channel &lt;b&gt;#sales&lt;/b&gt; (C1)"),
        (PlaceKind.THREAD, "Ann has this open while asking: channel &lt;b&gt;#sales&lt;/b&gt; (C1)"),
    ],
)
async def test_the_model_is_told_what_the_asker_looks_at(platform, make_model, store, working, wait_for, kind, line):
    model = make_model()
    question = platform.said("What is this?", kind=kind)
    object.__setattr__(question, "looking_at", "channel <b>#sales</b>\n\n(C1)")
    async with working(model, store):
        await store.inbox.accept(question)
        await wait_for(lambda: platform.finals)
    assert system(model).splitlines()[-1] == line
