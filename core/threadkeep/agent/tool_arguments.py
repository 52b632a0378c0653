"""The arguments of a tool whose schema comes from elsewhere."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from threadkeep.errors import ToolError


class ToolArguments(Protocol):
    """What an agent knows of the arguments of a tool."""

    @property
    def schema(self) -> Mapping[str, object]:
        """Their JSON Schema: an object."""
        ...

    @property
    def context(self) -> str | None:
        """The name of the argument that takes the run's context; None if there is none."""
        ...

    def parse(self, text: str) -> dict[str, object]:
        """Give the arguments that a model wrote.

        Raises:
            ToolError: They cannot be used; the text tells the model why.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenArguments:
    """Arguments that somebody else checks: they are handed over as the model wrote them.

    Attributes:
        schema: Their JSON Schema.
        context: The name of the argument that takes the run's context; None if there is none.
    """

    schema: Mapping[str, object]
    context: str | None = None

    def parse(self, text: str) -> dict[str, object]:
        """Give the arguments that a model wrote.

        Raises:
            ToolError: They are no JSON object.
        """
        try:
            values: object = json.loads(text.strip() or "{}")
        except ValueError as error:
            raise ToolError(f"the arguments are not JSON: {error}") from error
        if values is None:
            return {}
        if not isinstance(values, dict):
            raise ToolError("the arguments are no JSON object")
        return values
