"""Tool calls that wait for an approval, and who may give it."""

import time
from datetime import timedelta

from threadkeep import Approval, RunStatus
from threadkeep.chat.adapter import Acceptance, ReplyState, ToolStatus
from threadkeep.chat.events import ActionPressed, Addressing, MessageReceived, PlaceKind
from threadkeep.runtime.presses import hear_presses
from threadkeep.sessions import MessageKey, UserKey

SHARED = PlaceKind.CHANNEL
DEPLOY = ("deploy", '{"environment": "staging", "api_token": "hunter2"}')


async def test_a_call_waits_for_its_approval_with_nobody_holding_it(
    platform, calling, deploys, store, working, wait_for, load_runs
):
    async with working(calling(DEPLOY, text="I deploy now."), store, agent={"tools": [deploys()]}) as worker:
        await store.inbox.accept(platform.said("deploy", kind=SHARED))
        content = await wait_for(lambda: platform.waiting)
        await wait_for(lambda: worker.running == 0)
        mailbox = await store.traces.mailbox("test:W:C1")
        assert mailbox.worker is None
        assert content.is_final
        assert content.text.startswith("I deploy now.")
        assert 'environment: "staging"' in content.text
        assert "hunter2" not in content.text
        assert [element.label for element in content.elements] == ["Approve", "Deny"]
        assert content.elements[1].form.fields[0].name == "reason"
        assert deploys.made == []
        assert await store.inbox.accept(platform.pressed("Approve")) is Acceptance.ACCEPTED
        (run,) = await wait_for(lambda: load_runs(store))
    assert deploys.made == ["staging"]
    assert run.content == "I deploy now.\n\ndeployed to staging"
    assert platform.finished[-1].text == f"_Approved by Ann_\n\n{run.content}"
    assert platform.finished[-1].elements == ()
    assert platform.finished[-1].state is ReplyState.FINISHED
    (decision,) = run.decisions
    assert (decision.choice, decision.user_id, decision.speaker) == ("approve", "test:Ann", "Ann")
    assert "staging" in decision.question
    assert decision.at > 0
    last = platform.replies[-1]
    assert any("Approved by Ann" in content.activity for content in last.shown)
    # The messages of the first attempt are edited.
    assert last.request.posted


async def test_a_denied_call_is_not_made_and_the_model_learns_why(
    platform, calling, deploys, store, working, wait_for, load_runs
):
    async with working(calling(DEPLOY), store, agent={"tools": [deploys()]}):
        await store.inbox.accept(platform.said("deploy"))
        await wait_for(lambda: platform.waiting)
        await store.inbox.accept(platform.pressed("Deny", fields={"reason": "Not on a Friday."}))
        (run,) = await wait_for(lambda: load_runs(store))
    assert deploys.made == []
    assert run.content == "this call was not made: Ann denied it: Not on a Friday."
    assert run.decisions[0].text == "Not on a Friday."
    assert platform.finished[-1].tools[-1].status is ToolStatus.FAILED


async def test_only_who_is_named_may_decide(platform, calling, deploys, store, working, wait_for, load_runs):
    approval = Approval(by=("test:Bob", "role-admin"))
    async with working(calling(DEPLOY), store, agent={"tools": [deploys(approval)]}) as worker:
        await store.inbox.accept(platform.said("deploy", kind=SHARED))
        await wait_for(lambda: platform.waiting)
        for user in ("Ann", "Mallory"):
            await store.inbox.accept(platform.pressed("Approve", user=user, roles=("role-other",)))
            await wait_for(lambda user=user: (user, "Only Bob, role-admin may decide this.") in platform.whispers)
        await wait_for(lambda: worker.running == 0)
        assert deploys.made == []
        await store.inbox.accept(platform.pressed("Approve", user="Carol", roles=("role-admin",)))
        (run,) = await wait_for(lambda: load_runs(store))
    assert run.decisions[0].speaker == "Carol"


async def test_who_may_decide_can_be_a_function_of_the_call(
    platform, calling, deploys, store, working, wait_for, load_runs
):
    approval = Approval(by=lambda context: [f"test:owner-of-{context.place.session.channel}"])
    async with working(calling(DEPLOY), store, agent={"tools": [deploys(approval)]}):
        await store.inbox.accept(platform.said("deploy", kind=SHARED))
        await wait_for(lambda: platform.waiting)
        await store.inbox.accept(platform.pressed("Approve", user="owner-of-C1"))
        (run,) = await wait_for(lambda: load_runs(store))
    assert run.decisions[0].user_id == "test:owner-of-C1"


async def test_a_double_click_counts_once_and_the_first_one_counts(
    platform, calling, deploys, store, working, wait_for, load_runs
):
    approval = Approval(by=("test:Ann", "test:Bob"))
    async with working(calling(DEPLOY), store, agent={"tools": [deploys(approval)]}) as worker:
        await store.inbox.accept(platform.said("deploy", kind=SHARED))
        await wait_for(lambda: platform.waiting and worker.running == 0)
    presses = [platform.pressed("Approve"), platform.pressed("Approve"), platform.pressed("Deny", user="Bob")]
    for press in presses:
        await store.inbox.accept(press)
    async with working(calling(DEPLOY), store, agent={"tools": [deploys(approval)]}):
        (run,) = await wait_for(lambda: load_runs(store))
    assert deploys.made == ["staging"]
    assert [decision.speaker for decision in run.decisions] == ["Ann"]
    assert platform.whispers == [("Bob", "Ann has decided this already.")]


async def test_what_nobody_approves_in_time_is_denied(platform, calling, deploys, store, working, wait_for, load_runs):
    approval = Approval(expires=timedelta(milliseconds=300))
    async with working(calling(DEPLOY), store, agent={"tools": [deploys(approval)]}):
        await store.inbox.accept(platform.said("deploy"))
        await wait_for(lambda: platform.waiting)
        (run,) = await wait_for(lambda: load_runs(store))
    assert deploys.made == []
    assert run.content == "this call was not made: nobody has approved it in time"
    assert run.decisions[0].is_expired


async def test_an_approval_that_comes_too_late_is_none_though_nobody_has_looked_since(
    platform, calling, deploys, store, working, wait_for, load_runs
):
    approval = Approval(expires=timedelta(seconds=1))
    async with working(calling(DEPLOY), store, agent={"tools": [deploys(approval)]}) as worker:
        await store.inbox.accept(platform.said("deploy"))
        await wait_for(lambda: platform.waiting and worker.running == 0)
        asked_at = time.time()
    await wait_for(lambda: time.time() > asked_at + 1.1)
    await store.inbox.accept(platform.pressed("Approve"))
    async with working(calling(DEPLOY), store, agent={"tools": [deploys(approval)]}):
        (run,) = await wait_for(lambda: load_runs(store))
    assert deploys.made == []
    assert run.decisions[0].is_expired
    assert platform.whispers == [("Ann", "This is over: nothing was changed.")]


async def test_several_approvals_stand_under_one_reply(platform, calling, deploys, store, working, wait_for, load_runs):
    production = ("deploy", '{"environment": "production"}')
    async with working(calling(DEPLOY, production), store, agent={"tools": [deploys()]}) as worker:
        await store.inbox.accept(platform.said("deploy"))
        first = await wait_for(lambda: platform.waiting)
        assert [one.label for one in first.elements] == ["1: Approve", "1: Deny", "2: Approve", "2: Deny"]
        await wait_for(lambda: worker.running == 0)
        await store.inbox.accept(platform.pressed("2: Deny"))
        second = await wait_for(lambda: platform.waiting is not first and platform.waiting)
        assert [one.label for one in second.elements] == ["Approve", "Deny"]
        await wait_for(lambda: worker.running == 0)
        await store.inbox.accept(platform.pressed("Approve"))
        (run,) = await wait_for(lambda: load_runs(store))
    assert run.content == "deployed to staging | this call was not made: Ann denied it"
    assert [decision.choice for decision in run.decisions] == ["deny", "approve"]
    assert deploys.made == ["staging"]


async def test_other_calls_are_made_while_one_waits_and_only_once(
    platform, calling, deploys, store, working, wait_for, load_runs
):
    looked = []

    def look() -> str:
        """Look."""
        looked.append(1)
        return "seen"

    async with working(calling(DEPLOY, ("look", "{}")), store, agent={"tools": [deploys(), look]}):
        await store.inbox.accept(platform.said("deploy"))
        await wait_for(lambda: platform.waiting)
        assert looked == [1]
        await store.inbox.accept(platform.pressed("Approve"))
        (run,) = await wait_for(lambda: load_runs(store))
    assert looked == [1]
    assert run.content == "deployed to staging | seen"


async def test_arguments_that_do_not_fit_are_not_shown_for_approval(
    platform, calling, deploys, store, working, wait_for, load_runs
):
    async with working(calling(("deploy", '{"env": 1}')), store, agent={"tools": [deploys()]}):
        await store.inbox.accept(platform.said("deploy"))
        (run,) = await wait_for(lambda: load_runs(store))
    assert "arguments do not fit" in run.content
    assert run.decisions == ()


async def test_another_process_goes_on_with_a_waiting_run(
    platform, calling, deploys, open_store, working, wait_for, load_runs
):
    first, second = await open_store(), await open_store()
    async with working(calling(DEPLOY), first, agent={"tools": [deploys()]}) as worker:
        await first.inbox.accept(platform.said("deploy"))
        await wait_for(lambda: platform.waiting and worker.running == 0)
    await second.inbox.accept(platform.pressed("Approve"))
    model = calling(DEPLOY)
    async with working(model, second, agent={"tools": [deploys()]}):
        (run,) = await wait_for(lambda: load_runs(second))
    assert len(model.asked) == 1
    assert run.content == "deployed to staging"
    assert run.trace.attempt == 1


async def test_waiting_never_counts_as_an_attempt(platform, calling, deploys, store, working, wait_for, load_runs):
    async with working(calling(DEPLOY), store, agent={"tools": [deploys()]}, max_attempts=1) as worker:
        await store.inbox.accept(platform.said("deploy"))
        await wait_for(lambda: platform.waiting)
        for number in range(3):
            await wait_for(lambda: worker.running == 0)
            await store.inbox.accept(platform.pressed("Approve", user="Mallory"))
            await wait_for(lambda number=number: len(platform.whispers) == number + 1)
        await wait_for(lambda: worker.running == 0)
        await store.inbox.accept(platform.pressed("Approve"))
        (run,) = await wait_for(lambda: load_runs(store))
    assert run.status is RunStatus.COMPLETED


async def test_a_press_for_an_old_run_is_over(platform, calling, deploys, store, working, wait_for, load_runs):
    async with working(calling(DEPLOY), store, agent={"tools": [deploys()]}) as worker:
        await store.inbox.accept(platform.said("deploy"))
        old = await wait_for(lambda: platform.waiting)
        await store.inbox.accept(platform.pressed("Approve"))
        await wait_for(lambda: load_runs(store))
        await store.inbox.accept(platform.said("deploy"))
        await wait_for(lambda: platform.waiting and worker.running == 0)
        await store.inbox.accept(platform.pressed("Approve", content=old))
        await wait_for(lambda: platform.whispers)
        assert len(await load_runs(store)) == 1
    assert platform.whispers == [("Ann", "This is over: nothing was changed.")]
    assert deploys.made == ["staging"]


async def test_presses_reach_the_run_or_the_agent(platform, store):
    accept = hear_presses(store.inbox.accept, platform)
    press = ActionPressed(
        key=MessageKey(platform="test", workspace="W", channel="C1", message="m", revision="p"),
        place=platform.said("").place,
        user=UserKey(platform="test", user="Ann"),
        speaker="Ann",
        action="answer:12345678.0.0",
        value="0",
    )
    assert await accept(press) is Acceptance.IGNORED
    assert platform.whispers == [("Ann", "This is over: nothing was changed.")]
    custom = ActionPressed(
        key=MessageKey(platform="test", workspace="W", channel="C1", message="m", revision="q"),
        place=press.place,
        user=press.user,
        speaker="Ann",
        action="book",
        label="Book",
        fields={"seats": "2"},
    )
    assert await accept(custom) is Acceptance.ACCEPTED
    assert await accept(custom) is Acceptance.DUPLICATE
    claim = await store.inbox.claim("w", run_id="r", runs=0)
    (event,) = claim.events
    assert isinstance(event, MessageReceived)
    assert event.text == "Book\nseats: 2"
    assert event.addressing is Addressing.BOT
