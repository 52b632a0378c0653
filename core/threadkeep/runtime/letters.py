"""Find a dead letter by what an operator has: its id, or the reference that people were shown."""

from threadkeep.errors import ConfigError
from threadkeep.runtime.subjects import read_reference
from threadkeep.runtime.view import REFERENCE_LENGTH
from threadkeep.stores.operations import DeadLetter, DeadLetters
from threadkeep.stores.options import MAX_LETTERS


def reference_of(letter: DeadLetter) -> str:
    """Return the reference that people were shown."""
    return letter.run_id[:REFERENCE_LENGTH]


async def find_letter(letters: DeadLetters, text: str) -> DeadLetter | None:
    """Find a letter by its id or its reference; None if there is none.

    Raises:
        ConfigError: Several letters have that reference; the message gives their ids.
        StoreUnavailableError: The store cannot be reached.
    """
    letter = await letters.get(text.strip())
    if letter is not None:
        return letter
    reference = read_reference(text)
    if reference is None:
        return None
    found = [one for one in await letters.list(limit=MAX_LETTERS) if one.run_id.lower().startswith(reference)]
    if len(found) > 1:
        raise ConfigError(
            f"Several dead letters have the reference {reference}; give one of their ids: "
            + ", ".join(one.letter_id for one in found)
        )
    return found[0] if found else None
