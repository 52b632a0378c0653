"""conversations.*, users.*, reactions.*, files, views: what an app reads and the small things it writes."""

import pytest
from slack_sdk.errors import SlackApiError


async def refusal(awaitable) -> str:
    with pytest.raises(SlackApiError) as caught:
        await awaitable
    return caught.value.response["error"]


async def test_history_is_newest_first_and_paged(client, ann, general):
    for turn in range(5):
        await ann.says(general, str(turn))
    texts, pages = [], 0
    async for page in await client.conversations_history(channel=general.id, limit=2):
        texts.extend(message["text"] for message in page["messages"])
        pages += 1
    assert (texts, pages) == (["4", "3", "2", "1", "0"], 3)


async def test_history_leaves_replies_to_their_thread(client, ann, general):
    root = await ann.says(general, "root")
    await ann.replies(root, "reply")
    answer = await client.conversations_history(channel=general.id)
    [shown] = answer["messages"]
    assert (shown["text"], shown["reply_count"], shown["thread_ts"]) == ("root", 1, root.ts)


async def test_bounds_are_exclusive_unless_inclusive(client, ann, general):
    handles = [await ann.says(general, str(turn)) for turn in range(4)]
    window = {"channel": general.id, "oldest": handles[0].ts, "latest": handles[3].ts}
    inner = await client.conversations_history(**window)
    outer = await client.conversations_history(**window, inclusive=True)
    assert [message["text"] for message in inner["messages"]] == ["2", "1"]
    assert [message["text"] for message in outer["messages"]] == ["3", "2", "1", "0"]


async def test_replies_begin_with_the_root_on_every_page(client, ann, general):
    root = await ann.says(general, "root")
    for turn in range(3):
        await ann.replies(root, str(turn))
    pages = [
        [message["text"] for message in page["messages"]]
        async for page in await client.conversations_replies(channel=general.id, ts=root.ts, limit=2)
    ]
    assert pages == [["root", "0", "1"], ["root", "2"]]
    assert await refusal(client.conversations_replies(channel=general.id, ts="1.000001")) == "thread_not_found"


async def test_replies_can_be_asked_for_by_a_reply(client, ann, general):
    root = await ann.says(general, "root")
    reply = await ann.replies(root, "reply")
    answer = await client.conversations_replies(channel=general.id, ts=reply.ts)
    assert [message["text"] for message in answer["messages"]] == ["root", "reply"]


async def test_metadata_is_shown_when_asked_for(client, ann, general):
    root = await ann.says(general, "root")
    metadata = {"event_type": "turn", "event_payload": {"run": "r1"}}
    await client.chat_postMessage(channel=general.id, text="t", thread_ts=root.ts, metadata=metadata)
    place = {"channel": general.id, "ts": root.ts}
    plain = await client.conversations_replies(**place)
    full = await client.conversations_replies(**place, include_all_metadata=True)
    assert "metadata" not in plain["messages"][1]
    assert full["messages"][1]["metadata"] == metadata


async def test_reading_refusals(client, acme, general):
    lobby = acme.channel("lobby", has_bot=False)
    secret = acme.channel("secret", is_private=True, has_bot=False)
    assert await refusal(client.conversations_history(channel=lobby.id)) == "not_in_channel"
    assert await refusal(client.conversations_history(channel=secret.id)) == "channel_not_found"
    assert await refusal(client.conversations_history(channel=general.id, cursor="odd")) == "invalid_cursor"
    assert await refusal(client.conversations_history(channel=general.id, limit=0)) == "invalid_limit"
    assert await refusal(client.conversations_history(channel=general.id, oldest="soon")) == "invalid_ts_oldest"
    acme.team.scopes.discard("channels:history")
    assert await refusal(client.conversations_history(channel=general.id)) == "missing_scope"


async def test_list_shows_what_the_bot_may_see(client, acme, general):
    acme.channel("secret", is_private=True, has_bot=False)
    inside = acme.channel("inside", is_private=True)
    public = await client.conversations_list()
    private = await client.conversations_list(types="private_channel")
    assert [channel["id"] for channel in public["channels"]] == [general.id]
    assert [channel["id"] for channel in private["channels"]] == [inside.id]
    assert await refusal(client.conversations_list(types="odd")) == "invalid_types"


async def test_info_and_members(client, ann, general):
    await ann.says(general, "hi")
    info = await client.conversations_info(channel=general.id)
    members = await client.conversations_members(channel=general.id)
    assert (info["channel"]["name"], info["channel"]["is_member"]) == ("general", True)
    assert ann.id in members["members"]


async def test_open_direct_and_group_conversations(client, acme, ann):
    bob = acme.user("Bob")
    first = await client.conversations_open(users=ann.id)
    again = await client.conversations_open(users=ann.id)
    group = await client.conversations_open(users=[ann.id, bob.id])
    assert (first["already_open"], again["already_open"]) == (False, True)
    assert first["channel"]["id"] == ann.direct.id
    assert group["channel"]["id"] == acme.group(ann, bob).id
    assert await refusal(client.conversations_open(users="U0NOBODY000")) == "user_not_found"
    assert await refusal(client.api_call("conversations.open", params={})) == "users_list_not_supplied"


async def test_join_makes_the_bot_a_member(client, acme):
    lobby = acme.channel("lobby", has_bot=False)
    secret = acme.channel("secret", is_private=True)
    assert (await client.conversations_join(channel=lobby.id))["channel"]["is_member"] is True
    assert [seen.subtype for seen in lobby.messages] == ["channel_join"]
    assert (await client.conversations_join(channel=lobby.id))["warning"] == "already_in_channel"
    refused = client.conversations_join(channel=secret.id)
    assert await refusal(refused) == "method_not_supported_for_channel_type"


async def test_users_bots_and_team(client, acme, ann):
    shown = (await client.users_info(user=ann.id))["user"]
    assert (shown["real_name"], "email" in shown["profile"]) == ("Ann", False)
    acme.team.scopes.add("users:read.email")
    assert (await client.users_info(user=ann.id))["user"]["profile"]["email"] == "ann@acme.example"
    assert {user["id"] for user in (await client.users_list())["members"]} >= {ann.id, acme.bot.bot.user_id}
    assert (await client.bots_info(bot=acme.bot.bot.id))["bot"]["user_id"] == acme.bot.bot.user_id
    assert (await client.team_info())["team"]["name"] == "Acme"
    assert await refusal(client.users_info(user="U0NOBODY000")) == "user_not_found"
    assert await refusal(client.bots_info(bot="B0NOBODY000")) == "bot_not_found"


async def test_reactions_come_and_go(client, ann, general):
    message = await ann.says(general, "hi")
    target = {"channel": general.id, "timestamp": message.ts}
    await client.reactions_add(**target, name="eyes")
    await ann.reacts(message, "eyes")
    assert await refusal(client.reactions_add(**target, name="eyes")) == "already_reacted"
    got = await client.reactions_get(**target)
    assert [(entry["name"], entry["count"]) for entry in got["message"]["reactions"]] == [("eyes", 2)]
    await client.reactions_remove(**target, name="eyes")
    assert message.now.reactions == {"eyes": (ann.id,)}
    assert await refusal(client.reactions_remove(**target, name="eyes")) == "no_reaction"
    assert await refusal(client.reactions_add(**target, name="Not a name")) == "invalid_name"
    refused = client.reactions_add(channel=general.id, timestamp="1.000001", name="eyes")
    assert await refusal(refused) == "message_not_found"


async def test_file_is_downloaded_with_the_token_only(slack, client, acme, ann, general, session):
    file = acme.file("note.txt", b"remember the milk", mimetype="text/plain", owner=ann)
    assert await refusal(client.files_info(file=file.id)) == "file_not_found"
    message = await ann.says(general, "see", files=[file])
    shown = (await client.files_info(file=file.id))["file"]
    assert shown["size"] == 17
    event = message.deliveries[0].event
    assert (event["subtype"], event["files"][0]["id"]) == ("file_share", file.id)
    address = shown["url_private_download"]
    async with session.get(address, headers={"Authorization": f"Bearer {acme.bot_token}"}) as response:
        assert await response.read() == b"remember the milk"
    async with session.get(address) as response:
        assert (response.status, response.content_type) == (200, "text/html")


async def test_home_is_published(client, acme, ann):
    view = {"type": "home", "blocks": []}
    await client.views_publish(user_id=ann.id, view=view)
    assert acme.team.homes[ann.id]["type"] == "home"
    refused = client.views_publish(user_id=ann.id, view={"type": "modal", "blocks": []})
    assert await refusal(refused) == "invalid_arguments"
