"""Long conversations of a bot: summed up after the answer, shown again, at the same cost at any length."""

import asyncio

import pytest

from threadkeep import Agent, Memory, Message, Role, Run, Summary
from threadkeep.chat.commands import command_table, read_command
from threadkeep.chat.events import PlaceKind
from threadkeep.models.base import ModelAnswer, Usage

SESSION = "test:W:C1"


@pytest.fixture
def talk(platform, store, wait_for):
    async def say(*texts, **where):
        before = len(platform.finals)
        for count, text in enumerate(texts, start=before + 1):
            await store.inbox.accept(read_command(platform.said(text, **where), command_table()))
            await wait_for(lambda count=count: len(platform.finals) >= count)
        return platform.finals[before:]

    return say


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
    for number in range(first, last + 1):
        said = (Message(role=Role.USER, content=f"q#{number}"), Message(role=Role.ASSISTANT, content="Yes."))
        run = Run(run_id=f"r{number}", session_id=SESSION, user_id="test:Ann", messages=said)
        await store.history.append(run)


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


async def test_the_overhead_of_a_run_does_not_grow(store, make_model):
    agent = Agent(model=make_model(), store=store, add_history_to_messages=True, **settings(Folder()))
    await fill(store, 1, 300)
    await agent.arun("q#301", session_id=SESSION)
    await agent.settle()
    assert len(agent.model.asked[-1]) <= 2 + 2 * 8
    await agent.aclose()
