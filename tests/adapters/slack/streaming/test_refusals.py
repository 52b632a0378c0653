"""Streaming that Slack refuses, delays, ends or does not answer: nothing is lost, nothing is shown twice."""

import asyncio

import pytest

from threadkeep.chat.adapter import ReplyContent, ReplyState
from threadkeep.errors import PlatformError
from threadkeep_emulators.faults import Fault
from threadkeep_slack.limits import STREAM_REFUSED_SECONDS, STREAMS_PER_MINUTE
from threadkeep_slack.replies.refusals import StreamRefusals

STREAM = ("chat.startStream", "chat.appendStream", "chat.stopStream", "chat.postMessage", "chat.update")


def refusal(code, **fields):
    return {"kind": "status", "status": 200, "body": {"ok": False, "error": code} | fields}


async def answer(scene, text="The answer is four.", *, question=None, **changes):
    """Show half of an answer, then all of it."""
    reply = scene.open(question, **changes)
    thread = (question or scene.question).thread
    await reply.show(ReplyContent(text=text[: len(text) // 2]))
    await thread.wait_for(lambda seen: any(one.is_ours for one in seen))
    await scene.settle()
    await reply.finish(ReplyContent(text=text, is_final=True))
    return reply


@pytest.mark.parametrize(
    "code",
    [
        "missing_recipient_team_id",
        "missing_recipient_user_id",
        "unknown_method",
        "method_not_supported_for_channel_type",
        "invalid_chunks",
        "an_error_of_tomorrow",
    ],
)
async def test_an_answer_is_posted_and_edited_where_streaming_is_refused(scene, code):
    scene.slack.faults.add(Fault(match="chat.startStream", **refusal(code)))
    await answer(scene)
    assert scene.texts == ["The answer is four."]
    assert scene.count(*STREAM) == [1, 0, 0, 1, 1]


async def test_streaming_that_an_old_workspace_does_not_know_is_not_tried_again_for_a_while(scene):
    scene.slack.faults.add(Fault(match="chat.startStream", **refusal("unknown_method")))
    await answer(scene)
    elsewhere = await scene.ann.says(scene.acme.channel("random"), "hello")
    await answer(scene, question=elsewhere, run_id="run2")
    assert scene.count("chat.startStream") == [1]


async def test_streaming_that_a_channel_does_not_allow_goes_on_in_others(scene):
    code = "method_not_supported_for_channel_type"
    scene.slack.faults.add(Fault(match="chat.startStream", **refusal(code)))
    await answer(scene)
    await answer(scene, run_id="run2")
    assert scene.count("chat.startStream") == [1]
    elsewhere = await scene.ann.says(scene.acme.channel("random"), "hello")
    await answer(scene, question=elsewhere, run_id="run3")
    assert scene.count("chat.startStream") == [2]


async def test_an_answer_without_a_recipient_is_posted_and_edited(scene):
    await answer(scene, asked_by=None)
    assert scene.texts == ["The answer is four."]
    assert scene.count(*STREAM) == [0, 0, 0, 1, 1]


async def test_an_answer_in_a_direct_message_without_threads_is_posted_and_edited(scene):
    question = await scene.ann.dm("hello")
    request = scene.request(question)
    place = request.place
    session = type(place.session)(platform="slack", workspace=scene.acme.id, channel=question.channel_id)
    place = type(place)(session=session, kind=place.kind, reply_to=place.reply_to)
    reply = scene.open(question, place=place)
    await reply.show(ReplyContent(text="The"))
    await scene.ann.direct.wait_for_reply(contains="The")
    await reply.finish(ReplyContent(text="The answer.", is_final=True))
    assert scene.count(*STREAM) == [0, 0, 0, 1, 1]


async def test_a_workspace_without_streams_left_gets_posts_and_edits(strict_scene):
    scene = strict_scene
    for number in range(STREAMS_PER_MINUTE + 3):
        question = await scene.ann.says(scene.acme.channel(f"c{number}"), "hello")
        await answer(scene, question=question, run_id=f"run{number}")
        assert [one.text for one in question.thread.messages if one.is_ours] == ["The answer is four."]
    assert scene.count("chat.startStream", "chat.postMessage") == [STREAMS_PER_MINUTE, 3]
    assert all(call.status == 200 for call in scene.slack.calls())
    scene.clock.advance(62)
    await answer(scene)
    assert scene.count("chat.startStream") == [STREAMS_PER_MINUTE + 1]


async def test_when_slack_asks_to_wait_before_streams_the_whole_workspace_posts_and_edits(scene):
    scene.slack.faults.add(Fault(match="chat.startStream", kind="status", status=429, retry_after=30))
    await answer(scene)
    elsewhere = await scene.ann.says(scene.acme.channel("random"), "hello")
    await answer(scene, question=elsewhere, run_id="run2")
    assert scene.texts == ["The answer is four."]
    assert scene.count("chat.startStream", "chat.postMessage") == [1, 2]
    scene.clock.advance(31)
    later = await scene.ann.says(scene.acme.channel("random"), "hello")
    await answer(scene, question=later, run_id="run3")
    assert scene.count("chat.startStream") == [2]


async def test_a_final_does_not_wait_for_a_preview_that_slack_delays(scene):
    reply = scene.open()
    await reply.show(ReplyContent(text="The answer"))
    await scene.shows("The answer")
    scene.slack.faults.add(Fault(match="chat.appendStream", kind="status", status=429, retry_after=60))
    await reply.show(ReplyContent(text="The answer is four, and"))
    await scene.clock.until_somebody_waits(0.1)
    scene.clock.advance(4)
    await scene.settle()
    assert scene.count("chat.appendStream") == [1]
    await reply.finish(ReplyContent(text="The answer is four, and that is all.", is_final=True))
    assert scene.texts == ["The answer is four, and that is all."]


async def test_what_is_missing_is_visible_while_slack_delays_the_end(scene):
    reply = scene.open()
    await reply.show(ReplyContent(text="The answer"))
    await scene.shows("The answer")
    scene.slack.faults.add(Fault(match="chat.stopStream", kind="status", status=429, retry_after=30))
    finishing = asyncio.create_task(reply.finish(ReplyContent(text="The answer is four.", is_final=True)))
    await scene.shows("The answer is four.")
    assert scene.ours[0].is_streaming
    await scene.clock.until_somebody_waits(20)
    scene.clock.advance(31)
    await finishing
    assert (scene.texts, scene.ours[0].is_streaming) == (["The answer is four."], False)
    assert scene.count("chat.update") == [0]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream", "chat.stopStream"])
async def test_a_broken_connection_neither_loses_nor_doubles_anything(scene, method, kind):
    scene.slack.faults.add(Fault(match=method, kind=kind))
    reply = scene.open()
    for text in ("The answer", "The answer is four, as", "The answer is four, as everybody knows."):
        await reply.show(ReplyContent(text=text))
        await scene.settle()
        scene.clock.advance(10)
        await scene.settle()
    finishing = asyncio.create_task(
        reply.finish(ReplyContent(text="The answer is four, as everybody knows. Really.", is_final=True))
    )
    while not finishing.done():
        await scene.settle()
        scene.clock.advance(10)
    await finishing
    assert scene.texts == ["The answer is four, as everybody knows. Really."]
    assert not scene.ours[0].is_streaming
    assert scene.journal.posted == {0: scene.ours[0].ts}
    assert any(call.fault for call in scene.slack.calls(method))


async def test_a_failure_of_slack_delays_a_final_only(scene):
    reply = scene.open()
    await reply.show(ReplyContent(text="The answer"))
    await scene.shows("The answer")
    scene.slack.faults.add(Fault(match="chat.stopStream", kind="status", status=503))
    finishing = asyncio.create_task(reply.finish(ReplyContent(text="The answer is four.", is_final=True)))
    while not finishing.done():
        await scene.settle()
        scene.clock.advance(10)
    await finishing
    assert scene.texts == ["The answer is four."]


async def test_the_users_stop_loses_nothing_of_the_answer(scene):
    scene.slack.app.is_agent = True
    place = {"channel_id": scene.question.channel_id, "thread_ts": scene.question.ts}
    await scene.client.agents_sessions_setStatus(**place, status="processing")
    reply = scene.open()
    await reply.show(ReplyContent(text="The answer is"))
    await scene.shows("The answer is")
    scene.slack.app.events.add("agent_session_stopped")
    await scene.ann.stops(scene.thread)
    await reply.show(ReplyContent(text="The answer is four, and"))
    await scene.clock.until_somebody_waits(0.1)
    scene.clock.advance(5)
    await scene.settle()
    stopped = "The answer is four, and\n\n_Stopped._"
    await reply.finish(ReplyContent(text=stopped, is_final=True, state=ReplyState.STOPPED))
    assert scene.texts == [stopped]
    assert not scene.ours[0].is_streaming


async def test_a_stop_that_nobody_told_of_loses_nothing_either(scene):
    place = {"channel_id": scene.question.channel_id, "thread_ts": scene.question.ts}
    await scene.client.agents_sessions_setStatus(**place, status="processing")
    reply = scene.open()
    await reply.show(ReplyContent(text="The answer is"))
    await scene.shows("The answer is")
    scene.slack.app.events.add("agent_session_stopped")
    await scene.ann.stops(scene.thread)
    await reply.finish(ReplyContent(text="The answer is four.", is_final=True, state=ReplyState.FINISHED))
    assert scene.texts == ["The answer is four."]


async def test_a_streamed_message_that_somebody_deleted_is_posted_anew(scene):
    reply = scene.open()
    await reply.show(ReplyContent(text="The answer"))
    await scene.shows("The answer")
    await scene.client.chat_delete(channel=scene.question.channel_id, ts=scene.ours[0].ts)
    await reply.show(ReplyContent(text="The answer is four, and"))
    await scene.clock.until_somebody_waits(0.1)
    scene.clock.advance(5)
    await scene.settle()
    await reply.finish(ReplyContent(text="The answer is four, and that is all.", is_final=True))
    assert scene.texts == ["The answer is four, and that is all."]


async def test_a_place_that_is_gone_is_said_so(scene):
    scene.acme.channel("general").archive()
    with pytest.raises(PlatformError):
        await scene.open().finish(ReplyContent(text="The answer.", is_final=True))


async def test_blocks_that_slack_refuses_do_not_cost_the_answer(scene):
    scene.slack.faults.add(Fault(match="chat.stopStream", **refusal("invalid_blocks")))
    await answer(scene)
    assert scene.texts == ["The answer is four."]
    assert not scene.ours[0].is_streaming


def test_refusals_are_forgotten_after_a_while():
    now = 0.0
    refusals = StreamRefusals(clock=lambda: now)
    refusals.note("missing_scope", "C1")
    assert not refusals.may_stream("C2")
    now += STREAM_REFUSED_SECONDS
    assert refusals.may_stream("C2")
