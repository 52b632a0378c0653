"""What an operator is told of a message, after a worker did its work on each store."""

import time

from threadkeep.chat.events import Addressing, MessageEdited, PlaceKind, StopRequested
from threadkeep.chat.links import MessageLink
from threadkeep.chat.policy import Policies, Policy
from threadkeep.errors import ModelUnavailableError, PlatformUnavailableError
from threadkeep.messages import Message, Role, ToolCall
from threadkeep.models.base import ModelAnswer, Usage
from threadkeep.runs import Run
from threadkeep.runtime.explaining import Inquiry
from threadkeep.runtime.story import Verdict, tell
from threadkeep.runtime.subjects import read_subject
from threadkeep.stores.sqlite import SQLiteStore

ANSWERED = ["received", "claimed", "model", "posted", "completed"]


def kinds(story):
    return [one.what for one in story.happenings]


def texts(story):
    return " | ".join(one.text for one in story.happenings)


async def test_an_answered_message_is_told_in_order(platform, make_model, store, working, wait_for, load_runs, why):
    question = platform.said("hi")
    await store.inbox.accept(question)
    await store.inbox.accept(question)
    async with working(make_model(), store) as worker:
        (run,) = await wait_for(lambda: load_runs(store))
    story = await why(question)
    assert story.verdict is Verdict.ANSWERED
    assert kinds(story) == ["received", "duplicate", *ANSWERED[1:]]
    times = [one.at for one in story.happenings if one.at is not None]
    assert times == sorted(times)
    assert f"claimed by {worker.name}, attempt 1: run {run.run_id[:8]}" in texts(story)
    assert f"posted as {run.trace.posted[0]}" in texts(story)
    assert "hi" not in texts(story).split()


async def test_tools_are_named_and_those_that_failed(platform, make_model, store, working, wait_for, load_runs, why):
    def add(one: int, other: int) -> int:
        """Add."""
        return one + other

    def broken() -> str:
        """Break."""
        raise ValueError

    def script(text):
        if text != "use them":
            return "done"
        calls = (
            ToolCall(id="1", name="add", arguments='{"one": 1, "other": 2}'),
            ToolCall(id="2", name="broken", arguments="{}"),
        )
        message = Message(role=Role.ASSISTANT, tool_calls=calls)
        return ModelAnswer(message=message, usage=Usage(input_tokens=70, output_tokens=8), finish_reason="tool_calls")

    question = platform.said("use them")
    await store.inbox.accept(question)
    async with working(make_model(script), store, agent={"tools": [add, broken]}):
        await wait_for(lambda: load_runs(store))
    story = await why(question)
    assert "tool add finished | tool broken failed" in texts(story)
    assert "the model was asked 2 times" in texts(story)


async def test_messages_that_are_answered_together_say_so(
    platform, make_model, store, working, wait_for, load_runs, why
):
    first, second = platform.said("one"), platform.said("two")
    for event in (first, second):
        await store.inbox.accept(event)
    async with working(make_model(), store):
        await wait_for(lambda: load_runs(store))
    story = await why(second)
    assert "queued behind 1 message" in texts(story)
    assert "which answers 2 messages together" in texts(story)
    assert (await why(first)).verdict is Verdict.ANSWERED


async def test_a_message_at_work_names_its_worker(platform, held_model, store, working, wait_for, why):
    first, second = platform.said("one"), platform.said("two")
    async with working(held_model, store) as worker:
        await store.inbox.accept(first)
        await wait_for(lambda: platform.replies and platform.replies[0].shown)
        await store.inbox.accept(second)
        story = await why(first)
        assert story.verdict is Verdict.RUNNING
        assert worker.name in story.summary
        story = await why(second)
        assert story.verdict is Verdict.WAITING
        assert f"for the end of the run by {worker.name}" in story.summary
        held_model.gate.set()


async def test_a_message_that_nobody_takes_waits(store, platform, why):
    first, second = platform.said("one"), platform.said("two")
    for event in (first, second):
        await store.inbox.accept(event)
    assert (await why(first)).summary == "It still waits for a worker that is free."
    assert (await why(second)).summary == "It still waits behind 1 message, for a worker that is free."


async def test_a_worker_that_is_gone_is_told(open_store, platform, wait_for):
    store = await open_store(lease_seconds=0.05)
    question = platform.said("one")
    await store.inbox.accept(question)
    await store.inbox.claim("gone", run_id="r1", runs=0)

    async def is_lapsed():
        facts = await Inquiry(store, platforms=(), clock=time.time).facts(read_subject(str(question.key), ()))
        return "Its lease has lapsed" in tell(facts, now=time.time()).summary

    await wait_for(is_lapsed)


async def test_the_delay_before_another_attempt_is_told(platform, make_model, store, working, wait_for, load_runs, why):
    platform.refusals.append(PlatformUnavailableError("away"))
    question = platform.said("one")
    await store.inbox.accept(question)

    async def is_given_back():
        mailbox = await store.traces.mailbox("test:W:C1")
        return mailbox.attempt == 1 and mailbox.worker is None

    async with working(make_model(), store, retry_seconds=600.0, longest_retry_seconds=600.0):
        await wait_for(is_given_back)
    story = await why(question)
    assert story.verdict is Verdict.WAITING
    assert "s for attempt 2, since the last one failed" in story.summary


async def test_a_run_that_was_handed_back_says_so(platform, held_model, store, working, wait_for, why):
    question = platform.said("one")
    await store.inbox.accept(question)
    async with working(held_model, store) as worker:
        await wait_for(lambda: platform.replies and platform.replies[0].shown)
        await worker.stop(grace=0)
    story = await why(question)
    assert story.verdict is Verdict.WAITING
    assert story.summary == ("It still waits for a worker that makes attempt 2, since the last one was handed back.")


async def test_a_failed_run_is_found_by_its_reference(platform, make_model, store, working, wait_for, load_runs, why):
    question = platform.said("one")
    await store.inbox.accept(question)
    async with working(make_model(lambda _: ModelUnavailableError("down")), store):
        (run,) = await wait_for(lambda: load_runs(store))
    story = await why(run.run_id[:8].upper())
    assert story.verdict is Verdict.FAILED
    assert f"reference {run.run_id[:8]}" in story.summary
    assert "failed: ModelUnavailableError" in texts(story)
    assert "down" not in texts(story)
    assert await why("0" * 8) is None


async def test_a_dead_letter_says_how_to_retry_it(platform, make_model, store, working, wait_for, load_runs, why):
    platform.refusals.append(PlatformUnavailableError("away"))
    question = platform.said("one")
    await store.inbox.accept(question)
    async with working(make_model(), store, max_attempts=1):
        (run,) = await wait_for(lambda: load_runs(store))
    for subject in (question, run.run_id[:8]):
        story = await why(subject)
        assert story.verdict is Verdict.DEAD
        assert "given up after 1 attempt: PlatformUnavailableError" in texts(story)
        assert f"threadkeep dead retry {run.run_id[:8]}" in story.summary
    await store.dead_letters.retry((await store.dead_letters.list())[0].letter_id)
    assert (await why(question)).verdict is Verdict.WAITING
    async with working(make_model(), store):
        await wait_for(lambda: load_runs(store, count=2))
    story = await why(question)
    assert story.verdict is Verdict.ANSWERED
    assert kinds(story).count("claimed") == 2


async def test_words_to_others_are_context(platform, make_model, store, working, wait_for, load_runs, why):
    question = platform.said("one", kind=PlaceKind.CHANNEL)
    aside = platform.said("by the way", kind=PlaceKind.CHANNEL, addressing=Addressing.OTHERS)
    await store.inbox.accept(question)
    await store.inbox.accept(aside)
    assert (await why(aside)).verdict is Verdict.CONTEXT
    assert (await why(aside)).happenings[0].text == "received, kept as context"


async def test_a_message_that_was_dropped_names_the_run(platform, held_model, store, working, wait_for, load_runs, why):
    first, second = platform.said("one"), platform.said("two")
    async with working(held_model, store, policies=Policies(default=Policy.DROP)) as worker:
        await store.inbox.accept(first)
        await wait_for(lambda: platform.replies and platform.replies[0].shown)
        await store.inbox.accept(second)
        await wait_for(lambda: [answer._waiting for answer in worker._answers.values()] == [1])
        held_model.gate.set()
        (run,) = await wait_for(lambda: load_runs(store))
    story = await why(second)
    assert story.verdict is Verdict.PASSED
    assert run.run_id[:8] in story.summary
    assert "`drop`" in story.summary


async def test_a_deleted_question_says_so(store, platform, why):
    question = platform.said("one")
    await store.inbox.accept(question)
    await store.inbox.accept(platform.deleted(question))
    story = await why(question)
    assert story.verdict is Verdict.DELETED
    assert kinds(story) == ["received", "deleted"]


async def test_a_later_edit_is_told(platform, make_model, store, working, wait_for, load_runs, why):
    question = platform.said("one")
    await store.inbox.accept(question)
    async with working(make_model(), store):
        await wait_for(lambda: load_runs(store))
    edit = MessageEdited(
        key=platform.revised(question, "edited:1"), place=question.place, user=question.user, speaker="Ann", text="two"
    )
    await store.inbox.accept(edit)
    story = await why(question)
    assert story.verdict is Verdict.ANSWERED
    assert "edited later" in texts(story)


async def test_the_bots_own_message_leads_to_its_run(platform, make_model, store, working, wait_for, load_runs, why):
    await store.inbox.accept(platform.said("one"))
    async with working(make_model(), store):
        (run,) = await wait_for(lambda: load_runs(store))
    story = await why(f"test:W:C1:{run.trace.posted[0]}")
    assert story.verdict is Verdict.REPLY
    assert kinds(story) == ANSWERED[1:]


async def test_a_link_without_a_workspace_is_looked_for_in_all(store, platform, why):
    question = platform.said("one")
    await store.inbox.accept(question)
    link = MessageLink(platform="test", workspace=None, channel="C1", message=question.key.message, conversations=())
    assert (await why(link)).verdict is Verdict.WAITING


async def test_an_answered_message_is_found_after_its_trace_is_forgotten(
    tmp_path, platform, make_model, working, wait_for, load_runs
):
    now = [time.time()]
    async with SQLiteStore(tmp_path / "store.db", clock=lambda: now[0]) as store:
        question = platform.said("one")
        await store.inbox.accept(question)
        async with working(make_model(), store):
            await wait_for(lambda: load_runs(store))
        now[0] += 27 * 3600
        facts = await Inquiry(store, platforms=(), clock=lambda: now[0]).facts(read_subject(str(question.key), ()))
    assert facts.trace is None
    assert tell(facts, now=now[0]).verdict is Verdict.ANSWERED


async def test_an_old_message_of_a_long_session_is_found(
    store, platform, make_model, working, wait_for, load_runs, why
):
    question = platform.said("one")
    await store.inbox.accept(question)
    async with working(make_model(), store):
        (run,) = await wait_for(lambda: load_runs(store))
    for number in range(30):
        await store.history.append(
            type(run)(run_id=f"later-{number}", session_id=run.session_id, created_at=time.time())
        )
    assert (await why(question)).verdict is Verdict.ANSWERED


async def test_nothing_is_known_of_what_never_came(store, platform, why):
    story = await why(platform.said("never sent"))
    assert story.verdict is Verdict.UNKNOWN
    assert story.happenings == ()
    assert "never delivered it" in story.summary


async def test_a_refused_message_says_why(open_store, platform):
    store = await open_store(max_waiting=1)
    first, second = platform.said("one"), platform.said("two")
    for event in (first, second):
        await store.inbox.accept(event)
    facts = await Inquiry(store, platforms=(), clock=time.time).facts(read_subject(str(second.key), ()))
    story = tell(facts, now=time.time())
    assert story.verdict is Verdict.REFUSED
    assert texts(story) == "received, refused: too much waited"


async def test_a_stopped_answer_says_so(platform, held_model, store, working, wait_for, load_runs, why):
    question = platform.said("one")
    async with working(held_model, store):
        await store.inbox.accept(question)
        await wait_for(lambda: platform.replies and platform.replies[0].shown)
        await store.inbox.accept(platform.stopped(question))
        await wait_for(lambda: load_runs(store))
    story = await why(question)
    assert story.verdict is Verdict.STOPPED
    assert story.happenings[-1].text.startswith("cancelled")


async def test_a_request_to_stop_is_in_no_run(platform, held_model, store, working, wait_for, load_runs, why):
    question, stop = platform.said("one"), platform.said("!stop")
    async with working(held_model, store):
        await store.inbox.accept(question)
        await wait_for(lambda: platform.replies and platform.replies[0].shown)
        await store.inbox.accept(StopRequested(key=stop.key, place=stop.place, user=stop.user, speaker="Ann"))
        await wait_for(lambda: load_runs(store))
    story = await why(stop)
    assert story.verdict is Verdict.PASSED
    assert "which was stopped: it asked for that" in story.summary


async def test_a_request_to_stop_nothing_is_told(platform, make_model, store, working, wait_for, load_runs, why):
    async with working(make_model(), store):
        await store.inbox.accept(platform.said("one"))
        await wait_for(lambda: load_runs(store))
    stop = platform.said("!stop")
    await store.inbox.accept(StopRequested(key=stop.key, place=stop.place, user=stop.user, speaker="Ann"))
    story = await why(stop)
    assert (story.verdict, story.summary) == (Verdict.IGNORED, "It asked to stop, and nothing was being answered.")
    assert texts(story) == "received: there was nothing to stop"


async def test_a_run_of_a_program_is_told_without_a_worker(store, why):
    source = "test:W:C1:7"
    messages = (Message(role=Role.USER, content="one", source=source),)
    await store.history.append(
        Run(run_id="a" * 32, session_id="test:W:C1:7", messages=messages, created_at=time.time())
    )
    story = await why(source)
    assert story.verdict is Verdict.ANSWERED
    assert kinds(story) == ["claimed", "completed"]
