"""What a slash command sends, built from how the application registered it.

https://discord.com/developers/docs/interactions/application-commands
"""

from collections.abc import Mapping

from .errors import EmulatorError
from .menus import CHAT_INPUT
from .model import Payload

_SUBCOMMAND, _GROUP = 1, 2
_GUILD_CONTEXT, _BOT_DM_CONTEXT = 0, 1


def command_data(
    commands: list[Payload], line: str, options: Mapping[str, object], *, is_guild: bool = True
) -> Payload:
    """Build the data of a command interaction.

    Args:
        commands: The registered commands, those of the guild first.
        line: The command's name, with the names of a group and a subcommand after spaces.
        options: The values by the names of the options.
        is_guild: Whether it is used in a guild, not in a direct message with the bot.

    Raises:
        EmulatorError: Nothing of that name is registered, an option is unknown, or a required one missing.
    """
    name, *path = line.removeprefix("/").split()
    commands = [one for one in commands if one.get("type", CHAT_INPUT) == CHAT_INPUT]
    command = _named(commands, name, f"/{line}")
    contexts = command.get("contexts")
    if contexts is not None and (_GUILD_CONTEXT if is_guild else _BOT_DM_CONTEXT) not in contexts:
        raise EmulatorError(f"/{line} is not listed here: its contexts are {contexts}")
    levels = []
    level = command
    for part in path:
        level = _named(level.get("options") or [], part, f"/{line}")
        levels.append(level)
    filled = _fill(level, options, f"/{line}")
    for wrapping in reversed(levels):
        filled = [{"name": wrapping["name"], "type": wrapping["type"], "options": filled}]
    return {"id": command["id"], "name": command["name"], "type": 1, "options": filled}


def _fill(level: Payload, values: Mapping[str, object], line: str) -> list[Payload]:
    specs = {spec["name"]: spec for spec in level.get("options") or ()}
    if any(spec["type"] in {_SUBCOMMAND, _GROUP} for spec in specs.values()):
        raise EmulatorError(f"{line} needs a subcommand, one of {sorted(specs)}")
    unknown = set(values) - set(specs)
    missing = {name for name, spec in specs.items() if spec.get("required")} - set(values)
    if unknown or missing:
        text = f"{line} takes {sorted(specs)}: unknown are {sorted(unknown)}, missing {sorted(missing)}"
        raise EmulatorError(text)
    return [{"name": name, "type": specs[name]["type"], "value": value} for name, value in values.items()]


def _named(entries: list[Payload], name: str, line: str) -> Payload:
    for entry in entries:
        if entry["name"] == name:
            return entry
    known = sorted(str(entry["name"]) for entry in entries)
    raise EmulatorError(f"{line} is not registered; known here are {known}")
