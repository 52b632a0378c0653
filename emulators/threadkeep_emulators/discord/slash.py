"""What a slash command sends, built from how the application registered it.

https://discord.com/developers/docs/interactions/application-commands
"""

from collections.abc import Callable, Mapping

from .errors import EmulatorError
from .menus import CHAT_INPUT
from .model import Payload

_SUBCOMMAND, _GROUP = 1, 2


def command_data(
    commands: list[Payload],
    line: str,
    options: Mapping[str, object],
    *,
    require: Callable[[Payload], None] = lambda _command: None,
) -> Payload:
    """Build the data of a command interaction.

    Args:
        commands: The registered commands, those of the guild first.
        line: The command's name, with the names of a group and a subcommand after spaces.
        options: The values by the names of the options.
        require: Refuses a command that is not listed where it is used.

    Raises:
        EmulatorError: Nothing of that name is registered or listed, an option is unknown, or a required one missing.
    """
    name, *path = line.removeprefix("/").split()
    commands = [one for one in commands if one.get("type", CHAT_INPUT) == CHAT_INPUT]
    command = _named(commands, name, f"/{line}")
    require(command)
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
