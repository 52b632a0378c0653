"""All the ways to ask for a stop."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.adapter import Acceptance, ReplyContent, ReplyRequest
from threadkeep.chat.events import StopRequested
from threadkeep_emulators.faults import Fault
from threadkeep_slack.controls.actions import STOP_ACTION

STOP_BUTTON = {
    "type": "actions",
    "elements": [
        {"type": "button", "action_id": STOP_ACTION, "text": {"type": "plain_text", "text": "Stop"}, "value": "run1"}
    ],
}


@pytest.fixture
async def question(acme, adapter, sink, ann, general):
    """A question in a channel that was handed over."""
    handle = await ann.says(general, f"{acme.bot.mention} hello")
    await sink.wait_for()
    return handle


@pytest.fixture
async def answer(adapter, sink, question):
    """The bot's answer under it."""

    async def on_posted(part, message):
        pass

    request = ReplyRequest(place=sink.events[0].place, run_id="run1", posted={}, on_posted=on_posted)
    reply = adapter.open_reply(request)
    await reply.finish(ReplyContent(text="The answer", is_final=True))
    await reply.aclose()
    return await question.thread.wait_for_reply()


async def the_stop(sink, count=2):
    stop = (await sink.wait_for(count))[-1]
    assert isinstance(stop, StopRequested)
    return stop


@pytest.mark.parametrize("text", ["/stop", "!stop", " !stop ", "{bot} /stop", "{bot}: !stop", "!stop {bot}"])
async def test_saying_it_is_a_stop_with_the_identity_of_the_message(acme, sink, ann, general, question, text):
    said = await ann.replies(question, text.format(bot=acme.bot.mention))
    stop = await the_stop(sink)
    assert str(stop.key) == f"slack:{acme.id}:{general.id}:{said.ts}"
    assert stop.place.session == sink.events[0].place.session
    assert (str(stop.user), stop.speaker) == (f"slack:{acme.id}:{ann.id}", "Ann")


@pytest.mark.parametrize("text", ["please /stop", "!stop it", "stop", "<@U0BOB> !stop"])
async def test_saying_something_else_is_not(sink, ann, question, text):
    await ann.replies(question, text)
    assert (await sink.wait_for(2))[1].kind == "message"


async def test_both_deliveries_of_a_stop_are_one(slack, acme, sink, ann, question):
    await ann.replies(question, f"{acme.bot.mention} !stop")
    await slack.wait_until_settled()
    assert [event.kind for event in sink.events] == ["message", "stop"]
    assert sink.calls == 4


@pytest.mark.parametrize("target", ["question", "answer"])
async def test_a_stop_sign_on_question_or_answer_is_a_stop(slack, acme, sink, ann, question, answer, target):
    bob = acme.user("Bob")
    item = question if target == "question" else answer
    await bob.reacts(item, "octagonal_sign")
    stop = await the_stop(sink)
    assert stop.place.session == sink.events[0].place.session
    assert stop.key.message == item.ts
    assert stop.key.revision.startswith(f"stop:{bob.id}:")
    assert stop.speaker == "Bob"
    assert slack.calls("conversations.replies") == []
    await slack.wait_until_settled()
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_another_reaction_is_none_and_another_sign_is_another_stop(slack, sink, ann, answer):
    await ann.reacts(answer, "tada")
    await ann.reacts(answer, "octagonal_sign")
    await ann.unreacts(answer, "octagonal_sign")
    await ann.reacts(answer, "octagonal_sign")
    await the_stop(sink, 3)
    await slack.wait_until_settled()
    assert [event.kind for event in sink.events] == ["message", "stop", "stop"]


async def test_a_sign_on_a_message_of_another_process_is_understood(
    slack, connect, adapter, sink, ann, question, answer
):
    await adapter.stop()
    await connect()
    await ann.reacts(answer, "octagonal_sign")
    stop = await the_stop(sink)
    assert stop.place.session == sink.events[0].place.session
    assert len(slack.calls("conversations.replies")) == 1


@pytest.mark.parametrize("is_agent_view", [False, True])
async def test_a_sign_in_direct_messages_means_the_conversation(connect, socket_settings, sink, ann, is_agent_view):
    await connect(socket_settings(is_agent_view=is_agent_view))
    question = await ann.dm("hello")
    await sink.wait_for()
    await ann.reacts(question, "octagonal_sign")
    assert (await the_stop(sink)).place.session == sink.events[0].place.session


async def test_a_sign_whose_thread_is_not_found_in_time_is_delivered_again(
    monkeypatch, slack, connect, adapter, sink, ann, question, answer
):
    monkeypatch.setattr("threadkeep_slack.inbound.hand_over.NAME_LOOKUP_SECONDS", 0.05)
    await adapter.stop()
    await connect()
    slack.faults.add(Fault(match="conversations.replies", kind="delay", seconds=0.3))
    await ann.reacts(answer, "octagonal_sign")
    await the_stop(sink)
    assert len(slack.calls("conversations.replies")) == 1


async def test_a_sign_on_a_message_that_cannot_be_read_is_acknowledged(
    slack, acme, connect, adapter, sink, ann, answer
):
    await adapter.stop()
    await connect()
    acme.team.scopes.discard("channels:history")
    await ann.reacts(answer, "octagonal_sign")
    await slack.wait_until_acked(slack.deliveries[-1])
    assert sink.of_kind("stop") == []


async def test_the_bots_own_reactions_are_none(slack, acme, sink, question, slack_client):
    acme.team.scopes.add("reactions:write")
    await slack_client.reactions_add(channel=question.channel_id, timestamp=question.ts, name="octagonal_sign")
    await slack.wait_until_settled()
    assert sink.calls == 2
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_slacks_own_stop_button_is_a_stop(slack, sink, ann, question, slack_client):
    await slack_client.agents_sessions_setStatus(
        channel_id=question.channel_id, thread_ts=question.ts, status="processing"
    )
    delivery = await ann.stops(question.thread)
    stop = await the_stop(sink)
    assert stop.place.session == sink.events[0].place.session
    assert stop.key.revision.startswith(f"stop:{ann.id}:")
    await slack.wait_until_acked(delivery)
    await slack.wait_until_acked(slack.redeliver(delivery))
    assert len(sink.events) == 2


async def test_a_session_without_a_thread_is_the_whole_conversation(slack, acme, adapter, sink, ann):
    event = {"type": "agent_session_stopped", "channel": ann.direct.id, "user": ann.id}
    await slack.wait_until_acked(slack.deliver(event))
    (stop,) = sink.events
    assert str(stop.place.session) == f"slack:{acme.id}:{ann.direct.id}"


async def test_our_button_is_a_stop_in_any_process(slack, sink, ann, question, connect, adapter, slack_client):
    await slack_client.chat_postMessage(
        channel=question.channel_id, thread_ts=question.ts, text="working", blocks=[STOP_BUTTON]
    )
    answer = question.thread.replies[0]
    await adapter.stop()
    await connect()
    interaction = await ann.clicks(answer, STOP_ACTION)
    stop = await the_stop(sink)
    assert stop.place.session == sink.events[0].place.session
    assert (stop.key.message, stop.speaker) == (answer.ts, "Ann")
    await slack.wait_until_acked(interaction.delivery)


async def test_our_button_in_a_direct_message_is_a_stop(acme, adapter, sink, ann, slack_client):
    await slack_client.chat_postMessage(channel=ann.direct.id, text="working", blocks=[STOP_BUTTON])
    await ann.clicks(ann.direct.messages[0], STOP_ACTION)
    (stop,) = await sink.wait_for()
    assert str(stop.place.session) == f"slack:{acme.id}:{ann.direct.id}"


async def test_a_press_that_the_store_does_not_take_is_not_acknowledged(slack, adapter, sink, ann, slack_client):
    await slack_client.chat_postMessage(channel=ann.direct.id, text="working", blocks=[STOP_BUTTON])
    sink.refusals = 1
    interaction = await ann.clicks(ann.direct.messages[0], STOP_ACTION)
    await slack.wait_until_settled(interaction.delivery)
    assert not interaction.delivery.is_acked


@pytest.mark.parametrize(
    ("acceptance", "words"),
    [(Acceptance.ACCEPTED, "Stopping"), (Acceptance.DUPLICATE, "Stopping"), (Acceptance.IGNORED, "Nothing")],
)
async def test_the_slash_command_in_a_direct_message_stops_it(acme, adapter, sink, ann, acceptance, words):
    sink.acceptance = acceptance
    await ann.commands(ann.direct, "/stop")
    (stop,) = sink.events
    assert str(stop.place.session) == f"slack:{acme.id}:{ann.direct.id}"
    assert (stop.key.message, stop.speaker) == ("command", "Ann")
    (told,) = ann.sees_ephemerals(ann.direct)
    assert words in told.text


async def test_the_slash_command_in_a_channel_means_what_one_asked_last(acme, sink, ann, general, question):
    later = await ann.says(general, f"{acme.bot.mention} something else")
    await acme.user("Bob").says(general, f"{acme.bot.mention} Bob's question")
    await sink.wait_for(3)
    await ann.commands(general, "/stop")
    stop = await the_stop(sink, 4)
    assert str(stop.place.session) == f"slack:{acme.id}:{general.id}:{later.ts}"


async def test_the_slash_command_of_somebody_who_asked_nothing_is_answered_with_advice(sink, acme, general, question):
    bob = acme.user("Bob")
    await bob.commands(general, "/stop")
    (told,) = bob.sees_ephemerals(general)
    assert "!stop" in told.text
    assert len(sink.events) == 1


async def test_a_command_that_the_store_does_not_take_fails_visibly(slack, adapter, sink, ann):
    sink.refusals = 1
    interaction = await ann.commands(ann.direct, "/stop")
    assert interaction.delivery.is_given_up
    assert ann.sees_ephemerals(ann.direct) == []


async def test_commands_and_presses_of_another_workspace_are_left_alone(slack, adapter, sink):
    globex = slack.workspace("Globex")
    zoe = globex.user("Zoe")
    client = AsyncWebClient(globex.bot_token, base_url=slack.api_url)
    await client.chat_postMessage(channel=zoe.direct.id, text="working", blocks=[STOP_BUTTON])
    await zoe.commands(zoe.direct, "/stop")
    interaction = await zoe.clicks(zoe.direct.messages[0], STOP_ACTION)
    await slack.wait_until_acked(interaction.delivery)
    assert sink.calls == 0


@pytest.mark.parametrize(
    "event",
    [
        {"type": "reaction_added", "reaction": "octagonal_sign", "user": "U1", "item": {"type": "file", "file": "F1"}},
        {"type": "reaction_added", "reaction": ["octagonal_sign"], "user": "U1"},
        {"type": "agent_session_stopped", "channel": {"id": "C1"}, "user": "U1"},
        {"type": "message", "subtype": "message_changed", "channel": "C1", "ts": "1.0", "message": "hello"},
        {"type": "message", "subtype": "message_changed", "channel": "C1", "ts": "1.0", "message": {"ts": "x"}},
        {"type": "message", "subtype": "message_deleted", "channel": "C1", "ts": "1.0"},
    ],
)
async def test_malformed_controls_stop_nothing(slack, adapter, sink, ann, event):
    await slack.wait_until_acked(slack.deliver(event))
    await ann.dm("still there?")
    await sink.wait_for()
    assert [heard.text for heard in sink.events] == ["still there?"]


async def test_malformed_presses_and_commands_are_acknowledged(slack, adapter, sink):
    press = {"type": "block_actions", "actions": [{"type": "button", "action_id": STOP_ACTION, "block_id": "b"}]}
    await slack.wait_until_acked(slack.deliver_payload(press, kind="interactive"))
    await slack.wait_until_acked(slack.deliver_payload({"command": "/stop"}, kind="slash_commands"))
    assert sink.calls == 0


async def test_over_http_too(slack, connect, http_settings, acme, sink, ann, slack_client):
    adapter = await connect(http_settings())
    await slack.use_request_url(adapter.request_url)
    await ann.dm("hello")
    await sink.wait_for()
    await ann.commands(ann.direct, "/stop")
    await slack_client.chat_postMessage(channel=ann.direct.id, text="working", blocks=[STOP_BUTTON])
    await ann.clicks(ann.direct.messages[-1], STOP_ACTION)
    await ann.reacts(ann.direct.messages[0], "octagonal_sign")
    events = await sink.wait_for(4)
    assert [event.kind for event in events] == ["message", "stop", "stop", "stop"]
    assert len({event.place.session for event in events}) == 1
    await slack.wait_until_settled()
