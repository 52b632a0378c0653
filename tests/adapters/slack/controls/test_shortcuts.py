"""Questions that are asked by a shortcut."""

from threadkeep.chat.events import MessageReceived, PlaceKind
from threadkeep_emulators.faults import Fault


async def test_a_question_about_a_reply_goes_into_its_thread(slack, acme, adapter, sink, ann, general):
    said = await acme.user("Bob").says(general, "Lunch?")
    reply = await ann.replies(said, "At <https://example.org|noon>?")
    await ann.uses_shortcut("threadkeep_ask", reply)
    await ann.wait_for_modal()
    await ann.submits({"Your question": "Is it open?"})
    event = (await sink.wait_for(2))[-1]
    assert isinstance(event, MessageReceived)
    posted = said.thread.messages[-1]
    assert event.key.message == event.place.reply_to == posted.ts
    assert str(event.place.session) == f"slack:{acme.id}:{general.id}:{said.ts}"
    assert (event.speaker, str(event.user)) == ("Ann", f"slack:{acme.id}:{ann.id}")
    assert event.text == "Is it open?\n\nIt is about this message of Ann:\n> At [noon](https://example.org)?"
    assert posted.text == "**Ann asks:** Is it open?"
    assert not event.is_private


async def test_a_new_question_opens_direct_messages(acme, connect, socket_settings, sink, ann):
    await connect(socket_settings(is_agent_view=True))
    await ann.uses_shortcut("threadkeep_new")
    await ann.wait_for_modal()
    await ann.submits({"Your question": "<!channel> what now?"})
    (event,) = await sink.wait_for()
    (posted,) = ann.direct.messages
    assert event.place.kind is PlaceKind.DIRECT
    assert event.place.session.thread == posted.ts
    assert event.text == "<!channel> what now?"
    assert posted.pings == ()


async def test_a_question_that_the_store_does_not_take_is_posted_once_when_it_is_sent_again(slack, adapter, sink, ann):
    await ann.uses_shortcut("threadkeep_new")
    await ann.wait_for_modal()
    sink.refusals = 1
    refused = await ann.submits({"Your question": "what now?"})
    assert refused.delivery.is_given_up
    assert ann.modal is not None
    await ann.submits({"Your question": "what now?"})
    (event,) = await sink.wait_for()
    assert len(slack.calls("chat.postMessage")) == 1
    assert event.key.message == ann.direct.messages[0].ts


async def test_without_the_scope_to_open_direct_messages_the_form_says_so(acme, adapter, sink, ann):
    acme.team.scopes -= {"im:write"}
    await ann.uses_shortcut("threadkeep_new")
    await ann.wait_for_modal()
    await ann.submits({"Your question": "what now?"})
    assert "write to me there" in next(iter(ann.modal["errors"].values()))
    assert sink.calls == 0


async def test_a_shortcut_whose_form_does_not_open_is_acknowledged(slack, adapter, sink, ann):
    slack.faults.add(Fault(match="views.open", kind="status", status=503))
    interaction = await ann.uses_shortcut("threadkeep_new")
    await slack.wait_until_acked(interaction.delivery)
    assert ann.modal is None


async def test_a_long_message_is_quoted_as_far_as_it_travels(acme, adapter, sink, ann, general):
    said = await ann.says(general, "word & " * 1_000)
    await ann.uses_shortcut("threadkeep_ask", said)
    await ann.wait_for_modal()
    await ann.submits({"Your question": "What?"})
    (event,) = await sink.wait_for()
    assert 800 < len(event.text) < 2_000
