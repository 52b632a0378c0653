"""Modals, shortcuts and selects, as Slack's own libraries meet them."""

import pytest
from slack_sdk.errors import SlackApiError

FIELD = {
    "type": "input",
    "block_id": "reason",
    "label": {"type": "plain_text", "text": "Why?"},
    "element": {"type": "plain_text_input", "action_id": "input"},
}
MODAL = {
    "type": "modal",
    "callback_id": "deny",
    "title": {"type": "plain_text", "text": "Deny"},
    "submit": {"type": "plain_text", "text": "Send"},
    "private_metadata": "run-1",
    "blocks": [FIELD],
}
SELECT = {
    "type": "actions",
    "elements": [
        {
            "type": "static_select",
            "action_id": "pick",
            "placeholder": {"type": "plain_text", "text": "Choose"},
            "options": [{"text": {"type": "plain_text", "text": "Red"}, "value": "r"}],
        }
    ],
}


@pytest.fixture
async def opened(ann, client):
    """A modal that Ann sees."""
    trigger = (await ann.uses_shortcut("ask")).trigger_id
    return (await client.views_open(trigger_id=trigger, view=MODAL))["view"]


async def refusal(call):
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response["error"]


@pytest.mark.parametrize(
    "change",
    [
        {"type": "home"},
        {"title": {"type": "plain_text", "text": "t" * 25}},
        {"title": None},
        {"submit": None},
        {"submit": {"type": "mrkdwn", "text": "Send"}},
        {"close": {"type": "plain_text", "text": ""}},
        {"private_metadata": "m" * 3_001},
        {"callback_id": "c" * 256},
        {"blocks": "none"},
        {"blocks": [FIELD, FIELD]},
        {"blocks": [{"type": "divider"}] * 101},
        {"blocks": [FIELD | {"label": {"type": "mrkdwn", "text": "Why?"}}]},
        {"blocks": [{"type": "input", "label": FIELD["label"]}]},
    ],
)
async def test_slack_opens_no_modal_that_breaks_its_rules(ann, client, change):
    trigger = (await ann.uses_shortcut("ask")).trigger_id
    assert await refusal(client.views_open(trigger_id=trigger, view=MODAL | change)) == "invalid_arguments"
    assert ann.modal is None


async def test_a_submission_reaches_bolt_with_what_was_filled_in(ann, opened, make_bolt, connect):
    app, bodies = make_bolt(), []

    @app.view("deny")
    async def on_deny(ack, body: dict):
        bodies.append(body)
        await ack()

    await connect(app)
    interaction = await ann.submits({"Why?": "no"})
    (body,) = bodies
    assert body["view"]["state"]["values"]["reason"]["input"]["value"] == "no"
    assert (body["view"]["private_metadata"], body["view"]["id"]) == ("run-1", opened["id"])
    assert body["user"]["id"] == ann.id
    assert interaction.delivery.is_acked
    assert ann.modal is None


async def test_errors_keep_a_modal_open_and_update_changes_it(ann, opened, make_bolt, connect):
    app, answers = (
        make_bolt(),
        [
            {"response_action": "errors", "errors": {"reason": "too short"}},
            {"response_action": "update", "view": MODAL | {"title": {"type": "plain_text", "text": "Sure?"}}},
            {"response_action": "clear"},
        ],
    )

    @app.view("deny")
    async def on_deny(ack):
        await ack(**answers.pop(0))

    await connect(app)
    await ann.submits({"reason": "no"})
    assert ann.modal["errors"] == {"reason": "too short"}
    await ann.submits({"input": "no!"})
    assert ann.modal["title"]["text"] == "Sure?"
    await ann.submits({"Why?": "no!!"})
    assert ann.modal is None


async def test_a_modal_that_is_not_acknowledged_stays_open(ann, opened, make_bolt, connect):
    app = make_bolt()

    @app.view("deny")
    async def on_deny():
        raise LookupError("broken")

    @app.error
    async def on_error():
        return None

    await connect(app)
    await ann.submits({"Why?": "no"})
    assert ann.modal is not None


async def test_required_fields_must_be_filled_in_and_unknown_ones_are_refused(ann, opened):
    with pytest.raises(ValueError, match="must be filled in"):
        await ann.submits({})
    with pytest.raises(LookupError, match="no field"):
        await ann.submits({"Why?": "no", "Who?": "me"})


async def test_modals_stack_to_three_and_change_by_id_and_hash(ann, client, opened):
    views = [opened]
    for _ in range(2):
        trigger = (await ann.uses_shortcut("ask")).trigger_id
        views.append((await client.views_push(trigger_id=trigger, view=MODAL))["view"])
    trigger = (await ann.uses_shortcut("ask")).trigger_id
    assert await refusal(client.views_push(trigger_id=trigger, view=MODAL)) == "push_limit_reached"
    assert views[2]["root_view_id"] == opened["id"]
    assert views[2]["previous_view_id"] == views[1]["id"]
    changed = await client.views_update(view_id=opened["id"], hash=opened["hash"], view=MODAL)
    assert changed["view"]["id"] == opened["id"]
    stale = client.views_update(view_id=opened["id"], hash=f"{opened['hash']}0", view=MODAL)
    assert await refusal(stale) == "hash_conflict"
    assert await refusal(client.views_update(view_id="V0", view=MODAL)) == "not_found"


async def test_closing_is_told_to_apps_that_ask(slack, ann, client):
    trigger = (await ann.uses_shortcut("ask")).trigger_id
    await client.views_open(trigger_id=trigger, view=MODAL | {"notify_on_close": True})
    delivery = await ann.closes_modal()
    assert (delivery.payload["type"], delivery.payload["view"]["callback_id"]) == ("view_closed", "deny")
    assert ann.modal is None


async def test_shortcuts_reach_bolt(ann, general, make_bolt, connect):
    app, seen = make_bolt(), []

    @app.shortcut("ask")
    async def on_ask(ack, shortcut: dict):
        await ack()
        seen.append(shortcut)

    @app.event("message")
    async def on_message():
        pass

    await connect(app)
    said = await ann.says(general, "hello")
    about = await ann.uses_shortcut("ask", said)
    alone = await ann.uses_shortcut("ask")
    assert about.delivery.payload["type"] == "message_action"
    assert about.delivery.payload["message"]["text"] == "hello"
    assert about.response_url
    assert "channel" not in alone.delivery.payload


async def test_a_choice_names_the_option(ann, general, client):
    await client.chat_postMessage(channel=general.id, text="t", blocks=[SELECT])
    interaction = await ann.chooses(general.messages[0], "Choose", "Red")
    (action,) = interaction.delivery.payload["actions"]
    assert (action["type"], action["action_id"]) == ("static_select", "pick")
    assert action["selected_option"]["value"] == "r"
    with pytest.raises(LookupError, match="no option"):
        await ann.chooses(general.messages[0], "Choose", "Blue")


@pytest.mark.parametrize(
    "element",
    [
        {"options": []},
        {"options": [{"text": {"type": "plain_text", "text": "Red"}, "value": "v" * 151}]},
        {"options": SELECT["elements"][0]["options"] * 101},
        {"placeholder": {"type": "plain_text", "text": "p" * 151}},
    ],
)
async def test_selects_have_limits(general, client, element):
    block = {"type": "actions", "elements": [SELECT["elements"][0] | element]}
    assert await refusal(client.chat_postMessage(channel=general.id, text="t", blocks=[block])) == "invalid_blocks"


@pytest.mark.parametrize("change", [{"style": "plain"}, {"url": f"https://x.y/{'a' * 3_000}"}])
async def test_buttons_have_limits(general, client, change):
    button = {"type": "button", "action_id": "b", "text": {"type": "plain_text", "text": "B"}} | change
    block = {"type": "actions", "elements": [button]}
    assert await refusal(client.chat_postMessage(channel=general.id, text="t", blocks=[block])) == "invalid_blocks"


async def test_an_action_id_stands_once_in_a_block(general, client):
    button = {"type": "button", "action_id": "b", "text": {"type": "plain_text", "text": "B"}}
    block = {"type": "actions", "elements": [button, button]}
    assert await refusal(client.chat_postMessage(channel=general.id, text="t", blocks=[block])) == "invalid_blocks"
