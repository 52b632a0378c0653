"""Other bots: heard if they are allowed, and never for ever."""

import pytest

from threadkeep.chat.events import Addressing
from threadkeep.errors import ConfigError
from threadkeep.sessions import SessionKey
from threadkeep_slack.inbound.bots import Hearing
from threadkeep_slack.inbound.payloads import SlackMessage
from threadkeep_slack.limits import BOT_TURNS, PLACES_REMEMBERED
from threadkeep_slack.settings import read_settings
from threadkeep_slack.talk import AllowedMentions
from threadkeep_slack.workspace import Workspace

SOCKET = {"SLACK_BOT_TOKEN": "xoxb-1-secret", "SLACK_APP_TOKEN": "xapp-1-secret"}
WORKSPACE = Workspace(team="T01", team_name="Acme", bot_user="U0BOT", bot_name="keeper", bot="B01")


def said(ts="1.000000", **fields):
    given = {"type": "message", "channel": "C01", "ts": ts, "text": "hello", "user": "U0DEP"}
    return SlackMessage.model_validate(given | {"bot_id": "B0DEP", "app_id": "A0DEP"} | fields)


@pytest.mark.parametrize("name", ["B0DEP", "A0DEP", "U0DEP"])
def test_a_bot_is_allowed_by_any_of_its_ids(name):
    assert Hearing({name}).is_heard(said(), WORKSPACE)
    assert not Hearing({"B0X"}).is_heard(said(), WORKSPACE)
    assert not Hearing().is_heard(said(), WORKSPACE)


def test_a_webhook_has_only_a_bot_id():
    webhook = said(subtype="bot_message", user=None, app_id=None)
    assert Hearing({"B0DEP"}).is_heard(webhook, WORKSPACE)
    assert not Hearing().may_concern("bot_message")


@pytest.mark.parametrize(
    "fields", [{"bot_id": "B01"}, {"user": "U0BOT"}, {"user": "USLACKBOT"}, {"hidden": True}, {"subtype": "bot_add"}]
)
def test_this_bot_and_slack_itself_are_never_heard(fields):
    message = said(**fields)
    everything = {"B01", "A0DEP", "U0BOT", "USLACKBOT", "B0DEP", "U0DEP"}
    assert not Hearing(everything).is_heard(message, WORKSPACE)


def test_turns_are_counted_in_each_conversation_and_begin_anew_with_a_person():
    hearing = Hearing({"B0DEP"}, most_turns=2)
    here, there = (SessionKey(platform="slack", workspace="T01", channel="C01", thread=str(n)) for n in range(2))
    person = said(bot_id=None, app_id=None)
    turns = [said(f"{number}.000000") for number in (1, 1, 2, 2, 3, 3)]
    assert [hearing.may_answer(turn, here, WORKSPACE) for turn in turns] == [True] * 4 + [False] * 2
    assert hearing.may_answer(said(), there, WORKSPACE)
    assert hearing.may_answer(person, here, WORKSPACE)
    assert hearing.may_answer(said(), here, WORKSPACE)


def test_the_memory_of_turns_is_bounded():
    hearing = Hearing({"B0DEP"})
    for number in range(PLACES_REMEMBERED + 10):
        session = SessionKey(platform="slack", workspace="T01", channel=f"C{number}")
        assert hearing.may_answer(said(), session, WORKSPACE)
    assert len(hearing._turns) == PLACES_REMEMBERED


async def test_an_allowed_bot_is_answered_like_a_person(slack, acme, connect, socket_settings, sink, general):
    deploy, noise = acme.other_bot("Deploy"), acme.other_bot("Noise")
    await connect(socket_settings(allowed_bots=frozenset({deploy.bot.id})))
    await noise.says(general, f"{acme.bot.mention} hello")
    first = await deploy.says(general, f"{acme.bot.mention} release 12 failed", is_classic=True)
    await deploy.says(general, f"{acme.bot.mention} and 13 too")
    events = await sink.wait_for(2)
    await slack.wait_until_settled()
    assert [(event.speaker, event.text, event.addressing) for event in events] == [
        ("Deploy (bot)", "release 12 failed", Addressing.BOT),
        ("Deploy (bot)", "and 13 too", Addressing.BOT),
    ]
    assert str(events[0].user) == f"slack:{acme.id}:{deploy.bot.id}"
    assert events[0].place.session.thread == first.ts
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_two_bots_do_not_talk_to_each_other_for_ever(acme, connect, socket_settings, sink, ann, general):
    deploy = acme.other_bot("Deploy")
    await connect(socket_settings(allowed_bots=frozenset({deploy.bot.app_id})))
    root = await ann.says(general, f"{acme.bot.mention} talk to each other")
    for number in range(BOT_TURNS + 2):
        await deploy.says(general, f"{acme.bot.mention} turn {number}", thread_ts=root.ts)
    await sink.wait_for(BOT_TURNS + 3)
    await ann.replies(root, "go on")
    await sink.wait_for(BOT_TURNS + 4)
    await deploy.says(general, f"{acme.bot.mention} gladly", thread_ts=root.ts)
    events = await sink.wait_for(BOT_TURNS + 5)
    answered = [event.addressing is not Addressing.OTHERS for event in events]
    assert answered == [True] * (BOT_TURNS + 1) + [False] * 2 + [True] * 2


async def test_the_edit_of_an_allowed_bot_is_heard(acme, slack, connect, socket_settings, sink, general):
    deploy = acme.other_bot("Deploy")
    await connect(socket_settings(allowed_bots=frozenset({deploy.bot.id})))
    said_first = await deploy.says(general, f"{acme.bot.mention} releasing")
    await sink.wait_for(1)
    change = {"type": "message", "subtype": "message_changed", "channel": general.id, "channel_type": "channel"}
    before = {"type": "message", "ts": said_first.ts, "user": deploy.bot.user_id, "bot_id": deploy.bot.id, "text": "x"}
    after = before | {"text": f"{acme.bot.mention} released", "edited": {"user": "U1", "ts": "2.000000"}}
    slack.deliver(change | {"ts": "2.000000", "message": after, "previous_message": before})
    edit = (await sink.wait_for(2))[1]
    assert (edit.kind, edit.text, edit.speaker) == ("edited", "released", "Deploy (bot)")


def test_bots_and_mentions_are_read_from_the_environment():
    settings = read_settings(SOCKET)
    assert (settings.allowed_bots, settings.allowed_mentions) == (frozenset(), AllowedMentions.NONE)
    given = {"SLACK_ALLOWED_BOTS": "B012, A034 U056", "SLACK_ALLOWED_MENTIONS": " Participants "}
    settings = read_settings(SOCKET | given)
    assert settings.allowed_bots == {"B012", "A034", "U056"}
    assert settings.allowed_mentions is AllowedMentions.PARTICIPANTS


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"SLACK_ALLOWED_BOTS": "deploy"}, ["SLACK_ALLOWED_BOTS", "'deploy'", "member ID"]),
        ({"SLACK_ALLOWED_MENTIONS": "everybody"}, ["SLACK_ALLOWED_MENTIONS", "participants", "'everybody'"]),
    ],
)
def test_what_is_wrong_about_them_is_said(environ, words):
    with pytest.raises(ConfigError) as refused:
        read_settings(SOCKET | environ)
    assert all(word in str(refused.value) for word in words)
