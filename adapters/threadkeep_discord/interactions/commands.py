"""Slash commands as Discord lists them, brought up to date when they have changed.

https://discord.com/developers/docs/interactions/application-commands
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import structlog

from threadkeep.chat.commands import STOP, Command
from threadkeep.errors import PlatformError
from threadkeep_discord.client import DiscordClient
from threadkeep_discord.interactions.events import ASK
from threadkeep_discord.interactions.menus import MENUS
from threadkeep_discord.limits import COMMAND_DESCRIPTION_LENGTH, COMMANDS
from threadkeep_discord.refusals import calling
from threadkeep_discord.text import shortened

_log = structlog.get_logger(__name__)

_CHAT_INPUT: Final = 1
_STRING: Final = 3
_SWITCHES: Final = ("required", "autocomplete")
_GUILD_INSTALL, _USER_INSTALL = 0, 1
_IN_GUILDS, _IN_BOT_DMS, _ELSEWHERE = 0, 1, 2
_NO_NAME: Final = re.compile(r"[^a-z0-9_-]+")

Payload = dict[str, Any]


def wanted_commands(commands: Iterable[Command], *, is_user_installable: bool) -> list[Payload]:
    """Give what Discord is to list: the bot's commands, those to ask and to stop, and what menus offer.

    Args:
        commands: The bot's commands.
        is_user_installable: Whether people may bring the bot along to where it is not.
    """
    table = {command.name: command for command in commands}
    listed = [_payload(command) for command in table.values()]
    if ASK not in table:
        question = {"type": _STRING, "name": "question", "description": "What you want to know", "required": True}
        listed.insert(0, _named(ASK, "Asks me something.", [question]))
    listed.insert(1, _named(STOP, "Stops the answer that I am writing.", []))
    where = {
        "integration_types": [_GUILD_INSTALL, *([_USER_INSTALL] if is_user_installable else [])],
        "contexts": [_IN_GUILDS, _IN_BOT_DMS, *([_ELSEWHERE] if is_user_installable else [])],
    }
    # Menus have a limit of their own beside the commands.
    return [command | where for command in (*listed[:COMMANDS], *MENUS)]


def is_up_to_date(known: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether Discord lists what is wanted already, whatever else it says of it."""
    return sorted(map(_gist, known)) == sorted(map(_gist, wanted))


async def list_commands(client: DiscordClient, commands: Iterable[Command]) -> None:
    """Let Discord list the commands, if it does not already. What it refuses is logged: the bot answers without."""
    application_id = client.application_id or 0
    application = client.application
    is_user_installable = application is not None and application.user_integration_config is not None
    wanted = wanted_commands(commands, is_user_installable=is_user_installable)
    try:
        async with calling("list the commands"):
            known: Any = await client.http.get_global_commands(application_id)
            if is_up_to_date(known, wanted):
                return
            await client.http.bulk_upsert_global_commands(application_id, wanted)
    except PlatformError as error:
        _log.warning("discord_commands_not_listed", reason=str(error))
    else:
        _log.info("discord_commands_listed", commands=[command["name"] for command in wanted])


def _payload(command: Command) -> Payload:
    if not command.takes:
        return _named(command.name, command.help, [])
    name = _NO_NAME.sub("", command.takes.lower())[:32] or "text"
    option = {"type": _STRING, "name": name, "description": _described(command.takes), "required": False}
    if command.suggest is not None:
        option["autocomplete"] = True
    return _named(command.name, command.help, [option])


def _named(name: str, description: str, options: list[Payload]) -> Payload:
    return {"type": _CHAT_INPUT, "name": name, "description": _described(description), "options": options}


def _described(text: str) -> str:
    return shortened(" ".join(text.split()) or "-", COMMAND_DESCRIPTION_LENGTH)


def _gist(command: Mapping[str, Any]) -> tuple[object, ...]:
    options = tuple(
        (option["type"], option["name"], option["description"], *map(bool, map(option.get, _SWITCHES)))
        for option in command.get("options") or ()
    )
    where = (tuple(sorted(command.get("integration_types") or ())), tuple(sorted(command.get("contexts") or ())))
    return (command["name"], command.get("type", _CHAT_INPUT), command.get("description") or "", options, where)
