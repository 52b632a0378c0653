"""Runs that wait for people: approvals, questions, and what tools do in the place."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from threadkeep import Approval, Button, Choice, RunContext, RunStatus, ToolError, tool
from threadkeep.chat.adapter import Acceptance, ReplyState, Source, ToolStatus
from threadkeep.chat.elements import Select
from threadkeep.chat.events import ActionPressed, Addressing, MessageReceived, PlaceKind, StopRequested
from threadkeep.chat.policy import Policies, Policy
from threadkeep.errors import PlaceGoneError, PlatformUnavailableError
from threadkeep.messages import File, Message, Role, ToolCall
from threadkeep.models.base import ModelAnswer, Usage
from threadkeep.runtime.explaining import Inquiry
from threadkeep.runtime.presses import hear_presses
from threadkeep.runtime.story import Verdict, tell
from threadkeep.runtime.subjects import read_subject
from threadkeep.sessions import MessageKey, UserKey

SHARED = PlaceKind.CHANNEL


@pytest.fixture
def platform(platform):
    """The test's platform, which can whisper and send files too, and keeps whole contents."""

    class Hall(type(platform)):
        def __init__(self):
            super().__init__()
            self.whispers = []
            self.files = []
            self.finished = []
            self._presses = 0

        def open_reply(self, request):
            reply = super().open_reply(request)
            finish = reply.finish

            async def keep(content):
                await finish(content)
                if not reply.shown and 0 not in request.posted:
                    await request.on_posted(0, f"message-{request.run_id[:4]}")
                self.finished.append(content)

            reply.finish = keep
            return reply

        async def whisper(self, place, user, text):
            self.whispers.append((user.user, text))

        async def send_file(self, place, file, *, caption=""):
            self.files.append((file.name, file.data, caption))
            return f"F{len(self.files)}"

        def pressed(self, label, *, user="Ann", content=None, roles=(), fields=None, channel="C1"):
            """Press what is visible under a reply, by its label."""
            shown = content or self.finished[-1]
            button = next(one for one in shown.elements if one.label == label)
            self._presses += 1
            place = self.said("", channel=channel).place
            key = MessageKey(
                platform="test", workspace="W", channel=channel, message="reply", revision=f"press-{self._presses}"
            )
            return ActionPressed(
                key=key,
                place=place,
                user=UserKey(platform="test", user=user),
                speaker=user,
                action=button.action,
                value=button.value,
                label=button.label,
                fields=fields or {},
                roles=roles,
            )

        @property
        def waiting(self):
            return self.finished and self.finished[-1].state is ReplyState.WAITING and self.finished[-1]

        @property
        def ended(self):
            return [content for content in self.finished if content.state is not ReplyState.WAITING]

    return Hall()


@pytest.fixture
def calling(make_model):
    """Makes a model that calls tools once, by name and JSON arguments, and then says what they gave."""

    def make(*calls, text=""):
        model = make_model()
        made = tuple(ToolCall(id=f"c{place}", name=name, arguments=given) for place, (name, given) in enumerate(calls))

        def script(_):
            asked = model.asked[-1]
            results = [message.content for message in asked if message.role is Role.TOOL]
            if results[-len(made) :] and asked[-1].role is Role.TOOL:
                return " | ".join(results[-len(made) :])
            if "again" in asked[-1].content:
                return "hello again"
            message = Message(role=Role.ASSISTANT, content=text, tool_calls=made)
            return ModelAnswer(message=message, usage=Usage(), finish_reason="tool_calls")

        model.script = script
        return model

    return make


@pytest.fixture
def deploys():
    """A tool that needs an approval, and the calls that were made."""
    made = []

    def make(approval=True):
        @tool(requires_approval=approval)
        async def deploy(environment: str, api_token: str = "") -> str:
            """Deploy."""
            made.append(environment)
            return f"deployed to {environment}"

        return deploy

    make.made = made
    return make


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
        runs = await wait_for(lambda: two(load_runs, store))
    assert [run.content for run in runs] == ["deployed to staging", "hello again"]


async def two(load_runs, store):
    runs = await load_runs(store)
    return runs if len(runs) == 2 else None


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
        runs = await wait_for(lambda: two(load_runs, store))
    assert [run.status for run in runs] == [RunStatus.CANCELLED, RunStatus.COMPLETED]
    assert "Interrupted" in platform.ended[0].text


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


@pytest.fixture
def asks():
    """A tool that asks two questions, and what happened in it."""
    log = []

    def make(*, of=None, second=True, choices=("staging", "production")):
        async def deploy(context: RunContext) -> str:
            """Deploy."""
            log.append("called")
            environment = await context.ask("Which environment?", choices=choices, of=of)
            log.append(environment)
            if not second:
                return environment
            version = await context.ask("Which version?", of=of)
            return f"{environment} {version}"

        return deploy

    make.log = log
    return make


async def test_a_tool_asks_and_goes_on_with_the_answers(platform, calling, asks, store, working, wait_for, load_runs):
    async with working(calling(("deploy", "{}")), store, agent={"tools": [asks()]}) as worker:
        await store.inbox.accept(platform.said("deploy"))
        content = await wait_for(lambda: platform.waiting)
        assert "Which environment?" in content.text
        assert [one.label for one in content.elements] == ["staging", "production"]
        await wait_for(lambda: worker.running == 0)
        await store.inbox.accept(platform.pressed("production"))
        await wait_for(lambda: platform.waiting and "Which version?" in platform.waiting.text)
        await wait_for(lambda: worker.running == 0)
        assert asks.log == ["called", "called", "production"]
        answer = platform.said("1.2")
        await store.inbox.accept(answer)
        (run,) = await wait_for(lambda: load_runs(store))
    assert run.content == "production 1.2"
    assert [decision.choice or decision.text for decision in run.decisions] == ["production", "1.2"]
    assert run.decisions[1].source == str(answer.key)
    assert [message.content for message in run.messages if message.role is Role.USER] == ["deploy"]


async def test_only_the_asked_person_s_words_are_the_answer(
    platform, calling, asks, store, working, wait_for, load_runs
):
    async with working(calling(("deploy", "{}")), store, agent={"tools": [asks(second=False, choices=())]}) as worker:
        await store.inbox.accept(platform.said("deploy", kind=SHARED))
        await wait_for(lambda: platform.waiting and worker.running == 0)
        await store.inbox.accept(platform.said("again", user="Bob", kind=SHARED))
        await wait_for(lambda: platform.waiting and "1 message waiting" in platform.waiting.text)
        await wait_for(lambda: worker.running == 0)
        await store.inbox.accept(platform.said("the usual", kind=SHARED))
        runs = await wait_for(lambda: two(load_runs, store))
    assert runs[0].content == "the usual"
    assert (runs[1].user_id, runs[1].content) == ("test:Bob", "hello again")


async def test_what_was_said_before_a_question_is_no_answer(platform, calling, store, working, wait_for, load_runs):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def deploy(context: RunContext) -> str:
        """Deploy."""
        begun.set()
        await go_on.wait()
        return await context.ask("Which environment?")

    async with working(calling(("deploy", "{}")), store, agent={"tools": [deploy]}) as worker:
        await store.inbox.accept(platform.said("deploy"))
        await begun.wait()
        await store.inbox.accept(platform.said("again"))
        go_on.set()
        await wait_for(lambda: platform.waiting and "1 message waiting" in platform.waiting.text)
        await wait_for(lambda: worker.running == 0)
        assert await load_runs(store) == ()
        await store.inbox.accept(platform.said("staging"))
        runs = await wait_for(lambda: two(load_runs, store))
    assert [run.content for run in runs] == ["staging", "hello again"]


async def test_another_person_can_be_asked(platform, calling, asks, store, working, wait_for, load_runs):
    tools = [asks(of="test:Bob", second=False)]
    async with working(calling(("deploy", "{}")), store, agent={"tools": tools}) as worker:
        await store.inbox.accept(platform.said("deploy", kind=SHARED))
        content = await wait_for(lambda: platform.waiting)
        assert "for Bob to decide" in content.text
        await wait_for(lambda: worker.running == 0)
        await store.inbox.accept(platform.pressed("staging"))
        await wait_for(lambda: platform.whispers)
        await store.inbox.accept(platform.pressed("staging", user="Bob"))
        (run,) = await wait_for(lambda: load_runs(store))
    assert run.content == "staging"


async def test_many_choices_are_a_select_and_words_a_form(platform, calling, store, working, wait_for, load_runs):
    async def pick(context: RunContext) -> str:
        """Pick."""
        choices = [Choice(label=f"Number {number}", value=f"n{number}") for number in range(8)]
        return await context.ask("Which?", choices=choices, takes_text=True)

    async with working(calling(("pick", "{}")), store, agent={"tools": [pick]}):
        await store.inbox.accept(platform.said("pick"))
        content = await wait_for(lambda: platform.waiting)
        select, words = content.elements
        assert isinstance(select, Select)
        assert [option.label for option in select.options][:2] == ["Number 0", "Number 1"]
        press = platform.pressed(words.label, fields={"answer": "none of them"})
        await store.inbox.accept(press)
        (run,) = await wait_for(lambda: load_runs(store))
    assert run.content == "none of them"


async def test_nobody_answers_and_the_tool_goes_on(platform, calling, store, working, wait_for, load_runs):
    async def pick(context: RunContext) -> str:
        """Pick."""
        try:
            return await context.ask("Which?", expires=timedelta(milliseconds=200))
        except ToolError:
            return "the default"

    async with working(calling(("pick", "{}")), store, agent={"tools": [pick]}):
        await store.inbox.accept(platform.said("pick"))
        (run,) = await wait_for(lambda: load_runs(store))
    assert run.content == "the default"


async def test_a_tool_that_catches_everything_still_waits(platform, calling, store, working, wait_for, load_runs):
    async def pick(context: RunContext) -> str:
        """Pick."""
        try:
            return await context.ask("Which?", choices=["a"])
        except Exception:  # noqa: BLE001 - as people write it
            return "caught"

    async with working(calling(("pick", "{}")), store, agent={"tools": [pick]}):
        await store.inbox.accept(platform.said("pick"))
        await wait_for(lambda: platform.waiting)
        await store.inbox.accept(platform.pressed("a"))
        (run,) = await wait_for(lambda: load_runs(store))
    assert run.content == "a"


async def test_a_tool_says_how_far_it_is_and_cites_and_offers(platform, calling, store, working, wait_for, load_runs):
    said, go_on = asyncio.Event(), asyncio.Event()

    async def search(context: RunContext) -> str:
        """Search."""
        context.say("page 1 of 2")
        said.set()
        await go_on.wait()
        context.say("page 2 of 2")
        context.cite("https://example.org/a", "A")
        context.offer(Button(action="more", label="More", value="more of it"))
        return "found"

    async with working(calling(("search", "{}")), store, agent={"tools": [search]}):
        await store.inbox.accept(platform.said("search"))
        await wait_for(
            lambda: any(
                "Using search: page 1 of 2" in shown.activity for reply in platform.replies for shown in reply.shown
            )
        )
        shown = platform.replies[0].shown[-1]
        assert [one.label for one in shown.elements] == ["Stop"]
        go_on.set()
        (run,) = await wait_for(lambda: load_runs(store))
    content = platform.finished[-1]
    (activity,) = content.tools
    assert (activity.status, activity.details) == (ToolStatus.DONE, "page 2 of 2")
    assert activity.sources == (Source(url="https://example.org/a", title="A"),)
    assert [one.label for one in content.elements] == ["More"]
    assert run.content == "found"


async def test_what_was_offered_stays_when_the_reply_is_tried_again(
    platform, calling, store, working, wait_for, load_runs
):
    async def search(context: RunContext) -> str:
        """Search."""
        context.offer(Button(action="more", label="More"))
        return "found"

    platform.refusals.append(PlatformUnavailableError("down"))
    async with working(calling(("search", "{}")), store, agent={"tools": [search]}, retry_seconds=0.01):
        await store.inbox.accept(platform.said("search"))
        await wait_for(lambda: load_runs(store))
    assert [one.label for one in platform.finished[-1].elements] == ["More"]


async def test_a_bot_lets_elements_of_its_own_stand_under_finished_answers(
    platform, make_model, store, working, wait_for
):
    def below(run):
        if "fail" in run.content:
            raise ValueError("no elements today")
        return [Button(action="again", label=run.content)]

    async with working(make_model(), store, elements=below):
        for number, text in enumerate(("hello", "fail"), start=1):
            await store.inbox.accept(platform.said(text))
            await wait_for(lambda number=number: len(platform.finished) == number)
    shown = [[one.label for one in content.elements] for content in platform.finished]
    assert shown == [["You said: hello"], []]


async def test_a_question_that_cannot_be_shown_yet_is_shown_later(
    platform, calling, deploys, store, working, wait_for, load_runs
):
    platform.refusals.append(PlatformUnavailableError("down"))
    async with working(calling(DEPLOY), store, agent={"tools": [deploys()]}, retry_seconds=0.01):
        await store.inbox.accept(platform.said("deploy"))
        await wait_for(lambda: platform.waiting)
        await store.inbox.accept(platform.pressed("Approve"))
        await wait_for(lambda: load_runs(store))
    assert deploys.made == ["staging"]


async def test_a_question_that_can_never_be_shown_ends_the_run(
    platform, calling, deploys, store, working, wait_for, load_runs
):
    platform.refusals.append(PlaceGoneError("gone"))
    async with working(calling(DEPLOY), store, agent={"tools": [deploys()]}):
        await store.inbox.accept(platform.said("deploy"))
        (run,) = await wait_for(lambda: load_runs(store))
    assert (run.status, run.error) == (RunStatus.FAILED, "PlaceGoneError")
    assert deploys.made == []


async def test_files_are_sent_once_though_the_call_is_repeated(platform, calling, store, working, wait_for, load_runs):
    async def report(context: RunContext) -> str:
        """Report."""
        await context.send_file(File(name="a.txt", media_type="text/plain", data=b"A"), caption="draft")
        return await context.ask("Is it good?", choices=["yes"])

    async with working(calling(("report", "{}")), store, agent={"tools": [report]}):
        await store.inbox.accept(platform.said("report"))
        await wait_for(lambda: platform.waiting)
        await store.inbox.accept(platform.pressed("yes"))
        await wait_for(lambda: load_runs(store))
    assert platform.files == [("a.txt", b"A", "draft")]


async def test_state_is_saved_with_the_run_and_survives_the_wait(
    platform, calling, store, working, wait_for, load_runs
):
    async def count(context: RunContext) -> str:
        """Count."""
        context.state["count"] = int(context.state.get("count", 0)) + 1
        context.state.setdefault("names", []).append("Ann")
        return f"{context.state['count']}"

    async def ask(context: RunContext) -> str:
        """Ask."""
        return await context.ask("Sure?", choices=["yes"])

    async def saved():
        return (await store.history.load("test:W:C1", runs=0)).session.state

    async with working(calling(("count", "{}"), ("ask", "{}")), store, agent={"tools": [count, ask]}):
        for number in (1, 2):
            await store.inbox.accept(platform.said("count"))
            await wait_for(lambda: platform.waiting)
            assert await saved() == ({"count": 1, "names": ["Ann"]} if number == 2 else {})
            await store.inbox.accept(platform.pressed("yes"))
            await wait_for(lambda number=number: committed(load_runs, store, number))
    assert await saved() == {"count": 2, "names": ["Ann", "Ann"]}


async def committed(load_runs, store, count):
    return len(await load_runs(store)) == count


async def test_no_stop_button_where_the_bot_has_none(platform, make_model, store, working, wait_for):
    async with working(make_model(), store, has_stop_button=False):
        await store.inbox.accept(platform.said("hello"))
        await wait_for(lambda: platform.finished)
    assert all(content.elements == () for content in platform.replies[0].shown)


@pytest.fixture
def why(store):
    """Tells what happened to a message."""

    async def ask(event):
        facts = await Inquiry(store, platforms=("test",), clock=time.time).facts(read_subject(str(event.key), ()))
        return tell(facts, now=time.time())

    return ask


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


async def test_commands_wait_and_are_no_answers(platform, calling, asks, store, working, wait_for, load_runs):
    async with working(calling(("deploy", "{}")), store, agent={"tools": [asks(second=False, choices=())]}) as worker:
        await store.inbox.accept(platform.said("deploy"))
        await wait_for(lambda: platform.waiting and worker.running == 0)
        await store.inbox.accept(replace(platform.said("!help"), command="help"))
        await wait_for(lambda: platform.waiting and "1 message waiting" in platform.waiting.text)
        await wait_for(lambda: worker.running == 0)
        await store.inbox.accept(platform.said("staging"))
        runs = await wait_for(lambda: two(load_runs, store))
    assert [run.command for run in runs] == [None, "help"]
    assert runs[0].content == "staging"


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
