"""A bot that people bring along to where it is not: group messages and other servers."""

import pytest
from steps import LONG, ONE_STORE

from threadkeep_emulators.openai import Answer

pytestmark = ONE_STORE


@pytest.fixture(params=["group", "server"])
def elsewhere(request, town, ann, bob):
    """A place that the bot is not in, with Ann and Bob."""
    if request.param == "group":
        return town.discord.group("Trip", members=[ann, bob])
    return town.discord.guild("Elsewhere", members=[ann, bob], has_bot=False).channel("plans")


@pytest.fixture
async def listed(serving):
    """A running bot whose commands Discord lists."""
    async with serving() as bot:
        yield bot


async def test_a_question_is_answered_where_the_bot_was_brought_along(town, listed, elsewhere, ann, bob):
    town.openai.answers(Answer(text="To the lake."), Answer(text="By train."))
    first = await ann.slash(elsewhere, "ask", question="Where to?")
    await first.wait_for(lambda message: message.text == "To the lake.", timeout=LONG)
    second = await bob.slash(elsewhere, "ask", question="And how?")
    await second.wait_for(lambda message: message.text == "By train.", timeout=LONG)
    assert [message.text for message in elsewhere.messages] == ["To the lake.", "By train."]
    assert [text.partition("</")[0].split(">")[-1] for text in town.said(1)] == [
        "Where to?",
        "To the lake.",
        "And how?",
    ]


async def test_an_answer_that_is_too_long_for_a_guest_says_that_it_was_cut_off(town, listed, elsewhere, ann):
    town.openai.answers(Answer(text="word and word " * 1_100), Answer(text="Fine."))
    used = await ann.slash(elsewhere, "ask", question="All of it?")
    await used.wait_for(lambda message: "Cut off here" in message.text, timeout=LONG)
    assert len(used.messages) == 6
    assert all(len(message.text) > 1_900 for message in used.messages)
    used = await ann.slash(elsewhere, "ask", question="And now?")
    await used.wait_for(lambda message: message.text == "Fine.", timeout=LONG)


async def test_what_is_said_where_the_bot_is_not_is_not_heard(town, listed, elsewhere, ann):
    await ann.says(elsewhere, f"{town.discord.bot.mention} hello?")
    used = await ann.slash(elsewhere, "ask", question="hello?")
    await used.wait_for(lambda message: message.author.id == town.discord.bot.id and message.text, timeout=LONG)
    assert len(town.openai.requests) == 1


async def test_an_answer_is_stopped_by_its_button_where_the_bot_was_brought_along(town, listed, elsewhere, ann):
    town.openai.answers(Answer(text="and on " * 400, chunk_size=7, hold_after=60))
    used = await ann.slash(elsewhere, "ask", question="Tell me everything")
    await used.wait_for(lambda message: "and on" in message.text and message.buttons, timeout=LONG)
    await ann.clicks(elsewhere.messages[-1], "Stop")
    await used.wait_for(lambda message: "Stopped" in message.text and not message.buttons, timeout=LONG)
    assert len(town.openai.requests) == 1
