"""Messages that are edited or taken away."""

import pytest

from threadkeep.chat.events import MessageDeleted, MessageEdited, PlaceKind
from threadkeep_emulators.faults import Fault


async def test_an_edit_is_handed_over_as_what_the_message_says_now(slack, acme, adapter, sink, ann):
    question = await ann.dm("hello")
    await ann.edits(question, "hello <@" + ann.id + ">")
    _, edit = await sink.wait_for(2)
    assert isinstance(edit, MessageEdited)
    assert str(edit.key.original) == f"slack:{acme.id}:{ann.direct.id}:{question.ts}"
    assert edit.key.revision == f"edited:{question.record.edited['ts']}"
    assert (edit.text, edit.speaker, str(edit.user)) == ("hello @Ann", "Ann", f"slack:{acme.id}:{ann.id}")
    assert (str(edit.place.session), edit.place.kind) == (f"slack:{acme.id}:{ann.direct.id}", PlaceKind.DIRECT)
    await slack.wait_until_settled()
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_each_edit_is_an_event_and_its_redelivery_is_none(slack, adapter, sink, ann):
    question = await ann.dm("one")
    await ann.edits(question, "two")
    await sink.wait_for(2)
    again = slack.redeliver(slack.deliveries[-1])
    await ann.edits(question, "three")
    await sink.wait_for(3)
    await slack.wait_until_acked(again)
    assert [event.text for event in sink.events] == ["one", "two", "three"]
    assert len({event.key for event in sink.events}) == 3
    assert len({event.key.original for event in sink.events}) == 1


async def test_a_deletion_is_handed_over(slack, acme, adapter, sink, ann, general):
    root = await ann.says(general, f"{acme.bot.mention} hello")
    reply = await ann.replies(root, "and more")
    await sink.wait_for(2)
    await ann.deletes(reply)
    deletion = (await sink.wait_for(3))[2]
    assert isinstance(deletion, MessageDeleted)
    assert str(deletion.key) == f"slack:{acme.id}:{general.id}:{reply.ts}:deleted"
    assert str(deletion.place.session) == f"slack:{acme.id}:{general.id}:{root.ts}"


async def test_a_deleted_question_that_was_answered_leaves_a_tombstone_and_is_a_deletion(
    slack, acme, adapter, sink, ann, general
):
    root = await ann.says(general, f"{acme.bot.mention} hello")
    await ann.replies(root, "and more")
    await sink.wait_for(2)
    await ann.deletes(root)
    deletion = (await sink.wait_for(3))[2]
    assert isinstance(deletion, MessageDeleted)
    assert str(deletion.key) == f"slack:{acme.id}:{general.id}:{root.ts}:deleted"
    assert str(deletion.place.session) == f"slack:{acme.id}:{general.id}:{root.ts}"


async def test_what_slack_adds_to_a_message_is_no_edit(slack, adapter, sink, ann):
    question = await ann.dm("look at https://example.org")
    await ann.edits(question, "look at https://example.org/news")
    await sink.wait_for(2)
    question.unfurl({"title": "News", "fallback": "News", "from_url": "https://example.org/news"})
    await slack.wait_until_settled()
    assert sink.calls == 2
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_messages_of_bots_that_change_are_left_alone(slack, acme, adapter, sink, ann, general, slack_client):
    other = await acme.other_bot("Other").says(general, f"{acme.bot.mention} hello")
    root = await ann.says(general, f"{acme.bot.mention} hello")
    await sink.wait_for()
    posted = await slack_client.chat_postMessage(channel=general.id, thread_ts=root.ts, text="one")
    await slack_client.chat_update(channel=general.id, ts=posted["ts"], text="two")
    await slack_client.chat_delete(channel=general.id, ts=posted["ts"])
    changed = {"type": "message", "subtype": "message_changed", "channel": general.id, "channel_type": "channel"}
    before = {"type": "message", "ts": other.ts, "bot_id": other.record.bot_id, "text": "hello"}
    after = before | {"text": f"{acme.bot.mention} bye", "edited": {"user": "U1", "ts": "1.000000"}}
    slack.deliver(changed | {"ts": "1.000000", "message": after, "previous_message": before})
    await slack.wait_until_settled()
    assert [event.kind for event in sink.events] == ["message"]
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_changes_of_talk_that_does_not_concern_the_bot_are_dropped(slack, acme, adapter, sink, ann, general):
    talk = await ann.says(general, "just talking")
    await ann.edits(talk, "just talking to you")
    await ann.deletes(talk)
    await slack.wait_until_settled()
    assert sink.calls == 0
    assert slack.calls("users.info") == []


async def test_a_mention_that_is_edited_in_is_heard(slack, acme, adapter, sink, ann, general):
    talk = await ann.says(general, "hello")
    await ann.edits(talk, f"{acme.bot.mention} hello")
    events = await sink.wait_for(2)
    assert sorted(event.kind for event in events) == ["edited", "message"]
    assert {str(event.place.session) for event in events} == {f"slack:{acme.id}:{general.id}:{talk.ts}"}


async def test_a_mention_that_is_edited_out_is_an_edit(acme, adapter, sink, ann, general):
    question = await ann.says(general, f"{acme.bot.mention} hello")
    await ann.edits(question, "never mind")
    edit = (await sink.wait_for(2))[1]
    assert (edit.kind, edit.text) == ("edited", "never mind")


async def test_a_deletion_of_which_slack_tells_nothing_else_is_handed_over(slack, acme, adapter, sink, ann):
    event = {"type": "message", "subtype": "message_deleted", "channel": ann.direct.id, "channel_type": "im"}
    delivery = slack.deliver(event | {"ts": "2.000000", "deleted_ts": "1.000000", "hidden": True})
    (deletion,) = await sink.wait_for()
    await slack.wait_until_acked(delivery)
    assert str(deletion.key) == f"slack:{acme.id}:{ann.direct.id}:1.000000:deleted"


async def test_an_edit_of_which_slack_does_not_tell_what_was_before_is_handed_over(slack, adapter, sink, ann):
    event = {"type": "message", "subtype": "message_changed", "channel": ann.direct.id, "channel_type": "im"}
    message = {"type": "message", "ts": "1.000000", "user": ann.id, "text": "now"}
    await slack.wait_until_acked(slack.deliver(event | {"ts": "2.000000", "message": message}))
    assert sink.calls == 0
    message |= {"edited": {"user": ann.id, "ts": "1.500000"}}
    await slack.wait_until_acked(slack.deliver(event | {"ts": "2.000000", "message": message}))
    assert [event.key.revision for event in sink.events] == ["edited:1.500000"]


@pytest.mark.parametrize("change", ["edits", "deletes"])
async def test_a_change_that_the_store_does_not_take_is_delivered_again(slack, adapter, sink, ann, change):
    question = await ann.dm("hello")
    await sink.wait_for()
    sink.refusals = 2
    await (ann.edits(question, "bye") if change == "edits" else ann.deletes(question))
    delivery = slack.deliveries[-1]
    await slack.wait_until_acked(delivery)
    assert [attempt.outcome for attempt in delivery.attempts] == ["timeout", "timeout", "acked"]
    assert len(sink.events) == 2


async def test_changes_wait_for_their_message(slack, adapter, sink, ann):
    slack.faults.add(Fault(match="users.info", kind="delay", seconds=0.2))
    question = await ann.dm("one")
    await ann.edits(question, "two")
    await ann.deletes(question)
    events = await sink.wait_for(3)
    assert [event.kind for event in events] == ["message", "edited", "deleted"]
