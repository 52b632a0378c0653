"""Clicks, slash commands, response addresses."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from threadkeep_emulators.slack import RetrySchedule, SlackEmulator, WorldLimits

IMPATIENT = pytest.mark.parametrize("schedule", [RetrySchedule(ack_timeout=0.1, scale=0.0001)], ids=["impatient"])
BUTTONS = [
    {
        "type": "actions",
        "block_id": "choice",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "value": "run-1",
                "text": {"type": "plain_text", "text": "Approve"},
            }
        ],
    },
    {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "feedback",
                "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "good"},
                "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "bad"},
            }
        ],
    },
]


@pytest.fixture
async def offer(client, general):
    await client.chat_postMessage(channel=general.id, text="Shall I?", blocks=BUTTONS)
    return general.messages[0]


async def test_click_reaches_bolt_and_replaces_the_message(slack, ann, general, offer, make_bolt, connect):
    app = make_bolt()
    actions: list[dict] = []

    @app.action("approve")
    async def on_approve(ack, action: dict, respond):
        await ack()
        actions.append(action)
        await respond(text="Approved", replace_original=True)

    @app.event("message")
    async def on_message():
        pass

    await connect(app)
    interaction = await ann.clicks(offer, "Approve")
    await general.wait_for(lambda messages: messages[-1].text == "Approved")
    assert (actions[0]["value"], actions[0]["block_id"]) == ("run-1", "choice")
    payload = interaction.delivery.payload
    assert payload["container"]["message_ts"] == offer.ts
    assert payload["message"]["text"] == "Shall I?"
    assert payload["user"]["id"] == ann.id
    await slack.wait_until_acked(interaction.delivery)


async def test_feedback_buttons_have_two_halves(ann, offer):
    interaction = await ann.clicks(offer, "Bad")
    [action] = interaction.delivery.payload["actions"]
    assert (action["action_id"], action["value"], action["type"]) == ("feedback", "bad", "feedback_buttons")


async def test_unknown_button_lists_the_known(ann, offer):
    with pytest.raises(LookupError, match="Approve"):
        await ann.clicks(offer, "Reject")


@IMPATIENT
async def test_clicks_are_not_retried(slack, ann, offer):
    interaction = await ann.clicks(offer, "approve")
    await slack.wait_until_settled(interaction.delivery)
    assert interaction.delivery.is_given_up
    assert len(interaction.delivery.attempts) == 1


async def test_command_answer_is_ephemeral_or_for_all(slack, ann, general, make_bolt, connect):
    app = make_bolt()

    @app.command("/ask")
    async def on_ask(ack, command: dict):
        await ack({"text": command["text"], "response_type": command["text"]})

    @app.event("message")
    async def on_message():
        pass

    await connect(app)
    await ann.commands(general, "/ask", "ephemeral")
    await ann.commands(general, "/ask", "in_channel")
    assert [seen.text for seen in ann.sees_ephemerals(general)] == ["ephemeral"]
    assert [seen.text for seen in general.messages] == ["in_channel"]
    assert slack.deliveries[0].payload["channel_name"] == "general"


async def test_response_address_wears_out(ann, general, offer):
    interaction = await ann.clicks(offer, "approve")
    webhook = AsyncWebhookClient(interaction.response_url)
    answers = [await webhook.send(text=str(turn)) for turn in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert "used_url" in answers[5].body
    assert [seen.text for seen in ann.sees_ephemerals(general)] == ["0", "1", "2", "3", "4"]


async def test_response_address_can_delete_and_post_to_all(ann, general, offer):
    webhook = AsyncWebhookClient((await ann.clicks(offer, "approve")).response_url)
    await webhook.send(text="for all", response_type="in_channel")
    await webhook.send(delete_original=True)
    assert [seen.text for seen in general.messages] == ["for all"]
    refused = await webhook.send(text="again", replace_original=True)
    assert (refused.status_code, "message_not_found" in refused.body) == (400, True)


async def test_response_address_refuses_nonsense(slack, ann, offer, session):
    url = (await ann.clicks(offer, "approve")).response_url
    async with session.post(url, data="nonsense") as response:
        assert response.status == 400
    async with session.post(url, json={}) as response:
        assert (await response.json())["error"] == "no_text"
    async with session.post(f"{slack.url}/actions/T0/unknown", json={"text": "t"}) as response:
        assert response.status == 404


async def test_ephemeral_buttons_can_be_clicked_and_replaced(client, ann, general):
    await ann.says(general, "hi")
    await client.chat_postEphemeral(channel=general.id, user=ann.id, text="psst", blocks=BUTTONS)
    [secret] = ann.sees_ephemerals(general)
    interaction = await ann.clicks(secret, "approve")
    assert interaction.delivery.payload["container"]["is_ephemeral"] is True
    webhook = AsyncWebhookClient(interaction.response_url)
    await webhook.send(text="done", replace_original=True)
    assert [seen.text for seen in ann.sees_ephemerals(general)] == ["done"]
    await webhook.send(delete_original=True)
    assert ann.sees_ephemerals(general) == []


async def test_modal_needs_a_fresh_trigger(session):
    now = 1_000.0
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Hi"}, "blocks": []}
    async with SlackEmulator(clock=lambda: now, limits=WorldLimits(trigger_lifetime=3)) as slack:
        acme = slack.workspace("Acme")
        client = AsyncWebClient(token=acme.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])
        general = acme.channel("general")
        await client.chat_postMessage(channel=general.id, text="t", blocks=BUTTONS)
        [offer] = general.messages
        ann = acme.user("Ann")
        fresh = (await ann.clicks(offer, "approve")).trigger_id
        await client.views_open(trigger_id=fresh, view=view)
        stale = (await ann.clicks(offer, "approve")).trigger_id
        now += 4
        for trigger, error in ((fresh, "exchanged_trigger_id"), (stale, "expired_trigger_id")):
            with pytest.raises(SlackApiError) as caught:
                await client.views_open(trigger_id=trigger, view=view)
            assert caught.value.response["error"] == error
        assert len(acme.team.modals) == 1
