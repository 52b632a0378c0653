"""In a thread where the bot takes part everything arrives that people do there, in order."""

from threadkeep.chat.events import Addressing


async def test_all_that_happens_in_a_followed_thread_arrives(slack, acme, adapter, sink, ann, general, slack_client):
    bob = acme.user("Bob")
    root = await ann.says(general, f"{acme.bot.mention} hello")
    await sink.wait_for(1)
    await slack_client.chat_postMessage(channel=general.id, thread_ts=root.ts, text="hello Ann")
    plan = acme.file("plan.pdf", b"%PDF", mimetype="application/pdf", owner=bob)
    said = await bob.replies(root, f"{ann.mention} look")
    await bob.replies(root, "here it is", files=[plan])
    await ann.replies(root, "to everybody", is_broadcast=True)
    await bob.edits(said, f"{ann.mention} look here")
    await bob.deletes(said)
    await acme.other_bot("Noise").says(general, "noise", thread_ts=root.ts)
    await bob.replies(root, "well?")
    events = (await sink.wait_for(7))[1:]
    await slack.wait_until_settled()
    assert len(sink.events) == 7
    assert [event.kind for event in events] == ["message", "message", "message", "edited", "deleted", "message"]
    assert {str(event.place.session) for event in events} == {f"slack:{acme.id}:{general.id}:{root.ts}"}
    addressed = [event.addressing for event in events if event.kind == "message"]
    assert addressed == [Addressing.OTHERS, Addressing.THREAD, Addressing.THREAD, Addressing.THREAD]
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_what_happens_in_group_messages_arrives_too(acme, adapter, sink, ann):
    group = acme.group(ann, acme.user("Bob"))
    said = await ann.says(group, "shall we?")
    await ann.edits(said, "shall we not?")
    await ann.deletes(said)
    await acme.user("Bob").emotes(group, "nods")
    events = await sink.wait_for(4)
    assert [event.kind for event in events] == ["message", "edited", "deleted", "message"]
    assert events[3].text == "nods"
    assert events[3].addressing is Addressing.OTHERS


async def test_a_stranger_is_one_person_in_the_bots_workspace(acme, adapter, sink, general):
    zoe = acme.stranger("Zoe", team_id="T0GLOBEX")
    root = await zoe.says(general, f"{acme.bot.mention} hello from outside")
    await zoe.replies(root, "and again")
    events = await sink.wait_for(2)
    assert {str(event.user) for event in events} == {f"slack:{acme.id}:{zoe.id}"}
    assert {event.speaker for event in events} == {"Zoe"}
    assert {str(event.place.session) for event in events} == {f"slack:{acme.id}:{general.id}:{root.ts}"}
