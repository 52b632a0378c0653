"""What a message means: to whom it is said, and which conversation it belongs to."""

import pytest

from threadkeep.chat.events import Addressing, PlaceKind
from threadkeep.messages import Attachment
from threadkeep_slack.inbound.bots import Hearing, is_from_person
from threadkeep_slack.inbound.events import addressing_of, people_in, place_of, to_event
from threadkeep_slack.inbound.payloads import MessageEnvelope, SlackMessage, read_heading
from threadkeep_slack.workspace import Workspace

WORKSPACE = Workspace(team="T01", team_name="Acme", bot_user="U0BOT", bot_name="keeper", bot="B01")
ORGANISATION = Workspace(
    team="E01", team_name="Org", enterprise="E01", is_org_wide=True, bot_user="U0BOT", bot_name="keeper", bot="B01"
)
TS = "1700000000.000100"
ROOT = "1600000000.000100"


def said(text="hello", **fields):
    given = {"type": "message", "channel": "C01", "channel_type": "channel", "ts": TS, "user": "U0ANN", "text": text}
    return SlackMessage.model_validate(given | fields)


@pytest.mark.parametrize("subtype", [None, "thread_broadcast", "file_share", "me_message"])
def test_what_people_say_is_heard(subtype):
    assert Hearing().may_concern(subtype)


@pytest.mark.parametrize(
    "subtype", ["message_changed", "message_deleted", "bot_message", "channel_join", "channel_topic", "new_one"]
)
def test_everything_else_is_not(subtype):
    assert not Hearing().may_concern(subtype)


@pytest.mark.parametrize(
    "fields",
    [
        {"user": "U0BOT"},
        {"user": "USLACKBOT"},
        {"user": None},
        {"bot_id": "B02"},
        {"app_id": "A02"},
        {"hidden": True},
    ],
)
def test_bots_and_slack_itself_are_not_people(fields):
    assert is_from_person(said(), WORKSPACE)
    assert not is_from_person(said(**fields), WORKSPACE)


@pytest.mark.parametrize(
    ("kind", "message", "expected"),
    [
        ("im", said(), Addressing.BOT),
        ("channel", said("<@U0BOT> hello"), Addressing.BOT),
        ("channel", said("hello <@U0BOT|keeper>"), Addressing.BOT),
        ("channel", said("<@U0BOB> ask <@U0BOT>", thread_ts=ROOT), Addressing.BOT),
        ("channel", said("a call without the mention in its text", type="app_mention"), Addressing.BOT),
        ("channel", said("&lt;@U0BOT&gt;"), None),
        ("channel", said(), None),
        ("group", said("<@U0BOB> hello"), None),
        ("channel", said(thread_ts=TS), None),
        ("channel", said(thread_ts=ROOT), Addressing.THREAD),
        ("group", said(thread_ts=ROOT, subtype="thread_broadcast"), Addressing.THREAD),
        ("channel", said("<@U0BOB> hello", thread_ts=ROOT), Addressing.OTHERS),
        ("channel", said("hello <@U0BOB>", thread_ts=ROOT), Addressing.THREAD),
        ("mpim", said(), Addressing.OTHERS),
        ("mpim", said("<@U0BOT> hello"), Addressing.BOT),
        ("mpim", said(thread_ts=ROOT), Addressing.THREAD),
    ],
)
def test_addressing(kind, message, expected):
    assert addressing_of(message, kind, WORKSPACE) is expected


@pytest.mark.parametrize(
    ("kind", "is_agent_view", "fields", "session", "place_kind"),
    [
        ("channel", False, {}, f"slack:T01:C01:{TS}", PlaceKind.THREAD),
        ("channel", False, {"thread_ts": TS}, f"slack:T01:C01:{TS}", PlaceKind.THREAD),
        ("channel", False, {"thread_ts": ROOT}, f"slack:T01:C01:{ROOT}", PlaceKind.THREAD),
        ("group", False, {}, f"slack:T01:C01:{TS}", PlaceKind.THREAD),
        ("im", False, {}, "slack:T01:C01", PlaceKind.DIRECT),
        ("im", False, {"thread_ts": ROOT}, f"slack:T01:C01:{ROOT}", PlaceKind.DIRECT),
        ("im", True, {}, f"slack:T01:C01:{TS}", PlaceKind.DIRECT),
        ("im", True, {"thread_ts": ROOT}, f"slack:T01:C01:{ROOT}", PlaceKind.DIRECT),
        ("mpim", False, {}, "slack:T01:C01", PlaceKind.CHANNEL),
        ("mpim", True, {}, "slack:T01:C01", PlaceKind.CHANNEL),
        ("mpim", False, {"thread_ts": ROOT}, f"slack:T01:C01:{ROOT}", PlaceKind.THREAD),
    ],
)
def test_conversations(kind, is_agent_view, fields, session, place_kind):
    place = place_of(said(**fields), kind, team="T01", is_agent_view=is_agent_view)
    assert str(place.session) == session
    assert place.kind is place_kind
    assert place.reply_to == TS


def event_of(message, workspace=WORKSPACE, names=None):
    place = place_of(message, "channel", team="T01")
    return to_event(message, place=place, addressing=Addressing.BOT, workspace=workspace, names=names or {})


def test_event_carries_who_said_what_and_when():
    event = event_of(said("<@U0BOT> hello <@U0BOB>"), names={"U0ANN": "Ann", "U0BOB": "Bob"})
    assert str(event.key) == f"slack:T01:C01:{TS}"
    assert str(event.user) == "slack:T01:U0ANN"
    assert (event.speaker, event.text) == ("Ann", "hello @Bob")
    assert event.sent_at == pytest.approx(1700000000.0001)


def test_speaker_without_a_known_name_keeps_the_id():
    assert event_of(said()).speaker == "U0ANN"
    assert event_of(said(user_profile={"display_name": "", "real_name": "Ann"})).speaker == "Ann"


def test_people_keep_one_id_across_an_organisation():
    assert str(event_of(said(), ORGANISATION).user) == "slack:E01:U0ANN"


def test_files_come_along_as_attachments():
    url = "https://files.slack.com/files-pri/T01-F1"
    whole = {"id": "F1", "name": "a.pdf", "mimetype": "application/pdf", "size": 7, "url_private": url}
    event = event_of(said("look", files=[whole, {"id": "F2", "title": "b"}, {"name": "c", "size": "many"}]))
    assert event.text == "look"
    assert event.attachments == (
        Attachment(id="F1", name="a.pdf", media_type="application/pdf", size=7, url=url),
        Attachment(id="F2", name="b"),
        Attachment(id="", name="c", note="Slack does not say which file it is"),
    )
    assert event_of(said("look")).attachments == ()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"mode": "tombstone"}, "it was deleted"),
        ({"mode": "hidden_by_limit"}, "Slack hides it: the workspace's plan keeps no older files"),
        ({"mode": "external", "is_external": True, "url_private": "https://a.example"}, "it lies outside of Slack"),
        ({"is_external": True}, "it lies outside of Slack"),
        ({"file_access": "file_not_found"}, "it is not there any more"),
        ({"file_access": "access_denied"}, "Slack does not let me read it"),
        ({"mode": "file_access", "file_access": "check_file_info"}, ""),
    ],
)
def test_files_that_cannot_be_read_say_why(fields, reason):
    (attachment,) = event_of(said("look", files=[{"id": "F1", **fields}])).attachments
    assert attachment.note == reason


def test_both_deliveries_of_a_mention_are_one_message():
    text = "<@U0BOT> hello"
    as_message, as_mention = said(text), said(text, type="app_mention", channel_type=None)
    assert event_of(as_message) == event_of(as_mention)
    assert addressing_of(as_message, "channel", WORKSPACE) is addressing_of(as_mention, "channel", WORKSPACE)


def test_names_are_wanted_of_the_speaker_and_a_few_others():
    many = " ".join(f"<@U{number:03}>" for number in range(20))
    wanted = people_in(said(f"<@U0BOT> {many}"), WORKSPACE)
    assert wanted[:2] == ("U0ANN", "U000")
    assert len(wanted) == 6


def envelope(team="T01", authorizations=(), message=None, context=None):
    body = {"event_id": "Ev01", "team_id": team, "authorizations": authorizations, "event": message or said()}
    body["context_team_id"] = context
    return MessageEnvelope.model_validate(body)


def test_events_are_kept_under_the_workspace_of_the_installation():
    ours = {"team_id": "T01", "enterprise_id": None}
    theirs = {"team_id": "T02", "enterprise_id": None}
    assert WORKSPACE.team_of(envelope()) == "T01"
    assert WORKSPACE.team_of(envelope("T02", [ours])) == "T01"
    assert WORKSPACE.team_of(envelope("T01", [theirs])) == "T01"
    assert WORKSPACE.team_of(envelope("T02", [theirs])) is None


def test_the_context_names_the_workspace_where_a_channel_is_shared():
    theirs = {"team_id": "T02", "enterprise_id": None}
    assert WORKSPACE.team_of(envelope("T02", [theirs], context="T01")) == "T01"
    ours = {"team_id": None, "enterprise_id": "E01"}
    assert ORGANISATION.team_of(envelope("T09", [ours], context="T07")) == "T07"


def test_an_organisation_wide_installation_keeps_workspaces_apart():
    ours = {"team_id": "T07", "enterprise_id": "E01"}
    assert ORGANISATION.team_of(envelope("T09", [ours])) == "T07"
    assert ORGANISATION.team_of(envelope("T09", [{"team_id": None, "enterprise_id": "E01"}])) == "T09"
    assert ORGANISATION.team_of(envelope("T09", [{"team_id": "T08", "enterprise_id": "E02"}])) is None


@pytest.mark.parametrize("body", [None, [], {}, {"event": None}, {"event": {"subtype": 5}}, {"event": {}}])
def test_the_heading_of_anything_is_read_without_an_error(body):
    assert read_heading(body) == (None, None)
    event = {"type": "message", "subtype": "message_changed"}
    assert read_heading({"event": event}) == ("message", "message_changed")
