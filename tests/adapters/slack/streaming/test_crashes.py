"""A later attempt of a run whose answer was being streamed goes on in the messages that stand there."""

from threadkeep.chat.adapter import ReplyContent
from threadkeep_slack.limits import STREAM_ROTATION

STREAM = ("chat.startStream", "chat.appendStream", "chat.stopStream", "chat.postMessage", "chat.update")


async def killed_while_recording(part, message):
    raise RuntimeError("killed")


async def test_a_recorded_stream_is_ended_and_edited(scene):
    first = scene.open()
    await first.show(ReplyContent(text="The answer"))
    await scene.shows("The answer")
    await first.aclose()
    second = scene.open(posted=dict(scene.journal.posted), is_retry=True)
    await second.show(ReplyContent(text="The"))
    await scene.settle()
    await second.finish(ReplyContent(text="The answer is four.", is_final=True))
    assert scene.texts == ["The answer is four."]
    assert not scene.ours[0].is_streaming
    assert scene.count("chat.startStream", "chat.postMessage") == [1, 0]


async def test_a_stream_that_was_not_recorded_is_found(scene):
    first = scene.open(on_posted=killed_while_recording)
    await first.show(ReplyContent(text="The answer"))
    await scene.shows("The answer")
    await first.aclose()
    second = scene.open(is_retry=True)
    await second.finish(ReplyContent(text="The answer is four.", is_final=True))
    assert scene.texts == ["The answer is four."]
    assert scene.journal.posted == {0: scene.ours[0].ts}
    assert scene.count("chat.startStream", "chat.postMessage") == [1, 0]


async def test_what_the_bot_said_otherwise_is_not_taken_for_its_stream(scene):
    await scene.client.chat_postMessage(
        channel=scene.question.channel_id, thread_ts=scene.question.ts, text="said by the same bot"
    )
    first = scene.open(on_posted=killed_while_recording)
    await first.show(ReplyContent(text="The answer"))
    await scene.shows("The answer")
    await first.aclose()
    await scene.open(is_retry=True).finish(ReplyContent(text="The answer is four.", is_final=True))
    assert scene.texts == ["said by the same bot", "The answer is four."]


async def test_the_stream_of_another_run_is_left_alone(scene):
    first = scene.open(run_id="run0")
    await first.show(ReplyContent(text="An earlier answer"))
    await scene.shows("An earlier answer")
    await first.finish(ReplyContent(text="An earlier answer.", is_final=True))
    second = scene.open(is_retry=True)
    await second.finish(ReplyContent(text="The answer is four.", is_final=True))
    assert scene.texts == ["An earlier answer.", "The answer is four."]


async def test_an_answer_over_several_messages_is_shown_once_after_a_crash(scene):
    text = "\n\n".join(f"Paragraph {number}. " + "many words " * 120 for number in range(20))
    first = scene.open()
    await first.show(ReplyContent(text=text[:15_000]))
    await scene.thread.wait_for(lambda seen: len([one for one in seen if one.is_ours]) == 2)
    await scene.settle()
    await first.aclose()
    second = scene.open(posted=dict(scene.journal.posted), is_retry=True)
    await second.finish(ReplyContent(text=text, is_final=True))
    assert "".join("".join(scene.texts).split()) == "".join(text.split())
    assert not any(message.is_streaming for message in scene.ours)


async def test_a_retry_is_posted_and_edited(scene):
    reply = scene.open(is_retry=True)
    await reply.show(ReplyContent(text="The answer"))
    await scene.shows("The answer")
    await reply.finish(ReplyContent(text="The answer is four.", is_final=True))
    assert scene.count(*STREAM) == [0, 0, 0, 1, 1]


async def test_a_surplus_stream_that_was_not_recorded_is_taken_away(scene):
    first = scene.open()
    await first.show(ReplyContent(text="One two"))
    await scene.shows("One two")
    scene.journal.refusals = [RuntimeError("killed")] * 9
    scene.clock.advance(STREAM_ROTATION + 1)
    await first.show(ReplyContent(text="One two three.\n\nFour"))
    await scene.shows("Four")
    await first.aclose()
    scene.journal.refusals = []
    second = scene.open(posted=dict(scene.journal.posted), is_retry=True)
    await second.finish(ReplyContent(text="One two three.\n\nFour five.", is_final=True))
    assert scene.texts == ["One two three.\n\nFour five."]
