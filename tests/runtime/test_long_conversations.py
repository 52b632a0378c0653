"""Long conversations of a bot: summed up after the answer, shown again, at the same cost at any length."""

import asyncio

import pytest
import redis.asyncio

from threadkeep import Memory, Message, Role, Run, SQLiteStore, Summary
from threadkeep.chat.events import PlaceKind
from threadkeep.models.base import ModelAnswer, Usage

SESSION = "test:W:C1"


class Folder:
    """Sums up by naming the questions; or notes that they were asked."""

    id = "folder"

    def __init__(self, answer=None):
        self.answer = answer
        self.asked = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def stream(self, messages, tools, settings):
        self.asked.append(messages[-1].content)
        await self.gate.wait()
        words = messages[-1].content.replace("<", " ").replace(">", " ").split()
        said = self.answer or " ".join(dict.fromkeys(word for word in words if word.startswith("q#")))
        yield ModelAnswer(message=Message(role=Role.ASSISTANT, content=said), usage=Usage(), finish_reason="stop")

    async def prepare(self):
        pass

    async def aclose(self):
        pass


def settings(folder):
    return {"num_history_runs": 2, "summary": Summary(model=folder, every=3)}


def system(model, number=-1):
    return "".join(message.content for message in model.asked[number] if message.role is Role.SYSTEM)


def shown(model, number=-1):
    return [message.content for message in model.asked[number] if message.role is Role.USER]


async def summarised(store):
    found = await store.history.load(SESSION, runs=0)
    return found.session.summarised if found is not None else 0


def is_summarised(store, until):
    async def check():
        return await summarised(store) >= until

    return check


async def fill(store, first, last):
    for start in range(first, last + 1, 100):
        numbers = range(start, min(start + 100, last + 1))
        await asyncio.gather(*(store.history.append(exchange(number)) for number in numbers))


def exchange(number):
    said = (Message(role=Role.USER, content=f"q#{number}"), Message(role=Role.ASSISTANT, content="Yes."))
    return Run(run_id=f"r{number}", session_id=SESSION, user_id="test:Ann", messages=said)


async def test_what_falls_out_of_the_window_is_summed_up_after_the_answer(talk, make_model, store, working, wait_for):
    model, folder = make_model(), Folder()
    folder.gate.clear()
    async with working(model, store, agent=settings(folder)):
        await talk(*(f"q#{number}" for number in range(1, 8)))
        assert shown(model) == [f"q#{number}" for number in range(1, 8)]
        folder.gate.set()
        await wait_for(is_summarised(store, 3))
        await talk("q#8")
    assert "q#1 q#2 q#3" in system(model)
    assert shown(model)[-2:] == ["q#7", "q#8"]
    assert "q#3" not in shown(model)


async def test_a_new_conversation_drops_the_summary(talk, make_model, store, working, wait_for):
    model, folder = make_model(), Folder()
    async with working(model, store, agent=settings(folder)):
        await talk(*(f"q#{number}" for number in range(1, 6)))
        await wait_for(is_summarised(store, 3))
        await talk("!new", "fresh")
    assert "q#" not in system(model)
    assert shown(model) == ["fresh"]


async def test_a_worker_that_stops_leaves_the_summary_to_a_later_run(talk, make_model, store, working, wait_for):
    model, folder = make_model(), Folder()
    folder.gate.clear()
    async with working(model, store, agent=settings(folder)):
        await talk(*(f"q#{number}" for number in range(1, 6)))
        await wait_for(lambda: folder.asked)
    assert await summarised(store) == 0
    folder.gate.set()
    async with working(model, store, agent=settings(folder)):
        await talk("q#6")
        await wait_for(is_summarised(store, 4))
    assert len(folder.asked) == 2


async def test_summary_at_turn_2000_costs_what_it_does_at_turn_20(talk, make_model, store, working, wait_for):
    model, folder = make_model(), Folder()
    sizes = []
    async with working(model, store, agent=settings(folder)):
        for first, last in ((1, 20), (21, 2000)):
            await fill(store, first, last)
            session = (await store.history.load(SESSION, runs=0)).session
            await store.digests.summarise(
                SESSION, "q#1 and more", since=session.summarised, until=session.run_count - 2
            )
            before = len(model.asked)
            await talk("!summary")
            assert len(model.asked) == before + 1
            assert "<summary>\nq#1 and more\n</summary>" in shown(model)[0]
            assert f"q#{last}" in shown(model)[0]
            sizes.append(len(shown(model)[0]))
    assert sizes[1] <= sizes[0] + 10


async def is_set(store, first, last, summary):
    """Fill a conversation, and set its summary where it stands between two foldings."""
    await fill(store, first, last)
    session = (await store.history.load(SESSION, runs=0)).session
    await store.digests.summarise(SESSION, summary, since=session.summarised, until=session.run_count - 2)


@pytest.fixture
async def traffic(request, store):
    """Tells how many bytes the store has sent so far; always 0 where it is a file."""
    if isinstance(store, SQLiteStore):

        async def nothing():
            return 0

        yield nothing
        return
    async with redis.asyncio.from_url(request.getfixturevalue("redis_server").url) as client:

        async def sent():
            return (await client.info("stats"))["total_net_output_bytes"]

        yield sent


async def test_a_run_at_turn_2000_costs_what_one_at_turn_10_does(talk, make_model, store, working, wait_for, traffic):
    model, folder = make_model(), Folder("q#1 and more")
    tokens, folded, read = {}, {}, {}
    async with working(model, store, agent={**settings(folder), "memory": Memory(), "max_history_tokens": 3_000}):
        for first, last in ((1, 10), (11, 2000)):
            await is_set(store, first, last, "q#1 and more")
            asked, before, bytes_before = len(model.asked), len(folder.asked), await traffic()
            for _ in range(6):
                await talk("What is next?")
            assert len(model.asked) == asked + 6, "one call of the model for each answer"
            tokens[last] = sum(len(message.content) for shown in model.asked[asked:] for message in shown)
            # All of a window of runs is folded by one call.
            await wait_for(is_summarised(store, last + 2))
            folded[last] = len(folder.asked) - before
            read[last] = await traffic() - bytes_before
            await store.history.append(Run(run_id=f"e{last}", session_id=SESSION, is_boundary=True))
    assert tokens[2000] <= 1.1 * tokens[10]
    assert folded[10] <= 2
    assert folded[2000] <= 2
    assert read[2000] <= 2 * read[10] + 2_000, "also with some more heartbeats of the worker"


async def test_a_summary_that_is_asked_for_in_words_costs_the_same_at_turn_2000(talk, make_model, store, working):
    model, folder = make_model(), Folder()
    sizes = []
    async with working(model, store, agent=settings(folder)):
        for first, last in ((1, 20), (21, 2000)):
            await is_set(store, first, last, "About q#1 and more.")
            asked = len(model.asked)
            await talk("Give me a summary of our conversation")
            assert len(model.asked) == asked + 1
            text = "\n".join(message.content for message in model.asked[-1])
            assert "About q#1 and more." in text
            assert f"q#{last}" in text
            sizes.append(len(text))
    assert sizes[1] <= sizes[0] + 20


async def test_a_summary_tells_the_latest_where_summing_up_lags_behind(talk, make_model, store, working):
    model, folder = make_model(), Folder()
    await fill(store, 1, 200)
    await store.digests.summarise(SESSION, "About q#1.", since=0, until=10)
    async with working(model, store, agent=settings(folder)):
        await talk("!summary")
    (record,) = shown(model)
    assert "About q#1." in record
    assert "q#155<" in record
    assert "q#200<" in record
    assert "q#100<" not in record


async def test_usage_tells_what_was_done_in_the_background(talk, make_model, store, working, wait_for):
    model, folder = make_model(), Folder()
    async with working(model, store, agent=settings(folder)):
        await talk(*(f"q#{number}" for number in range(1, 6)))
        await wait_for(lambda: store.digests.charges(SESSION))
        (told,) = await talk("!usage")
        assert "In the background, for summaries and memories, a model was asked 1 time:" in told
        (charge,) = await store.digests.charges(SESSION)
        assert (charge.purpose, charge.user_id, charge.use.model) == ("summary", "test:Ann", "folder")
        assert charge.use.is_estimated
        told = await talk("!new", "q#6", "!usage")
    assert "background" not in told[-1]


async def test_each_run_of_a_bot_is_read_for_memories_once(talk, make_model, store, working, wait_for):
    model, reader = make_model(), Folder('[{"do": "add", "who": 1, "text": "likes tea"}]')
    memory = Memory(after_run=True, model=reader)
    async with working(model, store, agent={"memory": memory}):
        await talk("I like tea")
        await wait_for(lambda: store.memories.list("test:Ann", limit=9))
        (memo,) = await store.memories.list("test:Ann", limit=9)
        assert (memo.is_private, memo.source) == (True, SESSION)
        await talk("Hello")
        assert "- likes tea" in system(model)
        await talk("Hello", kind=PlaceKind.CHANNEL, channel="C2")
        assert "likes tea" not in system(model)
        await wait_for(lambda: len(reader.asked) == 3)
    assert [text.count("I like tea") for text in reader.asked] == [2, 0, 0]


async def test_many_users_in_many_places_learn_nothing_of_each_other(platform, make_model, store, working, wait_for):
    model = make_model()
    people = [f"User{number}" for number in range(8)]
    for name in people:
        await store.memories.add(f"test:{name}", f"secret of {name}", is_private=True)
        await store.memories.add(f"test:{name}", f"hobby of {name}")
    said = 0
    async with working(model, store, agent={"memory": Memory(), "num_history_runs": 5}):
        for turn in range(4):
            for name in people:
                group = f"C{people.index(name) % 2}"
                await store.inbox.accept(platform.said(f"direct {turn} of {name}", user=name, channel=f"D{name}"))
                await store.inbox.accept(
                    platform.said(
                        f"group {turn} of {name} in {group}", user=name, channel=group, kind=PlaceKind.CHANNEL
                    )
                )
                said += 2
        await wait_for(lambda: len(platform.finals) >= said)
    for asked in model.asked:
        text, last = "\n".join(message.content for message in asked), asked[-1].content
        if last.startswith("direct"):
            name = last.split()[-1]
            assert {word for word in people if word in text} == {name}
            assert "group" not in text
            assert f"secret of {name}" in text
        else:
            group = last.split()[-1][:2]
            assert "secret of" not in text
            assert "direct" not in text
            assert all(people.index(word) % 2 == int(group[1]) for word in people if word in text)
