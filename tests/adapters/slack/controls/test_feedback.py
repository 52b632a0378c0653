"""Reactions and feedback buttons, from Slack's payload to the sink."""

import pytest

from threadkeep.chat.events import FeedbackGiven
from threadkeep_slack.replies.blocks import blocks_under


@pytest.fixture
async def answer(acme, adapter, ann, general, slack_client):
    """A message of the bot in a thread, with feedback buttons."""
    question = await ann.says(general, "hello")
    await slack_client.chat_postMessage(
        channel=general.id, thread_ts=question.ts, text="The answer", blocks=blocks_under((), has_feedback=True)
    )
    return question.thread.replies[0]


async def feedback(sink, count=1):
    events = await sink.wait_for(count)
    assert all(isinstance(event, FeedbackGiven) for event in events)
    return events


@pytest.mark.parametrize(
    ("emoji", "rating"),
    [("+1", 1), ("thumbsup", 1), ("+1::skin-tone-6", 1), ("-1", -1), ("thumbsdown", -1), ("-1::skin-tone-2", -1)],
)
async def test_a_thumb_is_feedback(slack, acme, sink, ann, general, answer, emoji, rating):
    await ann.reacts(answer, emoji)
    await ann.unreacts(answer, emoji)
    given, taken = await feedback(sink, 2)
    assert (given.rating, taken.rating) == (rating, 0)
    assert str(given.place.session) == f"slack:{acme.id}:{general.id}:{answer.thread_ts}"
    assert given.key.message == answer.ts
    assert str(given.user) == f"slack:{acme.id}:{ann.id}"
    assert given.key != taken.key
    await slack.wait_until_settled()
    assert all(delivery.is_acked for delivery in slack.deliveries)


@pytest.mark.parametrize("emoji", ["tada", "thumbsup_all", "+10", "eyes"])
async def test_another_reaction_is_none(slack, sink, ann, answer, emoji):
    await ann.reacts(answer, emoji)
    await slack.wait_until_settled()
    assert sink.calls == 0


async def test_a_thumb_on_somebody_elses_message_is_none(slack, acme, sink, adapter, ann, general):
    said = await acme.user("Bob").says(general, "lunch?")
    await ann.reacts(said, "+1")
    await slack.wait_until_settled()
    assert sink.calls == 0


async def test_the_bots_own_thumb_is_none(slack, acme, sink, answer, slack_client):
    acme.team.scopes.add("reactions:write")
    await slack_client.reactions_add(channel=answer.channel_id, timestamp=answer.ts, name="+1")
    await slack.wait_until_settled()
    assert sink.calls == 0


async def test_a_thumb_that_the_store_does_not_take_is_delivered_again(sink, ann, answer):
    sink.refusals = 1
    await ann.reacts(answer, "+1")
    assert [event.rating for event in await feedback(sink)] == [1]
    assert sink.calls == 2


@pytest.mark.parametrize(("button", "rating"), [("Good answer", 1), ("Bad answer", -1)])
async def test_a_feedback_button_is_feedback(slack, acme, sink, ann, general, answer, button, rating):
    interaction = await ann.clicks(answer, button)
    (given,) = await feedback(sink)
    assert (given.rating, given.key.message) == (rating, answer.ts)
    assert str(given.place.session) == f"slack:{acme.id}:{general.id}:{answer.thread_ts}"
    await slack.wait_until_acked(interaction.delivery)
