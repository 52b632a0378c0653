"""Models around models: asked again, replaced, bounded, written down; and a model that follows a script."""

import asyncio

import pytest

from threadkeep import Agent
from threadkeep.errors import ConfigError, ModelRateLimitError, ModelRequestError, ModelUnavailableError
from threadkeep.messages import Message, Role, ToolCall
from threadkeep.models.base import ModelSettings, TextDelta, ToolSpec
from threadkeep.models.client_failures import asked_to_wait
from threadkeep.models.fallback import CONTINUE, Fallback
from threadkeep.models.limited import Limited
from threadkeep.models.recording import Recording
from threadkeep.models.retrying import Retrying
from threadkeep.models.scripted import ScriptedModel, Step, UnexpectedCallError
from threadkeep_emulators.faults import Fault
from threadkeep_emulators.openai import Answer
from threadkeep_emulators.openai import ToolCall as EmulatedCall

ROUTES = {"chat": "chat.completions", "responses": "responses"}
HELLO = (Message(role=Role.USER, content="Hello"),)
BUSY = ModelUnavailableError("busy")


class Sleeps(list):
    async def __call__(self, seconds):
        self.append(seconds)


async def ask(model, messages=HELLO):
    events = [event async for event in model.stream(messages, (), ModelSettings())]
    return "".join(event.text for event in events if isinstance(event, TextDelta)), events[-1]


async def test_a_failing_server_is_asked_again(openai, make_model, endpoint):
    openai.faults.add(Fault(match=ROUTES[endpoint], kind="status", status=503))
    openai.answers(Answer(text="here I am"))
    sleeps = Sleeps()
    said, _ = await ask(Retrying(model=make_model(), first_delay=2.0, sleep=sleeps, random=lambda: 0.0))
    assert said == "here I am"
    assert sleeps == [2.0]


async def test_the_servers_demand_to_wait_is_obeyed(openai, make_model, endpoint):
    openai.faults.add(Fault(match=ROUTES[endpoint], kind="status", status=429, retry_after=17))
    openai.answers(Answer(text="now"))
    sleeps = Sleeps()
    said, _ = await ask(Retrying(model=make_model(), sleep=sleeps))
    assert said == "now"
    assert sleeps == [17.0]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "12", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, 37.0),
        ({"retry-after": "Sun, 06 Nov 1994 08:40:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "", "retry-after-ms": "x"}, None),
    ],
)
def test_a_demand_to_wait_is_read_in_every_form(headers, seconds):
    assert asked_to_wait(headers, now=784111740.0) == seconds


async def test_a_failing_server_that_says_how_long_is_asked_then(openai, make_model, endpoint):
    openai.faults.add(Fault(match=ROUTES[endpoint], kind="status", status=503, retry_after=9))
    openai.answers(Answer(text="here I am"))
    sleeps = Sleeps()
    said, _ = await ask(Retrying(model=make_model(), sleep=sleeps))
    assert (said, sleeps) == ("here I am", [9.0])


async def test_a_demand_to_wait_too_long_is_raised_at_once():
    sleeps = Sleeps()
    error = ModelRateLimitError("tomorrow", retry_after=3600)
    with ScriptedModel(Step(error=error)) as model, pytest.raises(ModelRateLimitError):
        await ask(Retrying(model=model, sleep=sleeps))
    assert sleeps == []


async def test_delays_grow_to_a_limit():
    sleeps = Sleeps()
    with ScriptedModel(*[Step(error=BUSY)] * 5) as model, pytest.raises(ModelUnavailableError):
        await ask(Retrying(model=model, attempts=5, longest_delay=3.0, sleep=sleeps, random=lambda: 0.0))
    assert sleeps == [1.0, 2.0, 3.0, 3.0]


async def test_what_people_have_seen_is_not_asked_for_again():
    with ScriptedModel(Step(text="half", error=BUSY)) as model, pytest.raises(ModelUnavailableError):
        await ask(Retrying(model=model, sleep=Sleeps()))


async def test_a_refused_request_is_not_repeated():
    refused = Step(error=ModelRequestError("no"))
    with ScriptedModel(refused) as model, pytest.raises(ModelRequestError):
        await ask(Retrying(model=model, sleep=Sleeps()))


def test_no_attempts_are_refused():
    with pytest.raises(ConfigError):
        Retrying(model=ScriptedModel(), attempts=0)


async def test_the_next_model_answers_silently(openai, make_model, endpoint):
    openai.faults.add(Fault(match=ROUTES[endpoint], kind="status", status=500))
    openai.answers(Answer(text="from the second"))
    said, answer = await ask(Fallback(make_model(), make_model()))
    assert said == answer.message.content == "from the second"


async def test_the_next_model_continues_what_was_seen():
    with (
        ScriptedModel(Step(text="Once upon ", error=BUSY)) as first,
        ScriptedModel("a time.") as second,
    ):
        said, answer = await ask(Fallback(first, second))
    assert said == answer.message.content == "Once upon a time."
    assert [(message.role, message.content) for message in second.asked[0][-2:]] == [
        (Role.ASSISTANT, "Once upon "),
        (Role.USER, CONTINUE),
    ]


async def test_the_last_failure_is_raised():
    with (
        ScriptedModel(Step(error=BUSY)) as first,
        ScriptedModel(Step(error=ModelRequestError("no"))) as second,
        pytest.raises(ModelRequestError),
    ):
        await ask(Fallback(first, second))


def test_a_fallback_needs_another_model():
    with pytest.raises(ConfigError):
        Fallback(ScriptedModel())


class Silent(ScriptedModel):
    """Says its text and then nothing more."""

    async def stream(self, messages, tools, settings):
        for step in self._steps:
            yield TextDelta(text=step.text)
        await asyncio.Event().wait()


async def test_a_silent_model_is_given_up():
    with pytest.raises(ModelUnavailableError, match=r"silent for 0.01 s"):
        await ask(Limited(Silent(), first_event_timeout=0.01))


async def test_a_model_that_falls_silent_is_given_up():
    with pytest.raises(ModelUnavailableError, match=r"silent for 0.01 s"):
        await ask(Limited(Silent("so far"), next_event_timeout=0.01))


async def test_calls_beyond_the_limit_wait():
    running = most = 0

    class Slow(ScriptedModel):
        async def stream(self, messages, tools, settings):
            nonlocal running, most
            running += 1
            most = max(most, running)
            try:
                await asyncio.sleep(0)
                async for event in super().stream(messages, tools, settings):
                    yield event
            finally:
                running -= 1

    with Slow(*["ok"] * 6) as slow:
        model = Limited(slow, max_calls=2)
        await asyncio.gather(*(ask(model) for _ in range(6)))
    assert most == 2


@pytest.mark.parametrize("bound", ["max_calls", "first_event_timeout", "next_event_timeout"])
def test_limits_must_be_more_than_nothing(bound):
    with pytest.raises(ConfigError, match=bound):
        Limited(ScriptedModel(), **{bound: 0})


async def test_calls_are_written_down():
    calls = []
    with ScriptedModel("hi", Step(error=BUSY)) as scripted:
        model = Recording(scripted, calls.append)
        await ask(model)
        with pytest.raises(ModelUnavailableError):
            await ask(model)
    answered, failed = calls
    assert answered.messages == HELLO
    assert answered.answer.message.content == "hi"
    assert (failed.answer, failed.error) == (None, "ModelUnavailableError")


async def test_an_agent_follows_a_script():
    def double(number: int) -> int:
        """Double a number."""
        return 2 * number

    call = ToolCall(id="1", name="double", arguments='{"number": 21}')
    with ScriptedModel(Step(calls=(call,)), "42") as model:
        response = await Agent(model=model, tools=[double]).arun("Twice 21?")
    assert response.content == "42"
    assert model.asked[1][-1].content == "42"


async def test_a_step_looks_at_its_request():
    def check(messages, tools):
        assert messages[-1].content == "Something else"

    with ScriptedModel(Step(text="ok", check=check)) as model, pytest.raises(AssertionError):
        await ask(model)


async def test_a_call_beyond_the_script_fails():
    model = ScriptedModel("only one")
    await ask(model)
    with pytest.raises(UnexpectedCallError, match="call 2"):
        await ask(model)
    with pytest.raises(UnexpectedCallError, match="asked 2 times"):
        model.check_used()


def test_unused_steps_fail():
    with pytest.raises(UnexpectedCallError, match="asked 0 times"), ScriptedModel("never asked for"):
        pass


THOUGHTS = {
    "chat": '{"choices": [{"index": 0, "delta": {"reasoning_content": "hm"}}]}',
    "responses": '{"type": "response.reasoning_summary_text.delta", "delta": "hm"}',
}


async def test_thoughts_and_calls_are_signs_of_life(openai, make_model, endpoint):
    """Else a model that thinks for long, or writes a long call, would be taken for one that is silent."""
    call = EmulatedCall(name="look", arguments='{"at": "the sea"}')
    openai.answers(
        Answer(text="Yes."), Answer(text="Yes.", inserted={1: THOUGHTS[endpoint]}), Answer(tool_calls=(call,))
    )
    look = ToolSpec(name="look", description="Looks.", parameters={"type": "object", "properties": {}})

    async def texts():
        events = [event async for event in make_model().stream(HELLO, (look,), ModelSettings())]
        return [event.text for event in events[:-1]]

    assert "" not in await texts()
    assert (await texts()).count("") == 1
    assert set(await texts()) == {""}
