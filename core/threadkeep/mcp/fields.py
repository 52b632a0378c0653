"""The fields of a form that a server wants to be filled in, asked one by one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from threadkeep.agent.questions import Choice
from threadkeep.chat.elements import MOST_OPTIONS
from threadkeep.errors import ToolError
from threadkeep.models.payloads import object_in, objects_in, text_in

Value = str | int | float | bool | list[str] | None
"""What a field may hold."""

DECLINE: Final = ":decline"
"""The choice not to answer at all."""
SKIP: Final = ":skip"
"""The choice to leave a field out."""
_MOST_FIELDS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedField:
    """One field.

    Attributes:
        name: Its name on the server.
        title: What people read.
        description: What is said of it.
        kind: Its type in JSON Schema.
        options: The values to choose from, by their labels.
        is_required: Whether it must be filled in.
        least: The smallest number, or the shortest length.
        most: The largest number, or the longest length.
    """

    name: str
    title: str
    description: str = ""
    kind: str = "string"
    options: Mapping[str, str]
    is_required: bool = True
    least: float | None = None
    most: float | None = None

    @property
    def takes_text(self) -> bool:
        """Whether it is answered in words."""
        return not self.options

    @property
    def text(self) -> str:
        """The question."""
        about = f": {self.description}" if self.description else ""
        return f"*{self.title}*{about}{' (several, with commas between)' if self.kind == 'array' else ''}"

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What stands under the question."""
        given = tuple(Choice(label=label, value=value) for label, value in self.options.items())
        leaving = () if self.is_required else (Choice(label="Skip", value=SKIP),)
        return (*given, *leaving, Choice(label="Decline", value=DECLINE))

    def value(self, said: str) -> Value:
        """Give the value that an answer means.

        Raises:
            ValueError: It means none; the text tells people why.
        """
        said = said.strip()
        if self.kind == "boolean":
            return said == "true"
        if self.kind == "array":
            return [part.strip() for part in said.split(",") if part.strip()]
        if self.kind in ("integer", "number"):
            return self._number(said)
        self._check(len(said), "characters")
        return said

    def _number(self, said: str) -> int | float:
        try:
            number = int(said) if self.kind == "integer" else float(said)
        except ValueError as error:
            raise ValueError(f"it must be {'a whole number' if self.kind == 'integer' else 'a number'}") from error
        self._check(number, "")
        return number

    def _check(self, size: float, unit: str) -> None:
        for limit, is_over, word in (
            (self.least, self.least is not None and size < self.least, "least"),
            (self.most, self.most is not None and size > self.most, "most"),
        ):
            if is_over:
                raise ValueError(f"it must be at {word} {limit:g} {unit}".rstrip())


def fields_of(schema: Mapping[str, object]) -> tuple[AskedField, ...]:
    """Give the fields of a form.

    Args:
        schema: What the server wants, as JSON Schema.

    Raises:
        ToolError: There are too many.
    """
    properties = object_in(schema.get("properties"))
    if len(properties) > _MOST_FIELDS:
        raise ToolError(f"the server asks for {len(properties)} things at once; people are asked for {_MOST_FIELDS}")
    required = schema.get("required")
    needed = required if isinstance(required, list) else []
    return tuple(_field(name, object_in(given), is_required=name in needed) for name, given in properties.items())


def _field(name: str, given: Mapping[str, object], *, is_required: bool) -> AskedField:
    # What may be left out stands in a choice with null.
    given = {**next((kind for kind in objects_in(given.get("anyOf")) if kind.get("type") != "null"), {}), **given}
    kind = text_in(given.get("type")) or "string"
    return AskedField(
        name=name,
        title=text_in(given.get("title")) or name,
        description=text_in(given.get("description")),
        kind=kind,
        options={"Yes": "true", "No": "false"} if kind == "boolean" else _options(given),
        is_required=is_required,
        least=_limit(given, "minimum", "minLength"),
        most=_limit(given, "maximum", "maxLength"),
    )


def _options(given: Mapping[str, object]) -> dict[str, str]:
    labelled = given.get("oneOf")
    if isinstance(labelled, list):
        pairs = ((text_in(object_in(one).get("title")), text_in(object_in(one).get("const"))) for one in labelled)
        return _bounded((label or value, value) for label, value in pairs)
    values = given.get("enum")
    return _bounded((text_in(value), text_in(value)) for value in values) if isinstance(values, list) else {}


def _bounded(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give the options, or none where there are more than fit: then they are answered in words."""
    options = {label: value for label, value in pairs if label and value}
    return options if len(options) <= MOST_OPTIONS - 2 else {}


def _limit(given: Mapping[str, object], *names: str) -> float | None:
    found = (given.get(name) for name in names)
    return next((float(limit) for limit in found if isinstance(limit, int | float)), None)
