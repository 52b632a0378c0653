"""Messages that stand in others, people from other organisations, groups of users."""

import pytest
from slack_sdk.errors import SlackApiError


async def test_a_forwarded_message_is_an_attachment_with_author_and_origin(acme, ann, general):
    bob = acme.user("Bob")
    origin = await bob.says(general, "we ship & rest")
    shared = await ann.forwards(origin, ann.direct, "right?")
    event = shared.deliveries[0].event
    assert event["text"] == "right?"
    (attachment,) = event["attachments"]
    assert attachment["is_share"] is True
    assert attachment["is_msg_unfurl"] is True
    assert (attachment["author_name"], attachment["author_id"]) == ("Bob", bob.id)
    assert (attachment["channel_id"], attachment["channel_name"]) == (general.id, "general")
    assert attachment["text"] == "we ship &amp; rest"
    assert attachment["message_blocks"][0]["message"]["blocks"][0]["type"] == "rich_text"


async def test_a_forwarded_message_of_an_app_keeps_its_blocks(acme, ann, general):
    block = {"type": "header", "text": {"type": "plain_text", "text": "Deployed"}}
    origin = await acme.other_bot("Deploy").says(general, "", is_classic=True, blocks=[block])
    assert origin.deliveries[0].event["blocks"] == [block]
    shared = await ann.forwards(origin, ann.direct)
    (attachment,) = shared.deliveries[0].event["attachments"]
    assert attachment["author_name"] == "Deploy"
    assert attachment["message_blocks"][0]["message"]["blocks"] == [block]


async def test_a_stranger_brings_the_profile_along_and_is_unknown_otherwise(acme, client, general):
    zoe = acme.stranger("Zoe", team_id="T0GLOBEX")
    said = await zoe.says(general, f"{acme.bot.mention} hello")
    payload = said.deliveries[0].payload
    event = payload["event"]
    assert (payload["team_id"], payload["context_team_id"]) == ("T0GLOBEX", acme.id)
    assert payload["is_ext_shared_channel"] is True
    assert payload["authorizations"][0]["team_id"] == acme.id
    assert (event["user_team"], event["source_team"]) == ("T0GLOBEX", "T0GLOBEX")
    assert event["user_profile"]["display_name"] == "Zoe"
    with pytest.raises(SlackApiError, match="user_not_found"):
        await client.users_info(user=zoe.id)
    history = await client.conversations_history(channel=general.id)
    assert history["messages"][0]["user_profile"]["real_name"] == "Zoe"


async def test_groups_are_listed_with_their_scope_only(acme, client, ann, general):
    devs = acme.usergroup("devs")
    said = await ann.says(general, f"{devs} hello")
    assert said.deliveries[0].event["text"] == f"{devs} hello"
    with pytest.raises(SlackApiError, match="missing_scope"):
        await client.usergroups_list()
    acme.team.scopes.add("usergroups:read")
    (group,) = (await client.usergroups_list())["usergroups"]
    assert (f"<!subteam^{group['id']}>", group["handle"]) == (devs, "devs")
    assert "users" not in group


async def test_members_of_groups_are_listed_where_asked_for(acme, client, ann):
    acme.team.scopes.add("usergroups:read")
    acme.usergroup("devs", ann)
    acme.usergroup("ops")
    groups = (await client.usergroups_list(include_users=True))["usergroups"]
    assert [group["users"] for group in groups] == [[ann.id], []]
