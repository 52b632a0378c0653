"""Payloads as Slack's reference pages show them, one file for each kind of message: what becomes of it."""

import json
from pathlib import Path

import pytest

from threadkeep_slack.inbound.subtypes import SUBTYPES, Treatment, treatment_of

FOLDER = Path(__file__).parent / "payloads"
RECORDS = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.json"))}


@pytest.fixture
def fill(slack, acme, ann, general):
    """Puts the ids of this workspace into a payload."""
    ids = {
        "T_TEAM": acme.id,
        "U_BOT": acme.team.bot_user,
        "B_BOT": acme.team.bot.id,
        "A_APP": slack.app.id,
        "U_ANN": ann.id,
        "U_BOB": acme.user("Bob").id,
        "C_GENERAL": general.id,
        "D_ANN": ann.direct.id,
        "G_PRIVATE": acme.channel("closed", is_private=True).id,
        "G_MPIM": acme.group(ann, acme.user("Bob")).id,
    }

    def read(text):
        for name, value in ids.items():
            text = text.replace(name, value)
        return json.loads(text)

    return read


def is_as_expected(event, expected):
    known = {"kind": event.kind, "session": str(event.place.session)}
    if event.kind != "deleted":
        known |= {"text": event.text, "speaker": event.speaker, "user": str(event.user)}
    if event.kind == "message":
        known["addressing"] = event.addressing
    begins = expected.pop("begins", "")
    return {name: known[name] for name in expected} == expected and known.get("text", "").startswith(begins)


@pytest.mark.parametrize("name", RECORDS)
async def test_what_becomes_of_it(slack, adapter, sink, fill, name):
    record = fill(RECORDS[name])
    delivery = slack.deliver_payload(record["payload"])
    await slack.wait_until_acked(delivery)
    assert len(delivery.attempts) == 1
    assert len(sink.events) == len(record["becomes"])
    for event, expected in zip(sink.events, record["becomes"], strict=True):
        assert is_as_expected(event, expected), (event, expected)


def test_every_subtype_has_a_payload_and_a_reason():
    subtypes = {json.loads(text)["payload"]["event"].get("subtype") for text in RECORDS.values()} - {None}
    assert subtypes == {*SUBTYPES, "something_new"}
    assert all(reason for _, reason in SUBTYPES.values())


def test_a_message_without_a_subtype_is_said_and_of_an_unknown_one_ignored():
    assert treatment_of(None) is Treatment.SAID
    assert treatment_of("something_new") is Treatment.IGNORED
