"""Answers that refer to an interaction instead of a message."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An interaction that is answered, as ``Place.reply_to`` names it.

    Attributes:
        interaction_id: Which.
        is_deferred: Whether Discord shows that the bot is thinking, in a message that the answer takes over. If not,
            the question stands in the place, and is answered as what is said there.
    """

    interaction_id: int
    is_deferred: bool

    def __str__(self) -> str:
        return f"{'@' if self.is_deferred else '='}{self.interaction_id}"

    @classmethod
    def parse(cls, reply_to: str | None) -> Self | None:
        """Read what ``str`` gives; None for the id of a message."""
        sign, number = (reply_to or "")[:1], (reply_to or "")[1:]
        return cls(interaction_id=int(number), is_deferred=sign == "@") if sign in {"@", "="} and number else None
