"""Whom an answer may mention."""

import pytest

from threadkeep.chat.adapter import ReplyContent, ReplyRequest
from threadkeep.sessions import SessionKey, UserKey
from threadkeep_slack.inbound.participants import Participants
from threadkeep_slack.limits import PARTICIPANTS, PLACES_REMEMBERED
from threadkeep_slack.talk import AllowedMentions

SESSION = SessionKey(platform="slack", workspace="T01", channel="C01")
EVIL = "@Ann @Bob @Zoe <@{ann}> <!channel> <!here> <!everyone> <!subteam^S01> @here `<!channel>`"


@pytest.fixture
def answer(sink):
    """Answers what was said last with a text, and gives whom that pinged."""

    async def post(adapter, text, *, asked_by=None):
        place = sink.events[-1].place

        async def on_posted(part, message):
            """Nothing is kept."""

        request = ReplyRequest(place=place, run_id="run", posted={}, on_posted=on_posted, asked_by=asked_by)
        reply = adapter.open_reply(request)
        try:
            await reply.show(ReplyContent(text=text[:9]))
            await reply.finish(ReplyContent(text=text, is_final=True))
        finally:
            await reply.aclose()

    return post


async def test_nobody_is_mentioned_unless_that_is_allowed(acme, adapter, sink, answer, ann, general):
    root = await ann.says(general, f"{acme.bot.mention} hello")
    await sink.wait_for(1)
    await answer(adapter, EVIL.format(ann=ann.id))
    seen = await root.thread.wait_for_reply(contains="@Zoe")
    assert seen.pings == ()
    assert seen.text.replace("\u200b", "") == EVIL.format(ann=ann.id)


async def test_those_who_take_part_may_be_mentioned_by_name(acme, connect, socket_settings, sink, answer, ann, general):
    adapter = await connect(socket_settings(allowed_mentions=AllowedMentions.PARTICIPANTS))
    bob, zoe = acme.user("Bob"), acme.user("Zoe")
    await zoe.dm("I am elsewhere")
    await sink.wait_for(1)
    root = await ann.says(general, f"{acme.bot.mention} hello")
    await bob.replies(root, "me too")
    await sink.wait_for(3)
    await answer(adapter, EVIL.format(ann=ann.id))
    seen = await root.thread.wait_for_reply(contains="@Zoe")
    assert seen.pings == (ann.id, bob.id)


async def test_who_is_answered_may_be_mentioned_by_a_process_that_did_not_hear_them(
    acme, connect, socket_settings, sink, answer, ann, general
):
    hearing = await connect()
    root = await ann.says(general, f"{acme.bot.mention} hello")
    await sink.wait_for(1)
    await hearing.stop()
    worker = await connect(socket_settings(allowed_mentions=AllowedMentions.PARTICIPANTS), sink=None)
    asked_by = UserKey(platform="slack", user=ann.id, workspace=acme.id)
    await answer(worker, f"<@{ann.id}> see <@U0OTHER>", asked_by=asked_by)
    seen = await root.thread.wait_for_reply(contains="see")
    assert seen.pings == (ann.id,)


def test_a_name_of_two_people_names_nobody():
    participants = Participants()
    for user, name in (("U1", "Ann"), ("U2", "Bob"), ("U3", "Ann"), ("U4", "U4")):
        participants.note(SESSION, user, name)
    assert participants.by_name(SESSION) == {"Bob": "U2"}


def test_the_memory_of_participants_is_bounded():
    participants = Participants()
    for number in range(PARTICIPANTS + 5):
        participants.note(SESSION, f"U{number}", f"Name {number}")
    assert len(participants.by_name(SESSION)) == PARTICIPANTS
    for number in range(PLACES_REMEMBERED + 5):
        participants.note(SessionKey(platform="slack", workspace="T01", channel=f"C{number}x"), "U1", "Ann")
    assert participants.by_name(SESSION) == {}
    assert len(participants._spoke) == PLACES_REMEMBERED
