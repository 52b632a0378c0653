"""What people can press, choose and fill in under a reply, in one vocabulary for all platforms.

The bounds are the narrowest of the platforms, so that what can be made can be shown everywhere.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from threadkeep.errors import ConfigError

LABEL_LENGTH: Final = 75
"""The longest label in characters: https://docs.slack.dev/reference/block-kit/block-elements/button-element"""
ACTION_LENGTH: Final = 80
"""The longest action and value together: Discord's ``custom_id`` has 100 characters, and ours begins with a prefix.

https://discord.com/developers/docs/components/reference
"""
MOST_OPTIONS: Final = 25
"""The most options of a select: https://discord.com/developers/docs/components/reference#string-select"""
MOST_FIELDS: Final = 5
"""The most fields of a form: https://discord.com/developers/docs/interactions/receiving-and-responding"""
MOST_ELEMENTS: Final = 25
"""The most elements under a reply: five rows of five buttons on Discord."""

ANSWER: Final = "answer:"
"""What the action of every element begins with that stands under a question: pressing it decides something."""


class ButtonStyle(StrEnum):
    """How a button looks."""

    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField:
    """A line, or several, to be filled in.

    Attributes:
        name: Under which the input comes back.
        label: What is asked.
        is_long: Whether there is room for several lines.
        is_required: Whether it may stay empty.
        initial: What stands in it at first.
    """

    name: str
    label: str
    is_long: bool = False
    is_required: bool = True
    initial: str = ""
    kind: Literal["text"] = "text"

    def __post_init__(self) -> None:
        _check_text(self.name, "a field's name", ACTION_LENGTH)
        _check_text(self.label, "a field's label", 45)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What opens when a button is pressed: a title and fields.

    Attributes:
        title: What it is about, at most 24 characters.
        fields: What is to be filled in.
        submit: The label of the button that sends it.
    """

    title: str
    fields: tuple[TextField, ...]
    submit: str = "Send"

    def __post_init__(self) -> None:
        _check_text(self.title, "a form's title", 24)
        _check_text(self.submit, "a form's submit label", 24)
        if not 1 <= len(self.fields) <= MOST_FIELDS:
            raise ConfigError(f"a form has 1 to {MOST_FIELDS} fields, not {len(self.fields)}")
        if len({field.name for field in self.fields}) < len(self.fields):
            raise ConfigError(f"two fields of the form {self.title!r} have the same name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button.

    Attributes:
        action: What pressing it means, for whoever hears of the press.
        label: What stands on it.
        value: What comes back with the press.
        style: How it looks.
        form: What opens before the press counts; None for nothing.
        url: Where it leads instead of being heard of; None for a button that is.
    """

    action: str
    label: str
    value: str = ""
    style: ButtonStyle = ButtonStyle.PLAIN
    form: Form | None = None
    url: str | None = None
    kind: Literal["button"] = "button"

    def __post_init__(self) -> None:
        _check_action(self.action, self.value)
        _check_text(self.label, "a button's label", LABEL_LENGTH)
        if self.url is not None and not self.url.startswith("https://"):
            raise ConfigError(f"a button leads to an https:// address, not to {self.url!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One choice of a select.

    Attributes:
        label: What people read.
        value: What comes back.
    """

    label: str
    value: str

    def __post_init__(self) -> None:
        _check_text(self.label, "an option's label", LABEL_LENGTH)
        _check_text(self.value, "an option's value", ACTION_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """A list to choose one option from.

    Attributes:
        action: What choosing means.
        label: What stands in it before a choice is made.
        options: The choices.
    """

    action: str
    label: str
    options: tuple[Option, ...]
    kind: Literal["select"] = "select"

    def __post_init__(self) -> None:
        _check_action(self.action, "")
        _check_text(self.label, "a select's label", LABEL_LENGTH)
        if not 1 <= len(self.options) <= MOST_OPTIONS:
            raise ConfigError(f"a select has 1 to {MOST_OPTIONS} options, not {len(self.options)}")
        if len({option.value for option in self.options}) < len(self.options):
            raise ConfigError(f"two options of the select {self.label!r} have the same value")


Element = Button | Select
"""What may stand under a reply."""

Elements = tuple[Element, ...]
"""What stands under a reply, in order."""


def _check_action(action: str, value: str) -> None:
    _check_text(action, "an action", ACTION_LENGTH)
    if len(action) + len(value) > ACTION_LENGTH:
        raise ConfigError(f"an action and its value have at most {ACTION_LENGTH} characters together: {action!r}")


def _check_text(text: str, what: str, most: int) -> None:
    if not text.strip() or len(text) > most:
        raise ConfigError(f"{what} has 1 to {most} characters, not {len(text)}: {text[:40]!r}")
