"""The rules of Slack's reference on which a bot's replies rest: who breaks one is refused, as by Slack."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook.async_client import AsyncWebhookClient

FEEDBACK = {
    "type": "feedback_buttons",
    "action_id": "f",
    "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "1"},
    "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "-1"},
}
BUTTON = {"type": "button", "action_id": "b", "text": {"type": "plain_text", "text": "Go"}}
VIEW = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Ask"},
    "blocks": [{"type": "section", "text": {"type": "plain_text", "text": "x"}}],
}


async def refusal(call):
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response["error"]


@pytest.fixture
async def thread(general, ann):
    """A thread, as the arguments of a call name it."""
    root = await ann.says(general, "hello")
    return {"channel": general.id, "thread_ts": root.ts}


@pytest.fixture
def recipient(acme, ann):
    return {"recipient_team_id": acme.id, "recipient_user_id": ann.id}


def context_actions(*elements, **parts):
    return {"type": "context_actions", "elements": list(elements), **parts}


@pytest.mark.parametrize(
    "blocks",
    [
        [context_actions(BUTTON)],
        [{"type": "actions", "elements": [FEEDBACK]}],
        [context_actions({name: FEEDBACK[name] for name in FEEDBACK if name != "negative_button"})],
        [context_actions(FEEDBACK | {"positive_button": {"text": {"type": "plain_text", "text": "x" * 76}}})],
        [context_actions(FEEDBACK | {"positive_button": FEEDBACK["positive_button"] | {"value": "x" * 2_001}})],
        [{"type": "divider", "block_id": "one"}, {"type": "divider", "block_id": "one"}],
        [{"type": "context", "elements": [BUTTON]}],
    ],
    ids=["button", "in actions", "one half", "long text", "long value", "block_id twice", "button in context"],
)
async def test_elements_stand_where_they_may(client, general, blocks):
    """https://docs.slack.dev/reference/block-kit/blocks/context-actions-block/ and its like."""
    assert await refusal(client.chat_postMessage(channel=general.id, text="t", blocks=blocks)) == "invalid_blocks"
    await client.chat_postMessage(channel=general.id, text="t", blocks=[context_actions(FEEDBACK)])


async def test_a_stream_in_a_channel_names_who_receives_it_and_where_they_are_at_home(client, acme, thread, ann):
    zoe = acme.stranger("Zoe", team_id="T0GLOBEX")
    to_ann, to_zoe = {"recipient_user_id": ann.id}, {"recipient_user_id": zoe.id}
    assert await refusal(client.chat_startStream(**thread, **to_ann)) == "missing_recipient_team_id"
    assert await refusal(client.chat_startStream(**thread, recipient_team_id=acme.id)) == "missing_recipient_user_id"
    assert await refusal(client.chat_startStream(**thread, **to_zoe, recipient_team_id=acme.id)) == "team_not_found"
    await client.chat_startStream(**thread, **to_ann, recipient_team_id=acme.id)
    await client.chat_startStream(**thread, **to_zoe, recipient_team_id="T0GLOBEX")


async def test_a_stream_takes_no_more_than_a_call_may_hold_and_stays_as_it_was(client, thread, recipient, general):
    stream = await client.chat_startStream(**thread, **recipient, chunks=[{"type": "markdown_text", "text": "a"}])
    there = {"channel": stream["channel"], "ts": stream["ts"]}
    too_long = [{"type": "markdown_text", "text": "x" * 12_001}]
    assert await refusal(client.chat_appendStream(**there, chunks=too_long)) == "msg_too_long"
    assert await refusal(client.chat_appendStream(**there, markdown_text="b")) == "streaming_mode_mismatch"
    assert general.all_messages[-1].text == "a"


async def test_a_finished_stream_is_edited_and_not_continued(client, thread, recipient):
    stream = await client.chat_startStream(**thread, **recipient, markdown_text="a")
    there = {"channel": stream["channel"], "ts": stream["ts"]}
    assert await refusal(client.chat_update(**there, text="b")) == "streaming_state_conflict"
    await client.chat_stopStream(**there)
    for call in (client.chat_appendStream(**there, markdown_text="b"), client.chat_stopStream(**there)):
        assert await refusal(call) == "message_not_in_streaming_state"
    await client.chat_update(**there, text="b")


async def test_a_trigger_opens_one_form(client, ann):
    trigger = (await ann.uses_shortcut("ask")).trigger_id
    await client.views_open(trigger_id=trigger, view=VIEW)
    assert await refusal(client.views_open(trigger_id=trigger, view=VIEW)) == "exchanged_trigger_id"
    assert await refusal(client.views_open(trigger_id="1.2.3", view=VIEW)) == "invalid_trigger_id"


async def test_what_one_person_alone_sees_is_no_message(client, general, ann, acme):
    await ann.says(general, "hello")
    seen = await client.chat_postEphemeral(channel=general.id, user=ann.id, text="only you")
    there = {"channel": general.id, "ts": seen["message_ts"]}
    assert await refusal(client.chat_update(**there, text="b")) == "message_not_found"
    absent = acme.user("Bob").id
    assert await refusal(client.chat_postEphemeral(channel=general.id, user=absent, text="x")) == "user_not_in_channel"


async def test_messages_of_others_are_not_ours_to_change(client, general, ann):
    said = await ann.says(general, "hello")
    there = {"channel": general.id, "ts": said.ts}
    assert await refusal(client.chat_update(**there, text="b")) == "cant_update_message"
    assert await refusal(client.chat_delete(**there)) == "cant_delete_message"


async def test_an_answer_address_works_five_times(slack, session, general, ann, connect, make_bolt):
    app = make_bolt()

    @app.command("/ask")
    async def on_ask(ack):
        await ack()

    await connect(app)
    url = (await ann.commands(general, "/ask")).response_url
    webhook = AsyncWebhookClient(url, session=session)
    answers = [(await webhook.send(text=str(number))).status_code for number in range(6)]
    assert answers[:5] == [200] * 5
    assert answers[5] != 200


async def test_prompts_and_titles_are_bounded(client, slack, ann):
    slack.app.has_agent_view = True
    prompts = [{"title": str(number), "message": "m"} for number in range(5)]
    said = await ann.dm("hello")
    here = {"channel_id": ann.direct.id}
    assert await refusal(client.assistant_threads_setSuggestedPrompts(**here, prompts=prompts)) == "invalid_arguments"
    session = {**here, "thread_ts": said.ts}
    assert await refusal(client.agents_sessions_setStatus(**session, status="done")) == "invalid_arguments"
    await client.agents_sessions_setStatus(**session, status="active")
    assert await refusal(client.agents_sessions_rename(**session, title="x" * 201)) == "invalid_arguments"


async def test_a_file_is_complete_when_all_of_it_was_uploaded_and_once(client, session, general):
    ticket = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    files = [{"id": ticket["file_id"], "title": "a"}]
    assert await refusal(client.files_completeUploadExternal(files=files, channel_id=general.id)) == "file_not_found"
    async with session.post(ticket["upload_url"], data=b"toolong") as answer:
        assert answer.status == 400
    async with session.post(ticket["upload_url"], data=b"abc") as answer:
        assert answer.status == 200
    await client.files_completeUploadExternal(files=files, channel_id=general.id)


async def test_an_organisations_token_says_in_which_workspace(client, slack, acme):
    west = slack.workspace("West")
    acme.team.scopes.add("usergroups:read")
    acme.unites("Org", west)
    group = west.usergroup("editors")
    assert await refusal(client.usergroups_list()) == "missing_argument"
    found = await client.usergroups_list(team_id=west.id)
    assert [f"<!subteam^{one['id']}>" for one in found["usergroups"]] == [group]
    about = await client.auth_test()
    assert (about["is_enterprise_install"], about["team_id"]) == (True, about["enterprise_id"])
