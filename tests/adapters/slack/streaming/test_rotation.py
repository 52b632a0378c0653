"""Streamed answers that outlive or outgrow a message."""

import pytest

from threadkeep.chat.adapter import ReplyContent
from threadkeep_slack.limits import MARKDOWN_LENGTH, PART_LENGTH, STREAM_ROTATION, STREAM_ROTATION_LATEST

STREAM = ("chat.startStream", "chat.appendStream", "chat.stopStream", "chat.postMessage", "chat.update")
CODE = "Look:\n\n```python\n" + "\n".join(f"line_{number} = {number}" for number in range(8))


def ink(text):
    return "".join(text.split())


async def test_a_stream_is_continued_in_another_one_before_slack_ends_it(scene):
    reply = scene.open()
    await reply.show(ReplyContent(text="One two"))
    await scene.shows("One two")
    scene.clock.advance(STREAM_ROTATION + 1)
    await reply.show(ReplyContent(text="One two three.\n\nFour"))
    await scene.shows("Four")
    scene.clock.advance(100)
    await reply.show(ReplyContent(text="One two three.\n\nFour five"))
    await scene.shows("five")
    await reply.finish(ReplyContent(text="One two three.\n\nFour five six.", is_final=True))
    assert scene.texts == ["One two three.", "Four five six."]
    assert scene.count("chat.update") == [0]
    assert scene.journal.posted == {number: message.ts for number, message in enumerate(scene.ours)}


async def test_a_code_fence_is_closed_in_one_message_and_opened_again_in_the_next(scene):
    reply = scene.open()
    await reply.show(ReplyContent(text=CODE))
    await scene.shows("line_7")
    scene.clock.advance(STREAM_ROTATION + 1)
    await reply.show(ReplyContent(text=f"{CODE}\nlast_line = 9"))
    await scene.shows("last_line")
    await reply.finish(ReplyContent(text=f"{CODE}\nlast_line = 9\n```\n\nThat is all.", is_final=True))
    first, second = scene.texts
    assert first == f"{CODE}\n```"
    assert second == "```python\nlast_line = 9\n```\n\nThat is all."
    assert scene.count("chat.update") == [0]


async def test_a_word_that_does_not_end_is_cut_before_slack_ends_the_stream(scene):
    reply = scene.open()
    await reply.show(ReplyContent(text="a" * 10))
    await scene.shows("a" * 10)
    scene.clock.advance(STREAM_ROTATION + 1)
    await reply.show(ReplyContent(text="a" * 20))
    await scene.shows("a" * 20)
    scene.clock.advance(STREAM_ROTATION_LATEST - STREAM_ROTATION)
    await reply.show(ReplyContent(text="a" * 30))
    await scene.thread.wait_for(lambda seen: len([one for one in seen if one.is_ours]) == 2)
    await reply.finish(ReplyContent(text="a" * 31, is_final=True))
    assert "".join(scene.texts) == "a" * 31


async def test_an_answer_that_slack_ended_for_its_age_goes_on_in_another_message(scene):
    reply = scene.open()
    await reply.show(ReplyContent(text="One two"))
    await scene.shows("One two")
    scene.clock.advance(400)
    # So little is new that the old message is tried.
    await reply.show(ReplyContent(text="One two th"))
    await scene.thread.wait_for(lambda seen: len([one for one in seen if one.is_ours]) == 2)
    await reply.finish(ReplyContent(text="One two three.", is_final=True))
    assert " ".join(scene.texts) == "One two three."
    assert not any(message.is_streaming for message in scene.ours)


async def test_a_final_that_comes_after_slack_ended_the_stream_is_shown_by_an_edit(scene):
    reply = scene.open()
    await reply.show(ReplyContent(text="One two"))
    await scene.shows("One two")
    scene.clock.advance(400)
    await reply.finish(ReplyContent(text="One two three.", is_final=True))
    assert scene.texts == ["One two three."]
    assert scene.count(*STREAM) == [1, 0, 1, 0, 1]


async def test_a_stream_that_ends_too_soon_is_not_tried_again(scene):
    reply = scene.open()
    await reply.show(ReplyContent(text="One two"))
    await scene.shows("One two")
    await scene.client.chat_stopStream(channel=scene.question.channel_id, ts=scene.ours[0].ts)
    await reply.show(ReplyContent(text="One two three"))
    await scene.clock.until_somebody_waits(0.1)
    scene.clock.advance(3)
    await scene.shows("three")
    await reply.finish(ReplyContent(text="One two three.", is_final=True))
    assert scene.texts == ["One two three."]
    assert scene.count("chat.startStream") == [1]


async def test_an_answer_that_outgrows_a_message_is_continued_in_others(scene):
    text = "\n\n".join(f"Paragraph {number}. " + "many words " * 120 for number in range(20))
    reply = scene.open()
    for end in range(1_000, len(text), 1_000):
        await reply.show(ReplyContent(text=text[:end]))
        await scene.settle()
    await reply.finish(ReplyContent(text=text, is_final=True))
    assert len(scene.ours) >= 3
    assert ink("".join(scene.texts)) == ink(text)
    assert all(len(shown) <= PART_LENGTH < MARKDOWN_LENGTH for shown in scene.texts)
    assert all(shown.endswith("words") for shown in scene.texts), "each message ends with a paragraph"
    assert scene.count("chat.update") == [0]
    assert not any(message.is_streaming for message in scene.ours)


@pytest.mark.parametrize("characters_a_second", [100, 400, 1_500, 60_000])
async def test_sixty_thousand_characters_take_at_most_forty_calls(scene, characters_a_second):
    text = "\n\n".join(f"Paragraph {number}. " + "some more words " * 30 for number in range(125))[:60_000]
    reply = scene.open()
    step = max(500, characters_a_second // 2)
    for end in range(step, len(text), step):
        await reply.show(ReplyContent(text=text[:end]))
        await scene.settle()
        scene.clock.advance(step / characters_a_second)
        await scene.settle()
    await reply.finish(ReplyContent(text=text, is_final=True))
    assert ink("".join(scene.texts)) == ink(text)
    assert sum(scene.count(*STREAM)) <= 40
