"""Messages that are made of components: what they may hold, and how others become such messages."""

import io
from typing import Any

import discord as discord_py
import pytest

from threadkeep_emulators.discord import DiscordEmulator, EmulatorError, MessageFlag
from threadkeep_emulators.discord.errors import ApiError

V2 = 1 << 15
LEGACY = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
TEXT = {"type": 10, "content": "text"}
BUTTON = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}
ROW = {"type": 1, "components": [BUTTON]}
PICTURE = {"media": {"url": "https://example.org/cat.png"}}
THUMBNAIL = {"type": 11, **PICTURE}
SECTION = {"type": 9, "components": [TEXT], "accessory": THUMBNAIL}
GALLERY = {"type": 12, "items": [PICTURE]}
SEPARATOR = {"type": 14, "divider": True, "spacing": 2}
CONTAINER = {"type": 17, "components": [TEXT, SEPARATOR, SECTION, GALLERY], "accent_color": 0xFF0000}
LABEL = {"type": 18, "label": "Name", "component": {"type": 4, "custom_id": "name", "style": 1}}


def errors_in(tree: Any, path: str = "") -> set[tuple[str, str]]:
    """Give each error of a refused form with its field."""
    found = {(path, error["code"]) for error in tree.get("_errors", ())}
    for name, branch in tree.items():
        if name != "_errors":
            found |= errors_in(branch, f"{path}.{name}".lstrip("."))
    return found


@pytest.fixture
def general(discord: DiscordEmulator) -> Any:
    return discord.guild("Club").channel("general")


@pytest.fixture
def call(discord: DiscordEmulator, general: Any, http: Any) -> Any:
    """Posts a form into the channel, or edits a message with it; gives the answer, or the errors."""

    async def call(form: Any, *, edits: Any = None) -> Any:
        url = f"{discord.api_url}/channels/{general.id}/messages"
        method, url = ("POST", url) if edits is None else ("PATCH", f"{url}/{edits}")
        async with http.request(method, url, json=form) as answer:
            body = await answer.json()
        if answer.status == 200:
            return body
        return errors_in(body["errors"]) if "errors" in body else body["code"]

    return call


@pytest.mark.parametrize(
    ("part", "error"),
    [
        (THUMBNAIL, ("components.0", "UNION_TYPE_CHOICES")),
        (LABEL, ("components.0", "UNION_TYPE_CHOICES")),
        ({**ROW, "components": [TEXT]}, ("components.0.components.0", "UNION_TYPE_CHOICES")),
        ({**ROW, "components": [BUTTON] * 6}, ("components.0.components", "BASE_TYPE_BAD_LENGTH")),
        ({"type": 10}, ("components.0.content", "BASE_TYPE_REQUIRED")),
        ({"type": 10, "content": ""}, ("components.0.content", "BASE_TYPE_BAD_LENGTH")),
        ({"type": 10, "content": "x" * 4001}, ("components.0.content", "BASE_TYPE_BAD_LENGTH")),
        ({**SECTION, "accessory": None}, ("components.0.accessory", "BASE_TYPE_REQUIRED")),
        ({**SECTION, "accessory": TEXT}, ("components.0.accessory", "UNION_TYPE_CHOICES")),
        ({**SECTION, "accessory": {**BUTTON, "label": ""}}, ("components.0.accessory", "BUTTON_COMPONENT_EMPTY")),
        ({**SECTION, "components": [TEXT] * 4}, ("components.0.components", "BASE_TYPE_BAD_LENGTH")),
        ({**SECTION, "components": []}, ("components.0.components", "BASE_TYPE_BAD_LENGTH")),
        ({**SECTION, "components": [SEPARATOR]}, ("components.0.components.0", "UNION_TYPE_CHOICES")),
        ({**SECTION, "accessory": {"type": 11}}, ("components.0.accessory.media.url", "BASE_TYPE_REQUIRED")),
        (
            {**SECTION, "accessory": {**THUMBNAIL, "description": "x" * 1025}},
            ("components.0.accessory.description", "BASE_TYPE_MAX_LENGTH"),
        ),
        ({**GALLERY, "items": []}, ("components.0.items", "BASE_TYPE_BAD_LENGTH")),
        ({**GALLERY, "items": [PICTURE] * 11}, ("components.0.items", "BASE_TYPE_BAD_LENGTH")),
        (
            {**GALLERY, "items": [{"media": {"url": "ftp://example.org/cat.png"}}]},
            ("components.0.items.0.media.url", "URL_TYPE_INVALID_SCHEME"),
        ),
        (
            {**GALLERY, "items": [{"media": {"url": "attachment://cat.png"}}]},
            ("components.0.items.0.media.url", "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"),
        ),
        (
            {"type": 13, "file": {"url": "https://example.org/a.txt"}},
            ("components.0.file.url", "URL_TYPE_INVALID_SCHEME"),
        ),
        ({"type": 13}, ("components.0.file.url", "BASE_TYPE_REQUIRED")),
        ({**SEPARATOR, "spacing": 3}, ("components.0.spacing", "BASE_TYPE_CHOICES")),
        ({**CONTAINER, "components": []}, ("components.0.components", "BASE_TYPE_BAD_LENGTH")),
        ({**CONTAINER, "components": [CONTAINER]}, ("components.0.components.0", "UNION_TYPE_CHOICES")),
        ({**CONTAINER, "accent_color": 1 << 24}, ("components.0.accent_color", "NUMBER_TYPE_MAX")),
        (
            {**CONTAINER, "components": [ROW, {**SECTION, "accessory": BUTTON}]},
            ("components", "COMPONENT_CUSTOM_ID_DUPLICATED"),
        ),
        (
            {**CONTAINER, "components": [{**TEXT, "id": 7}, {**TEXT, "id": 7}]},
            ("components", "COMPONENT_ID_DUPLICATED"),
        ),
        (
            # A container, 13 sections, their texts and pictures, and a separator are one too many.
            {**CONTAINER, "components": [*([SECTION] * 13), SEPARATOR]},
            ("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"),
        ),
        (
            {**CONTAINER, "components": [{**TEXT, "content": "x" * 3997}, SECTION]},
            ("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED"),
        ),
    ],
)
async def test_a_layout_that_breaks_a_rule_is_refused(call: Any, general: Any, part: Any, error: Any) -> None:
    assert error in await call({"flags": V2, "components": [part]})
    assert general.messages == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("content", "text"), ("embeds", [{"title": "x"}]), ("sticker_ids", ["1"]), ("poll", {"question": {"text": "x"}})],
)
async def test_a_layout_has_nothing_beside_its_components(call: Any, field: str, value: Any) -> None:
    assert (field, LEGACY) in await call({"flags": V2, "components": [TEXT], field: value})


async def test_everything_that_may_stand_in_a_layout_is_shown_and_numbered(call: Any, general: Any) -> None:
    parts = [ROW, {**TEXT, "id": 3}, SECTION, GALLERY, SEPARATOR, CONTAINER]
    answer = await call({"flags": V2, "components": parts})
    assert [part["type"] for part in answer["components"]] == [1, 10, 9, 12, 14, 17]
    assert answer["components"][0]["components"][0]["id"] == 2
    assert [part["id"] for part in answer["components"]] == [1, 3, 4, 7, 8, 9]
    assert answer["components"][2]["accessory"]["id"] == 6
    assert general.messages[0].text == "text\ntext\ntext\ntext"
    assert answer["content"] == ""


async def test_discord_py_lays_out_what_it_can(connect: Any, discord: DiscordEmulator, general: Any) -> None:
    client = await connect()
    view = discord_py.ui.LayoutView()
    container: Any = discord_py.ui.Container(accent_colour=0xFF0000)
    container.add_item(discord_py.ui.TextDisplay("inside"))
    container.add_item(discord_py.ui.Separator())
    container.add_item(discord_py.ui.Section("beside", accessory=discord_py.ui.Thumbnail("attachment://cat.png")))
    container.add_item(discord_py.ui.File("attachment://cat.png"))
    view.add_item(container)
    file = discord_py.File(fp=io.BytesIO(b"png"), filename="cat.png")
    sent = await client.get_partial_messageable(general.id).send(view=view, file=file)
    assert sent.flags.components_v2
    assert general.messages[0].text == "inside\nbeside"


async def test_a_message_becomes_a_layout_when_it_is_emptied(call: Any, general: Any) -> None:
    message_id = (await call({"content": "short", "embeds": [{"title": "x"}]}))["id"]
    layout = {"flags": V2, "components": [TEXT]}
    assert await call(layout, edits=message_id) == {("content", LEGACY), ("embeds", LEGACY)}
    assert await call({**layout, "content": None, "embeds": None}, edits=message_id) == {("embeds", LEGACY)}
    assert general.messages[0].text == "short"
    answer = await call({**layout, "content": None, "embeds": []}, edits=message_id)
    assert (answer["flags"], answer["content"], answer["embeds"]) == (V2, "", [])
    assert general.messages[0].text == "text"


async def test_a_layout_stays_one(call: Any, general: Any) -> None:
    message_id = (await call({"flags": V2 | 4, "components": [TEXT]}))["id"]
    assert ("content", LEGACY) in await call({"content": "plain", "components": []}, edits=message_id)
    assert ("flags", "BASE_TYPE_CHOICES") in await call({"content": "plain", "flags": 0}, edits=message_id)
    # With other flags the components are taken for those of a plain message.
    refused = await call({"components": [TEXT], "flags": 4}, edits=message_id)
    assert refused == {("flags", "BASE_TYPE_CHOICES"), ("components.0", "UNION_TYPE_CHOICES")}
    answer = await call({"components": [{**TEXT, "content": "other"}]}, edits=message_id)
    assert answer["flags"] == V2 | 4
    assert general.messages[0].text == "other"
    assert await call({"components": []}, edits=message_id) == 50006


async def test_polls_and_stickers_stay_what_they_are(discord: DiscordEmulator, general: Any) -> None:
    ann = discord.user("Ann")
    for message in (await ann.asks_around(general, "When?", ["now"]), await ann.sends_sticker(general, "wave")):
        form = {"flags": V2, "components": [TEXT], "content": None}
        with pytest.raises(ApiError) as refused:
            discord._desk.interactions.edit(message, form, ())
        assert {code for _, code in errors_in(refused.value.errors)} == {LEGACY}


async def test_a_mention_in_a_layout_pings_whom_it_may(call: Any, discord: DiscordEmulator, general: Any) -> None:
    ann = discord.user("Ann")
    said = {"flags": V2, "components": [{**CONTAINER, "components": [{**TEXT, "content": f"{ann.mention} @everyone"}]}]}
    answer = await call({**said, "allowed_mentions": {"parse": []}})
    assert (answer["mentions"], answer["mention_everyone"]) == ([], False)
    assert discord.pings == ()
    answer = await call(said)
    assert [user["id"] for user in answer["mentions"]] == [str(ann.id)]
    assert discord.pings[0].pings.is_everyone


async def test_only_bots_and_webhooks_lay_out_messages(discord: DiscordEmulator, general: Any) -> None:
    robot, ann = discord.user("Robot", is_bot=True), discord.user("Ann")
    message = await robot.lays_out(general, [TEXT])
    assert MessageFlag.IS_COMPONENTS_V2 in message.flags
    assert (await discord.webhook(general, "News").lays_out([TEXT])).text == "text"
    with pytest.raises(EmulatorError, match="is no bot"):
        await ann.lays_out(general, [TEXT])
