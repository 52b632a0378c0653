"""Thumbs under answers."""

import pytest

from threadkeep.chat.adapter import ReplyContent
from threadkeep.chat.events import FeedbackGiven


@pytest.fixture
async def answer(discord, adapter, general, ann, inbox, record):
    """An answer of the bot in the channel."""
    await ann.says(general, f"{discord.bot.mention} hi")
    reply = adapter.open_reply(record.request(await inbox.next()))
    await reply.finish(ReplyContent(text="Hello.", is_final=True))
    await reply.aclose()
    inbox.events.clear()
    return general.messages[-1]


@pytest.mark.parametrize(("thumb", "rating"), [("👍", 1), ("👎", -1), ("👍🏽", 1)])
async def test_a_thumb_under_an_answer_is_feedback(guild, general, ben, inbox, answer, thumb, rating):
    await ben.reacts(answer, thumb)
    event = await inbox.next()
    assert isinstance(event, FeedbackGiven)
    assert (event.rating, str(event.user), event.key.message) == (rating, f"discord:{ben.id}", str(answer.id))
    assert str(event.place.session) == f"discord:{guild.id}:{general.id}"


async def test_a_thumb_that_is_taken_back_counts_no_more(ben, inbox, answer):
    await ben.reacts(answer, "👍")
    await ben.takes_back(answer, "👍")
    await ben.reacts(answer, "👍")
    events = await inbox.wait_for(3)
    assert [event.rating for event in events] == [1, 0, 1]
    assert len({event.key for event in events}) == 3


async def test_thumbs_are_heard_after_a_reconnect(discord, adapter, ben, inbox, answer):
    await ben.reacts(answer, "👍")
    await inbox.next()
    inbox.events.clear()
    await discord.gateway.drop()
    await discord.gateway.wait_resumed()
    await ben.reacts(answer, "👎")
    assert (await inbox.next()).rating == -1


async def test_other_reactions_and_thumbs_under_what_others_said_are_nothing(discord, general, ann, ben, inbox, answer):
    said = await ann.says(general, "nice weather")
    await ben.reacts(said, "👍")
    await ben.takes_back(said, "👍")
    await ben.reacts(answer, "🎉")
    await ben.dm("done")
    assert (await inbox.next()).text == "done"
