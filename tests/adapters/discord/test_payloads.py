"""Payloads in the shapes of Discord's reference pages, one file for each kind of message: what becomes of it."""

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "payloads"
RECORDS = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.json"))}


@pytest.fixture
def fill(discord, guild, general, ann, ben):
    """Puts the ids of this server into a payload."""
    ids = {
        "U_BOT": discord.bot.id,
        "U_ANN": ann.id,
        "U_BEN": ben.id,
        "G_GUILD": guild.id,
        "C_GENERAL": general.id,
        "D_ANN": ann.dm_channel.id,
    }

    def read(text):
        for name, value in ids.items():
            text = text.replace(name, str(value))
        return json.loads(text)

    return read


def told(event):
    known = {"kind": event.kind, "session": str(event.place.session), "user": str(event.user)}
    known |= {"text": event.text, "speaker": event.speaker}
    if event.kind == "message":
        known["addressing"] = event.addressing.value
    return known


@pytest.mark.parametrize("name", RECORDS)
async def test_what_becomes_of_it(discord, connect, fill, ann, inbox, name):
    record = fill(RECORDS[name])
    await connect(allowed_bots=frozenset({"881"}))
    discord.gateway.dispatch(record["event"], record["payload"])
    await ann.dm("the end")
    *events, last = await inbox.wait_for(len(record["becomes"]) + 1)
    assert last.text == "the end"
    assert len(events) == len(record["becomes"])
    for event, expected in zip(events, record["becomes"], strict=True):
        assert {key: value for key, value in told(event).items() if key in expected} == expected


def test_every_payload_names_the_page_that_documents_it():
    pages = [json.loads(text)["page"] for text in RECORDS.values()]
    assert len(pages) > 25
    assert all(page.startswith("https://discord.com/developers/docs/") for page in pages)
