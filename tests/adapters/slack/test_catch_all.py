"""Whatever Slack sends is acknowledged, whether anybody listens to it or not; a store that is away is the exception."""

import pytest
import structlog

EVENTS = [
    "app_home_opened", "app_rate_limited", "app_requested", "assistant_thread_started", "call_rejected",
    "channel_archive", "channel_created", "channel_deleted", "channel_history_changed", "channel_id_changed",
    "channel_left", "channel_rename", "channel_shared", "channel_unarchive", "channel_unshared", "dnd_updated",
    "dnd_updated_user", "email_domain_changed", "emoji_changed", "entity_details_requested", "file_change",
    "file_created", "file_deleted", "file_public", "file_shared", "file_unshared", "function_executed",
    "grid_migration_finished", "grid_migration_started", "group_archive", "group_left", "group_rename", "im_close",
    "im_created", "im_open", "invite_requested", "link_shared", "member_joined_channel", "member_left_channel",
    "message_metadata_posted", "pin_added", "pin_removed", "reaction_removed", "resources_added", "resources_removed",
    "scope_denied", "scope_granted", "shared_channel_invite_accepted", "star_added", "subteam_created",
    "subteam_updated", "team_access_granted", "team_domain_change", "team_join", "team_rename",
    "url_verification_later", "user_change", "user_huddle_changed", "user_profile_changed", "user_status_changed",
    "workflow_published", "an_event_of_later_days",
]  # fmt: skip

INTERACTIONS = {
    "a button of nobody": {"type": "block_actions", "actions": [{"action_id": "other", "type": "button"}]},
    "a button without an action": {"type": "block_actions", "actions": []},
    "a message button of older days": {"type": "interactive_message", "callback_id": "old", "actions": [{}]},
    "a shortcut": {"type": "shortcut", "callback_id": "other"},
    "a shortcut of a message": {"type": "message_action", "callback_id": "other"},
    "a form that was sent": {"type": "view_submission", "view": {"callback_id": "other", "state": {"values": {}}}},
    "a form that was closed": {"type": "view_closed", "view": {"callback_id": "other"}},
    "a dialog": {"type": "dialog_submission", "callback_id": "other", "submission": {}},
    "a dialog that was cancelled": {"type": "dialog_cancellation", "callback_id": "other"},
    "a step of a workflow": {"type": "workflow_step_edit", "callback_id": "other"},
    "something of later days": {"type": "gesture"},
}
SUGGESTIONS = [
    {"type": "block_suggestion", "action_id": "other", "block_id": "b", "value": "x"},
    {"type": "dialog_suggestion", "callback_id": "other", "name": "n", "value": "x"},
]
WHO = {"team": {"id": "T1"}, "user": {"id": "U1", "team_id": "T1"}, "trigger_id": "1.2.abc"}


@pytest.fixture(params=["sockets", "http"])
async def connected(request, slack, connect, http_settings):
    """An adapter, connected either way."""
    if request.param == "sockets":
        return await connect()
    adapter = await connect(http_settings())
    await slack.use_request_url(adapter.request_url)
    return adapter


async def test_every_event_is_acknowledged_at_the_first_delivery(slack, acme, connected, sink, ann):
    deliveries = [slack.deliver({"type": name, "user": "U1", "channel": "C1"}, workspace=acme) for name in EVENTS]
    await slack.wait_until_settled(timeout=15)
    assert all(delivery.is_acked and len(delivery.attempts) == 1 for delivery in deliveries)
    assert not [event for event in sink.events if event.kind == "message"]
    await ann.dm("still there?")
    await sink.wait_for()


@pytest.mark.parametrize("name", INTERACTIONS)
async def test_every_interaction_is_acknowledged(slack, acme, connected, name):
    delivery = slack.deliver_payload(WHO | INTERACTIONS[name], kind="interactive")
    await slack.wait_until_acked(delivery)
    assert not delivery.response


@pytest.mark.parametrize("payload", SUGGESTIONS, ids=lambda payload: payload["type"])
async def test_a_select_that_nobody_fills_gets_an_empty_list(slack, acme, connected, payload):
    delivery = slack.deliver_payload(WHO | payload, kind="interactive")
    await slack.wait_until_acked(delivery)
    assert delivery.response == {"options": []}


async def test_every_command_is_acknowledged(slack, acme, connected):
    fields = {"team_id": "T1", "user_id": "U1", "channel_id": "C1", "text": "x", "trigger_id": "1.2.abc"}
    for command in ("/unknown", "/stop", "/threadkeep", ""):
        await slack.wait_until_acked(slack.deliver_payload(fields | {"command": command}, kind="slash_commands"))


async def test_what_nobody_listens_to_makes_no_noise_in_the_log(slack, acme, adapter):
    with structlog.testing.capture_logs() as logs:
        await slack.wait_until_acked(slack.deliver({"type": "an_event_of_later_days"}, workspace=acme))
    assert {line["log_level"] for line in logs} <= {"debug"}


async def test_a_store_that_is_away_is_the_only_reason_not_to_acknowledge(slack, acme, adapter, sink, ann):
    sink.refusals = 1
    (said,) = (await ann.dm("hello")).deliveries
    other = slack.deliver({"type": "an_event_of_later_days"}, workspace=acme)
    await slack.wait_until_settled(said, other)
    assert (len(said.attempts), len(other.attempts)) == (2, 1)
