"""What of a long conversation the model is shown: valid at every cut, and within its bounds."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep import Message, Role, Run, RunStatus, ToolCall
from threadkeep.agent.history import run_messages
from threadkeep.agent.prompt import past_of
from threadkeep.agent.tokens import Gauge, estimated_tokens
from threadkeep.agent.window import Window, summary_of, within_messages, within_tokens
from threadkeep.chat.speakers import wrapped
from threadkeep.messages import Attachment
from threadkeep.models.base import ToolSpec
from threadkeep.sessions import Session
from threadkeep.stores.base import Transcript

GAUGE = Gauge()
DEARER, CHEAPER, EXACT = Gauge(), Gauge(), Gauge(lambda text: len(text.split()))
DEARER.learn("m", 1_000, 2_500)
CHEAPER.learn("m", 1_000, 400)
GAUGES = (DEARER, CHEAPER, EXACT)


def measure(message):
    return GAUGE.measure(message, "m")


TEXTS = st.one_of(st.text(max_size=40), st.text(min_size=1, max_size=8).map(lambda text: text * 400))
CALLS = st.lists(
    st.builds(ToolCall, id=st.sampled_from(["a", "b", "c"]), name=st.just("t"), arguments=st.just("{}")), max_size=3
)
FILES = st.lists(st.builds(Attachment, id=st.just("F"), name=st.just("a.txt"), text=TEXTS), max_size=1)
MESSAGES = st.one_of(
    st.builds(Message, role=st.just(Role.USER), content=TEXTS, attachments=FILES.map(tuple)),
    st.builds(Message, role=st.just(Role.ASSISTANT), content=TEXTS, tool_calls=CALLS.map(tuple)),
    st.builds(Message, role=st.just(Role.TOOL), content=TEXTS, tool_call_id=st.sampled_from(["a", "b", "c"])),
    st.builds(Message, role=st.just(Role.USER), content=TEXTS.map(lambda text: wrapped("Ann", text, user_id="u:1"))),
)
RUNS = st.builds(
    lambda question, rest, status: Run(
        run_id="r", session_id="s", messages=(Message(role=Role.USER, content=question), *rest), status=status
    ),
    TEXTS,
    st.lists(MESSAGES, max_size=6),
    st.sampled_from(RunStatus),
)


def is_valid(messages):
    """A user's words first, each call with its result right behind it, no result without its call."""
    if messages and messages[0].role is not Role.USER:
        return False
    waiting = set()
    for message in messages:
        if message.role is Role.TOOL:
            if message.tool_call_id not in waiting:
                return False
            waiting.remove(message.tool_call_id)
            continue
        if waiting:
            return False
        waiting = {call.id for call in message.tool_calls}
    return not waiting


def cost(runs):
    return sum(measure(message) for run in runs for message in run_messages(run))


@given(st.lists(RUNS, max_size=6), st.integers(0, 4000))
def test_the_budget_is_never_exceeded_and_what_is_shown_is_valid(runs, budget):
    shown = within_tokens(runs, budget, measure)
    assert cost(shown) <= max(budget, 0)
    assert is_valid([message for run in shown for message in run_messages(run)])


@given(st.lists(RUNS, max_size=6), st.integers(1, 4000), st.text(max_size=500), st.sampled_from(GAUGES))
def test_the_budget_holds_for_what_is_calibrated_and_for_what_is_counted(runs, budget, summary, gauge):
    runs = [replace(run, run_id=f"r{number}") for number, run in enumerate(runs)]
    window = Window(least_runs=6, most_runs=6, most_tokens=budget)
    past = past_of(transcript(runs, summary=summary, summarised=1), window, gauge, "m")
    shown = [message for run in past.runs for message in run_messages(run)]
    assert sum(gauge.measure(message, "m") for message in shown) + gauge.measure_text(past.section, "m") <= budget
    assert is_valid(shown)


@given(st.lists(RUNS, max_size=6), st.integers(1, 4000), st.text(max_size=3000))
def test_the_summary_counts_as_well(runs, budget, summary):
    window = Window(least_runs=6, most_runs=6, most_tokens=budget)
    past = past_of(transcript(runs, summary=summary, summarised=1), window, GAUGE, "m")
    assert cost(past.runs) + estimated_tokens(past.section) <= budget


@given(st.lists(RUNS, max_size=6), st.integers(0, 20))
def test_at_most_so_many_messages_are_shown_and_they_are_valid(runs, most):
    shown = [message for run in within_messages(runs, most) for message in run_messages(run)]
    assert len(shown) <= most
    assert is_valid(shown)


@given(st.lists(RUNS, max_size=6))
def test_what_has_room_is_shown_as_it_is(runs):
    assert within_tokens(runs, cost(runs), measure) == tuple(runs)


def run(number, *messages, **fields):
    said = messages or (
        Message(role=Role.USER, content=f"question {number}"),
        Message(role=Role.ASSISTANT, content=f"answer {number}"),
    )
    return Run(run_id=f"r{number}", session_id="s", messages=said, **fields)


def transcript(runs, *, count=None, **session):
    return Transcript(
        session=Session(session_id="s", run_count=len(runs) if count is None else count, **session), runs=tuple(runs)
    )


def test_old_tool_results_are_shortened_before_runs_are_left_out():
    def called(number):
        call = ToolCall(id="c", name="read", arguments="{}")
        return run(
            number,
            Message(role=Role.USER, content="read"),
            Message(role=Role.ASSISTANT, tool_calls=(call,)),
            Message(role=Role.TOOL, tool_call_id="c", content="x" * 8000),
            Message(role=Role.ASSISTANT, content="done"),
        )

    shown = within_tokens([called(1), called(2), called(3)], 2400, measure)
    assert [run.run_id for run in shown] == ["r1", "r2", "r3"]
    assert [len(run.messages[2].content) for run in shown] == [302, 302, 8000]
    assert [run.run_id for run in within_tokens([called(1), called(2), called(3)], 100, measure)] == ["r3"]


def test_the_words_of_a_last_run_that_is_too_long_are_shortened():
    long = run(1, Message(role=Role.USER, content=wrapped("Ann", "x" * 9000, user_id="u:1")))
    (shown,) = within_tokens([long], 500, measure)
    assert shown.messages[0].content.startswith('<message from="Ann" id="u:1">xxx')
    assert shown.messages[0].content.endswith("…</message>")
    assert within_tokens([long], 3, measure) == ()


def test_runs_that_wait_to_be_summed_up_are_shown_too():
    window = Window(least_runs=2, most_runs=8)
    runs = [run(number) for number in range(1, 11)]

    def shown(**session):
        return [one.run_id for one in window.of(transcript(runs[-8:], count=10, **session), measure)]

    assert shown(summarised=5) == ["r6", "r7", "r8", "r9", "r10"]
    assert shown(summarised=10) == ["r9", "r10"]
    assert shown(summarised=2) == [f"r{number}" for number in range(3, 11)]
    assert shown() == [f"r{number}" for number in range(3, 11)]


def test_the_prefix_stays_until_something_is_summed_up():
    window = Window(least_runs=1, most_runs=9)
    runs = [run(number) for number in range(1, 5)]
    earlier = window.of(transcript(runs[:3]), measure)
    assert window.of(transcript(runs), measure)[: len(earlier)] == earlier


def test_a_summary_of_what_was_before_a_fresh_conversation_is_not_shown():
    runs = [run(3), run(4, is_boundary=True), run(5)]
    assert summary_of(transcript(runs, count=5, summary="old", summarised=2)) == ""
    assert summary_of(transcript(runs, count=5, summary="new", summarised=4)) == "new"
    assert summary_of(transcript(runs[2:], count=5, summary="new", summarised=4)) == "new"
    assert summary_of(None) == ""


def test_an_estimate_is_corrected_by_what_the_model_reports():
    gauge, message = Gauge(), Message(role=Role.USER, content="word " * 400)
    specs = (ToolSpec(name="t", description="does it", parameters={"type": "object"}),)
    first = gauge.measure(message, "m")
    assert first == 4 + 500
    size = gauge.size([message], specs)
    gauge.learn("m", size, size * 2)
    assert gauge.measure(message, "m") == first * 2
    assert gauge.measure(message, "other") == first
    gauge.learn("m", size, size)
    assert first < gauge.measure(message, "m") < first * 2
    for reported in (None, 0, 10**9):
        gauge.learn("wild", size, reported)
    assert gauge.measure(message, "wild") == first * 4


def test_an_exact_count_is_taken_as_it_is():
    gauge = Gauge(lambda text: len(text.split()))
    message = Message(role=Role.USER, content="one two three")
    assert gauge.measure(message, "m") == 4 + 3
    assert gauge.size([message], ()) == 0


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("word", 1), ("words", 2), ("日本語", 3), ("\ud83d", 1)])
def test_estimates(text, tokens):
    assert estimated_tokens(text) == tokens
    assert isinstance(estimated_tokens(text), int)
    assert math.isfinite(estimated_tokens(text * 1000))
