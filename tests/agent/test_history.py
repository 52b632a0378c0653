"""What the model is shown of a session."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep.agent.history import UNFINISHED, last_runs, paired, run_messages, shown_messages
from threadkeep.messages import Message, Role, ToolCall
from threadkeep.runs import Run, RunStatus

call_ids = st.sampled_from(["a", "b", "c"])
calls = st.builds(ToolCall, id=call_ids, name=st.just("tool"), arguments=st.just("{}"))
texts = st.sampled_from(["", "text"])
messages = st.one_of(
    st.builds(Message, role=st.sampled_from([Role.USER, Role.SYSTEM]), content=texts),
    st.builds(Message, role=st.just(Role.ASSISTANT), content=texts, tool_calls=st.lists(calls, max_size=3).map(tuple)),
    st.builds(Message, role=st.just(Role.TOOL), content=texts, tool_call_id=st.one_of(call_ids, st.none())),
)
runs = st.builds(
    Run,
    run_id=st.uuids().map(str),
    session_id=st.just("s"),
    status=st.sampled_from(RunStatus),
    messages=st.lists(messages, max_size=8).map(tuple),
)


def refusal(shown: tuple[Message, ...]) -> str:
    """Say why a model server would refuse these messages; empty if it would not."""
    waiting: set[str | None] = set()
    for message in shown:
        if message.role is Role.TOOL:
            if message.tool_call_id not in waiting:
                return "a result without its call"
            waiting.remove(message.tool_call_id)
            continue
        if waiting:
            return "a call without its result"
        if message.role is Role.ASSISTANT and not message.content and not message.tool_calls:
            return "an empty answer"
        waiting = {call.id for call in message.tool_calls}
        if len(waiting) != len(message.tool_calls):
            return "two calls of one id"
    return "a call without its result" if waiting else ""


@given(st.lists(runs, max_size=6), st.integers(0, 7))
def test_any_history_is_accepted_by_a_model_server(past, count):
    new = (Message(role=Role.USER, content="and now?"),)
    shown = shown_messages(system="Be nice.", past=last_runs(past, count), new=new)
    assert refusal(shown) == ""
    assert shown[0] == Message(role=Role.SYSTEM, content="Be nice.")
    assert shown[-1:] == new
    assert all(message.role is not Role.SYSTEM for message in shown[1:])


@given(st.lists(runs, max_size=6), st.integers(0, 7))
def test_exactly_the_last_runs_are_shown_in_order(past, count):
    chosen = last_runs(past, count)
    assert len(chosen) == min(count, len(past))
    assert list(chosen) == past[len(past) - len(chosen) :]
    shown = shown_messages(system="", past=chosen, new=())
    assert shown == tuple(message for run in chosen for message in run_messages(run))


@given(runs)
def test_the_users_words_are_always_kept(run):
    words = [message for message in run.messages if message.role is Role.USER]
    assert [message for message in run_messages(run) if message.role is Role.USER] == words


@given(runs)
def test_the_agent_has_the_last_word_of_a_run(run):
    kept = run_messages(run)
    assert not kept or (kept[-1].role is Role.ASSISTANT and kept[-1].content)


@given(st.lists(messages, max_size=8))
def test_repairing_twice_changes_nothing(given_messages):
    once = paired(given_messages)
    assert paired(once) == once


@pytest.mark.parametrize(
    ("status", "note"),
    [
        (RunStatus.FAILED, "(no answer: the run failed)"),
        (RunStatus.CANCELLED, "(no answer: the run was stopped)"),
        (RunStatus.COMPLETED, "(no answer)"),
    ],
)
def test_a_note_stands_for_a_missing_answer(status, note):
    asked = Message(role=Role.USER, content="Hello")
    run = Run(run_id="r", session_id="s", status=status, messages=(asked,))
    assert run_messages(run) == (asked, Message(role=Role.ASSISTANT, content=note))


def test_what_was_said_of_a_stopped_run_needs_no_note():
    kept = (Message(role=Role.USER, content="Hello"), Message(role=Role.ASSISTANT, content="Well, I th"))
    assert run_messages(Run(run_id="r", session_id="s", status=RunStatus.CANCELLED, messages=kept)) == kept


def test_a_call_without_a_result_gets_one():
    call = ToolCall(id="a", name="search", arguments="{}")
    shown = paired([Message(role=Role.ASSISTANT, tool_calls=(call,)), Message(role=Role.USER, content="Well?")])
    assert shown[1] == Message(role=Role.TOOL, content=UNFINISHED, tool_call_id="a", is_error=True)
