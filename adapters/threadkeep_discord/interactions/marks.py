"""Answers that refer to an interaction instead of a message."""

from dataclasses import dataclass
from typing import Self

from threadkeep_discord.limits import GUEST_FOLLOW_UPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An interaction that is answered, as ``Place.reply_to`` names it.

    Attributes:
        interaction_id: Which.
        is_deferred: Whether Discord shows that the bot is thinking, in a message that the answer takes over. If not,
            the question stands in the place, and is answered as what is said there.
        is_guest: Whether the bot is not in the place itself, but was brought along by who asks. Such an answer is
            always deferred.
    """

    interaction_id: int
    is_deferred: bool
    is_guest: bool = False

    def __str__(self) -> str:
        sign = "&" if self.is_guest else "@" if self.is_deferred else "="
        return f"{sign}{self.interaction_id}"

    @classmethod
    def parse(cls, reply_to: str | None) -> Self | None:
        """Read what ``str`` gives; None for the id of a message."""
        sign, number = (reply_to or "")[:1], (reply_to or "")[1:]
        if sign not in {"@", "=", "&"} or not number:
            return None
        return cls(interaction_id=int(number), is_deferred=sign != "=", is_guest=sign == "&")


def most_messages(reply_to: str | None) -> int | None:
    """Give how many messages an answer may have; None for any number."""
    asked = Asked.parse(reply_to)
    return 1 + GUEST_FOLLOW_UPS if asked is not None and asked.is_guest else None
