"""Events as the platform makes them."""

from threadkeep_emulators.slack import OtherBot, Person


def kinds(handle) -> list[str]:
    return [delivery.event["type"] for delivery in handle.deliveries]


def last_event(slack) -> dict:
    return slack.deliveries[-1].event


async def test_mention_arrives_as_message_and_as_app_mention(acme, ann, general):
    question = await ann.says(general, f"{acme.bot.mention} hello")
    message, mention = question.deliveries
    assert (message.event["type"], mention.event["type"]) == ("message", "app_mention")
    assert message.event_id != mention.event_id
    assert message.event["ts"] == mention.event["ts"] == question.ts
    assert message.event["client_msg_id"] == mention.event["client_msg_id"]
    assert (message.event["channel_type"], "channel_type" in mention.event) == ("channel", False)


async def test_outer_payload_names_the_installation(slack, acme, ann, general):
    question = await ann.says(general, "hi")
    payload = question.deliveries[0].payload
    assert payload["type"] == "event_callback"
    assert (payload["team_id"], payload["api_app_id"]) == (acme.id, slack.app.id)
    assert payload["authorizations"] == [
        {
            "enterprise_id": None,
            "team_id": acme.id,
            "user_id": acme.bot.bot.user_id,
            "is_bot": True,
            "is_enterprise_install": False,
        }
    ]
    assert payload["is_ext_shared_channel"] is False
    assert payload["event_id"].startswith("Ev")


async def test_message_in_each_kind_of_conversation(acme, ann):
    bob = acme.user("Bob")
    places = [
        acme.channel("open"),
        acme.channel("closed", is_private=True),
        acme.group(ann, bob),
        ann.direct,
    ]
    handles = [await ann.says(place, f"{acme.bot.mention} hi") for place in places]
    assert [handle.deliveries[0].event["channel_type"] for handle in handles] == ["channel", "group", "mpim", "im"]
    assert [kinds(handle) for handle in handles] == [["message", "app_mention"]] * 3 + [["message"]]


async def test_unsubscribed_unscoped_and_foreign_channels_are_silent(slack, acme, ann, general):
    slack.app.events.discard("message.channels")
    assert kinds(await ann.says(general, "hi")) == []
    assert kinds(await ann.says(general, f"{acme.bot.mention} hi")) == ["app_mention"]
    acme.team.scopes.discard("im:history")
    assert kinds(await ann.dm("hi")) == []
    slack.app.events.add("message.channels")
    assert kinds(await ann.says(acme.channel("elsewhere", has_bot=False), f"{acme.bot.mention} hi")) == []


async def test_typed_text_is_encoded(acme, ann, general):
    typed = f"{acme.bot.mention} a < b & c > d, {general.mention} see https://example.com/?a=1&b=2."
    question = await ann.says(general, typed)
    event = question.deliveries[0].event
    assert event["text"] == (
        f"{acme.bot.mention} a &lt; b &amp; c &gt; d, {general.mention} see <https://example.com/?a=1&amp;b=2>."
    )
    elements = event["blocks"][0]["elements"][0]["elements"]
    assert [element["type"] for element in elements] == ["user", "text", "channel", "text", "link", "text"]
    assert elements[1]["text"] == " a < b & c > d, "


async def test_thread_reply_names_its_parent(acme, ann, general):
    bob = acme.user("Bob")
    root = await ann.says(general, "root")
    reply = await bob.replies(root, "reply")
    event = reply.deliveries[0].event
    assert (event["thread_ts"], event["parent_user_id"]) == (root.ts, ann.id)
    broadcast = await bob.replies(reply, "to all", is_broadcast=True)
    event = broadcast.deliveries[0].event
    assert (event["subtype"], event["thread_ts"], event["root"]["ts"]) == ("thread_broadcast", root.ts, root.ts)


async def test_edit_and_delete(slack, ann, general):
    message = await ann.says(general, "one")
    await ann.edits(message, "two")
    event = last_event(slack)
    assert event["subtype"] == "message_changed"
    assert (event["previous_message"]["text"], event["message"]["text"]) == ("one", "two")
    assert event["message"]["edited"]["user"] == ann.id
    await ann.deletes(message)
    event = last_event(slack)
    assert (event["subtype"], event["deleted_ts"]) == ("message_deleted", message.ts)
    assert message.is_deleted


async def test_edit_that_brings_a_mention_is_an_app_mention(slack, acme, ann, general):
    message = await ann.says(general, "hello")
    await ann.edits(message, f"{acme.bot.mention} hello")
    assert [delivery.event["type"] for delivery in slack.deliveries] == ["message", "message", "app_mention"]
    assert "edited" in last_event(slack)
    await ann.edits(message, f"{acme.bot.mention} hello!")
    assert last_event(slack)["subtype"] == "message_changed"


async def test_deleted_root_with_replies_leaves_a_tombstone(slack, ann, general):
    root = await ann.says(general, "root")
    await ann.replies(root, "reply")
    await ann.deletes(root)
    event = last_event(slack)
    assert (event["subtype"], event["message"]["subtype"]) == ("message_changed", "tombstone")
    assert root.is_deleted
    assert [seen.text for seen in root.thread.replies] == ["reply"]


async def test_own_posts_come_back(slack, client, acme, general):
    ts = (await client.chat_postMessage(channel=general.id, text=f"I am {acme.bot.mention}"))["ts"]
    event = last_event(slack)
    assert (event["ts"], event["bot_id"], event["app_id"]) == (ts, acme.bot.bot.id, slack.app.id)
    assert (event["user"], event["bot_profile"]["name"]) == (acme.bot.bot.user_id, "Keeper")
    assert "subtype" not in event
    assert len(slack.deliveries) == 1


async def test_other_bots_speak_too(acme, general):
    robot: OtherBot = acme.other_bot("Deployer")
    modern = await robot.says(general, f"{acme.bot.mention} deployed")
    classic = await robot.says(general, "done", is_classic=True)
    assert kinds(modern) == ["message", "app_mention"]
    assert modern.deliveries[0].event["bot_id"] == robot.bot.id
    event = classic.deliveries[0].event
    assert (event["subtype"], event["username"], "user" in event) == ("bot_message", "Deployer", False)


async def test_joins_and_emotes(slack, acme, general):
    bob: Person = acme.user("Bob")
    await bob.joins(general)
    join, membership = slack.deliveries
    assert (join.event["subtype"], membership.event["type"]) == ("channel_join", "member_joined_channel")
    emote = await bob.emotes(general, "waves")
    assert emote.deliveries[0].event["subtype"] == "me_message"


async def test_joining_bot_does_not_mention_itself(slack, client, acme):
    lobby = acme.channel("lobby", has_bot=False)
    await client.conversations_join(channel=lobby.id)
    assert [delivery.event["type"] for delivery in slack.deliveries] == ["message", "member_joined_channel"]


async def test_reactions_are_events(slack, ann, general):
    message = await ann.says(general, "hi")
    await ann.reacts(message, "eyes")
    event = last_event(slack)
    assert (event["type"], event["reaction"], event["item"]["ts"]) == ("reaction_added", "eyes", message.ts)
    assert event["item_user"] == ann.id
    await ann.unreacts(message, "eyes")
    assert last_event(slack)["type"] == "reaction_removed"
    assert message.now.reactions == {}


async def test_app_home_and_what_the_person_looks_at(slack, ann):
    slack.app.has_agent_view = True
    context = {"entities": [{"type": "slack#/types/channel_id", "value": "C1"}]}
    delivery = await ann.opens_app(context=context)
    assert delivery is not None
    assert (delivery.event["tab"], delivery.event["channel"]) == ("messages", ann.direct.id)
    assert delivery.event["context"] == context
    message = await ann.dm("what is this?", app_context=context)
    assert message.deliveries[0].event["app_context"] == context


async def test_two_workspaces_share_the_app_and_nothing_else(slack, acme, ann):
    globex = slack.workspace("Globex")
    here = acme.channel("same", channel_id="C0SAME00000")
    there = globex.channel("same", channel_id="C0SAME00000")
    first = await ann.says(here, f"{acme.bot.mention} hi")
    second = await globex.user("Ann").says(there, f"{globex.bot.mention} hi")
    assert {delivery.payload["team_id"] for delivery in first.deliveries} == {acme.id}
    assert {delivery.payload["team_id"] for delivery in second.deliveries} == {globex.id}
    assert acme.bot_token != globex.bot_token
    assert [seen.ts for seen in here.messages] == [first.ts]


async def test_message_after_streaming_is_a_change(slack, client, ann):
    question = await ann.dm("hi")
    place = {"channel": question.channel_id}
    ts = (await client.chat_startStream(**place, thread_ts=question.ts, markdown_text="a"))["ts"]
    assert last_event(slack)["streaming_state"] == "in_progress"
    await client.chat_stopStream(**place, ts=ts)
    event = last_event(slack)
    assert (event["subtype"], event["message"]["streaming_state"]) == ("message_changed", "completed")


async def test_the_preview_of_a_link_changes_the_message_but_not_its_text(slack, ann, general):
    message = await ann.says(general, "see https://example.org")
    message.unfurl({"title": "Example", "fallback": "Example"})
    event = last_event(slack)
    assert (event["subtype"], event["hidden"]) == ("message_changed", True)
    assert event["message"]["text"] == event["previous_message"]["text"]
    assert "edited" not in event["message"]
    assert message.now.attachments == ({"title": "Example", "fallback": "Example"},)
