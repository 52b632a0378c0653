"""What the redactor finds, and what it leaves alone."""

import pytest

from threadkeep import ConfigError, Redactor, UserKey
from threadkeep.chat.events import (
    ActionPressed,
    FeedbackGiven,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    Place,
    PlaceKind,
)
from threadkeep.sessions import MessageKey, SessionKey

KEY = MessageKey(platform="test", workspace="W", channel="C", message="1")
PLACE = Place(session=SessionKey(platform="test", workspace="W", channel="C"), kind=PlaceKind.DIRECT)
WHO = {"place": PLACE, "user": UserKey(platform="test", user="ann"), "speaker": "Ann"}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("my key is sk-abcdefghijklmnopqrstuv, ok?", "my key is [key], ok?"),
        ("AKIAIOSFODNN7EXAMPLE", "[key]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nafter", "[key]\nafter"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE cut off", "[key]"),
        ("xoxb-123456789012-abcdef", "[token]"),
        ("ghp_" + "a" * 36, "[token]"),
        ("Authorization: Bearer abcdefghijklmnop.qr", "Authorization: Bearer [token]"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK", "[token]"),
        ("pay with 4111 1111 1111 1111 please", "pay with [card] please"),
        ("4111-1111-1111-1111", "[card]"),
        ("Ann.Lee+shop@mail.example.co.uk!", "[email]!"),
        ("call +49 (30) 901820-1", "call [phone]"),
        ("call +1 415-555-0132 now", "call [phone] now"),
        ("(415) 555-0132", "[phone]"),
    ],
)
def test_secrets_and_personal_data_are_found(text, left):
    assert Redactor()(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112 has a wrong check digit",
        "the order 123456789 of 2024-05-01 costs 1,234.50",
        "session 1700000001.000200 in C0123456",
        "discord:123456789012345678x",
        "a@b is no address, and @ann a mention",
        "sk-short, and skiing",
        "version 1.2.3 of 192.168.100.200",
        "",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text):
    assert Redactor()(text) == text


def test_kinds_patterns_and_mask_are_chosen():
    redactor = Redactor(kinds=["email"], patterns={"ticket": r"\bT-\d+\b"}, mask="<{kind}>")
    assert redactor("T-12 of a@b.org, +1 415-555-0132") == "<ticket> of <email>, +1 415-555-0132"


@pytest.mark.parametrize("settings", [{"kinds": ["cats"]}, {"patterns": {"bad": "("}}])
def test_what_cannot_be_looked_for_is_refused(settings):
    with pytest.raises(ConfigError):
        Redactor(**settings)


def test_long_texts_are_read_quickly():
    for text in ("a@" + "a." * 20_000, "1 " * 20_000, "+1" + " 1" * 20_000, "eyJ" * 10_000, "-----BEGIN " * 2_000):
        assert Redactor()(text)


def test_events_are_redacted_where_people_speak():
    redactor = Redactor()
    said = MessageReceived(key=KEY, text="a@b.org", **WHO)
    edited = MessageEdited(key=KEY, text="a@b.org", **WHO)
    rated = FeedbackGiven(key=KEY, place=PLACE, user=WHO["user"], rating=-1, comment="ask a@b.org")
    assert Redactor().event(rated).comment == "ask [email]"
    pressed = ActionPressed(key=KEY, action="form", fields={"mail": "a@b.org"}, **WHO)
    deleted = MessageDeleted(key=KEY, place=PLACE)
    assert redactor.event(said).text == redactor.event(edited).text == "[email]"
    assert redactor.event(pressed).fields == {"mail": "[email]"}
    assert redactor.event(deleted) is deleted


def test_log_events_are_redacted_at_any_depth():
    event = {"event": "x", "said": ["a@b.org", {"to": ("a@b.org", 1)}], "number": 7}
    assert Redactor().processor(None, "info", event) == {
        "event": "x",
        "said": ["[email]", {"to": ["[email]", 1]}],
        "number": 7,
    }
