"""Typing what stands on a button."""

import pytest

from threadkeep_playground.keys import Key, read_key, slack_fields, slack_keys, without_labels

APPROVE, DENY, RED = Key(label="Approve"), Key(label="Deny"), Key(label="Red", select="colour", value="r")
KEYS = (APPROVE, DENY, RED)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("approve", (APPROVE, "")),
        ("Deny", (DENY, "")),
        ("deny: too late", (DENY, "too late")),
        ("RED", (RED, "")),
        ("deny too late", None),
        ("approved", None),
        ("", None),
    ],
)
def test_a_label_presses_and_other_words_are_talk(line, meant):
    assert read_key(line, KEYS) == meant


def test_buttons_and_options_of_slack_can_be_pressed_but_links_cannot():
    def text(words):
        return {"type": "plain_text", "text": words}

    elements = [
        {"type": "button", "action_id": "a", "text": text("Approve"), "value": "1"},
        {"type": "button", "action_id": "b", "text": text("Docs"), "url": "https://example.org"},
        {"type": "static_select", "action_id": "colour", "options": [{"text": text("Red"), "value": "r"}]},
    ]
    assert slack_keys([{"type": "actions", "elements": elements}]) == (APPROVE, RED)


def test_labels_are_no_part_of_the_text_above_them():
    assert without_labels("May I?\nApprove\nDeny", KEYS) == "May I?"
    assert without_labels("Approve", ()) == "Approve"
    assert without_labels("I approve\nof it", KEYS) == "I approve\nof it"


def test_words_fill_the_first_field_if_there_are_any():
    modal = {"blocks": [{"type": "section"}, {"type": "input", "block_id": "why"}, {"type": "input", "block_id": "x"}]}
    assert slack_fields(modal, "too late") == {"why": "too late"}
    assert slack_fields(modal, "") == {}
    assert slack_fields({"blocks": []}, "too late") == {}
