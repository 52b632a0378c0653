"""What comes while a run waits for people, and what the operator is told of it."""

from threadkeep import RunStatus
from threadkeep.chat.adapter import Acceptance, ReplyState
from threadkeep.chat.events import StopRequested
from threadkeep.chat.policy import Policies, Policy
from threadkeep.messages import Role
from threadkeep.runtime.story import Verdict

DEPLOY = ("deploy", '{"environment": "staging", "api_token": "hunter2"}')


async def test_messages_wait_and_the_reply_says_so(platform, calling, deploys, store, working, wait_for, load_runs):
    async with working(calling(DEPLOY), store, agent={"tools": [deploys()]}) as worker:
        await store.inbox.accept(platform.said("deploy"))
        await wait_for(lambda: platform.waiting and worker.running == 0)
        await store.inbox.accept(platform.said("again"))
        await wait_for(lambda: platform.waiting and "1 message waiting" in platform.waiting.text)
        await wait_for(lambda: worker.running == 0)
        # Nothing of the running state was shown in between.
        assert platform.replies[-1].shown == []
        await store.inbox.accept(platform.pressed("Approve"))
        runs = await wait_for(lambda: load_runs(store, count=2))
    assert [run.content for run in runs] == ["deployed to staging", "hello again"]


async def test_stop_ends_a_waiting_run(platform, calling, deploys, store, working, wait_for, load_runs):
    async with working(calling(DEPLOY, text="I deploy now."), store, agent={"tools": [deploys()]}) as worker:
        question = platform.said("deploy")
        await store.inbox.accept(question)
        await wait_for(lambda: platform.waiting and worker.running == 0)
        press = platform.pressed("Approve")
        await store.inbox.accept(StopRequested(key=press.key, place=question.place, user=question.user, speaker="Ann"))
        (run,) = await wait_for(lambda: load_runs(store))
        assert await store.inbox.accept(platform.pressed("Approve", content=platform.finished[0])) is Acceptance.IGNORED
    assert run.status is RunStatus.CANCELLED
    assert deploys.made == []
    assert platform.finished[-1].text == "I deploy now.\n\n_Stopped._"
    assert platform.finished[-1].state is ReplyState.STOPPED
    assert run.messages[-1].tool_call_id == "c0"


async def test_the_next_message_interrupts_a_waiting_run(
    platform, calling, deploys, store, working, wait_for, load_runs
):
    settings = {"policies": Policies(default=Policy.INTERRUPT)}
    async with working(calling(DEPLOY), store, agent={"tools": [deploys()]}, **settings) as worker:
        await store.inbox.accept(platform.said("deploy"))
        await wait_for(lambda: platform.waiting and worker.running == 0)
        await store.inbox.accept(platform.said("again"))
        runs = await wait_for(lambda: load_runs(store, count=2))
    assert [run.status for run in runs] == [RunStatus.CANCELLED, RunStatus.COMPLETED]
    assert "Interrupted" in platform.ended[0].text


async def test_what_comes_while_a_run_waits_is_dropped_where_that_is_the_policy(
    platform, calling, deploys, store, working, wait_for, load_runs
):
    settings = {"policies": Policies(default=Policy.DROP)}
    async with working(calling(DEPLOY), store, agent={"tools": [deploys()]}, **settings) as worker:
        await store.inbox.accept(platform.said("deploy"))
        await wait_for(lambda: platform.waiting and worker.running == 0)
        await store.inbox.accept(platform.said("again"))
        await wait_for(lambda: platform.waiting and "1 message waiting" in platform.waiting.text)
        await wait_for(lambda: worker.running == 0)
        await store.inbox.accept(platform.pressed("Approve"))
        await wait_for(lambda: load_runs(store))
    last = platform.finished[-1].text
    assert last == "_Approved by Ann_\n\ndeployed to staging\n\n_1 message that came meanwhile was not read._"


async def test_what_comes_while_a_run_waits_is_shown_to_the_model_where_it_is_steered(
    platform, calling, deploys, store, working, wait_for, load_runs
):
    settings = {"policies": Policies(default=Policy.STEER)}
    async with working(calling(DEPLOY), store, agent={"tools": [deploys()]}, **settings) as worker:
        await store.inbox.accept(platform.said("deploy"))
        await wait_for(lambda: platform.waiting and worker.running == 0)
        await store.inbox.accept(platform.said("again"))
        await wait_for(lambda: platform.waiting and "1 message waiting" in platform.waiting.text)
        await wait_for(lambda: worker.running == 0)
        await store.inbox.accept(platform.pressed("Approve"))
        (run,) = await wait_for(lambda: load_runs(store))
    assert run.content == "hello again"
    assert [message.content for message in run.messages if message.role is Role.USER] == ["deploy", "again"]


async def test_the_operator_is_told_what_a_run_waits_for_and_who_decided(
    platform, calling, deploys, store, working, wait_for, load_runs, why
):
    question = platform.said("deploy")
    async with working(calling(DEPLOY), store, agent={"tools": [deploys()]}) as worker:
        await store.inbox.accept(question)
        await wait_for(lambda: platform.waiting and worker.running == 0)
        story = await why(question)
        assert story.summary == "It still waits until people have decided 1 question of its run."
        await store.inbox.accept(platform.pressed("Deny", fields={"reason": "No."}))
        await wait_for(lambda: load_runs(store))
    decided = [one.text for one in (await why(question)).happenings if one.what == "decided"]
    assert decided == [
        'Denied by Ann (test:Ann) (No.), asked: May I call deploy? environment: "staging" api_token: [secret]'
    ]


async def test_a_message_that_was_an_answer_is_known_as_answered(
    platform, calling, asks, store, working, wait_for, load_runs, why
):
    async with working(calling(("deploy", "{}")), store, agent={"tools": [asks(second=False, choices=())]}) as worker:
        await store.inbox.accept(platform.said("deploy"))
        await wait_for(lambda: platform.waiting and worker.running == 0)
        answer = platform.said("staging")
        await store.inbox.accept(answer)
        await wait_for(lambda: load_runs(store))
    assert (await why(answer)).verdict is Verdict.ANSWERED
