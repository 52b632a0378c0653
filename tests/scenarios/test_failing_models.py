"""What people see when a model fails: on both platforms, over both of OpenAI's endpoints, streamed and whole."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from steps import LONG

from threadkeep import Agent, Bot, Fallback, Limited, OpenAIChat, OpenAIResponses, Retrying, SQLiteStore
from threadkeep.models.base import Model
from threadkeep.runs import Run, RunStatus
from threadkeep_emulators.openai import Answer

SURFACES = {"chat": OpenAIChat, "responses": OpenAIResponses}
# So many events come before the first piece of text.
HEADS = {"chat": 1, "responses": 4}


@pytest.fixture
async def store(tmp_path):
    """Models fail alike whatever the store."""
    return SQLiteStore(tmp_path / "store.db")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A bot on one platform whose model is on one endpoint."""

    ask: Callable[[str], Awaitable[tuple[str, Run]]]
    running: Callable[..., Any]
    make: Callable[..., Model]
    head: int
    is_streamed: bool


@pytest.fixture(params=[True, False], ids=["streamed", "whole"])
def is_streamed(request):
    return request.param


@pytest.fixture(params=SURFACES)
def surface(request):
    return request.param


@pytest.fixture(params=["slack", "discord"])
def scene(request, town, store, surface, is_streamed):
    platform = request.param
    person = town.acme.user("Ann") if platform == "slack" else town.discord.user("Ann")
    if platform == "discord":
        town.club.join(person)
    answered = iter(range(1, 100))

    def make(model_id="gpt-5.4-mini"):
        return SURFACES[surface](id=model_id, api_key=town.openai.api_key, base_url=town.openai.url, max_retries=0)

    @asynccontextmanager
    async def running(model, **agent):
        settings = {"add_history_to_messages": True, "num_history_runs": 5, **agent}
        adapters = town.adapters(platform)
        async with Bot(agent=Agent(model=model, **settings), adapters=adapters, store=store, stream=is_streamed):
            yield

    async def ask(text):
        """Say something; give what is seen when it is answered, and the run."""
        await person.dm(text)
        place = person.direct if platform == "slack" else person.dm_channel
        session_id = f"slack:{town.acme.id}:{place.id}" if platform == "slack" else f"discord:@me:{place.id}"
        count = next(answered)
        async with asyncio.timeout(LONG):
            while True:
                found = await store.history.load(session_id, runs=1)
                if found is not None and found.session.run_count >= count:
                    return place.messages[-1].text, found.runs[0]
                await asyncio.sleep(0.01)

    return Scene(ask=ask, running=running, make=make, head=HEADS[surface], is_streamed=is_streamed)


def broken(scene, kind, *words):
    """An answer that ends badly behind these words; without words seen where it comes whole."""
    if not scene.is_streamed:
        return Answer(hold_after=0) if kind == "hold_after" else Answer(status=503)
    chunks = (*(f"{word} " for word in words), "lost", "lost")
    return Answer(chunks=chunks, **{kind: scene.head + len(words)})


async def test_a_server_that_asks_to_wait_is_asked_again_in_time(scene, town):
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    town.openai.answers(Answer(status=429, retry_after=7), Answer(status=503, retry_after=3), Answer(text="Here I am."))
    async with scene.running(Retrying(model=scene.make(), sleep=sleep)):
        seen, run = await scene.ask("Hello")
    assert (seen, run.status, waited) == ("Here I am.", RunStatus.COMPLETED, [7.0, 3.0])


async def test_another_model_answers_and_nobody_notices(scene, town):
    town.openai.answers(Answer(status=500), Answer(text="From the second."))
    async with scene.running(Fallback(scene.make(), scene.make("gpt-4o"))):
        seen, run = await scene.ask("Hello")
    assert seen == "From the second."
    assert [use.model for use in run.metrics.models] == ["gpt-4o"]


@pytest.mark.parametrize("kind", ["cut_after", "fail_after"])
async def test_another_model_continues_what_people_have_seen(scene, town, kind):
    town.openai.answers(broken(scene, kind, "one", "two"), Answer(text="three."))
    async with scene.running(Fallback(scene.make(), scene.make("gpt-4o"))):
        seen, run = await scene.ask("Count")
        assert (await scene.ask("Go on"))[1].status is RunStatus.COMPLETED
    assert seen == run.content == ("one two three." if scene.is_streamed else "three.")
    assert "one two three." in str(town.openai.messages(2)) or not scene.is_streamed


async def test_a_model_that_does_not_begin_is_given_up(scene, town):
    town.openai.answers(Answer(hold_after=0), Answer(text="I am here."))
    async with scene.running(Fallback(Limited(scene.make(), first_event_timeout=0.3), scene.make("gpt-4o"))):
        seen, _ = await scene.ask("Hello")
    assert seen == "I am here."


async def test_a_model_that_falls_silent_is_given_up(scene, town):
    town.openai.answers(broken(scene, "hold_after", "one", "two"), Answer(text="three."))
    limited = Limited(scene.make(), first_event_timeout=10 if scene.is_streamed else 0.3, next_event_timeout=3)
    async with scene.running(Fallback(limited, scene.make("gpt-4o"))):
        seen, _ = await scene.ask("Count")
    assert seen == ("one two three." if scene.is_streamed else "three.")


async def test_without_another_model_the_failure_is_told_under_what_was_said(scene, town):
    town.openai.answers(broken(scene, "cut_after", "one", "two"))
    async with scene.running(scene.make()):
        seen, run = await scene.ask("Count")
    assert seen.startswith("one two") is scene.is_streamed
    assert f"not available right now. Please try again in a minute. (reference {run.run_id[:8]})" in seen
    assert (run.status, run.error) == (RunStatus.FAILED, "ModelUnavailableError")


ENDS = {
    "a refusal": (Answer(refusal="I will not do that."), "I will not do that.", "The model declined to answer this."),
    "a content filter": (
        Answer(text="Half a", finish_reason="content_filter"),
        "Half a",
        "Cut off by the content filter",
    ),
    "the longest length": (Answer(text="Half a", finish_reason="length"), "Half a", "reached the longest length"),
}


@pytest.mark.parametrize("end", ENDS)
async def test_an_end_that_is_none_is_shown_for_what_it_is(scene, town, end):
    answer, said, line = ENDS[end]
    town.openai.answers(answer)
    async with scene.running(scene.make()):
        seen, run = await scene.ask("Hello")
    assert seen.startswith(said)
    assert line in seen
    assert run.content == said, "the line is the bot's, not the model's"


SILENCES = {
    "nothing at all": ((Answer(text=""), Answer(text="")), "my language model said nothing"),
    "a content filter": (
        (Answer(text="", finish_reason="content_filter"),),
        "content filter of my language model's provider",
    ),
    "the longest length": ((Answer(text="", finish_reason="length"),), "longest length of an answer before it said"),
}


@pytest.mark.parametrize("silence", SILENCES)
async def test_an_empty_answer_is_told(scene, town, silence):
    answers, line = SILENCES[silence]
    town.openai.answers(*answers)
    async with scene.running(scene.make()):
        seen, run = await scene.ask("Hello")
    assert line in seen
    assert (run.error, len(town.openai.requests)) == ("EmptyAnswerError", len(answers))


async def test_one_empty_answer_is_asked_for_again(scene, town):
    town.openai.answers(Answer(text=""), Answer(text="Now I speak."))
    async with scene.running(scene.make()):
        seen, _ = await scene.ask("Hello")
    assert seen == "Now I speak."


TOO_LONG = Answer(status=400, error_code="context_length_exceeded")


async def test_a_conversation_that_is_too_long_is_shown_with_less_of_its_past(scene, town):
    town.openai.answers(*[Answer(text=f"Answer {number}.") for number in range(3)], TOO_LONG, Answer(text="Shorter."))
    async with scene.running(scene.make()):
        for number in range(3):
            await scene.ask(f"Question {number}")
        seen, _ = await scene.ask("And now?")
    assert seen == "Shorter."
    whole, less = town.said(3), town.said(4)
    assert whole[0] == "Question 0"
    assert less[0].startswith("Question")
    assert len(less) < len(whole)
    assert less[-1] == whole[-1] == "And now?"


async def test_what_is_too_long_all_the_same_is_told(scene, town):
    town.openai.answers(Answer(text="Hm."), TOO_LONG, TOO_LONG)
    async with scene.running(scene.make()):
        await scene.ask("Hello")
        seen, run = await scene.ask("And now?")
    assert "too long for my language model" in seen
    assert run.error == "ContextTooLongError"
