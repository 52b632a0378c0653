"""Edits and deletions rewrite what the model is shown; what is said meanwhile reaches its next step."""

from threadkeep import Agent
from threadkeep.agent.history import DELETED, current_runs
from threadkeep.agent.request import RunRequest
from threadkeep.chat.events import MessageEdited, Place, PlaceKind
from threadkeep.messages import Message, Role, ToolCall
from threadkeep.models.base import ModelAnswer, TextDelta, Usage
from threadkeep.runs import Run, RunStatus
from threadkeep.sessions import MessageKey, Session, SessionKey, UserKey
from threadkeep.stores.base import Transcript

PLACE = Place(session=SessionKey(platform="test", workspace="W", channel="C"), kind=PlaceKind.DIRECT)


def edited(message, text):
    return MessageEdited(
        key=MessageKey(platform="test", workspace="W", channel="C", message=message, revision="edited:1"),
        place=PLACE,
        user=UserKey(platform="test", user="ann"),
        speaker="Ann",
        text=text,
    )


def run_of(*said):
    words = [Message(role=Role.USER, content=text, source=f"test:W:C:{source}") for source, text in said]
    answer = Message(role=Role.ASSISTANT, content="Well.")
    return Run(run_id="r", session_id="test:W:C", messages=(*words, answer), content="Well.")


def test_history_says_what_the_messages_say_now():
    transcript = Transcript(
        session=Session(session_id="test:W:C"),
        runs=(run_of(("1", "tea"), ("2", "milk")), run_of(("3", "sugar"))),
        amendments={"test:W:C:1": edited("1", "coffee"), "test:W:C:3": None},
    )
    texts = [[message.content for message in run.messages] for run in current_runs(transcript)]
    assert texts == [["coffee", "milk", "Well."], [DELETED, "Well."]]


def test_history_without_amendments_is_as_it_was():
    runs = (run_of(("1", "tea")),)
    assert current_runs(Transcript(session=Session(session_id="s"), runs=runs)) == runs
    assert current_runs(None) == ()


class SteppingModel:
    """Calls a tool once, then answers with what it was shown last."""

    id = "stepping"

    async def stream(self, messages, tools, settings):
        last = messages[-1]
        if last.role is Role.USER and last.content == "go":
            call = ToolCall(id="1", name="wait", arguments="{}")
            message = Message(role=Role.ASSISTANT, tool_calls=(call,))
            yield ModelAnswer(message=message, usage=Usage(), finish_reason="tool_calls")
            return
        text = f"last: {last.content}"
        yield TextDelta(text=text)
        yield ModelAnswer(message=Message(role=Role.ASSISTANT, content=text), usage=Usage(), finish_reason="stop")

    async def prepare(self):
        pass

    async def aclose(self):
        pass


def wait() -> str:
    """Wait."""
    return "waited"


async def test_what_is_said_meanwhile_is_shown_at_the_next_step():
    agent = Agent(model=SteppingModel(), tools=[wait])
    heard = [(Message(role=Role.USER, content="hurry", source="test:W:C:2"),)]

    async def steering():
        return heard.pop() if heard else ()

    request = RunRequest(run_id="r", session_id="s", messages=(Message(role=Role.USER, content="go"),))
    run = agent.begin(request, None, steering=steering)
    async for _ in run.stream():
        pass
    record = run.close(RunStatus.COMPLETED)
    assert record.content == "last: hurry"
    assert [message.role for message in record.messages] == [
        Role.USER,
        Role.ASSISTANT,
        Role.TOOL,
        Role.USER,
        Role.ASSISTANT,
    ]
    await agent.aclose()
