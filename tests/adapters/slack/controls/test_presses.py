"""Presses, choices and forms, from Slack's payload to the sink."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.elements import LABEL_LENGTH, Button, ButtonStyle, Form, Option, Select, TextField
from threadkeep.chat.events import ActionPressed
from threadkeep_emulators.faults import Fault
from threadkeep_slack.controls.actions import action_id, action_of, form_value, read_form_value
from threadkeep_slack.controls.tidying import without_action
from threadkeep_slack.replies.blocks import blocks_under, to_blocks

REASON = Form(
    title="Deny",
    fields=(TextField(name="reason", label="Why?"), TextField(name="more", label="More", is_required=False)),
)
ELEMENTS = (
    Button(action="approve", label="Approve", value="0", style=ButtonStyle.PRIMARY),
    Button(action="deny", label="Deny", value="1", form=REASON),
    Select(action="pick", label="Choose", options=(Option(label="Dark red", value="red"),)),
    Button(action="docs", label="Docs", url="https://example.org"),
)


@pytest.fixture
async def offered(acme, ann, general, slack_client, adapter):
    """A reply in a thread, with something to press under it."""
    question = await ann.says(general, "hello")
    blocks = to_blocks("Shall I?", ELEMENTS)
    await slack_client.chat_postMessage(channel=general.id, thread_ts=question.ts, text="Shall I?", blocks=blocks)
    return question.thread.replies[0]


async def only(sink):
    (event,) = await sink.wait_for()
    assert isinstance(event, ActionPressed)
    return event


async def test_a_press_says_what_who_and_where(slack, acme, sink, ann, general, offered):
    interaction = await ann.clicks(offered, "Approve")
    event = await only(sink)
    assert (event.action, event.value, event.label, event.fields) == ("approve", "0", "Approve", {})
    assert str(event.user) == f"slack:{acme.id}:{ann.id}"
    assert event.speaker == "Ann"
    assert str(event.place.session) == f"slack:{acme.id}:{general.id}:{offered.thread_ts}"
    assert event.key.message == offered.ts
    assert event.key.revision.startswith(f"press:{ann.id}:")
    await slack.wait_until_acked(interaction.delivery)


async def test_two_presses_are_two_events_and_one_delivered_twice_is_one(slack, sink, ann, offered):
    interaction = await ann.clicks(offered, "Approve")
    await slack.wait_until_acked(interaction.delivery)
    await slack.wait_until_acked(slack.redeliver(interaction.delivery))
    await ann.clicks(offered, "Approve")
    await sink.wait_for(2)
    assert sink.calls == 3


async def test_a_choice_gives_the_options_value_and_label(sink, ann, offered):
    await ann.chooses(offered, "Choose", "Dark red")
    event = await only(sink)
    assert (event.action, event.value, event.label) == ("pick", "red", "Dark red")


async def test_a_press_in_direct_messages_means_the_conversation(acme, sink, ann, adapter, slack_client):
    await slack_client.chat_postMessage(channel=ann.direct.id, text="t", blocks=to_blocks("t", ELEMENTS))
    await ann.clicks(ann.direct.messages[0], "Approve")
    assert str((await only(sink)).place.session) == f"slack:{acme.id}:{ann.direct.id}"


async def test_a_press_on_what_one_person_alone_sees_is_heard(sink, ann, general, adapter, slack_client):
    await ann.says(general, "hi")
    await slack_client.chat_postEphemeral(channel=general.id, user=ann.id, text="t", blocks=to_blocks("t", ELEMENTS))
    (secret,) = ann.sees_ephemerals(general)
    await ann.clicks(secret, "Approve")
    assert (await only(sink)).action == "approve"


async def test_a_button_that_leads_elsewhere_is_acknowledged_and_nothing_more(slack, sink, ann, offered):
    interaction = await ann.clicks(offered, "Docs")
    await slack.wait_until_acked(interaction.delivery)
    assert sink.calls == 0


async def test_a_form_opens_first_and_nothing_is_said_before_it_is_sent(slack, sink, ann, offered):
    interaction = await ann.clicks(offered, "Deny")
    modal = await ann.wait_for_modal()
    await slack.wait_until_acked(interaction.delivery)
    assert sink.calls == 0
    assert modal["title"]["text"] == "Deny"
    assert [block["optional"] for block in modal["blocks"]] == [False, True]
    await ann.submits({"Why?": "no"})
    event = await only(sink)
    assert (event.action, event.value, event.label) == ("deny", "1", "Deny")
    assert event.fields == {"reason": "no", "more": ""}
    assert event.place.session.thread == offered.thread_ts
    assert event.key.message == offered.ts
    assert ann.modal is None


async def test_a_form_is_understood_by_another_process(slack, sink, ann, offered, adapter, connect):
    await ann.clicks(offered, "Deny")
    await ann.wait_for_modal()
    await adapter.stop()
    await connect()
    await ann.submits({"Why?": "no"})
    assert (await only(sink)).fields["reason"] == "no"


async def test_a_form_that_the_store_does_not_take_stays_open_and_counts_once_when_it_is_sent_again(
    sink, ann, offered, slack
):
    await ann.clicks(offered, "Deny")
    await ann.wait_for_modal()
    sink.refusals = 1
    refused = await ann.submits({"Why?": "no"})
    assert refused.delivery.is_given_up
    assert ann.modal is not None
    await ann.submits({"Why?": "no"})
    await only(sink)
    assert ann.modal is None


async def test_who_is_too_slow_for_slack_is_told_to_press_again(slack, sink, ann, general, offered):
    slack.faults.add(Fault(match="views.open", kind="status", status=503))
    interaction = await ann.clicks(offered, "Deny")
    await slack.wait_until_acked(interaction.delivery)
    await slack.wait_for_call("chat.postEphemeral")
    (told,) = ann.sees_ephemerals(general)
    assert "press the button again" in told.text
    assert told.thread_ts == offered.thread_ts
    assert sink.calls == 0


@pytest.mark.parametrize("label", ["Approve", "Dark red"])
async def test_what_the_store_does_not_take_is_not_acknowledged(slack, sink, ann, offered, label):
    sink.refusals = 1
    if label == "Approve":
        interaction = await ann.clicks(offered, label)
    else:
        interaction = await ann.chooses(offered, "Choose", label)
    await slack.wait_until_settled(interaction.delivery)
    assert not interaction.delivery.is_acked


async def test_buttons_nobody_waits_for_are_taken_away_and_others_stay(sink, ann, adapter, slack_client, general):
    question = await ann.says(general, "hello")
    elements = (
        Button(action="answer:12345678.1", label="Approve", value="0"),
        Button(action="answer:12345678.1", label="Deny", value="1"),
        Button(action="other", label="Other"),
    )
    await slack_client.chat_postMessage(
        channel=general.id, thread_ts=question.ts, text="Shall I?", blocks=to_blocks("Shall I?", elements)
    )
    sink.acceptance = Acceptance.IGNORED
    await ann.clicks(question.thread.replies[0], "Approve")
    seen = await question.thread.wait_for(lambda found: len(found[-1].blocks[-1].get("elements", [])) == 1)
    left = seen[-1]
    assert left.blocks[-1]["elements"][0]["text"]["text"] == "Other"
    assert "Shall I?" in left.text


async def test_what_is_none_of_ours_is_acknowledged_and_left_alone(slack, sink, ann, general, adapter, slack_client):
    blocks = blocks_under((Button(action="x", label="Strange"),))
    blocks[0]["elements"][0]["action_id"] = "somebody_elses"
    await slack_client.chat_postMessage(channel=general.id, text="t", blocks=blocks)
    interaction = await ann.clicks(general.messages[0], "Strange")
    await slack.wait_until_acked(interaction.delivery)
    assert sink.calls == 0


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "block_actions"},
        {"type": "block_actions", "actions": [], "user": None},
        {"type": "block_actions", "actions": [{"action_id": "threadkeep:0:x", "block_id": "b", "type": "button"}]},
        {"type": "view_submission", "view": {"callback_id": "threadkeep_form"}},
        {"type": "view_submission", "view": {"callback_id": "threadkeep_form", "id": "V1", "private_metadata": "{"}},
        {"type": "view_submission", "view": {"callback_id": "threadkeep_question", "state": 3}},
        {"type": "view_closed", "view": {"callback_id": "threadkeep_form"}},
        {"type": "block_suggestion", "action_id": "threadkeep:0:x"},
        {"type": "shortcut", "callback_id": "threadkeep_ask"},
        {"type": "message_action", "callback_id": "threadkeep_ask", "message": "?"},
        {"type": "a_type_of_the_future"},
    ],
)
async def test_a_malformed_payload_is_acknowledged(slack, acme, adapter, sink, ann, payload):
    whole = {"team": {"id": acme.id}, "user": {"id": ann.id}, "trigger_id": "1.2"} | payload
    await slack.wait_until_acked(slack.deliver_payload(whole, kind="interactive"))
    assert sink.calls == 0


async def test_presses_and_forms_of_another_workspace_are_left_alone(slack, adapter, sink):
    zoe = slack.workspace("Globex").user("Zoe")
    client = AsyncWebClient(slack.workspace("Globex").bot_token, base_url=slack.api_url)
    await client.chat_postMessage(channel=zoe.direct.id, text="t", blocks=to_blocks("t", ELEMENTS))
    for interaction in (await zoe.clicks(zoe.direct.messages[0], "Approve"), await zoe.uses_shortcut("threadkeep_new")):
        await slack.wait_until_acked(interaction.delivery)
    assert sink.calls == 0
    assert zoe.modal is None


def test_rows_hold_five_and_ids_are_unique():
    elements = tuple(Button(action="same", label=f"B{number}") for number in range(25))
    rows = blocks_under(elements)
    assert [len(row["elements"]) for row in rows] == [5] * 5
    assert len({one["action_id"] for row in rows for one in row["elements"]}) == 25


def test_the_largest_form_fits_into_a_buttons_value():
    fields = tuple(
        TextField(name=f"{number}{'n' * 79}", label="l" * 45, initial="i" * 3_000, is_long=True) for number in range(5)
    )
    form = Form(title="t" * 24, submit="s" * 24, fields=fields)
    button = Button(action="a", label="x" * LABEL_LENGTH, value="v" * 79, form=form)
    written = form_value(button, form)
    assert len(written) <= 2_000
    meaning = read_form_value(written)
    assert meaning.value == button.value
    assert [field.name for field in meaning.form.fields] == [field.name for field in fields]


@pytest.mark.parametrize("value", ["", "1", "{}", '{"v": "", "f": {}}', "null", '["v"]'])
def test_a_value_without_a_form_is_none(value):
    assert read_form_value(value) is None


@pytest.mark.parametrize("action", ["answer:12345678.1.2", "a:b:c", "1:2", "späti"])
def test_an_action_survives_its_id(action):
    assert action_of(action_id(24, action)) == action
    assert action_of(action_id(0, action, has_form=True)) == action


@pytest.mark.parametrize("found", ["", "threadkeep", "threadkeep:", "threadkeep:x:y", "threadkeep_stop", "other:0:a"])
def test_other_ids_have_no_action(found):
    assert action_of(found) is None


@pytest.mark.parametrize("blocks", [None, "blocks", [1], [], [{"type": "markdown", "text": "t"}]])
def test_blocks_without_the_action_stay(blocks):
    assert without_action(blocks, "approve") is None
