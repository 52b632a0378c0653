"""What can be pressed under a message: buttons, and the options of selects."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from threadkeep_emulators.discord import Message
from threadkeep_emulators.discord.model import walk
from threadkeep_emulators.slack.blocks import find_clickable

_DISCORD_BUTTON, _DISCORD_SELECT, _DISCORD_INPUT = 2, 3, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A button, or an option of a select.

    Attributes:
        label: What stands on it.
        select: The id of the select to which it belongs; None for a button.
        value: What a select is told of it.
    """

    label: str
    select: str | None = None
    value: str = ""


def slack_keys(blocks: Sequence[Mapping[str, Any]]) -> tuple[Key, ...]:
    """Give what can be pressed in the blocks of a message on Slack."""
    return tuple(_slack_keys(blocks))


def discord_keys(message: Message) -> tuple[Key, ...]:
    """Give what can be pressed under a message on Discord."""
    return tuple(_discord_keys(message))


def without_labels(text: str, keys: Sequence[Key]) -> str:
    """Take the labels of buttons from the end of a text that shows them as lines."""
    lines = text.split("\n")
    for label in reversed([key.label for key in keys if key.select is None]):
        if lines and lines[-1] == label:
            del lines[-1]
    return "\n".join(lines)


def read_key(line: str, keys: Sequence[Key]) -> tuple[Key, str] | None:
    """Give the key that a line means and what is written to it, as in ``Deny: too late``; None if it means none."""
    for key in keys:
        label, rest = line[: len(key.label)], line[len(key.label) :]
        if label.casefold() == key.label.casefold() and (not rest or rest.startswith(":")):
            return key, rest.removeprefix(":").strip()
    return None


def slack_fields(modal: Mapping[str, Any], words: str) -> dict[str, str]:
    """Fill words into the first field of a modal on Slack."""
    inputs = [str(block["block_id"]) for block in modal["blocks"] if block["type"] == "input"]
    return {inputs[0]: words} if inputs and words else {}


def discord_fields(modal: Mapping[str, Any], words: str) -> dict[str, str]:
    """Fill words into the first field of a form on Discord."""
    inputs = [str(part["custom_id"]) for part in walk(modal["components"], _DISCORD_INPUT)]
    return {inputs[0]: words} if inputs and words else {}


def _slack_keys(blocks: Sequence[Mapping[str, Any]]) -> Iterator[Key]:
    for _, element in find_clickable(list(blocks)):
        if element["type"] == "button" and "url" not in element:
            yield Key(label=str(element["text"]["text"]))
        for option in element.get("options", ()) if element["type"] == "static_select" else ():
            yield Key(label=str(option["text"]["text"]), select=str(element["action_id"]), value=str(option["value"]))


def _discord_keys(message: Message) -> Iterator[Key]:
    for part in walk(message.components):
        if "custom_id" not in part or part.get("disabled"):
            continue
        if part["type"] == _DISCORD_BUTTON:
            yield Key(label=str(part.get("label", "")))
        for option in part.get("options", ()) if part["type"] == _DISCORD_SELECT else ():
            yield Key(label=str(option["label"]), select=str(part["custom_id"]), value=str(option["value"]))
