"""What people see when a model ends otherwise than it should."""

import pytest

from threadkeep.errors import ContextTooLongError, EmptyAnswerError
from threadkeep.messages import Message, Role
from threadkeep.models.base import ModelAnswer, Usage
from threadkeep.runs import RunStatus


def ended(text, reason):
    return ModelAnswer(message=Message(role=Role.ASSISTANT, content=text), usage=Usage(), finish_reason=reason)


@pytest.mark.parametrize(
    ("reason", "words"),
    [("length", "_Cut off: "), ("content_filter", "content filter"), ("refusal", "declined"), ("odd", "")],
)
async def test_the_reason_stands_under_what_was_said(
    platform, make_model, store, working, wait_for, load_runs, reason, words
):
    async with working(make_model(lambda _: ended("Half of it", reason)), store):
        await store.inbox.accept(platform.said("Hi"))
        await wait_for(lambda: platform.finals)
        (run,) = await wait_for(lambda: load_runs(store))
    said, _, line = platform.finals[0].partition("\n\n")
    assert said == "Half of it"
    assert words in line
    assert bool(line) == bool(words)
    assert (run.status, run.content) == (RunStatus.COMPLETED, "Half of it")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (ended("", "content_filter"), "content filter"),
        (ended("", "length"), "longest length"),
        (ended("", "stop"), "said nothing"),
        (ContextTooLongError("secret words"), "too long"),
    ],
)
async def test_a_run_without_an_answer_says_why(
    platform, make_model, store, working, wait_for, load_runs, answer, words
):
    error = EmptyAnswerError if isinstance(answer, ModelAnswer) else type(answer)
    async with working(make_model(lambda _: answer), store):
        await store.inbox.accept(platform.said("Hi"))
        await wait_for(lambda: platform.finals)
        (run,) = await wait_for(lambda: load_runs(store))
    assert words in platform.finals[0]
    assert "secret" not in platform.finals[0]
    assert (run.status, run.error) == (RunStatus.FAILED, error.__name__)
