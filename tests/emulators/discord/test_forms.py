"""What stands in embeds, components, threads and commands is checked field by field."""

from typing import Any

import pytest

from threadkeep_emulators.discord import DiscordEmulator

BUTTON = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}
TEXT = {"type": 10, "content": "text"}


def row(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(buttons)}


MESSAGES = [
    ({"embeds": [{"description": "x" * 4097}]}, "embeds.0.description", "BASE_TYPE_MAX_LENGTH"),
    ({"embeds": [{"footer": {"text": "x" * 2049}}]}, "embeds.0.footer.text", "BASE_TYPE_MAX_LENGTH"),
    (
        {"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]},
        "embeds.0.fields",
        "BASE_TYPE_MAX_LENGTH",
    ),
    (
        {"embeds": [{"fields": [{"name": "", "value": "v"}]}]},
        "embeds.0.fields.0.name",
        "BASE_TYPE_REQUIRED",
    ),
    (
        {"embeds": [{"fields": [{"name": "n", "value": "v" * 1025}]}]},
        "embeds.0.fields.0.value",
        "BASE_TYPE_MAX_LENGTH",
    ),
    ({"embeds": {"title": "x"}}, "embeds", "LIST_TYPE_CONVERT"),
    ({"embeds": ["x"]}, "embeds.0", "DICT_TYPE_CONVERT"),
    ({"components": [row(BUTTON, BUTTON)]}, "components", "COMPONENT_CUSTOM_ID_DUPLICATED"),
    (
        {"components": [row({"type": 2, "style": 1, "label": "x"})]},
        "components",
        "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED",
    ),
    ({"components": [row(BUTTON | {"label": "x" * 81})]}, "components", "BASE_TYPE_MAX_LENGTH"),
    ({"components": [row(BUTTON | {"custom_id": "x" * 101})]}, "components", "BASE_TYPE_MAX_LENGTH"),
    ({"components": [row()]}, "components.0.components", "BASE_TYPE_BAD_LENGTH"),
    ({"components": [BUTTON]}, "components.0", "UNION_TYPE_CHOICES"),
    ({"components": [TEXT]}, "components.0", "UNION_TYPE_CHOICES"),
    ({"components": [row(BUTTON)] * 6}, "components", "BASE_TYPE_BAD_LENGTH"),
    ({"components": [BUTTON], "flags": 1 << 15}, "components.0", "UNION_TYPE_CHOICES"),
    ({"components": [TEXT] * 41, "flags": 1 << 15}, "components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"),
    ({"allowed_mentions": {"parse": ["friends"]}}, "allowed_mentions.parse.0", "BASE_TYPE_CHOICES"),
    ({"allowed_mentions": {"users": ["1"] * 101}}, "allowed_mentions.users", "BASE_TYPE_MAX_LENGTH"),
    ({"allowed_mentions": "none"}, "allowed_mentions", "DICT_TYPE_CONVERT"),
    (
        {"message_reference": {"type": 1, "message_id": "1", "channel_id": "1"}},
        "message_reference.type",
        "BASE_TYPE_CHOICES",
    ),
]


async def error_codes(http: Any, method: str, url: str, form: Any, path: str) -> list[str]:
    async with http.request(method, url, json=form) as response:
        body = await response.json()
    assert (response.status, body["code"]) == (400, 50035)
    node = body["errors"]
    for part in path.split("."):
        node = node[part]
    return [error["code"] for error in node["_errors"]]


@pytest.mark.parametrize(("form", "path", "code"), MESSAGES)
async def test_wrong_message_forms_are_refused(
    discord: DiscordEmulator, http: Any, form: dict[str, Any], path: str, code: str
) -> None:
    general = discord.guild("Club").channel("general")
    url = f"{discord.api_url}/channels/{general.id}/messages"
    assert code in await error_codes(http, "POST", url, form, path)
    assert general.messages == []


@pytest.mark.parametrize(
    ("form", "path", "code"),
    [
        ({}, "name", "BASE_TYPE_REQUIRED"),
        ({"name": "x" * 101}, "name", "BASE_TYPE_BAD_LENGTH"),
        ({"name": "x", "auto_archive_duration": 5}, "auto_archive_duration", "BASE_TYPE_CHOICES"),
        ({"name": "x", "type": 0}, "type", "BASE_TYPE_CHOICES"),
    ],
)
async def test_wrong_thread_forms_are_refused(
    discord: DiscordEmulator, http: Any, form: dict[str, Any], path: str, code: str
) -> None:
    general = discord.guild("Club").channel("general")
    url = f"{discord.api_url}/channels/{general.id}/threads"
    assert code in await error_codes(http, "POST", url, form, path)
    assert general.threads == []


async def test_commands_are_registered_in_a_guild_and_one_by_one(discord: DiscordEmulator, http: Any) -> None:
    club = discord.guild("Club")
    base = f"{discord.api_url}/applications/{discord.bot.application_id}"
    form = {"name": "ask", "description": "Ask"}
    statuses = []
    for _ in range(2):
        async with http.post(f"{base}/guilds/{club.id}/commands", json=form) as response:
            statuses.append((response.status, (await response.json())["guild_id"]))
    assert statuses == [(201, str(club.id)), (200, str(club.id))]
    async with http.get(f"{base}/guilds/{club.id}/commands") as response:
        assert [command["name"] for command in await response.json()] == ["ask"]
    async with http.get(f"{base}/commands") as response:
        assert await response.json() == []
    async with http.get(f"{base}/guilds/1/commands") as response:
        assert (await response.json())["code"] == 50001
    async with http.get(f"{discord.api_url}/applications/1/commands") as response:
        assert (await response.json())["code"] == 20012


@pytest.mark.parametrize(
    ("form", "path", "code"),
    [
        ({"description": "x"}, "name", "BASE_TYPE_REQUIRED"),
        ({"name": "ask"}, "description", "BASE_TYPE_REQUIRED"),
        ({"name": "ask", "description": "x" * 101}, "description", "BASE_TYPE_MAX_LENGTH"),
    ],
)
async def test_wrong_commands_are_refused(
    discord: DiscordEmulator, http: Any, form: dict[str, Any], path: str, code: str
) -> None:
    url = f"{discord.api_url}/applications/{discord.bot.application_id}/commands"
    assert code in await error_codes(http, "POST", url, form, path)


@pytest.mark.parametrize("limit", ["0", "101", "many"])
async def test_wrong_page_sizes_are_refused(discord: DiscordEmulator, http: Any, limit: str) -> None:
    general = discord.guild("Club").channel("general")
    url = f"{discord.api_url}/channels/{general.id}/messages?limit={limit}"
    async with http.get(url) as response:
        assert "limit" in (await response.json())["errors"]
