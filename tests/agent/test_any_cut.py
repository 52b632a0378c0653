"""Whatever a run has come to when it ends, the next question is asked in a form that every model server takes."""

import asyncio
from contextlib import aclosing, suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from threadkeep import (
    Agent,
    File,
    Message,
    ModelError,
    ModelUnavailableError,
    OpenAIChat,
    OpenAIResponses,
    Role,
    RunRequest,
    RunStatus,
    ScriptedModel,
    Step,
    StepLimitError,
    ToolCall,
    ToolError,
    tool,
)
from threadkeep.agent.history import shown_messages
from threadkeep.agent.tokens import Gauge
from threadkeep.agent.window import within_messages, within_tokens
from threadkeep.files.showing import with_files
from threadkeep.models.base import ModelSettings
from threadkeep.stores.codec import decode_run, encode_run
from threadkeep_emulators.openai.chat_checks import check_chat
from threadkeep_emulators.openai.response_checks import check_item_order, check_response

IDS = st.sampled_from(["", "a", "b", "x" * 50])
CALLS = st.builds(
    ToolCall,
    id=IDS,
    name=st.sampled_from(["say", "draw", "fail", "unknown", "no name!"]),
    arguments=st.sampled_from(["{}", "", "{", '{"much": 1}']),
)
STEPS = st.builds(
    Step,
    text=st.sampled_from(["", "Well.", "a\x00b\ud800"]),
    calls=st.lists(CALLS, max_size=3).map(tuple),
    error=st.sampled_from([None, None, None, ModelUnavailableError("gone")]),
)
SAID = st.lists(st.sampled_from(["Go", "and this", '<message from="Ann" id="slack:T:U">Hi</message>']), max_size=2)
WIRES = (OpenAIChat("gpt-4o", api_key="k"), OpenAIResponses("gpt-4o", api_key="k"))


def tools(samples):
    def say() -> str:
        """Say."""
        return "said"

    def draw() -> list[object]:
        """Draw."""
        return ["drawn", File(name="a.png", data=samples.png()), File(name="b.txt", data=b"notes")]

    def fail() -> str:
        """Fail."""
        raise ToolError("no")

    return [tool(made) for made in (say, draw, fail)]


def user(text):
    return Message(role=Role.USER, content=text)


def with_pictures(message, samples):
    picture = File(name="a.png", media_type="image/png", data=samples.png())
    shown = {one.id: (picture,) for one in message.attachments if not one.text and not one.note}
    return with_files(message, shown) if message.attachments else message


def checked(messages):
    """Let the strict reading of the server's documents judge the request, on both endpoints."""
    chat, responses = (wire._body(messages, (), ModelSettings(is_streamed=False)) for wire in WIRES)
    check_chat({name: value for name, value in chat.items() if value is not None})
    body = {name: value for name, value in responses.items() if value is not None}
    check_response(body)
    check_item_order(body["input"])


async def made(samples, script, cut, status, meanwhile):
    """Make a run until a cut, and give what is stored of it."""
    agent = Agent(model=ScriptedModel(*script, "End.", takes=["image"]), tools=tools(samples), max_steps=4)
    request = RunRequest(run_id="r", session_id="s", messages=(user("Go"),))
    said = [[user(text) for text in texts] for texts in meanwhile]

    async def steer():
        return tuple(said.pop()) if said else ()

    run = agent.begin(request, None, steering=steer)
    with suppress(ModelError, StepLimitError):
        async with aclosing(run.stream()) as events:
            number = 0
            async for _ in events:
                number += 1
                if number > cut:
                    break
    return decode_run(encode_run(run.close(status, "SomeError" if status is RunStatus.FAILED else None)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None)
@given(
    scripts=st.lists(st.lists(STEPS, min_size=1, max_size=3), min_size=1, max_size=3),
    cuts=st.lists(st.integers(0, 25), min_size=3, max_size=3),
    statuses=st.lists(st.sampled_from(RunStatus), min_size=3, max_size=3),
    meanwhile=st.lists(SAID, max_size=2),
    most=st.integers(1, 400),
)
def test_the_next_request_is_valid_at_every_cut(samples, scripts, cuts, statuses, meanwhile, most):
    async def all_made():
        kinds = zip(scripts, cuts, statuses, strict=False)
        return [await made(samples, script, cut, status, meanwhile) for script, cut, status in kinds]

    runs, gauge = asyncio.run(all_made()), Gauge()
    for past in (
        runs,
        within_messages(runs, most % 9 + 1),
        within_tokens(runs, most, lambda message: gauge.measure(message, "m")),
    ):
        messages = shown_messages(system="", past=past, new=(user("And now?"),))
        assert messages[0].role is Role.USER
        assert messages[-1].content == "And now?"
        checked([with_pictures(message, samples) for message in messages])
