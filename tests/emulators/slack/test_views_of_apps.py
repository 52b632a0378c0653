"""What Slack does for apps with the agent view, with the former assistant view, and without either."""

import pytest
from slack_sdk.errors import SlackApiError

CONTEXT = {"entities": [{"type": "slack#/types/channel_id", "value": "C1"}]}
PROMPTS = [{"title": "Hours", "message": "When are you open?"}]


async def refusal(call):
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response["error"]


async def test_prompts_without_a_thread_are_for_the_agent_view(slack, client, ann):
    place = {"channel_id": ann.direct.id, "prompts": PROMPTS}
    assert await refusal(client.assistant_threads_setSuggestedPrompts(**place)) == "not_agent_app"
    slack.app.has_agent_view = True
    await client.assistant_threads_setSuggestedPrompts(**place)
    slack.app.is_agent = False
    assert await refusal(client.assistant_threads_setSuggestedPrompts(**place)) == "not_agent_app"


async def test_only_the_agent_view_is_told_what_people_look_at(slack, ann):
    assert await ann.looks_at(CONTEXT) is None
    assert "context" not in (await ann.opens_app(context=CONTEXT)).event
    assert "app_context" not in (await ann.dm("hi", app_context=CONTEXT)).deliveries[0].event
    slack.app.has_agent_view = True
    delivery = await ann.looks_at(CONTEXT)
    assert delivery.event == {"type": "app_context_changed", "context": CONTEXT}
    assert delivery.payload["authorizations"][0]["user_id"] == ann.id
    assert delivery.payload["authorizations"][0]["is_bot"] is False


async def test_the_former_view_begins_with_a_thread(slack, ann, general):
    thread = await ann.opens_assistant(looking_at=general)
    event = slack.deliveries[-1].event
    assert event["type"] == "assistant_thread_started"
    assert event["assistant_thread"]["thread_ts"] == thread.root_ts
    assert event["assistant_thread"]["context"]["channel_id"] == general.id
    moved = await ann.moves_assistant(thread, None)
    assert moved.event["assistant_thread"]["context"] == {}
    slack.app.has_agent_view = True
    with pytest.raises(LookupError, match="no assistant view"):
        await ann.opens_assistant()


async def test_a_session_is_begun_by_a_member(client, acme, ann, general):
    root = await ann.says(general, "hi")
    place = {"channel_id": general.id, "thread_ts": root.ts, "status": "processing"}
    stranger = acme.user("Bob").id
    assert await refusal(client.agents_sessions_setStatus(**place, initiator_user_id=stranger)) == "user_not_in_channel"
    await client.agents_sessions_setStatus(**place, initiator_user_id=ann.id)


async def test_buttons_of_the_home_tab_can_be_pressed(client, ann):
    with pytest.raises(LookupError, match="no Home tab"):
        await ann.presses_home("Go")
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    await client.views_publish(
        user_id=ann.id, view={"type": "home", "blocks": [{"type": "actions", "elements": [button]}]}
    )
    pressed = await ann.presses_home("Go")
    assert pressed.delivery.payload["container"]["type"] == "view"
    assert pressed.delivery.payload["actions"][0]["action_id"] == "go"


async def test_a_view_is_held_to_the_limits_of_blocks(client, ann):
    section = {"type": "section", "text": {"type": "plain_text", "text": "x"}}
    await client.views_publish(user_id=ann.id, view={"type": "home", "blocks": [section] * 100})
    crowded = client.views_publish(user_id=ann.id, view={"type": "home", "blocks": [section] * 101})
    assert await refusal(crowded) == "invalid_arguments"
    empty = {"type": "section", "text": {"type": "plain_text", "text": ""}}
    assert await refusal(client.views_publish(user_id=ann.id, view={"type": "home", "blocks": [empty]})) != ""
