"""Synchronous programs: the same answers, from any thread, with nothing left behind."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from threadkeep import Agent, ModelUnavailableError, RunCompleted, RunStatus, ThreadkeepError, ToolCall, tool


@pytest.fixture
def make(scripted):
    made = []

    def make(*answers, **settings) -> Agent:
        made.append(Agent(model=scripted(*answers), **settings))
        return made[-1]

    yield make
    for agent in made:
        agent.close()


def test_run_answers(make, script):
    agent = make(script("Hello."))
    response = agent.run("Hi", session_id="s")
    assert response.content == "Hello."
    assert [run.run_id for run in agent.wait(agent.sessions.runs("s"))] == [response.run_id]


def test_run_streams(make, script):
    events = list(make(script("One ", "two.")).run("Hi", stream=True))
    assert [event.content for event in events] == ["", "One ", "two.", ""]
    assert isinstance(events[-1], RunCompleted)


def test_a_stream_closed_early_is_a_cancelled_run(make, script):
    agent = make(script("One ", "two."))
    events = agent.run("Hi", session_id="s", stream=True)
    assert [next(events).content for _ in range(2)] == ["", "One "]
    events.close()
    (run,) = agent.wait(agent.sessions.runs("s"))
    assert (run.status, run.content) == (RunStatus.CANCELLED, "One ")


def test_errors_come_out(make):
    with pytest.raises(ModelUnavailableError, match="gone"):
        make([ModelUnavailableError("gone")]).run("Hi")


def test_many_threads_may_run_at_once(make, script):
    agent = make(*(script("Hello.") for _ in range(20)))
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda number: agent.run("Hi", session_id=f"s{number}"), range(20)))
    assert [response.session_id for response in responses] == [f"s{number}" for number in range(20)]
    assert sum(thread.name == "threadkeep-agent" for thread in threading.enumerate()) == 1


async def test_run_works_inside_a_running_loop(make, script, no_blocking_calls):
    # As in a notebook, where the cell's code itself is on the loop and may block it.
    no_blocking_calls.deactivate()
    assert make(script("Hello.")).run("Hi").content == "Hello."


def test_a_synchronous_tool_may_run_the_agent(make, script):
    @tool
    def ask() -> str:
        """Ask again."""
        return agent.run("Inner").content

    agent = make(script(calls=[ToolCall(id="1", name="ask", arguments="{}")]), script("in"), script("out"), tools=[ask])
    assert agent.run("Outer").messages[2].content == "in"


def test_an_asynchronous_tool_that_would_wait_for_itself_is_told(make, script):
    seen = []

    @tool
    async def ask() -> str:
        """Ask again."""
        try:
            agent.run("Inner")
        except ThreadkeepError as error:
            seen.append(str(error))
        return ""

    agent = make(script(calls=[ToolCall(id="1", name="ask", arguments="{}")]), script("out"), tools=[ask])
    agent.run("Outer")
    assert "await agent.arun" in seen[0]


def test_closing_cancels_what_is_running_and_keeps_it(make, script, tmp_path):
    from threadkeep import SQLiteStore  # noqa: PLC0415 - slow to import, and used here only

    is_called = threading.Event()

    @tool
    async def wait() -> str:
        """Wait."""
        is_called.set()
        await asyncio.Event().wait()
        return ""

    store = SQLiteStore(tmp_path / "sessions.db")
    agent = make(script("Well.", calls=[ToolCall(id="1", name="wait", arguments="{}")]), tools=[wait], store=store)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(agent.run, "Hi", session_id="s")
        assert is_called.wait(10)
        agent.close()
        assert future.cancelled() or future.exception() is not None
    (run,) = agent.wait(agent.sessions.runs("s"))
    assert (run.status, run.content) == (RunStatus.CANCELLED, "Well.")
    agent.wait(store.__aexit__(None, None, None))


def test_closing_is_harmless_and_a_closed_agent_can_be_used_again(make, script):
    agent = make(script("One."), script("Two."))
    agent.close()
    assert agent.run("Hi").content == "One."
    agent.close()
    agent.close()
    assert agent.run("Hi").content == "Two."


def test_a_forgotten_agent_ends_its_thread(scripted, script):
    agent = Agent(model=scripted(script("Hello.")))
    agent.run("Hi")
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "threadkeep-agent"]
    del agent
    thread.join(10)
    assert not thread.is_alive()


async def test_aclose_ends_the_thread_too(scripted, script):
    agent = Agent(model=scripted(script("Hello.")))
    await asyncio.to_thread(agent.run, "Hi")
    await agent.aclose()
    assert not any(thread.name == "threadkeep-agent" for thread in threading.enumerate())
