"""Asking people: questions and their buttons, approvals, what is recorded, and programs without a bot."""

import asyncio
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep import Approval, Button, Choice, ConfigError, Question, RunContext, ToolCall, ToolError, tool
from threadkeep.agent.approvals import refusal_of
from threadkeep.agent.asking import DECISION, Questions
from threadkeep.agent.desk import ToolDesk
from threadkeep.agent.questions import APPROVE, action_of
from threadkeep.agent.questions_json import decode_decision, decode_question, encode_decision, encode_question
from threadkeep.agent.state import RunState, state_after
from threadkeep.agent.steps import ToolStep
from threadkeep.chat.adapter import Source
from threadkeep.chat.elements import ACTION_LENGTH, Form, Option, Select, TextField
from threadkeep.errors import StoreError
from threadkeep.messages import File
from threadkeep.runs import Decision, RunCompleted, ToolCallCompleted, ToolCallProgressed

CONTEXT = RunContext(run_id="0123456789abcdef", session_id="s", user_id="slack:T:U1", speaker="Ann")


def question(**fields):
    settings = {"id": "0.0", "text": "Which?", "choices": (Choice(label="a"), Choice(label="b", value="B")), **fields}
    return Question(**settings)


def test_buttons_name_run_question_and_choice():
    first, second = question().elements("0123456789abcdef")
    assert (first.action, first.value, first.label) == ("answer:01234567.0.0", "0", "a")
    assert question().pressed(second.value).value == "B"
    assert action_of("0123456789abcdef", "0.0") == first.action


@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=25, unique=True), st.booleans())
def test_any_labels_make_elements_that_platforms_take(labels, takes_text):
    choices = tuple(Choice(label=label) for label in labels)
    asked = Question(id="12.34.567", text="?", choices=choices, takes_text=takes_text)
    elements = asked.elements("f" * 32, label="25: ")
    assert all(len(one.action) + len(getattr(one, "value", "")) <= ACTION_LENGTH for one in elements)
    values = [one.value for one in elements if isinstance(one, Button)]
    values += [option.value for one in elements if isinstance(one, Select) for option in one.options]
    meant = [asked.pressed(value) for value in values]
    assert [choice.value for choice in meant if choice is not None] == labels
    assert meant.count(None) == takes_text
    assert decode_question(encode_question(asked)) == asked


def test_a_press_that_means_nothing_is_refused():
    for value in ("", "2", "-1", "words", "x", "٣"):
        with pytest.raises(LookupError):
            question().pressed(value)


def test_decisions_are_checked():
    with pytest.raises(ConfigError, match="no choice"):
        question().decide("c")
    with pytest.raises(ConfigError, match="answered by a choice"):
        question().decide(text="something")
    assert question(takes_text=True).decide(text="something").text == "something"


def test_questions_are_checked():
    with pytest.raises(ConfigError, match="neither"):
        question(choices=())
    with pytest.raises(ConfigError, match="at most 25"):
        question(choices=tuple(Choice(label=str(number)) for number in range(26)))
    with pytest.raises(ConfigError, match="same value"):
        question(choices=(Choice(label="a"), Choice(label="b", value="a")))


def test_forms_and_decisions_are_recorded_whole():
    form = Form(title="Why", fields=(TextField(name="reason", label="Why?", is_required=False),), submit="Go")
    asked = question(choices=(Choice(label="a", form=form),), asked=("u", "r"), asked_name="Ann", expires_at=1.5)
    assert decode_question(encode_question(asked)) == asked
    decision = asked.decide("a", text="so", user_id="u", speaker="Ann", at=2.5)
    assert decode_decision(encode_decision(decision)) == decision
    # A later release may know more.
    known = json.loads(encode_decision(decision))
    assert decode_decision(json.dumps({**known, "mood": "good"})) == decision


@pytest.mark.parametrize("order", [("0.2", "0.10", "1.0"), ("1.0", "0.10", "0.2"), ("0.10", "1.0", "0.2")])
def test_decisions_of_one_moment_stand_in_the_order_of_their_questions_however_the_store_gives_them(order):
    steps = {DECISION + name: encode_decision(question(id=name).decide("a", at=2.5)) for name in order}
    steps[DECISION + "2.0"] = encode_decision(question(id="2.0").decide("a", at=1.5))
    found = Questions(RecordedSteps(steps), None, can_wait=True).decisions
    assert [one.question_id for one in found] == ["2.0", "0.2", "0.10", "1.0"]


class RecordedSteps:
    """Steps of earlier attempts. Implements the Journal port."""

    def __init__(self, steps):
        self.steps = steps

    async def record(self, steps):
        self.steps |= steps


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', '{"version": 1}'])
def test_damaged_records_are_refused(text):
    for decode in (decode_question, decode_decision):
        with pytest.raises(StoreError):
            decode(text)


def test_an_approval_shows_bounded_arguments_without_secrets():
    arguments = {
        "path": "a```b````c",
        "password": "hunter2",
        "options": {"api_key": "sk-1", "depth": [1, {"access_token": "x"}]},
        "long": "x" * 5000,
        **{f"n{number}": "y" * 290 for number in range(9)},
    }
    text = Approval().question("remove", arguments, CONTEXT).text
    assert "hunter2" not in text
    assert "sk-1" not in text
    assert '"x"' not in text
    assert len(text) < 1700
    assert text.startswith("May I call `remove`?\n\n`````\n")
    assert text.endswith("\n`````")


def test_by_default_who_is_answered_approves():
    asked = Approval().question("remove", {}, CONTEXT)
    assert (asked.asked, asked.asked_name) == (("slack:T:U1",), "Ann")
    assert asked.may_be_decided_by("slack:T:U1")
    assert not asked.may_be_decided_by("slack:T:U2", ["r"])


def test_approvals_are_checked():
    with pytest.raises(ConfigError, match="several ids"):
        Approval(by="slack:T:U1")
    with pytest.raises(ConfigError, match="more than 0"):
        Approval(expires=timedelta(0))
    with pytest.raises(ConfigError, match="names nobody"):
        Approval(by=lambda _: ()).question("remove", {}, CONTEXT)


def test_refusals_say_who_and_why():
    assert refusal_of(Decision(question_id="0.0", choice=APPROVE)) is None
    assert "nobody has approved" in refusal_of(Decision(question_id="0.0", is_expired=True))
    assert "Ann denied it: no" in refusal_of(Decision(question_id="0.0", choice="deny", text="no", speaker="Ann"))


async def test_a_context_for_tests_keeps_what_a_tool_does():
    context = RunContext(run_id="r", session_id="s")
    context.say("half  done")
    context.offer(Button(action="more", label="More"))
    context.cite("https://example.org", "Example")
    context.state["n"] = 1
    await context.send_file(File(name="a", media_type="text/plain", data=b""))
    desk = context.desk
    assert (desk.said, desk.offered[0].label, desk.cited[0].title) == ("half done", "More", "Example")
    assert [file.name for file in desk.sent] == ["a"]
    with pytest.raises(ToolError, match="nobody can be asked"):
        await context.ask("Which?")


async def test_a_context_for_tests_can_answer():
    async def choose(asked):
        return asked.decide("b")

    context = RunContext(run_id="r", session_id="s", desk=ToolDesk(on_question=choose))
    assert await context.ask("Which?", choices=["a", "b"]) == "b"


def test_actions_with_a_meaning_are_not_offered():
    for action in ("stop", "feedback", "answer:1.2"):
        with pytest.raises(ConfigError, match="meaning"):
            CONTEXT.offer(Button(action=action, label="x"))
    with pytest.raises(ConfigError, match="at most 25"):
        CONTEXT.offer(*[Button(action="a", label="x")] * 26)


def test_what_a_call_leaves_is_recorded_with_its_result():
    option = Option(label="One", value="1")
    step = ToolStep(
        text="found",
        details="page 2",
        sources=(Source(url="https://example.org", title="A"),),
        elements=(Button(action="a", label="A \ud800"), Select(action="s", label="S", options=(option,))),
    )
    read = ToolStep.decoded(step.encoded())
    assert read.sources == step.sources
    assert read.elements[1] == step.elements[1]
    assert ToolStep.decoded(ToolStep(text="x").encoded()) == ToolStep(text="x")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=5,
)
states = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


@given(states, states, states)
def test_recorded_changes_give_the_state_again(before, first, second):
    state = RunState(before)
    recorded = None
    for wanted in (first, second):
        state.values.clear()
        state.values.update(wanted)
        recorded = state.changes() or recorded
    assert (before if recorded is None else state_after(before, recorded)) == second
    again = RunState(before, recorded)
    assert again.values == second
    assert again.changes() is None


def test_a_state_that_is_no_json_is_taken_back():
    state = RunState({"a": 1})
    state.values["b"] = 2
    state.changes()
    state.values["c"] = object()
    with pytest.raises(ToolError, match="JSON"):
        state.changes()
    assert state.values == {"a": 1, "b": 2}


@tool(requires_approval=True)
def remove(path: str) -> str:
    """Remove a file."""
    return f"removed {path}"


CALL = ToolCall(id="1", name="remove", arguments='{"path": "a.txt"}')


async def test_a_program_answers_for_its_user(make_agent, scripted, script):
    asked = []

    async def approve(given):
        asked.append(given)
        return given.decide("approve", speaker="me")

    agent = make_agent(
        model=scripted(script(calls=[CALL]), script("Done.")), tools=[remove], on_question=approve, tool_timeout=5
    )
    response = await agent.arun("Remove it", user_id="ann", session_id="s")
    assert "removed a.txt" in [message.content for message in response.messages]
    assert asked[0].id == "0.0"
    (run,) = await agent.sessions.runs("s")
    assert [(decision.choice, decision.speaker) for decision in run.decisions] == [("approve", "me")]


async def test_a_program_that_asks_nobody_makes_no_such_call(make_agent, scripted, script):
    agent = make_agent(model=scripted(script(calls=[CALL]), script("Done.")), tools=[remove])
    response = await agent.arun("Remove it")
    assert "nobody could be asked" in response.messages[-2].content
    assert response.messages[-2].is_error


async def test_the_time_that_people_take_is_not_the_tool_s(make_agent, scripted, script):
    async def ask(context: RunContext) -> str:
        """Ask."""
        return await context.ask("Which?")

    async def answer_slowly(given):
        await asyncio.sleep(0.3)
        return given.decide(text="this one")

    call = ToolCall(id="1", name="ask", arguments="{}")
    model = scripted(script(calls=[call]), script("Done."))
    agent = make_agent(model=model, tools=[tool(timeout=0.2)(ask)], on_question=answer_slowly)
    response = await agent.arun("Go")
    assert response.messages[-2].content == "this one"


async def test_whoever_asks_may_fail_and_the_run_goes_on(make_agent, scripted, script):
    async def fail(_):
        raise RuntimeError

    agent = make_agent(model=scripted(script(calls=[CALL]), script("Done.")), tools=[remove], on_question=fail)
    response = await agent.arun("Remove it")
    assert response.messages[-2].content == "the tool failed: RuntimeError"


async def test_progress_is_streamed_also_from_a_thread(make_agent, scripted, script):
    go_on = asyncio.Event()
    loop = asyncio.get_running_loop()

    def work(context: RunContext) -> str:
        """Work."""
        context.say("half")
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10)
        context.say("all")
        context.cite("https://example.org")
        return "done"

    call = ToolCall(id="1", name="work", arguments="{}")
    agent = make_agent(model=scripted(script(calls=[call]), script("Done.")), tools=[work])
    seen = []
    async for event in agent.arun("Go", stream=True):
        seen.append(event)
        if isinstance(event, ToolCallProgressed):
            go_on.set()
    assert "half" in [event.details for event in seen if isinstance(event, ToolCallProgressed)]
    (completed,) = [event for event in seen if isinstance(event, ToolCallCompleted)]
    assert (completed.details, completed.sources) == ("all", (Source(url="https://example.org"),))
    assert isinstance(seen[-1], RunCompleted)


async def test_state_is_saved_with_a_program_s_run(make_agent, scripted, script):
    def count(context: RunContext) -> str:
        """Count."""
        context.state["n"] = int(context.state.get("n", 0)) + 1
        return "counted"

    def spoil(context: RunContext) -> str:
        """Spoil."""
        context.state["n"] = object()
        return "spoiled"

    calls = [ToolCall(id="1", name="count", arguments="{}")]
    bad = [ToolCall(id="1", name="spoil", arguments="{}")]
    answers = [script(calls=calls), script("1."), script(calls=calls), script("2."), script(calls=bad), script("3.")]
    agent = make_agent(model=scripted(*answers), tools=[count, spoil])
    await agent.arun("Go", session_id="s")
    await agent.arun("Go", session_id="s")
    response = await agent.arun("Go", session_id="s")
    assert "only what JSON takes" in response.messages[-2].content
    assert await agent.sessions.state("s") == {"n": 2}


async def test_files_cannot_be_sent_without_a_place(make_agent, scripted, script):
    async def report(context: RunContext) -> str:
        """Report."""
        await context.send_file(File(name="a", media_type="text/plain", data=b""))
        return "sent"

    call = ToolCall(id="1", name="report", arguments="{}")
    agent = make_agent(model=scripted(script(calls=[call]), script("Done.")), tools=[report])
    response = await agent.arun("Go")
    assert response.messages[-2].content == "files cannot be sent here"
