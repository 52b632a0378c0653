"""Answers that Slack streams: they grow, they end, they say what they should and say it once."""

import pytest

from threadkeep.chat.adapter import ReplyContent, ReplyState
from threadkeep.chat.elements import Button
from threadkeep_slack.replies.blocks import FEEDBACK_ACTION

STREAM = ("chat.startStream", "chat.appendStream", "chat.stopStream", "chat.postMessage", "chat.update")


def said(call):
    return "".join(chunk.get("text", "") for chunk in call.args.get("chunks") or [])


async def test_an_answer_is_streamed_with_the_first_word(scene):
    reply = scene.open()
    await reply.show(ReplyContent(text="The"))
    await scene.shows("The")
    (message,) = scene.ours
    assert message.is_streaming
    assert await scene.journal.wait() == {0: message.ts}
    assert scene.count(*STREAM) == [1, 0, 0, 0, 0]


async def test_an_answer_grows_by_what_is_new_and_ends(scene):
    reply = scene.open()
    await reply.show(ReplyContent(text="The answer"))
    await scene.shows("The answer")
    await reply.show(ReplyContent(text="The answer is **four"))
    await scene.clock.until_somebody_waits(0.1)
    scene.clock.advance(5)
    await scene.shows("four")
    await reply.finish(ReplyContent(text="The answer is **four**.", is_final=True))
    (message,) = scene.ours
    assert (message.text, message.is_streaming, message.is_edited) == ("The answer is **four**.", False, False)
    calls = [call for method in STREAM[:3] for call in scene.slack.calls(method)]
    assert [said(call) for call in calls] == ["The answer", " is **four", "**."]
    assert message.metadata == {"event_type": "threadkeep_reply", "event_payload": {"run": "run1", "part": 0}}


async def test_a_stream_names_who_is_answered(scene):
    await scene.open().show(ReplyContent(text="Hello"))
    await scene.shows("Hello")
    (call,) = scene.slack.calls("chat.startStream")
    assert call.args["recipient_user_id"] == scene.ann.id
    assert call.args["recipient_team_id"] == scene.acme.id
    assert call.args["thread_ts"] == scene.question.ts


async def test_an_answer_in_a_threaded_direct_message_is_streamed(scene):
    question = await scene.ann.dm("hello")
    reply = scene.open(question, asked_by=None)
    await reply.show(ReplyContent(text="Hello"))
    await question.thread.wait_for(lambda seen: seen[-1].text == "Hello" and seen[-1].is_streaming)


async def test_an_answer_that_is_whole_at_once_is_posted_in_one_call(scene):
    await scene.open().finish(ReplyContent(text="Four.", is_final=True))
    assert scene.texts == ["Four."]
    assert scene.count(*STREAM) == [0, 0, 0, 1, 0]


async def test_a_text_that_appending_cannot_make_is_repaired_after_the_stop(scene):
    reply = scene.open()
    await reply.show(ReplyContent(text="The answer is five"))
    await scene.shows("five")
    await reply.finish(ReplyContent(text="The answer is four.", is_final=True))
    assert scene.texts == ["The answer is four."]
    assert not scene.ours[0].is_streaming
    assert scene.count(*STREAM) == [1, 0, 1, 0, 1]


async def test_a_preview_that_begins_differently_replaces_what_was_shown(scene):
    reply = scene.open()
    await reply.show(ReplyContent(text="Let me think about it"))
    await scene.shows("think")
    await reply.show(ReplyContent(text="It is four"))
    await scene.clock.until_somebody_waits(0.1)
    scene.clock.advance(30)
    await scene.shows("It is four")
    await reply.finish(ReplyContent(text="It is four.", is_final=True))
    assert scene.texts == ["It is four."]


async def test_feedback_is_asked_for_under_the_finished_answer(scene):
    reply = scene.open()
    await reply.show(ReplyContent(text="The answer"))
    await scene.shows("The answer")
    await reply.finish(ReplyContent(text="The answer is four.", is_final=True, state=ReplyState.FINISHED))
    (block,) = scene.ours[0].blocks
    (buttons,) = block["elements"]
    assert (block["type"], buttons["type"]) == ("context_actions", "feedback_buttons")
    assert buttons["action_id"] == FEEDBACK_ACTION == "threadkeep_feedback"
    assert (buttons["positive_button"]["value"], buttons["negative_button"]["value"]) == ("1", "-1")


@pytest.mark.parametrize("state", [ReplyState.STOPPED, ReplyState.FAILED, ReplyState.WAITING])
async def test_no_feedback_is_asked_for_under_what_is_no_answer(scene, state):
    reply = scene.open()
    await reply.show(ReplyContent(text="The answer"))
    await scene.shows("The answer")
    await reply.finish(ReplyContent(text="The answer ...", is_final=True, state=state))
    assert scene.ours[0].blocks == ()


async def test_no_feedback_is_asked_for_where_the_author_does_not_want_it(scene):
    reply = scene.open(streams={"has_feedback": False})
    await reply.show(ReplyContent(text="The answer"))
    await scene.shows("The answer")
    await reply.finish(ReplyContent(text="The answer is four.", is_final=True))
    assert scene.ours[0].blocks == ()


async def test_what_can_be_pressed_stands_under_a_streamed_answer(scene):
    reply = scene.open()
    buttons = (Button(action="more", label="More", value="7"), Button(action="stop", label="Stop"))
    await reply.show(ReplyContent(text="The answer", elements=(Button(action="stop", label="Stop"),)))
    await scene.shows("The answer")
    assert scene.ours[0].blocks == (), "Slack's own stop button serves while the answer is streamed"
    await reply.finish(ReplyContent(text="The answer.", is_final=True, elements=buttons, state=ReplyState.WAITING))
    (block,) = scene.ours[0].blocks
    assert [element["action_id"] for element in block["elements"]] == ["threadkeep:0:more", "threadkeep_stop"]
    assert block["elements"][0]["value"] == "7"


async def test_the_stop_button_stands_under_an_answer_that_is_posted_and_edited(scene):
    reply = scene.open(streams={"is_on": False})
    await reply.show(ReplyContent(text="The answer", elements=(Button(action="stop", label="Stop"),)))
    await scene.shows("The answer")
    assert scene.ours[0].blocks[-1]["elements"][0]["action_id"] == "threadkeep_stop"
    await reply.finish(ReplyContent(text="The answer is four.", is_final=True))
    assert scene.texts == ["The answer is four."]
    assert all(block["type"] == "markdown" for block in scene.ours[0].blocks)


@pytest.mark.parametrize("text", ["Hi <!channel>!", "@here come", "<@U012AB> look", "a <!subteam^S1> b @everyone"])
async def test_a_mention_that_comes_in_pieces_notifies_nobody(scene, text):
    reply = scene.open()
    for end in range(1, len(text) + 1):
        await reply.show(ReplyContent(text=text[:end]))
        scene.clock.advance(100)
        await scene.clock.until_somebody_waits(0) if scene.clock._waiting else None
    await reply.finish(ReplyContent(text=f"{text} done", is_final=True))
    (message,) = scene.ours
    assert message.pings == ()
    assert message.text.replace("\u200b", "") == f"{text} done"
    assert scene.count("chat.update") == [0]


async def test_people_who_may_be_mentioned_are_mentioned(scene):
    reply = scene.open(may_mention=frozenset({scene.ann.id}))
    await reply.show(ReplyContent(text=f"Hello <@{scene.ann.id[:4]}"))
    await scene.shows("Hello")
    await reply.finish(ReplyContent(text=f"Hello <@{scene.ann.id}> there", is_final=True))
    assert scene.ours[0].pings == (scene.ann.id,)


async def test_streaming_can_be_switched_off(scene):
    reply = scene.open(streams={"is_on": False})
    await reply.show(ReplyContent(text="The answer"))
    await scene.shows("The answer")
    await reply.finish(ReplyContent(text="The answer.", is_final=True))
    assert scene.count(*STREAM) == [0, 0, 0, 1, 1]


async def test_what_is_posted_is_recorded_before_anything_else_is_called(scene):
    scene.journal.refusals = [RuntimeError("the store is away")]
    reply = scene.open()
    await reply.show(ReplyContent(text="The answer"))
    await scene.shows("The answer")
    with pytest.raises(RuntimeError):
        await reply.finish(ReplyContent(text="The answer.", is_final=True))
    await reply.finish(ReplyContent(text="The answer.", is_final=True))
    assert scene.texts == ["The answer."]
    assert scene.journal.posted == {0: scene.ours[0].ts}
