"""Tool calls as task cards of a streamed answer."""

import pytest

from threadkeep.chat.adapter import ReplyContent, ReplyState, Source, ToolActivity, ToolStatus
from threadkeep_slack.limits import STREAM_ROTATION


def tool(status=ToolStatus.RUNNING, **changes):
    return ToolActivity(**({"id": "call1", "title": "Searching the handbook", "status": status} | changes))


def updates(scene):
    """Give all chunks about tasks, in the order of the calls."""
    methods = ("chat.startStream", "chat.appendStream", "chat.stopStream")
    calls = sorted((call for method in methods for call in scene.slack.calls(method)), key=scene.slack.calls().index)
    return [chunk for call in calls for chunk in call.args.get("chunks") or [] if chunk["type"] != "markdown_text"]


async def tasks_show(scene, check):
    await scene.thread.wait_for(lambda seen: seen[-1].is_ours and check(seen[-1].tasks))


async def next_preview(scene):
    await scene.clock.until_somebody_waits(0.1)
    scene.clock.advance(2)


async def test_a_tool_call_is_a_card_before_there_is_any_text(scene):
    reply = scene.open()
    await reply.show(ReplyContent(tools=(tool(),), activity=("Using search",)))
    await tasks_show(scene, lambda tasks: [task["title"] for task in tasks] == ["Searching the handbook"])
    await reply.show(ReplyContent(tools=(tool(ToolStatus.DONE),)))
    await next_preview(scene)
    await tasks_show(scene, lambda tasks: [task["status"] for task in tasks] == ["complete"])
    await reply.finish(ReplyContent(text="Done.", tools=(tool(ToolStatus.DONE),), is_final=True))
    assert scene.texts == ["Done."]


async def test_what_a_tool_found_is_named_as_its_sources(scene):
    reply = scene.open()
    await reply.show(ReplyContent(tools=(tool(),)))
    await tasks_show(scene, len)
    found = (Source(url="https://example.org/a", title="Handbook"), Source(url="https://example.org/b"))
    await reply.finish(ReplyContent(text="Yes.", tools=(tool(ToolStatus.DONE, sources=found),), is_final=True))
    (card,) = scene.ours[0].tasks
    assert card["sources"] == [
        {"type": "url", "url": "https://example.org/a", "text": "Handbook"},
        {"type": "url", "url": "https://example.org/b", "text": "https://example.org/b"},
    ]


async def test_details_are_sent_once_since_slack_adds_them_up(scene):
    reply = scene.open()
    await reply.show(ReplyContent(tools=(tool(details="page 1"),)))
    await tasks_show(scene, len)
    await reply.show(ReplyContent(tools=(tool(details="page 1, page 2"),)))
    await next_preview(scene)
    await tasks_show(scene, lambda tasks: "page 2" in tasks[0]["details"])
    done = tool(ToolStatus.DONE, details="page 1, page 2")
    await reply.finish(ReplyContent(text="Yes.", tools=(done,), is_final=True))
    assert scene.ours[0].tasks[0]["details"] == "page 1, page 2"


async def test_a_card_that_did_not_change_is_not_sent_again(scene):
    reply = scene.open()
    await reply.show(ReplyContent(tools=(tool(),)))
    await tasks_show(scene, len)
    await reply.show(ReplyContent(text="Let me see", tools=(tool(),)))
    await next_preview(scene)
    await scene.shows("Let me see")
    await reply.finish(ReplyContent(text="Let me see.", tools=(tool(ToolStatus.FAILED),), is_final=True))
    assert [update["status"] for update in updates(scene)] == ["in_progress", "error"]


@pytest.mark.parametrize(
    ("state", "status"),
    [(ReplyState.STOPPED, "error"), (ReplyState.FAILED, "error"), (ReplyState.FINISHED, "complete")],
)
async def test_no_card_stays_open_under_a_finished_answer(scene, state, status):
    reply = scene.open()
    await reply.show(ReplyContent(tools=(tool(),)))
    await tasks_show(scene, len)
    await reply.finish(ReplyContent(text="So far.", tools=(tool(),), is_final=True, state=state))
    assert [task["status"] for task in scene.ours[0].tasks] == [status]


async def test_lines_of_activity_are_cards_where_nobody_tells_of_tools(scene):
    reply = scene.open()
    await reply.show(ReplyContent(activity=("Using calculator …",)))
    await tasks_show(scene, len)
    await reply.show(ReplyContent(text="It is"))
    await next_preview(scene)
    await tasks_show(scene, lambda tasks: tasks[0]["status"] == "complete")
    await reply.finish(ReplyContent(text="It is 4.", is_final=True))
    assert [(task["title"], task["status"]) for task in scene.ours[0].tasks] == [("Using calculator", "complete")]


async def test_in_plan_mode_the_cards_stand_under_a_title_that_says_what_is_done(scene):
    reply = scene.open(streams={"display": "plan"})
    await reply.show(ReplyContent(tools=(tool(),)))
    await tasks_show(scene, len)
    both = (tool(ToolStatus.DONE), tool(ToolStatus.DONE, id="call2", title="Adding up"))
    await reply.finish(ReplyContent(text="Yes.", tools=both, is_final=True))
    titles = [update["title"] for update in updates(scene) if update["type"] == "plan_update"]
    assert titles == ["Searching the handbook", "2 steps"]
    assert scene.slack.calls("chat.startStream")[0].args["task_display_mode"] == "plan"


async def test_long_work_goes_on_in_another_message_before_slack_ends_the_first(scene):
    reply = scene.open()
    working = ReplyContent(text="I look it up.", tools=(tool(),))
    await reply.show(working)
    await tasks_show(scene, len)
    await scene.settle()
    await scene.clock.until_somebody_waits(STREAM_ROTATION - 1)
    scene.clock.advance(STREAM_ROTATION)
    await scene.thread.wait_for(lambda seen: len([one for one in seen if one.is_ours]) == 2)
    await tasks_show(scene, lambda tasks: [task["status"] for task in tasks] == ["in_progress"])
    assert [task["status"] for task in scene.ours[0].tasks] == ["complete"], "an open card is shown as a failure"
    await reply.finish(ReplyContent(text="I look it up. Found.", tools=(tool(ToolStatus.DONE),), is_final=True))
    assert scene.texts == ["I look it up.", "Found."]
    assert [task["status"] for message in scene.ours for task in message.tasks] == ["complete", "complete"]


async def test_a_card_says_nothing_to_anybody_in_particular(scene):
    reply = scene.open()
    await reply.show(ReplyContent(tools=(tool(title="Asking <!channel>", details="@here"),)))
    await tasks_show(scene, len)
    (card,) = scene.ours[0].tasks
    assert "<!channel>" not in card["title"]
    assert "@here" not in card["details"]


async def test_more_cards_than_slack_takes_are_left_out(scene):
    reply = scene.open()
    many = tuple(tool(ToolStatus.DONE, id=f"call{number}") for number in range(80))
    await reply.show(ReplyContent(text="Working", tools=many[:60]))
    await scene.shows("Working")
    await reply.finish(ReplyContent(text="Working. Done.", tools=many, is_final=True))
    assert len(scene.ours[0].tasks) < 50
    assert scene.texts == ["Working. Done."]


async def test_a_hint_that_is_over_says_so_in_its_card(scene):
    reply = scene.open()
    for title in ("1 message waiting", "2 messages waiting"):
        await reply.show(ReplyContent(text="So", tools=(tool(id="waiting", title=title, over="2 messages came"),)))
        await next_preview(scene)
        await tasks_show(scene, lambda tasks, title=title: [task["title"] for task in tasks] == [title])
    await reply.finish(ReplyContent(text="So it is.", is_final=True, state=ReplyState.STOPPED))
    assert [(task["title"], task["status"]) for task in scene.ours[0].tasks] == [("2 messages came", "complete")]
