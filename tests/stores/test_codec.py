"""The stored form of events, runs and state."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep.errors import StoreError
from threadkeep.messages import Message, Role
from threadkeep.runs import Run, RunStatus
from threadkeep.stores.codec import (
    decode_event,
    decode_message,
    decode_run,
    decode_state,
    encode_event,
    encode_run,
    encode_state,
)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
runs = st.builds(
    Run,
    run_id=texts,
    session_id=texts,
    user_id=st.none() | texts,
    status=st.sampled_from(RunStatus),
    messages=st.lists(st.builds(Message, role=st.sampled_from(Role), content=texts)).map(tuple),
    content=texts,
    created_at=st.floats(allow_nan=False, allow_infinity=False),
)


@given(runs)
def test_every_run_comes_back_as_it_was(run):
    assert decode_run(encode_run(run)) == run


def test_stored_form_is_compact_and_begins_with_its_version(talk):
    body = encode_run(Run(run_id="r", session_id="s"))
    assert body == b'{"v":1,"run_id":"r","session_id":"s"}'
    assert encode_event(talk.say("a")).startswith(b'{"v":1,"key":{')


def test_event_comes_back_as_it_was(talk):
    event = talk.say("hello\nyou \N{SNOWMAN}")
    assert decode_event(encode_event(event)) == event


def test_lone_surrogates_are_replaced_and_not_refused():
    run = Run(run_id="r", session_id="s", messages=(Message(role=Role.USER, content="a\ud800"),), content="\udc00")
    found = decode_run(encode_run(run))
    assert (found.messages[0].content, found.content) == ("a\ufffd", "\ufffd")


def test_form_of_a_newer_version_is_refused_with_the_remedy():
    with pytest.raises(StoreError, match=r"form 2.*knows forms up to 1.*update threadkeep"):
        decode_run(b'{"v":2,"run_id":[]}')


def test_unknown_fields_of_the_same_version_are_passed_over():
    assert decode_run(b'{"v":1,"run_id":"r","session_id":"s","mood":"good"}') == Run(run_id="r", session_id="s")


@pytest.mark.parametrize("body", [b"", b"null", b'{"run_id":"r"}', b'{"v":1,"run_id":"secret"}', b'{"v":1,'])
def test_damage_is_reported_without_quoting_it(body):
    with pytest.raises(StoreError) as caught:
        decode_run(body)
    assert "secret" not in str(caught.value)


def test_state_is_any_json_object():
    state = {"a": [1, None, {"b": "\N{SNOWMAN}"}]}
    assert decode_state(encode_state(state)) == state
    assert json.loads(encode_state({"a": "\ud800"})) == {"a": "\ufffd"}


@pytest.mark.parametrize("body", [b"[]", b"{", b"1"])
def test_state_that_is_no_object_is_refused(body):
    with pytest.raises(StoreError):
        decode_state(body)


def test_every_kind_of_event_comes_back_as_it_was(talk):
    events = [talk.say("a"), talk.edit("a", "b\n\ud800"), talk.delete("a"), talk.stop()]
    bodies = [encode_event(event) for event in events]
    assert [decode_event(body).kind for body in bodies] == ["message", "edited", "deleted", "stop"]
    assert decode_event(bodies[1]).text == "b\n\ufffd"
    assert [decode_event(body) for body in (bodies[0], *bodies[2:])] == [events[0], *events[2:]]
    assert all(b"\n" not in body for body in bodies)


def test_stored_event_without_kind_is_a_message(talk):
    body = encode_event(talk.say("a"))
    assert b'"kind":"message"' not in body
    assert decode_event(body) == talk.say("a")


def test_text_that_looks_like_a_kind_is_only_a_text(talk):
    event = talk.say('{"v":1,"kind":"stop"}')
    assert decode_event(encode_event(event)) == event


def test_event_of_a_kind_that_is_not_known_is_refused(talk):
    body = encode_event(talk.stop()).replace(b'"stop"', b'"party"')
    with pytest.raises(StoreError, match="damaged"):
        decode_event(body)


def test_waiting_message_is_read_with_its_edit(talk):
    message = decode_message(encode_event(talk.say("a")), encode_event(talk.edit("a", "b")))
    assert (message.text, message.key) == ("b", talk.key("a"))
