"""What menus of messages and people send, and what a command asks while somebody writes it.

https://discord.com/developers/docs/interactions/application-commands#user-commands
"""

from .errors import EmulatorError, FormErrors
from .model import Payload

CHAT_INPUT, USER_MENU, MESSAGE_MENU = 1, 2, 3
_MOST_CHOICES = 25
_MOST_LENGTH = 100


def menu_data(commands: list[Payload], name: str, kind: int, target_id: str, resolved: Payload) -> Payload:
    """Build the data of an interaction that somebody chose from a menu.

    Raises:
        EmulatorError: Nothing of that name and kind is registered.
    """
    for command in commands:
        if (command["name"], command["type"]) == (name, kind):
            return {"id": command["id"], "name": name, "type": kind, "target_id": target_id, "resolved": resolved}
    known = sorted(str(command["name"]) for command in commands if command["type"] == kind)
    raise EmulatorError(f"{name!r} is in no such menu; known are {known}")


def completing(commands: list[Payload], data: Payload, name: str) -> Payload:
    """Mark the option of a command that somebody is writing.

    Raises:
        EmulatorError: The option asks for no completion.
    """
    specs = next(command for command in commands if command["id"] == data["id"])["options"]
    if not any(spec["name"] == name and spec.get("autocomplete") for spec in specs):
        raise EmulatorError(f"the option {name} asks for no completion")
    options = [option | {"focused": True} if option["name"] == name else option for option in data["options"]]
    return data | {"options": options}


def check_choices(choices: list[Payload]) -> None:
    """Refuse completions that cannot be shown.

    Raises:
        ApiError: 50035.
    """
    errors = FormErrors()
    if len(choices) > _MOST_CHOICES:
        errors.too_long("data.choices", _MOST_CHOICES)
    for position, choice in enumerate(choices):
        for field in ("name", "value"):
            text = str(choice.get(field) or "")
            if not text:
                errors.required(f"data.choices.{position}.{field}")
            elif len(text) > _MOST_LENGTH:
                errors.too_long(f"data.choices.{position}.{field}", _MOST_LENGTH)
    errors.raise_if_any()
