"""What tools and bots show under a reply, send and keep."""

import asyncio

from threadkeep import Button, RunContext
from threadkeep.chat.adapter import Source, ToolStatus
from threadkeep.errors import PlatformUnavailableError
from threadkeep.messages import File


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
            await wait_for(lambda number=number: load_runs(store, count=number))
    assert await saved() == {"count": 2, "names": ["Ann", "Ann"]}


async def test_no_stop_button_where_the_bot_has_none(platform, make_model, store, working, wait_for):
    async with working(make_model(), store, has_stop_button=False):
        await store.inbox.accept(platform.said("hello"))
        await wait_for(lambda: platform.finished)
    assert all(content.elements == () for content in platform.replies[0].shown)
