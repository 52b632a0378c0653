"""Who is heard, in which conversation, and under which name."""

from threadkeep.chat.events import Addressing, PlaceKind
from threadkeep_emulators.faults import Fault
from threadkeep_slack.limits import ACKNOWLEDGE_WITHIN, NAME_LOOKUP_SECONDS


async def test_direct_messages_are_one_conversation_and_their_threads_others(acme, adapter, sink, ann):
    first = await ann.dm("hello")
    await ann.dm("and again")
    await ann.dm("in a thread", thread_ts=first.ts)
    events = await sink.wait_for(3)
    channel = f"slack:{acme.id}:{ann.direct.id}"
    assert [str(event.place.session) for event in events] == [channel, channel, f"{channel}:{first.ts}"]
    assert {event.place.kind for event in events} == {PlaceKind.DIRECT}
    assert {event.addressing for event in events} == {Addressing.BOT}


async def test_in_the_agent_view_each_direct_message_begins_a_thread(acme, connect, socket_settings, sink, ann):
    await connect(socket_settings(is_agent_view=True))
    first = await ann.dm("hello")
    await ann.dm("further", thread_ts=first.ts)
    events = await sink.wait_for(2)
    assert {str(event.place.session) for event in events} == {f"slack:{acme.id}:{ann.direct.id}:{first.ts}"}


async def test_talk_in_a_channel_is_dropped_and_in_threads_is_offered(slack, acme, adapter, sink, ann, general):
    bob = acme.user("Bob")
    root = await ann.says(general, "nothing for the bot")
    await ann.says(general, f"{acme.bot.mention} hello")
    await sink.wait_for(1)
    await bob.replies(root, "a reply")
    await bob.replies(root, f"{ann.mention} to you", is_broadcast=True)
    await bob.replies(root, f"{acme.bot.mention} to you")
    events = await sink.wait_for(4)
    await slack.wait_until_settled()
    assert [event.addressing for event in events] == [
        Addressing.BOT,
        Addressing.THREAD,
        Addressing.OTHERS,
        Addressing.BOT,
    ]
    assert {str(event.place.session) for event in events[1:]} == {f"slack:{acme.id}:{general.id}:{root.ts}"}
    assert events[2].text == "@Ann to you"
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_group_messages_are_answered_when_the_bot_is_mentioned(slack, acme, adapter, sink, ann):
    group = acme.group(ann, acme.user("Bob"))
    await ann.says(group, "shall we?")
    root = await ann.says(group, f"{acme.bot.mention} shall we?")
    await ann.replies(root, "well?")
    events = await sink.wait_for(3)
    await slack.wait_until_settled()
    session = f"slack:{acme.id}:{group.id}"
    assert [str(event.place.session) for event in events] == [session, session, f"{session}:{root.ts}"]
    assert [event.addressing for event in events] == [Addressing.OTHERS, Addressing.BOT, Addressing.THREAD]
    assert all(event.place.is_shared for event in events)


async def test_a_mention_in_a_group_is_told_apart_without_its_message_event(slack, acme, adapter, sink, ann):
    slack.app.events.discard("message.mpim")
    group = acme.group(ann, acme.user("Bob"))
    await ann.says(group, f"{acme.bot.mention} shall we?")
    (event,) = await sink.wait_for()
    assert str(event.place.session) == f"slack:{acme.id}:{group.id}"


async def test_what_is_not_said_by_a_person_is_acknowledged_and_dropped(slack, acme, adapter, sink, ann, general):
    other = acme.other_bot("Other")
    await other.says(general, f"{acme.bot.mention} hello")
    await other.says(general, f"{acme.bot.mention} hello", is_classic=True)
    await ann.joins(general)
    await slack.wait_until_settled()
    assert sink.calls == 0
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_files_come_along_with_what_is_said(acme, adapter, sink, ann):
    file = acme.file("plan.pdf", b"%PDF", mimetype="application/pdf", owner=ann)
    await ann.dm("read this", files=[file])
    (event,) = await sink.wait_for()
    assert event.text == "read this"
    assert [(one.id, one.name, one.size) for one in event.attachments] == [(file.id, "plan.pdf", 4)]


async def test_events_of_another_workspace_are_left_to_its_own_bot(slack, adapter, sink, ann):
    globex = slack.workspace("Globex")
    await globex.user("Zoe").dm("hello")
    await ann.dm("hello")
    await sink.wait_for()
    await slack.wait_until_settled()
    assert [event.user.user for event in sink.events] == [ann.id]


async def test_a_name_that_does_not_come_in_time_is_not_waited_for(slack, adapter, sink, ann):
    assert NAME_LOOKUP_SECONDS < ACKNOWLEDGE_WITHIN / 2
    slack.faults.add(Fault(match="users.info", kind="delay", seconds=60))
    await ann.dm("hello")
    (event,) = await sink.wait_for()
    assert event.speaker == ann.id


async def test_without_the_scope_people_are_shown_by_their_ids(slack, acme, adapter, sink, ann):
    acme.team.scopes.discard("users:read")
    await ann.dm("hello")
    await ann.dm("again")
    events = await sink.wait_for(2)
    assert {event.speaker for event in events} == {ann.id}
    assert len(slack.calls("users.info")) == 1


async def test_talk_that_is_dropped_costs_no_lookup(slack, acme, adapter, sink, ann, general):
    bob = acme.user("Bob")
    await bob.says(general, "just talking")
    await ann.dm("hello")
    await sink.wait_for()
    await slack.wait_until_settled()
    assert [call.args["user"] for call in slack.calls("users.info")] == [ann.id]
