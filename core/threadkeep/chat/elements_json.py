"""Elements as JSON values, for what is kept of a run while it goes on."""

from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError

from threadkeep.chat.elements import Button, Elements, Select
from threadkeep.errors import StoreError

_ELEMENTS: Final[TypeAdapter[Elements]] = TypeAdapter(
    tuple[Annotated[Button | Select, Field(discriminator="kind")], ...]
)


def elements_to_json(elements: Elements) -> Any:
    """Give elements as what ``json.dumps`` takes."""
    return _ELEMENTS.dump_python(elements, mode="json")


def elements_from_json(stored: object) -> Elements:
    """Read what ``elements_to_json`` gave.

    Raises:
        StoreError: It cannot be read.
    """
    try:
        return _ELEMENTS.validate_python(stored)
    except ValidationError as error:
        raise StoreError(f"stored elements cannot be read: {error.error_count()} of their fields are wrong") from None
