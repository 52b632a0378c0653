"""A terminal cannot take back what it showed: only what is new is printed."""

import pytest

from threadkeep.chat.adapter import ReplyContent
from threadkeep_console.reply import ConsoleReply


@pytest.fixture
def screen():
    return []


@pytest.fixture
def reply(screen):
    return ConsoleReply(screen.append, on_finished=lambda: screen.append("<done>"))


async def test_a_growing_text_is_printed_once(reply, screen):
    await reply.show(ReplyContent(text="One"))
    await reply.show(ReplyContent(text="One two"))
    await reply.finish(ReplyContent(text="One two three", is_final=True))
    assert "".join(screen) == "One two three\n\n<done>"


async def test_a_text_that_changed_is_printed_anew(reply, screen):
    await reply.show(ReplyContent(text="One two"))
    await reply.finish(ReplyContent(text="Another", is_final=True))
    assert "".join(screen) == "One two\nAnother\n\n<done>"


async def test_what_came_to_stand_above_is_printed_below(reply, screen):
    await reply.show(ReplyContent(text="It is done."))
    await reply.finish(ReplyContent(text="_Approved by Ann_\n\nIt is done.", is_final=True))
    assert "".join(screen) == "It is done.\n\n_Approved by Ann_\n\n<done>"


async def test_each_activity_is_told_when_it_begins(reply, screen):
    await reply.show(ReplyContent(activity=("Using clock",)))
    await reply.show(ReplyContent(text="Let me see.", activity=("Using clock",)))
    await reply.show(ReplyContent(text="Let me see.", activity=("Using clock", "Using search")))
    await reply.finish(ReplyContent(text="Let me see. Noon.", is_final=True))
    shown = "".join(screen)
    assert shown.count("[Using clock]") == 1
    assert shown.count("[Using search]") == 1
    assert shown.index("Using clock") < shown.index("Let me see.") < shown.index("Using search") < shown.index("Noon")


async def test_closing_without_an_answer_prints_nothing(reply, screen):
    await reply.aclose()
    assert screen == []
