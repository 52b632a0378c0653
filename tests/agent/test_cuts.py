"""A run closed at any moment is a valid record; a run made again repeats nothing that was finished."""

import asyncio
from contextlib import aclosing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from threadkeep import (
    Agent,
    ContentDelta,
    Message,
    ModelUnavailableError,
    Role,
    RunCompleted,
    RunRequest,
    RunStatus,
    StoreError,
    ToolCall,
    ToolCallCompleted,
    ToolCallStarted,
    tool,
)
from threadkeep.agent.history import paired, run_messages
from threadkeep.models.base import Usage
from threadkeep.runs import Metrics

REQUEST = RunRequest(run_id="r", session_id="s", user_id="u", messages=(Message(role=Role.USER, content="Go"),))
ONE = ToolCall(id="1", name="count", arguments='{"by": 1}')
TWO = ToolCall(id="2", name="count", arguments='{"by": 2}')
THREE = ToolCall(id="3", name="count", arguments='{"by": 3}')


@pytest.fixture
def made() -> list[int]:
    return []


@pytest.fixture
def counter(made):
    @tool
    async def count(by: int) -> int:
        """Count."""
        made.append(by)
        return by

    return count


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    cut=st.integers(0, 14),
    status=st.sampled_from([RunStatus.CANCELLED, RunStatus.FAILED]),
    failure=st.one_of(st.none(), st.integers(0, 2)),
)
def test_a_run_closed_at_any_event_is_valid(scripted, script, counter, cut, status, failure):
    answers = [script("Let ", "me.", calls=[ONE, TWO]), script(calls=[THREE]), script("It ", "is ", "six.")]
    if failure is not None:
        answers[failure].insert(min(1, len(answers[failure]) - 1), ModelUnavailableError("gone"))
    agent = Agent(model=scripted(*answers), tools=[counter])

    async def run_until_cut():
        seen = []
        run = agent.begin(REQUEST, None)
        async with aclosing(run.stream()) as events:
            try:
                async for event in events:
                    if len(seen) == cut:
                        break
                    seen.append(event)
            except ModelUnavailableError:
                pass
        return run.close(status, "SomeError"), seen

    record, seen = asyncio.run(run_until_cut())
    assert record.messages[0] == REQUEST.messages[0]
    assert paired(record.messages) == record.messages
    assert run_messages(record)[-1].role is Role.ASSISTANT
    shown = "".join(event.content for event in seen)
    assert record.content.startswith(shown)
    results = {message.tool_call_id for message in record.messages if message.role is Role.TOOL}
    assert {event.call.id for event in seen if isinstance(event, ToolCallCompleted)} <= results
    assert record.status is status


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(cut=st.integers(0, 14))
def test_a_retried_run_shows_the_same_and_repeats_no_finished_step(scripted, script, counter, made, notebook, cut):
    notebook.steps.clear()
    made.clear()

    def answers():
        return [
            script("Let ", "me.", calls=[ONE, TWO], usage=Usage(input_tokens=5, output_tokens=2)),
            script(calls=[THREE], usage=Usage(input_tokens=7)),
            script("It ", "is ", "six."),
        ]

    async def attempt(model, most):
        seen = []
        agent = Agent(model=model, tools=[counter])
        async with aclosing(agent.begin(REQUEST, None, journal=notebook).stream()) as events:
            async for event in events:
                seen.append(event)
                if len(seen) > most:
                    break
        return seen

    asyncio.run(attempt(scripted(*answers()), cut))
    finished = {name for name in notebook.steps if name.startswith("tool:")}
    asked_before = sum(name.startswith("answer:") for name in notebook.steps)
    before = len(made)
    model = scripted(*answers()[asked_before:])
    seen = asyncio.run(attempt(model, 100))
    assert len(made) - before == 3 - len(finished)
    assert len(model.asked) == 3 - asked_before
    assert "".join(event.content for event in seen) == "Let me.\n\nIt is six."
    assert [event.call.id for event in seen if isinstance(event, ToolCallStarted)] == ["1", "2", "3"]
    assert sorted(event.result for event in seen if isinstance(event, ToolCallCompleted)) == ["1", "2", "3"]
    response = seen[-1].response
    assert [message.content for message in response.messages] == ["Go", "Let me.", "1", "2", "", "3", "It is six."]
    assert (response.metrics.input_tokens, response.metrics.output_tokens) == (12, 2)
    assert response.metrics.model_calls == 3
    assert set(notebook.steps) == {"answer:0", "tool:0:0", "tool:0:1", "answer:1", "tool:1:0"}


async def test_an_answer_is_recorded_before_its_tools_start(scripted, script, notebook):
    recorded = []

    @tool
    async def look() -> str:
        """Look."""
        recorded.append(set(notebook.steps))
        return "seen"

    call = ToolCall(id="1", name="look", arguments="")
    agent = Agent(model=scripted(script(calls=[call]), script("Done.")), tools=[look])
    async for _ in agent.begin(REQUEST, None, journal=notebook).stream():
        pass
    assert recorded == [{"answer:0"}]


async def test_a_result_that_cannot_be_recorded_ends_the_run(scripted, script, counter):
    class Broken:
        steps: dict[str, str] = {}  # noqa: RUF012 - never changed

        async def record(self, steps):
            if any(name.startswith("tool:") for name in steps):
                raise StoreError("lost")

    agent = Agent(model=scripted(script(calls=[ONE, TWO])), tools=[counter])
    with pytest.raises(StoreError, match="lost"):
        async for _ in agent.begin(REQUEST, None, journal=Broken()).stream():
            pass


@pytest.mark.parametrize("damaged", ["{", "[]", '{"version": 99}'])
async def test_a_journal_of_another_release_is_not_guessed_at(scripted, notebook, damaged):
    notebook.steps["answer:0"] = damaged
    with pytest.raises(StoreError, match="recorded step"):
        async for _ in Agent(model=scripted()).begin(REQUEST, None, journal=notebook).stream():
            pass


async def test_cancelling_a_run_cancels_its_tools_and_keeps_the_words(scripted, script):
    is_called, is_ended = asyncio.Event(), asyncio.Event()

    @tool
    async def wait() -> str:
        """Wait."""
        is_called.set()
        try:
            await asyncio.Event().wait()
        finally:
            is_ended.set()
        return ""

    call = ToolCall(id="1", name="wait", arguments="{}")
    run = Agent(model=scripted(script("A moment.", calls=[call])), tools=[wait]).begin(REQUEST, None)

    async def listen():
        async for _ in run.stream():
            pass

    task = asyncio.create_task(listen())
    async with asyncio.timeout(10):
        await is_called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10):
        await is_ended.wait()
    record = run.close(RunStatus.CANCELLED)
    assert [(message.role, message.content) for message in record.messages] == [
        (Role.USER, "Go"),
        (Role.ASSISTANT, "A moment."),
        (Role.TOOL, "cancelled"),
    ]
    assert record.messages[-1].is_error


async def test_a_run_closed_before_it_began_holds_the_words(scripted):
    record = Agent(model=scripted(), clock=lambda: 5.0).begin(REQUEST, None).close(RunStatus.CANCELLED)
    assert record.messages == REQUEST.messages
    assert record.metrics == Metrics()
    assert record.created_at == 5.0


async def test_calls_without_ids_of_their_own_get_some(scripted, script, counter):
    calls = [ToolCall(id=call_id, name="count", arguments='{"by": 1}') for call_id in ("x", "x", "", "")]
    model = scripted(script(calls=calls), script("Done."))
    events = [event async for event in Agent(model=model, tools=[counter]).begin(REQUEST, None).stream()]
    ids = [message.tool_call_id for message in model.asked[1] if message.role is Role.TOOL]
    assert len(set(ids)) == 4
    assert all(ids)
    assert isinstance(events[-1], RunCompleted)


async def test_a_model_that_says_all_at_once_is_heard(scripted, script):
    answer = script("Hello.")[-1:]
    events = [event async for event in Agent(model=scripted(answer)).begin(REQUEST, None).stream()]
    assert [event.content for event in events if isinstance(event, ContentDelta)] == ["Hello."]
