"""How much text one message holds, in the platform's own unit."""

from collections.abc import Callable
from dataclasses import dataclass

Measure = Callable[[str], int]
"""Gives the length of a text in a platform's unit. It must be additive (the length of ``a + b`` is that of ``a`` plus
that of ``b``) and count at least 1 for each character."""


def utf16_length(text: str) -> int:
    """Count UTF-16 code units: a character outside the basic plane (most emoji) counts as two."""
    return len(text) + sum(char > "\uffff" for char in text) if not text.isascii() else len(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The room of one part.

    Attributes:
        limit: The greatest length of a part.
        measure: The unit.
    """

    limit: int
    measure: Measure

    def has_share_for(self, text: str, *, quarters: int) -> bool:
        """Tell whether this text takes at most so many quarters of a part."""
        return self.measure(text) * 4 <= self.limit * quarters
