"""Buttons and selects in a terminal: their labels are shown, and typing one presses it."""

from collections.abc import Iterator
from dataclasses import dataclass

from threadkeep.chat.elements import Elements, Form, Select


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Something that can be pressed by typing its label.

    Attributes:
        label: What is typed.
        action: The element's action.
        value: The value that goes with it.
        form: What can be filled in, by typing it behind the label.
    """

    label: str
    action: str
    value: str
    form: Form | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A key that was typed, with what was filled in."""

    key: Key
    fields: dict[str, str]


def keys_of(elements: Elements) -> tuple[Key, ...]:
    """Give what can be typed to press one of the elements."""
    return tuple(_keys(elements))


def keys_line(keys: tuple[Key, ...]) -> str:
    """Give the line that tells what can be typed."""
    return "  [type: " + " | ".join(f"{key.label} …" if key.form else key.label for key in keys) + "]"


def read_key(line: str, keys: tuple[Key, ...]) -> Typed | None:
    """Give the key that a line means; None if it means none.

    What follows the label of a key with a form fills in the form's first field.
    """
    typed = " ".join(line.split())
    # The longest label first: one may begin with another.
    for key in sorted(keys, key=lambda one: len(one.label), reverse=True):
        label = " ".join(key.label.removesuffix("…").split())
        if typed.casefold() == label.casefold():
            return Typed(key=key, fields={})
        rest = typed[len(label) :]
        if key.form is not None and typed.casefold().startswith(label.casefold()) and rest[:1] in (" ", ":"):
            return Typed(key=key, fields={key.form.fields[0].name: rest.lstrip(" :")})
    return None


def _keys(elements: Elements) -> Iterator[Key]:
    for element in elements:
        if isinstance(element, Select):
            for option in element.options:
                yield Key(label=option.label, action=element.action, value=option.value)
        elif element.url is None:
            yield Key(label=element.label, action=element.action, value=element.value, form=element.form)
