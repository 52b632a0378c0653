"""Tools: what the model sees of a function, and what comes of calling it."""

import asyncio
import enum
import threading
from dataclasses import dataclass
from typing import Literal

import pytest
from pydantic import BaseModel
from structlog.testing import capture_logs

from threadkeep import Agent, ConfigError, RunContext, Tool, ToolCall, ToolCallCompleted, ToolError, tool
from threadkeep.agent.tool_doc import read_docstring
from threadkeep.agent.tool_threads import ToolThreads


class Unit(enum.Enum):
    CELSIUS = "celsius"
    KELVIN = "kelvin"


@dataclass
class Spot:
    title: str
    height: float = 0.0


class Report(BaseModel):
    place: str
    degrees: float


async def called(scripted, script, *tools, name="", arguments="{}", times=1, **settings) -> list[ToolCallCompleted]:
    """Let a model make calls and give how they ended, in order of the calls."""
    chosen = name or getattr(tools[0], "name", None) or tools[0].__name__
    calls = [ToolCall(id=str(number), name=chosen, arguments=arguments) for number in range(times)]
    agent = Agent(model=scripted(script(calls=calls), script("Done.")), tools=tools, **settings)
    try:
        events = [event async for event in agent.arun("Go", user_id="ann", session_id="s", stream=True)]
    finally:
        await agent.aclose()
    ended = [event for event in events if isinstance(event, ToolCallCompleted)]
    return sorted(ended, key=lambda event: event.call.id)


def test_a_function_is_described_by_its_types_and_its_docstring():
    @tool
    def weather(city: str, *, unit: Unit = Unit.CELSIUS, days: Literal[1, 7] = 1, spots: list[Spot] | None = None):
        """Tell the weather
        of a city.

        Not shown.

        Args:
            city: The city, such as
                Rome: the eternal.
            unit (Unit): Of the temperature.
            spots: Where exactly.

        Returns:
            Not shown either.
        """

    spec = weather.spec
    assert (spec.name, spec.description) == ("weather", "Tell the weather of a city.")
    schema = spec.parameters
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["city"]
    assert schema["properties"]["city"] == {
        "description": "The city, such as Rome: the eternal.",
        "type": "string",
    }
    assert schema["properties"]["unit"]["description"] == "Of the temperature."
    assert schema["$defs"]["Spot"] == {
        "additionalProperties": False,
        "properties": {"title": {"type": "string"}, "height": {"default": 0.0, "type": "number"}},
        "required": ["title"],
        "type": "object",
    }


def test_a_tool_is_still_a_function():
    @tool(name="plus", description="Add.", timeout=3)
    def add(first: int, second: int) -> int:
        return first + second

    assert isinstance(add, Tool)
    assert add(1, second=2) == 3
    assert (add.name, add.description, add.timeout) == ("plus", "Add.", 3)


def test_a_docstring_without_sections_is_read():
    assert read_docstring(None) == ("", {})
    assert read_docstring("One line.") == ("One line.", {})
    assert read_docstring("\n    Args:\n        a: x\n") == ("", {"a": "x"})


async def test_arguments_are_checked_and_converted(scripted, script):
    def weather(city: str, unit: Unit = Unit.CELSIUS, spot: Spot | None = None) -> str:
        """Tell the weather."""
        return f"{city} {unit.name} {spot}"

    arguments = '{"city": "Rome", "unit": "kelvin", "spot": {"title": "Forum"}}'
    (event,) = await called(scripted, script, weather, arguments=arguments)
    assert event.result == "Rome KELVIN Spot(title='Forum', height=0.0)"
    assert not event.is_error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ('{"city": ', "JSON"),
        ("[]", "object"),
        ("{}", "city: Field required"),
        ('{"city": "Rome", "days": "many"}', "days: Input should be a valid integer"),
        ('{"city": "Rome", "zip": 1}', "zip: Extra inputs are not permitted"),
    ],
)
async def test_arguments_that_do_not_fit_are_explained_to_the_model(scripted, script, arguments, words):
    def weather(city: str, days: int = 1) -> str:
        """Tell the weather."""
        return "fine"

    (event,) = await called(scripted, script, weather, arguments=arguments)
    assert event.is_error
    assert words in event.result
    assert "https://" not in event.result


@pytest.mark.parametrize("arguments", ["", "null", " {} "])
async def test_no_arguments_may_be_written_in_many_ways(scripted, script, arguments):
    def now() -> str:
        """Tell the time."""
        return "noon"

    (event,) = await called(scripted, script, now, arguments=arguments)
    assert event.result == "noon"


async def test_parameters_may_have_any_name(scripted, script):
    def odd(schema: str, copy: int, model_config: bool, _private: str = "p", title: str = "t") -> dict[str, object]:
        """Be odd."""
        return {"schema": schema, "copy": copy, "model_config": model_config, "private": _private, "title": title}

    arguments = '{"schema": "s", "copy": 1, "model_config": true, "_private": "x"}'
    (event,) = await called(scripted, script, odd, arguments=arguments)
    assert event.result == '{"schema":"s","copy":1,"model_config":true,"private":"x","title":"t"}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        (None, "null"),
        (3.5, "3.5"),
        ([Spot("Forum")], '[{"title":"Forum","height":0.0}]'),
        (Report(place="Rome", degrees=20), '{"place":"Rome","degrees":20.0}'),
        ("lone \ud83d", "lone \ufffd"),
    ],
)
async def test_results_become_text(scripted, script, value, text):
    def give():
        """Give."""
        return value

    (event,) = await called(scripted, script, give)
    assert (event.result, event.is_error) == (text, False)


async def test_a_result_without_a_json_form_is_a_failure(scripted, script):
    def give():
        """Give."""
        return object()

    (event,) = await called(scripted, script, give)
    assert event.is_error
    assert event.result.startswith("the tool failed: ")


async def test_a_long_result_is_cut_and_says_so(scripted, script):
    def give():
        """Give."""
        return "x" * 40_000

    (event,) = await called(scripted, script, give)
    assert event.result.startswith("x" * 32_000 + "\n[cut: ")
    assert "of 40000 characters" in event.result


async def test_the_context_is_filled_in_and_hidden(scripted, script):
    seen = []

    @tool
    async def note(text: str, context: RunContext) -> str:
        """Note."""
        seen.append(context)
        return text

    assert list(note.spec.parameters["properties"]) == ["text"]
    (event,) = await called(scripted, script, note, arguments='{"text": "hi", "context": 1}')
    assert event.is_error
    (event,) = await called(scripted, script, note, arguments='{"text": "hi"}')
    assert event.result == "hi"
    (context,) = seen
    assert (context.session_id, context.user_id, context.session, context.runs) == ("s", "ann", None, ())


async def test_the_context_shows_the_session(scripted, script):
    seen = []

    def note(context: RunContext) -> str:
        """Note."""
        seen.append(context)
        return "noted"

    call = ToolCall(id="1", name="note", arguments="{}")
    model = scripted(script("Hi."), script(calls=[call]), script("Done."))
    agent = Agent(model=model, tools=[note], add_history_to_messages=True)
    await agent.arun("Hello", session_id="s")
    await agent.sessions.set_state("s", {"n": 1})
    await agent.arun("Go", session_id="s")
    (context,) = seen
    assert [run.content for run in context.runs] == ["Hi."]
    assert context.session.run_count == 1
    assert context.state == {"n": 1}
    await agent.aclose()


async def test_a_tool_error_is_told_word_for_word(scripted, script):
    def give():
        """Give."""
        raise ToolError("the shop is closed on Sundays")

    (event,) = await called(scripted, script, give)
    assert (event.result, event.is_error) == ("the shop is closed on Sundays", True)


@pytest.mark.parametrize("error", [RuntimeError("secret path"), SystemExit(3), StopIteration("secret"), TimeoutError()])
@pytest.mark.parametrize("is_async", [True, False])
async def test_other_errors_are_told_by_name_only(scripted, script, error, is_async):
    def give():
        """Give."""
        raise error

    async def give_later():
        """Give."""
        raise error

    with capture_logs() as logs:
        (event,) = await called(scripted, script, give_later if is_async else give)
    assert event.is_error
    assert event.result in {f"the tool failed: {type(error).__name__}", "the tool failed: RuntimeError"}
    assert [log["event"] for log in logs] == ["tool_failed"]


async def test_a_tool_that_cancels_itself_does_not_cancel_the_run(scripted, script):
    async def give():
        """Give."""
        raise asyncio.CancelledError

    (event,) = await called(scripted, script, give)
    assert event.result == "the tool failed: CancelledError"


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_tool_that_takes_too_long_is_given_up(scripted, script, is_async):
    release = threading.Event()

    @tool(timeout=0.05)
    def hang():
        """Hang."""
        release.wait(30)

    @tool(timeout=0.05)
    async def hang_later():
        """Hang."""
        await asyncio.Event().wait()

    try:
        (event,) = await called(scripted, script, hang_later if is_async else hang)
    finally:
        release.set()
    assert (event.result, event.is_error) == ("the tool did not finish within 0.05 s", True)


async def test_a_tool_that_does_not_exist_is_an_error_for_the_model(scripted, script):
    def give():
        """Give."""

    (event,) = await called(scripted, script, give, name="take")
    assert event.is_error
    assert "there are: give" in event.result


async def test_calls_run_side_by_side_up_to_the_limit(scripted, script):
    running, most = 0, 0
    both = asyncio.Event()

    async def meet() -> str:
        """Meet."""
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 2:
            both.set()
        await both.wait()
        running -= 1
        return "met"

    async with asyncio.timeout(10):
        events = await called(scripted, script, meet, times=6, max_parallel_tools=2)
    assert [event.result for event in events] == ["met"] * 6
    assert most == 2


async def test_results_are_shown_to_the_model_in_the_order_of_the_calls(scripted, script):
    turn = asyncio.Event()

    async def wait(number: int) -> int:
        """Wait."""
        if number == 1:
            await turn.wait()
        return number

    calls = [ToolCall(id=str(number), name="wait", arguments=f'{{"number": {number}}}') for number in (1, 2)]
    model = scripted(script(calls=calls), script("Done."))
    agent = Agent(model=model, tools=[wait])
    results = []
    async for event in agent.arun("Go", stream=True):
        if isinstance(event, ToolCallCompleted):
            results.append(event.result)
            turn.set()
    assert results == ["2", "1"]
    assert [message.content for message in model.asked[1]][-2:] == ["1", "2"]
    await agent.aclose()


async def test_threads_are_bounded_and_counted_until_they_end():
    threads, release, is_running = ToolThreads(1), threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang():
        loop.call_soon_threadsafe(is_running.set)
        release.wait(30)

    task = asyncio.create_task(threads.call(hang))
    await is_running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ToolError, match="busy"):
        await threads.call(lambda: None)
    release.set()
    async with asyncio.timeout(10):
        while True:
            try:
                assert await threads.call(lambda: 7) == 7
                break
            except ToolError:
                await asyncio.sleep(0)


def untyped(city):
    """Fail."""


def starred(*cities: str):
    """Fail."""


def indescribable(city: threading.Lock):
    """Fail."""


def unresolved(city: "Nowhere"):  # noqa: F821 - that is the point
    """Fail."""


def doubled(one: RunContext, two: RunContext):
    """Fail."""


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (untyped, "city has no type; write for example city: str"),
        (starred, "give each argument a name and a type"),
        (indescribable, "cannot be described to a model"),
        (unresolved, "import them at the top"),
        (doubled, "two parameters take the run's context"),
        (lambda: None, "cannot be a tool's name"),
        (3, "a tool is a function"),
    ],
)
def test_what_cannot_be_a_tool_is_refused_with_a_remedy(scripted, function, words):
    with pytest.raises(ConfigError, match=words):
        Agent(model=scripted(), tools=[function])


def test_two_tools_of_one_name_are_refused(scripted):
    def give() -> str:
        """Give."""
        return ""

    with pytest.raises(ConfigError, match="two tools are called give"):
        Agent(model=scripted(), tools=[give, tool(give)])
    with pytest.raises(ConfigError, match="timeout"):
        tool(timeout=0)(give)
