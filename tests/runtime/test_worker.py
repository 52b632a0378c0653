import asyncio

import pytest

from threadkeep.chat.events import Addressing, PlaceKind
from threadkeep.errors import (
    ModelAuthError,
    ModelRateLimitError,
    ModelUnavailableError,
    PlaceGoneError,
    PlatformUnavailableError,
)
from threadkeep.messages import Message, Role, ToolCall
from threadkeep.models.base import ModelAnswer, Usage
from threadkeep.runs import RunStatus
from threadkeep.runtime.answer_settings import AnswerSettings


async def test_a_message_is_answered_and_committed(platform, make_model, store, working, wait_for, load_runs):
    await store.inbox.accept(platform.said("hello"))
    async with working(make_model(), store):
        await wait_for(lambda: platform.finals)
        (run,) = await wait_for(lambda: load_runs(store))
    assert platform.finals == ["You said: hello"]
    assert run.content == "You said: hello"
    assert run.status is RunStatus.COMPLETED
    assert run.user_id == "test:Ann"
    assert platform.replies[0].is_closed
    assert platform.replies[0].shown[1].text == "Y"


async def test_a_second_message_waits_for_the_first(platform, make_model, store, working, wait_for, load_runs):
    model = make_model()
    model.gate.clear()
    async with working(model, store):
        await store.inbox.accept(platform.said("one"))
        await wait_for(lambda: model.asked)
        await store.inbox.accept(platform.said("two"))
        await store.inbox.accept(platform.said("three"))
        await wait_for(lambda: platform.replies[0].shown)
        assert len(model.asked) == 1
        model.gate.set()
        await wait_for(lambda: len(platform.finals) == 2)
        runs = await wait_for(lambda: load_two(load_runs, store))
    assert model.most_at_work == 1
    assert platform.finals == ["You said: one", "You said: three"]
    said = [[message.content for message in run.messages if message.role is Role.USER] for run in runs]
    assert said == [["one"], ["two", "three"]]


async def load_two(load_runs, store):
    runs = await load_runs(store)
    return runs if len(runs) == 2 else None


async def test_sessions_do_not_wait_for_each_other(platform, make_model, store, working, wait_for):
    model = make_model(lambda text: f"You said: {text}")
    model.gate.clear()
    async with working(model, store):
        for channel in ("C1", "C2", "C3"):
            await store.inbox.accept(platform.said("hi", channel=channel))
        await wait_for(lambda: model.at_work == 3)
        model.gate.set()
        await wait_for(lambda: len(platform.finals) == 3)


async def test_no_more_runs_than_allowed(platform, make_model, store, working, wait_for):
    model = make_model()
    async with working(model, store, max_concurrent_runs=2):
        for number in range(8):
            await store.inbox.accept(platform.said("hi", channel=f"C{number}"))
        await wait_for(lambda: len(platform.finals) == 8)
    assert model.most_at_work <= 2


async def test_another_speakers_words_are_answered_to_them(platform, make_model, store, working, wait_for):
    model = make_model()
    for user in ("Ann", "Bob"):
        await store.inbox.accept(platform.said(f"I am {user}", user=user, kind=PlaceKind.THREAD))
    async with working(model, store):
        await wait_for(lambda: len(platform.finals) == 2)
    assert 'from="Ann" id="test:Ann">I am Ann' in platform.finals[0]
    assert 'from="Bob" id="test:Bob">I am Bob' in platform.finals[1]
    assert "Several people talk here" in model.asked[0][0].content


async def test_talk_of_others_is_shown_to_the_model_with_the_next_question(
    platform, make_model, store, working, wait_for
):
    model = make_model()
    async with working(model, store):
        await store.inbox.accept(platform.said("hi", kind=PlaceKind.CHANNEL))
        await wait_for(lambda: len(platform.finals) == 1)
        talk = platform.said("lunch?", user="Bob", addressing=Addressing.OTHERS, kind=PlaceKind.CHANNEL)
        await store.inbox.accept(talk)
        await store.inbox.accept(platform.said("what did Bob say?", kind=PlaceKind.CHANNEL))
        await wait_for(lambda: len(platform.finals) == 2)
    shown = [message.content for message in model.asked[1]]
    assert any("lunch?" in text for text in shown)


async def test_history_is_of_the_session_only(platform, make_model, store, working, wait_for):
    model = make_model()
    async with working(model, store):
        await store.inbox.accept(platform.said("secret", channel="C1"))
        await wait_for(lambda: len(platform.finals) == 1)
        await store.inbox.accept(platform.said("hello", channel="C2"))
        await wait_for(lambda: len(platform.finals) == 2)
        await store.inbox.accept(platform.said("again", channel="C1"))
        await wait_for(lambda: len(platform.finals) == 3)
    assert [message.content for message in model.asked[1]] == ["hello"]
    assert [message.content for message in model.asked[2]] == ["secret", "You said: secret", "again"]


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (ModelAuthError("the key sk-123456789 is wrong"), "something went wrong"),
        (ModelRateLimitError("slow down"), "not available right now"),
        (ModelUnavailableError("cut off"), "not available right now"),
        (ZeroDivisionError("a bug"), "something went wrong"),
    ],
)
async def test_a_failure_ends_in_one_line_with_a_reference(
    failure, words, platform, make_model, store, working, wait_for, load_runs
):
    model = make_model(lambda text: failure if text == "fail" else "fine")
    async with working(model, store):
        await store.inbox.accept(platform.said("fail"))
        await wait_for(lambda: len(platform.finals) == 1)
        await store.inbox.accept(platform.said("and now?"))
        await wait_for(lambda: len(platform.finals) == 2)
        runs = await wait_for(lambda: load_two(load_runs, store))
    line = platform.finals[0]
    assert words in line
    assert "\n" not in line
    assert f"(reference {runs[0].run_id[:8]})" in line
    assert "sk-123456789" not in line
    assert runs[0].status is RunStatus.FAILED
    assert runs[0].error == type(failure).__name__
    assert runs[0].messages[0].content == "fail"
    assert platform.finals[1] == "fine"
    assert "fail" in [message.content for message in model.asked[1]]


async def test_an_empty_answer_is_a_failure(platform, make_model, store, working, wait_for):
    empty = ModelAnswer(message=Message(role=Role.ASSISTANT), usage=Usage(), finish_reason="stop")
    async with working(make_model(lambda _: empty), store):
        await store.inbox.accept(platform.said("hello"))
        await wait_for(lambda: platform.finals)
    assert "reference" in platform.finals[0]


async def test_a_place_that_is_gone_does_not_hold_up_the_session(
    platform, make_model, store, working, wait_for, load_runs
):
    platform.refusals.append(PlaceGoneError("the channel is archived"))
    async with working(make_model(), store):
        await store.inbox.accept(platform.said("hello"))
        (run,) = await wait_for(lambda: load_runs(store))
    assert run.status is RunStatus.FAILED
    assert run.error == "PlaceGoneError"
    assert run.content == "You said: hello"


async def test_a_reply_that_could_not_be_shown_is_tried_again_in_the_same_message(
    platform, make_model, store, working, wait_for
):
    platform.refusals.append(PlatformUnavailableError("the platform is down"))
    async with working(make_model(), store, retry_seconds=0.01):
        await store.inbox.accept(platform.said("hello"))
        await wait_for(lambda: platform.finals)
    first, second = platform.replies
    assert first.request.run_id == second.request.run_id
    assert list(second.request.posted) == [0]


async def test_a_run_that_always_dies_is_given_up(platform, make_model, open_store, working, wait_for, load_runs):
    store = await open_store(lease_seconds=0.05)
    await store.inbox.accept(platform.said("hello"))
    for _ in range(3):
        await wait_for(lambda: store.inbox.claim("dies", run_id="r1", runs=0))
    model = make_model()
    async with working(model, store, max_attempts=3):
        await wait_for(lambda: platform.finals)
        (run,) = await wait_for(lambda: load_runs(store))
        assert model.asked == []
        await store.inbox.accept(platform.said("and now?"))
        await wait_for(lambda: load_runs(store, count=2))
    assert run.error == "AttemptsExhaustedError"
    assert f"(reference {run.run_id[:8]})" in platform.finals[0]
    assert platform.finals[1] == "You said: and now?"
    (letter,) = await store.dead_letters.list()
    assert (letter.run_id, letter.reason) == (run.run_id, "AttemptsExhaustedError")


def test_attempts_come_with_growing_delays_up_to_a_bound():
    settings = AnswerSettings(retry_seconds=2.0, longest_retry_seconds=60.0)
    delays = [settings.delay(attempt) for attempt in range(1, 100)]
    assert delays[:6] == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0]
    assert set(delays[5:]) == {60.0}


async def test_a_finished_tool_call_is_not_made_again(platform, make_model, open_store, working, wait_for):
    """The worker dies after the tool; the next one goes on from the journal, in the same message."""
    store = await open_store(lease_seconds=0.2)
    calls = []

    def launch() -> str:
        """Launch it."""
        calls.append("launch")
        return "launched"

    wish = ModelAnswer(
        message=Message(role=Role.ASSISTANT, tool_calls=(ToolCall(id="1", name="launch", arguments="{}"),)),
        usage=Usage(),
        finish_reason="tool_calls",
    )
    await store.inbox.accept(platform.said("launch it"))
    dying = make_model(lambda text: wish if text == "launch it" else "almost")
    dying.gate.clear()
    with pytest.raises(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            group.create_task(run_until(working(dying, store, agent={"tools": [launch]}), dying, wait_for))
    model = make_model(lambda text: "done" if text == "launched" else wish)
    async with working(model, store, agent={"tools": [launch]}):
        await wait_for(lambda: "done" in platform.finals)
    assert calls == ["launch"]
    assert len({reply.request.run_id for reply in platform.replies}) == 1


async def run_until(context, model, wait_for):
    async with context as worker:
        await wait_for(lambda: len(model.asked) == 2)
        for task in worker._running.values():
            task.cancel()
        raise InterruptedError("the process dies")


async def test_a_worker_that_lost_its_lease_stops_and_writes_nothing(
    platform, make_model, open_store, working, wait_for, load_runs
):
    store = await open_store(lease_seconds=0.3)
    model = make_model()
    model.gate.clear()
    async with working(model, store):
        await store.inbox.accept(platform.said("hello"))
        await wait_for(lambda: platform.replies)
        await store.history.delete("test:W:C1")
        await wait_for(lambda: platform.replies[0].is_closed)
        model.gate.set()
    assert platform.finals == []
    assert await load_runs(store) == ()


async def test_stopping_lets_runs_end(platform, make_model, store, working, wait_for, load_runs):
    model = make_model()
    model.gate.clear()
    async with working(model, store) as worker:
        await store.inbox.accept(platform.said("hello"))
        await wait_for(lambda: model.asked)
        stopping = asyncio.create_task(worker.stop(grace=5))
        model.gate.set()
        await stopping
    assert platform.finals == ["You said: hello"]
    assert len(await load_runs(store)) == 1


async def test_a_run_that_outlasts_the_grace_time_is_handed_back_at_once(
    platform, make_model, open_store, working, wait_for
):
    store = await open_store(lease_seconds=60)
    model = make_model()
    model.gate.clear()
    async with working(model, store) as worker:
        await store.inbox.accept(platform.said("hello"))
        await wait_for(lambda: model.asked)
        await worker.stop(grace=0)
    assert platform.finals == []
    async with working(make_model(), store):
        await wait_for(lambda: platform.finals)
    assert platform.finals == ["You said: hello"]
    assert platform.replies[0].request.run_id == platform.replies[1].request.run_id


async def test_one_broken_session_does_not_stop_the_others(platform, make_model, store, working, wait_for):
    async with working(make_model(), store):
        opened = platform.open_reply

        def broken(request):
            if request.place.session.channel == "C1":
                raise RuntimeError("a bug in an adapter")
            return opened(request)

        platform.open_reply = broken
        await store.inbox.accept(platform.said("hello", channel="C1"))
        await store.inbox.accept(platform.said("hello", channel="C2"))
        await wait_for(lambda: platform.finals)
