"""What becomes of messages that arrive while the bot is answering, and of requests to stop."""

import asyncio

import pytest

from threadkeep.chat.events import PlaceKind
from threadkeep.chat.policy import Policies, Policy
from threadkeep.messages import Message, Role, ToolCall
from threadkeep.models.base import ModelAnswer, Usage
from threadkeep.runs import RunStatus


def policies(policy):
    return Policies(default=policy)


async def test_people_see_how_many_messages_wait(platform, held_model, store, working, wait_for):
    async with working(held_model, store, policies=policies(Policy.COLLECT)):
        await store.inbox.accept(platform.said("one"))
        await wait_for(lambda: platform.replies and platform.replies[0].shown)
        for text in ("two", "three"):
            await store.inbox.accept(platform.said(text))
        await wait_for(lambda: "2 messages waiting" in platform.replies[0].shown[-1].activity)
        held_model.gate.set()
        await wait_for(lambda: len(platform.finals) == 2)
    assert platform.finals == ["You said: one", "You said: three"]


async def test_people_see_what_waited_before_the_answer_began(platform, held_model, store, working, wait_for):
    for user in ("Ann", "Bob", "Cem"):
        await store.inbox.accept(platform.said("hello", user=user, kind=PlaceKind.CHANNEL))
    async with working(held_model, store):
        await wait_for(lambda: platform.replies and platform.replies[0].shown)
        assert "2 messages waiting" in platform.replies[0].shown[-1].activity
        held_model.gate.set()
        await wait_for(lambda: len(platform.finals) == 3)
    assert not any("waiting" in text for text in platform.finals)


@pytest.mark.parametrize(
    ("by_place", "is_interrupted"),
    [
        ({}, (False, False)),
        ({PlaceKind.CHANNEL: Policy.INTERRUPT}, (False, True)),
        ({"test:W:C1": Policy.INTERRUPT}, (True, False)),
        ({PlaceKind.CHANNEL: Policy.INTERRUPT, "test:W:C2": Policy.QUEUE}, (False, False)),
    ],
)
async def test_a_place_has_a_policy_of_its_own(
    platform, held_model, store, working, wait_for, load_runs, *, by_place, is_interrupted
):
    places = {"C1": PlaceKind.DIRECT, "C2": PlaceKind.CHANNEL}
    async with working(held_model, store, policies=Policies(default=Policy.COLLECT, by_place=by_place)) as worker:
        for channel, kind in places.items():
            await store.inbox.accept(platform.said("one", channel=channel, kind=kind))
        await wait_for(lambda: len(platform.replies) == 2 and all(len(reply.shown) > 1 for reply in platform.replies))
        for channel, kind in places.items():
            await store.inbox.accept(platform.said("two", channel=channel, kind=kind))
        ended = sum(is_interrupted)
        await wait_for(lambda: (len(platform.finals), sum(heard(worker))) == (ended, 2 - ended))
        held_model.gate.set()
        found = [await wait_for(lambda channel=channel: load_runs(store, channel, count=2)) for channel in places]
    assert tuple(runs[0].status is RunStatus.CANCELLED for runs in found) == is_interrupted


async def test_in_a_queue_each_message_is_answered(platform, held_model, store, working, wait_for, load_runs):
    async with working(held_model, store, policies=policies(Policy.QUEUE)):
        for text in ("one", "two", "three"):
            await store.inbox.accept(platform.said(text))
        held_model.gate.set()
        await wait_for(lambda: load_runs(store, count=3))
    assert platform.finals == ["You said: one", "You said: two", "You said: three"]


async def test_the_next_message_interrupts(platform, held_model, store, working, wait_for, load_runs):
    async with working(held_model, store, policies=policies(Policy.INTERRUPT)):
        await store.inbox.accept(platform.said("one"))
        await wait_for(lambda: platform.replies and platform.replies[0].shown)
        await store.inbox.accept(platform.said("two"))
        await wait_for(lambda: len(platform.finals) == 1)
        held_model.gate.set()
        runs = await wait_for(lambda: load_runs(store, count=2))
    assert "Interrupted" in platform.finals[0]
    assert platform.finals[1] == "You said: two"
    assert [run.status for run in runs] == [RunStatus.CANCELLED, RunStatus.COMPLETED]
    shown = [message.content for message in held_model.asked[1]]
    assert shown[0] == "one"
    assert shown[-1] == "two"


async def test_what_comes_meanwhile_is_dropped_with_a_note(platform, held_model, store, working, wait_for, load_runs):
    async with working(held_model, store, policies=policies(Policy.DROP)) as worker:
        await store.inbox.accept(platform.said("one"))
        await wait_for(lambda: platform.replies and platform.replies[0].shown)
        for text in ("two", "three"):
            await store.inbox.accept(platform.said(text))
        await wait_for(lambda: heard(worker) == [2])
        held_model.gate.set()
        await wait_for(lambda: load_runs(store, count=1))
        await store.inbox.accept(platform.said("four"))
        await wait_for(lambda: load_runs(store, count=2))
    assert platform.finals[0] == "You said: one\n\n_2 messages that came meanwhile were not read._"
    assert platform.finals[1] == "You said: four"


def heard(worker):
    """How many waiting messages the worker's only run was told of."""
    return [answer._waiting for answer in worker._answers.values()]


async def test_the_model_is_steered_at_its_next_step(platform, make_model, store, working, wait_for, load_runs):
    called, go_on = asyncio.Event(), asyncio.Event()

    async def look() -> str:
        """Look."""
        called.set()
        await go_on.wait()
        return "seen"

    def script(text):
        if text == "look":
            call = ToolCall(id="1", name="look", arguments="{}")
            message = Message(role=Role.ASSISTANT, tool_calls=(call,))
            return ModelAnswer(message=message, usage=Usage(), finish_reason="tool_calls")
        return f"You said: {text}"

    async with working(make_model(script), store, policies=policies(Policy.STEER), agent={"tools": [look]}) as worker:
        await store.inbox.accept(platform.said("look"))
        await wait_for(called.is_set)
        await store.inbox.accept(platform.said("to the left"))
        await wait_for(lambda: heard(worker) == [1])
        go_on.set()
        (run,) = await wait_for(lambda: load_runs(store, count=1))
    assert run.content == "You said: to the left"
    assert [message.content for message in run.messages if message.role is Role.USER] == ["look", "to the left"]


async def test_stop_ends_the_run_wherever_it_was_asked(platform, held_model, open_store, working, wait_for, load_runs):
    here, elsewhere = await open_store(), await open_store()
    question = platform.said("one")
    async with working(held_model, here):
        await elsewhere.inbox.accept(question)
        await wait_for(lambda: platform.replies and platform.replies[0].shown)
        await elsewhere.inbox.accept(platform.stopped(question))
        (run,) = await wait_for(lambda: load_runs(here, count=1))
    assert run.status is RunStatus.CANCELLED
    assert run.messages[0].content == "one"
    assert platform.finals == ["Y\n\n_Stopped._"]


async def test_a_stop_cuts_a_tool_and_history_stays_valid(platform, make_model, store, working, wait_for, load_runs):
    called = asyncio.Event()

    async def hang() -> str:
        """Hang."""
        called.set()
        await asyncio.Event().wait()
        return "never"

    call = ToolCall(id="1", name="hang", arguments="{}")
    wish = ModelAnswer(
        message=Message(role=Role.ASSISTANT, tool_calls=(call,)), usage=Usage(), finish_reason="tool_calls"
    )
    question = platform.said("hang")
    async with working(make_model(lambda _: wish), store, agent={"tools": [hang]}):
        await store.inbox.accept(question)
        await wait_for(called.is_set)
        await store.inbox.accept(platform.stopped(question))
        (run,) = await wait_for(lambda: load_runs(store, count=1))
    roles = [message.role for message in run.messages]
    assert roles == [Role.USER, Role.ASSISTANT, Role.TOOL]
    assert run.messages[2].is_error
    assert platform.finals == ["_Stopped._"]


async def test_deleting_the_question_stops_its_run(platform, held_model, store, working, wait_for, load_runs):
    question = platform.said("one", kind=PlaceKind.CHANNEL)
    async with working(held_model, store):
        await store.inbox.accept(question)
        await wait_for(lambda: platform.replies and platform.replies[0].shown)
        await store.inbox.accept(platform.deleted(question))
        (run,) = await wait_for(lambda: load_runs(store, count=1))
    assert run.status is RunStatus.CANCELLED
    assert "deleted" in platform.finals[0]


async def test_a_stop_that_found_nobody_listening_is_kept(platform, make_model, open_store, working, wait_for):
    """The worker died; the stop came before another took over: the run is not made again."""
    store = await open_store(lease_seconds=0.1)
    question = platform.said("one")
    await store.inbox.accept(question)
    await store.inbox.claim("dies", run_id="r1", runs=0)
    await store.inbox.accept(platform.stopped(question))
    model = make_model()
    async with working(model, store):
        await wait_for(lambda: platform.finals)
    assert model.asked == []
    assert platform.finals == ["_Stopped._"]


async def test_a_finished_answer_is_not_asked_for_again(platform, make_model, open_store, working, wait_for):
    """The worker dies after the model answered, while the platform is slow: the next one shows the same answer."""
    store = await open_store(lease_seconds=0.2)
    finishing, first = asyncio.Event(), make_model(lambda _: "the first answer")
    opened = platform.open_reply

    def slow(request):
        reply = opened(request)

        async def finish(content):
            finishing.set()
            await asyncio.Event().wait()

        reply.finish = finish
        return reply

    platform.open_reply = slow
    await store.inbox.accept(platform.said("hello"))
    async with working(first, store) as worker:
        await wait_for(finishing.is_set)
        platform.open_reply = opened
        for task in worker._running.values():
            task.cancel()
        second = make_model(lambda _: "another answer")
        async with working(second, store):
            await wait_for(lambda: platform.finals)
    assert platform.finals == ["the first answer"]
    assert second.asked == []
    assert platform.replies[1].request.is_retry


async def test_an_answer_to_an_old_message_says_so(platform, make_model, store, working, wait_for):
    async with working(make_model(), store, late_seconds=60):
        old = platform.said("hello")
        object.__setattr__(old, "sent_at", 1_700_000_000.0)
        await store.inbox.accept(old)
        await wait_for(lambda: platform.finals)
    assert platform.finals[0].startswith("_You asked this")
    assert platform.finals[0].endswith("You said: hello")


async def test_a_stop_between_the_claim_and_the_answer_is_heard(platform, make_model, store, working, wait_for):
    """The signal is there before the reply of the claim: it finds nobody, and is not lost for that."""
    model = make_model()
    model.gate.clear()
    question = platform.said("one")
    await store.inbox.accept(question)
    claim = store.inbox.claim

    async def slow_claim(worker, **wanted):
        claimed = await claim(worker, **wanted)
        if claimed is not None:
            async with store.control.signals() as signals:
                await store.inbox.accept(platform.stopped(question))
                await anext(signals)
            await wait_for(lambda: not unheard or unheard[0]._added)
        return claimed

    unheard = []
    store.inbox.claim = slow_claim
    async with working(model, store) as worker:
        unheard.append(worker._unheard)
        await wait_for(lambda: platform.finals)
    assert platform.finals == ["_Stopped._"]
    assert model.asked == []
