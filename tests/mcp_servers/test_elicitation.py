"""Servers that ask in the middle of a call: questions to people, answers, and runs that wait for them."""

from dataclasses import dataclass, field

import pytest
from mcp.types import ElicitRequest, ElicitRequestURLParams, InputRequiredResult, ListRootsRequest

from threadkeep import Agent, Decision, RunRequest, ScriptedModel, Step, ToolError
from threadkeep.agent.asking import DECISION, QUESTION
from threadkeep.agent.questions_json import decode_question, encode_decision
from threadkeep.mcp.elicitation import Rounds
from threadkeep.mcp.fields import DECLINE, SKIP, fields_of
from threadkeep.messages import Message, Role
from threadkeep.runs import RunSuspended, ToolCallCompleted


@dataclass
class Notebook:
    """A journal in memory."""

    steps: dict = field(default_factory=dict)

    async def record(self, steps):
        self.steps.update(steps)


def request():
    said = (Message(role=Role.USER, content="Report it"),)
    return RunRequest(run_id="r" * 32, session_id="s", user_id="ann", messages=said, can_wait=True)


async def test_a_run_waits_for_the_answers_and_goes_on_in_another_process(http, opened, call):
    notebook = Notebook()
    answers = iter(["high", "7"])
    for attempt in range(3):
        # Each attempt has an agent, a connection, and a server process of its own.
        model = ScriptedModel(*([Step(calls=(call("tracker__report", title="Fire"),))] if attempt == 0 else ["Done."]))
        agent = Agent(model=model, tools=[opened(url=http.url)])
        run = agent.begin(request(), None, journal=notebook)
        events = [event async for event in run.stream()]
        await agent.aclose()
        if attempt == 2:
            break
        assert isinstance(events[-1], RunSuspended)
        question = decode_question(notebook.steps[f"{QUESTION}0.0.{attempt}"])
        assert question.asked == ("ann",)
        decision = Decision(question_id=question.id, text=next(answers), user_id="ann")
        notebook.steps[DECISION + question.id] = encode_decision(decision)
        await http.stop()
        await http.start()
    results = [event.result for event in events if isinstance(event, ToolCallCompleted)]
    assert results == ["Fire: high x7"]
    assert decode_question(notebook.steps[f"{QUESTION}0.0.0"]).text.startswith("**tracker** asks: How bad is Fire?")
    assert [name for name in notebook.steps if name.startswith("kept:")] == ["kept:0.0.round0"]


def answering(*answers):
    """Decide with these words or choices, in order."""
    left, asked = list(answers), []

    async def decide(question):
        asked.append(question)
        said = left.pop(0)
        is_choice = any(choice.value == said for choice in question.choices)
        return question.decide(said) if is_choice else question.decide(text=said)

    decide.asked = asked
    return decide


async def asked_once(opened, http, tool_call, decide):
    model = ScriptedModel(Step(calls=(tool_call,)), "Done.")
    agent = Agent(model=model, tools=[opened(url=http.url)], on_question=decide)
    events = [event async for event in agent.arun("Go", stream=True, user_id="ann")]
    return next(event for event in events if isinstance(event, ToolCallCompleted))


async def test_a_field_that_does_not_fit_is_asked_for_again(http, opened, call):
    decide = answering("high", "many", "3")
    done = await asked_once(opened, http, call("tracker__report", title="Fire"), decide)
    assert done.result == "Fire: high x3"
    assert "it must be a whole number" in decide.asked[-1].text


async def test_a_field_that_is_not_needed_may_be_skipped(http, opened, call):
    done = await asked_once(opened, http, call("tracker__report", title="Fire"), answering("high", SKIP))
    assert done.result == "Fire: high x1"


async def test_a_declined_question_ends_the_call(http, opened, call):
    decide = answering(DECLINE)
    done = await asked_once(opened, http, call("tracker__report", title="Fire"), decide)
    assert done.is_error
    assert len(decide.asked) == 1


async def test_a_question_without_fields_is_accepted_or_declined(http, opened, call):
    done = await asked_once(opened, http, call("tracker__close", number=3), answering("accept"))
    assert done.result == "closed 3"
    done = await asked_once(opened, http, call("tracker__close", number=3), answering(DECLINE))
    assert done.is_error


async def test_after_three_answers_that_do_not_fit_the_call_is_given_up(http, opened, call):
    decide = answering("high", "a", "b", "c")
    done = await asked_once(opened, http, call("tracker__report", title="Fire"), decide)
    assert done.is_error
    assert len(decide.asked) == 4


SCHEMA = {
    "properties": {
        "color": {"type": "string", "enum": ["red", "blue"], "title": "Color"},
        "size": {"type": "string", "oneOf": [{"const": "s", "title": "Small"}, {"const": "l"}]},
        "sure": {"type": "boolean"},
        "ratio": {"type": "number", "minimum": 0, "maximum": 1},
        "name": {"type": "string", "minLength": 2, "maxLength": 4},
        "tags": {"type": "array", "items": {"type": "string"}},
        "note": {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
    },
    "required": ["color", "sure", "name"],
}


def test_fields_are_read_from_the_schema():
    fields = {one.name: one for one in fields_of(SCHEMA)}
    assert [choice.value for choice in fields["color"].choices] == ["red", "blue", DECLINE]
    assert [choice.label for choice in fields["size"].choices] == ["Small", "l", "Skip", "Decline"]
    assert fields["sure"].value("true") is True
    assert fields["sure"].value("false") is False
    assert fields["ratio"].value("0.5") == 0.5
    assert fields["tags"].value("a, b,") == ["a", "b"]
    assert fields["note"].takes_text
    for name, said in (("ratio", "2"), ("ratio", "x"), ("name", "a"), ("name", "abcde"), ("note", "abcd")):
        with pytest.raises(ValueError, match="it must be"):
            fields[name].value(said)


def test_too_many_fields_are_refused():
    with pytest.raises(ToolError, match="11 things"):
        fields_of({"properties": {str(number): {} for number in range(11)}})


async def test_an_address_is_shown_before_it_is_visited(context):
    def asks(url):
        params = ElicitRequestURLParams(message="Sign in", url=url)
        return InputRequiredResult(input_requests={"a": ElicitRequest(params=params)})

    decide = answering("accept", DECLINE)
    context.desk._on_question = decide
    rounds = Rounds("tracker", context)
    answers = await rounds.answers(asks("https://example.com/in"))
    assert (answers["a"].action, answers["a"].content) == ("accept", None)
    assert "https://example.com/in" in decide.asked[0].text
    assert (await rounds.answers(asks("https://example.com/in")))["a"].action == "decline"
    with pytest.raises(ToolError, match="none of the web"):
        await rounds.answers(asks("javascript:alert(1)"))
    with pytest.raises(ToolError, match="roots/list"):
        await rounds.answers(InputRequiredResult(input_requests={"a": ListRootsRequest()}))
    with pytest.raises(ToolError, match="more than can be kept"):
        await rounds.record(0, InputRequiredResult(request_state="x" * 70_000))
