"""Tools that ask people, and what counts as an answer."""

import asyncio
from datetime import timedelta

from threadkeep import Choice, RunContext, RunStatus, ToolError
from threadkeep.chat.elements import Select
from threadkeep.chat.events import PlaceKind
from threadkeep.errors import PlaceGoneError, PlatformUnavailableError
from threadkeep.messages import Role

SHARED = PlaceKind.CHANNEL
DEPLOY = ("deploy", '{"environment": "staging", "api_token": "hunter2"}')


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
        runs = await wait_for(lambda: load_runs(store, count=2))
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
        runs = await wait_for(lambda: load_runs(store, count=2))
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
