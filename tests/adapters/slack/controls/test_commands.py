"""Slash commands, from Slack's payload to the sink and back to who gave them."""

import pytest

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import MessageReceived, PlaceKind
from threadkeep.errors import ConfigError
from threadkeep_slack.controls.command_settings import read_prefix
from threadkeep_slack.settings import SlackSettings, read_settings


async def the_command(sink, count=1):
    event = (await sink.wait_for(count))[-1]
    assert isinstance(event, MessageReceived)
    return event


async def test_a_command_is_a_message_with_its_name_and_text(slack, acme, adapter, sink, ann, general):
    interaction = await ann.commands(general, "/forget", " 2 ")
    event = await the_command(sink)
    assert (event.command, event.text, event.is_private) == ("forget", "2", True)
    assert str(event.user) == f"slack:{acme.id}:{ann.id}"
    assert event.speaker == "Ann"
    assert str(event.place.session) == f"slack:{acme.id}:{general.id}"
    assert event.place.kind is PlaceKind.CHANNEL
    assert interaction.delivery.is_acked
    assert not interaction.delivery.response
    assert ann.sees_ephemerals(general) == []


async def test_each_command_is_an_event_of_its_own_and_one_delivered_twice_is_one(slack, adapter, sink, ann, general):
    interaction = await ann.commands(general, "/usage-of-mine")
    await slack.wait_until_acked(slack.redeliver(interaction.delivery))
    await ann.commands(general, "/usage-of-mine")
    await sink.wait_for_calls(3)
    assert len({event.key.revision for event in sink.events}) == 2


async def test_it_is_accepted_before_it_is_acknowledged(slack, adapter, sink, ann, general):
    sink.refusals = 1
    interaction = await ann.commands(general, "/memory")
    assert interaction.delivery.is_given_up
    assert sink.events == []


async def test_too_much_waiting_is_said_at_once(adapter, sink, ann, general):
    sink.acceptance = Acceptance.FULL
    await ann.commands(general, "/memory")
    (told,) = ann.sees_ephemerals(general)
    assert "Too much is waiting" in told.text


@pytest.mark.parametrize("name", ["new", "retry", "summary", "usage"])
async def test_a_command_of_a_conversation_means_the_last_one(acme, adapter, sink, ann, general, name):
    question = await ann.says(general, f"{acme.bot.mention} hello")
    await sink.wait_for()
    await ann.commands(general, f"/{name}")
    event = await the_command(sink, 2)
    assert event.place.session == sink.events[0].place.session
    assert event.place.session.thread == question.ts
    assert event.is_private is (name in ("summary", "usage"))


@pytest.mark.parametrize("name", ["new", "retry", "summary", "usage"])
async def test_without_one_it_is_answered_with_advice(adapter, sink, ann, general, name):
    await ann.commands(general, f"/{name}")
    (told,) = ann.sees_ephemerals(general)
    assert f"`!{name}`" in told.text
    assert sink.calls == 0


@pytest.mark.parametrize("is_agent_view", [False, True])
async def test_in_direct_messages_it_means_them_or_their_last_thread(
    acme, connect, socket_settings, sink, ann, is_agent_view
):
    await connect(socket_settings(is_agent_view=is_agent_view))
    question = await ann.dm("hello")
    await sink.wait_for()
    await ann.commands(ann.direct, "/retry")
    event = await the_command(sink, 2)
    assert event.place.session.thread == (question.ts if is_agent_view else None)
    assert event.place.kind is PlaceKind.DIRECT


async def test_in_a_group_message_it_means_the_whole(acme, adapter, sink, ann):
    group = acme.group(ann, acme.user("Bob"))
    await ann.commands(group, "/new")
    event = await the_command(sink)
    assert str(event.place.session) == f"slack:{acme.id}:{group.id}"


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("", "help", ""),
        ("new", "new", ""),
        ("Forget 2", "forget", "2"),
        ("!memory", "memory", ""),
        ("/deploy a  b", "deploy", "a  b"),
    ],
)
async def test_after_a_prefix_the_first_word_is_the_command(connect, socket_settings, sink, ann, text, name, rest):
    await connect(socket_settings(command="/keeper"))
    await ann.commands(ann.direct, "/keeper", text)
    event = await the_command(sink)
    assert (event.command, event.text) == (name, rest)


async def test_after_a_prefix_stop_stops(connect, socket_settings, sink, ann):
    await connect(socket_settings(command="/keeper"))
    await ann.commands(ann.direct, "/keeper", "stop")
    assert [event.kind for event in await sink.wait_for()] == ["stop"]


async def test_without_a_prefix_every_command_of_the_app_is_one(adapter, sink, ann):
    await ann.commands(ann.direct, "/keeper", "new")
    event = await the_command(sink)
    assert (event.command, event.text) == ("keeper", "new")


async def test_a_command_over_http(slack, connect, http_settings, sink, ann, general):
    adapter = await connect(http_settings())
    await slack.use_request_url(adapter.request_url)
    await ann.commands(general, "/memory")
    assert (await the_command(sink)).command == "memory"


@pytest.mark.parametrize("missing", ["command", "channel_id", "user_id", "team_id", "trigger_id"])
async def test_a_malformed_command_is_acknowledged(slack, acme, adapter, sink, ann, general, missing):
    payload = {
        "command": "/memory",
        "channel_id": general.id,
        "user_id": ann.id,
        "team_id": acme.id,
        "trigger_id": "1.2.3",
        "text": "",
    }
    del payload[missing]
    delivery = slack.deliver_payload(payload, kind="slash_commands")
    await slack.wait_until_settled(delivery)
    assert sink.calls == 0
    assert delivery.is_acked


@pytest.mark.parametrize(("text", "prefix"), [("", None), ("/keeper", "/keeper"), (" Keeper ", "/keeper")])
def test_the_prefix_is_a_setting(text, prefix):
    assert read_prefix({"SLACK_COMMAND": text}) == prefix


@pytest.mark.parametrize("text", ["/", "two words", "/a/b", "/späti", "/" + "a" * 32])
def test_a_prefix_that_slack_would_refuse_is_refused(text):
    environ = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_COMMAND": text}
    with pytest.raises(ConfigError, match="SLACK_COMMAND"):
        read_settings(environ)


def test_settings_check_the_prefix():
    with pytest.raises(ConfigError, match="SLACK_COMMAND"):
        SlackSettings(bot_token="xoxb-1", app_token="xapp-1", command="no slash")
