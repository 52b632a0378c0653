"""Many people at once on one agent: in whatever order their steps fall, nobody's words and results reach another."""

import asyncio
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from threadkeep import Agent, File, Memory, Message, Role, RunContext, ToolCall, tool
from threadkeep.models.base import ModelAnswer, Usage

PEOPLE = 4
RUNS = 3
SECONDS = 20
SECRET = re.compile(r"secret-(\d+)")


class Gate:
    """Lets those who come to it pass one by one, in an order that is chosen."""

    def __init__(self):
        self.waiting = {}

    async def passed(self, who):
        self.waiting[who] = asyncio.Event()
        await self.waiting[who].wait()

    async def run(self, tasks, order):
        """Let somebody pass as soon as everybody who is not finished waits."""
        async with asyncio.timeout(SECONDS):
            while any(not task.done() for task in tasks):
                if len(self.waiting) < sum(not task.done() for task in tasks):
                    await asyncio.sleep(0)
                    continue
                chosen = sorted(self.waiting)[order.pop() % len(self.waiting) if order else 0]
                self.waiting.pop(chosen).set()


class Model:
    """Calls a tool for each question, and then answers with what the tool gave; keeps what it was shown."""

    id, takes = "gated", frozenset({"image"})

    def __init__(self, gate):
        self.gate, self.asked = gate, []

    async def stream(self, messages, tools, _settings):
        who = next(found[1] for message in reversed(messages) if (found := re.search(r"I am (\d+)", message.content)))
        self.asked.append((who, str(messages), [file.data for message in messages for file in message.files]))
        await self.gate.passed(f"model {who}")
        last = messages[-1]
        calls = () if last.role is Role.TOOL else (ToolCall(id="1", name="look", arguments="{}"),)
        said = Message(role=Role.ASSISTANT, content="" if calls else last.content, tool_calls=calls)
        yield ModelAnswer(message=said, usage=Usage(), finish_reason="stop")

    async def prepare(self):
        return None

    async def aclose(self):
        return None


def picture(samples, who):
    return samples.png(width=int(who) + 1)


async def talk(samples, order, cache):
    gate = Gate()
    model = Model(gate)

    @tool(cache=cache, retries=1)
    async def look(context: RunContext) -> list[object]:
        """Look."""
        who = context.user_id
        context.say(f"for secret-{who}")
        await gate.passed(f"tool {who}")
        context.state[f"of secret-{who}"] = who
        context.cite(f"https://x.test/secret-{who}")
        return [f"secret-{who}", File(name="a.png", data=picture(samples, who))]

    agent = Agent(
        model=model,
        tools=[look],
        memory=Memory(),
        add_history_to_messages=True,
        show_state=True,
        instructions=lambda context: f"You help secret-{context.user_id}.",
    )
    for person in range(PEOPLE):
        await agent.remember(str(person), f"likes secret-{person}")

    async def person(who):
        for number in range(RUNS):
            # One person has a second conversation, which is apart as well.
            response = await agent.arun(f"I am {who}, secret-{who}", user_id=who, session_id=f"s{who}-{number % 2}")
            assert set(SECRET.findall(response.content)) == {who}
        return await agent.sessions.state(f"s{who}-0")

    tasks = [asyncio.create_task(person(str(number))) for number in range(PEOPLE)]
    try:
        await gate.run(tasks, order)
        states = [task.result() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await agent.aclose()
    return model.asked, states


@settings(max_examples=25, deadline=None)
@given(order=st.lists(st.integers(0, 11), max_size=30), cache=st.sampled_from([None, "run", "session"]))
def test_in_whatever_order_the_steps_fall_nobody_sees_anything_of_another(samples, order, cache):
    asked, states = asyncio.run(talk(samples, list(order), cache))
    assert len(asked) == PEOPLE * RUNS * 2
    for who, shown, pictures in asked:
        assert set(SECRET.findall(shown)) == {who}
        assert set(pictures) <= {picture(samples, who)}
    assert states == [{f"of secret-{who}": str(who)} for who in range(PEOPLE)]
