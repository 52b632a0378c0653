"""Buttons, selects, modals and command forms that Discord refuses."""

from typing import Any

import pytest

from threadkeep_emulators.discord import DiscordEmulator, EmulatorError, Interaction

BUTTON = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}
OPTION = {"label": "One", "value": "1"}
SELECT = {"type": 3, "custom_id": "pick", "options": [OPTION]}
INPUT = {"type": 4, "custom_id": "name", "style": 1}
LABEL = {"type": 18, "label": "Name", "component": INPUT}
MODAL = {"title": "Form", "custom_id": "form", "components": [LABEL]}


async def codes_of(answer: Any) -> set[str]:
    """Give the codes of all errors in a refused form."""
    found: set[str] = set()

    def walk(tree: Any) -> None:
        if isinstance(tree, dict):
            found.update(error["code"] for error in tree.get("_errors", ()))
            for part in tree.values():
                walk(part)

    walk((await answer.json()).get("errors"))
    return found


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([BUTTON] * 6, "BASE_TYPE_BAD_LENGTH"),
        ([BUTTON, {**SELECT}], "COMPONENT_LAYOUT_WIDTH_EXCEEDED"),
        ([{"type": 10, "content": "text"}], "UNION_TYPE_CHOICES"),
        ([{**BUTTON, "style": 9}], "BASE_TYPE_CHOICES"),
        ([{**BUTTON, "label": ""}], "BUTTON_COMPONENT_EMPTY"),
        ([{**BUTTON, "label": "x" * 81}], "BASE_TYPE_MAX_LENGTH"),
        ([{**BUTTON, "custom_id": "x" * 101}], "BASE_TYPE_MAX_LENGTH"),
        ([{**BUTTON, "url": "https://example.org"}], "BUTTON_COMPONENT_URL_NOT_ALLOWED"),
        ([{**BUTTON, "style": 5, "url": "https://example.org"}], "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE"),
        ([{"type": 2, "style": 5, "label": "Go", "url": "ftp://example.org"}], "URL_TYPE_INVALID_SCHEME"),
        ([{"type": 2, "style": 1, "label": "Go"}], "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED"),
        ([BUTTON, BUTTON], "COMPONENT_CUSTOM_ID_DUPLICATED"),
        ([{**SELECT, "options": []}], "BASE_TYPE_BAD_LENGTH"),
        ([{**SELECT, "options": [OPTION, OPTION]}], "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"),
        ([{**SELECT, "options": [{"label": "", "value": "1"}]}], "BASE_TYPE_REQUIRED"),
        ([{**SELECT, "options": [{"label": "x" * 101, "value": "1"}]}], "BASE_TYPE_MAX_LENGTH"),
        ([{**SELECT, "placeholder": "x" * 151}], "BASE_TYPE_MAX_LENGTH"),
        ([{"type": 3, "options": [OPTION]}], "BASE_TYPE_REQUIRED"),
    ],
)
async def test_a_message_with_wrong_components_is_refused(
    discord: DiscordEmulator, http: Any, parts: list[Any], code: str
) -> None:
    general = discord.guild("Club").channel("general")
    form = {"content": "hi", "components": [{"type": 1, "components": parts}]}
    async with http.post(f"{discord.api_url}/channels/{general.id}/messages", json=form) as answer:
        assert answer.status == 400
        assert code in await codes_of(answer)
    assert general.messages == []


@pytest.fixture
async def asked(discord: DiscordEmulator) -> Interaction:
    discord._realm.world.commands[None] = [{"id": "1", "name": "ask", "type": 1, "options": [], "contexts": [0]}]
    general = discord.guild("Club").channel("general")
    return await discord.user("Ann").slash(general, "ask")


async def show(http: Any, discord: DiscordEmulator, interaction: Interaction, modal: Any) -> Any:
    state = interaction.state
    url = f"{discord.api_url}/interactions/{state.id}/{state.token}/callback"
    return await http.post(url, json={"type": 9, "data": modal})


@pytest.mark.parametrize(
    ("modal", "code"),
    [
        ({**MODAL, "title": "x" * 46}, "BASE_TYPE_MAX_LENGTH"),
        ({**MODAL, "custom_id": ""}, "BASE_TYPE_REQUIRED"),
        ({**MODAL, "components": []}, "BASE_TYPE_BAD_LENGTH"),
        ({**MODAL, "components": [LABEL] * 6}, "BASE_TYPE_BAD_LENGTH"),
        ({**MODAL, "components": [BUTTON]}, "UNION_TYPE_CHOICES"),
        ({**MODAL, "components": [LABEL, LABEL]}, "COMPONENT_CUSTOM_ID_DUPLICATED"),
        ({**MODAL, "components": [{**LABEL, "label": "x" * 46}]}, "BASE_TYPE_MAX_LENGTH"),
        ({**MODAL, "components": [{"type": 18, "label": "Name"}]}, "BASE_TYPE_REQUIRED"),
        ({**MODAL, "components": [{"type": 1, "components": [INPUT]}]}, "BASE_TYPE_REQUIRED"),
        ({**MODAL, "components": [{**LABEL, "component": {**INPUT, "label": "x"}}]}, "COMPONENT_LABEL_NOT_ALLOWED"),
        ({**MODAL, "components": [{**LABEL, "component": {**INPUT, "style": 3}}]}, "BASE_TYPE_CHOICES"),
        ({**MODAL, "components": [{**LABEL, "component": {**INPUT, "value": "x" * 4001}}]}, "BASE_TYPE_MAX_LENGTH"),
    ],
)
async def test_a_wrong_modal_is_not_shown(
    discord: DiscordEmulator, http: Any, asked: Interaction, modal: Any, code: str
) -> None:
    async with await show(http, discord, asked, modal) as answer:
        assert answer.status == 400
        assert code in await codes_of(answer)
    assert asked.modal is None
    assert not asked.is_answered


async def test_a_modal_is_sent_off_with_every_field(discord: DiscordEmulator, http: Any, asked: Interaction) -> None:
    old = {"type": 1, "components": [{**INPUT, "custom_id": "old", "label": "Old", "required": False, "value": "x"}]}
    async with await show(http, discord, asked, {**MODAL, "components": [LABEL, old]}) as answer:
        assert answer.status == 204
    ann = discord.user("Ann")
    for fields, complaint in (
        ({}, "missing"),
        ({"name": "Ann", "age": "7"}, "unknown are"),
        ({"name": " "}, "missing"),
    ):
        with pytest.raises(EmulatorError, match=complaint):
            await ann.submits(asked, fields)
    sent = await ann.submits(asked, {"name": "Ann"})
    label, row = sent.state.data["components"]
    assert label["component"] == {"type": 4, "custom_id": "name", "value": "Ann"}
    assert row["components"] == [{"type": 4, "custom_id": "old", "value": "x"}]


async def test_a_command_is_not_there_outside_of_its_contexts(discord: DiscordEmulator, asked: Interaction) -> None:
    ann = discord.user("Ann")
    with pytest.raises(EmulatorError, match="not listed here"):
        await ann.slash(ann.dm_channel, "ask")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"contexts": [3]}, "BASE_TYPE_CHOICES"),
        ({"integration_types": []}, None),
        ({"integration_types": [2]}, "BASE_TYPE_CHOICES"),
        ({"options": [{"type": 3, "name": "Text", "description": "x"}]}, "APPLICATION_COMMAND_INVALID_NAME"),
        ({"options": [{"type": 3, "name": "text", "description": ""}]}, "BASE_TYPE_BAD_LENGTH"),
        ({"options": [{"type": 12, "name": "text", "description": "x"}]}, "BASE_TYPE_CHOICES"),
        (
            {"options": [{"type": 3, "name": "a", "description": "x"}] * 2},
            "APPLICATION_COMMAND_OPTIONS_NAME_NOT_UNIQUE",
        ),
        (
            {
                "options": [
                    {"type": 3, "name": "a", "description": "x"},
                    {"type": 3, "name": "b", "description": "x", "required": True},
                ]
            },
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
        ),
    ],
)
async def test_a_wrong_command_is_not_registered(
    discord: DiscordEmulator, http: Any, change: dict[str, Any], code: str | None
) -> None:
    url = f"{discord.api_url}/applications/{discord.bot.application_id}/commands"
    async with http.put(url, json=[{"name": "ask", "description": "Asks", **change}]) as answer:
        assert answer.status == 400
        assert code is None or code in await codes_of(answer)
    assert discord.commands == ()
