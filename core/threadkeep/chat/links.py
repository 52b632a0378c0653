"""Links to messages: the second, small port of a platform, by which an operator names a message by its address."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLink:
    """What a link to a message says.

    Attributes:
        platform: The adapter's name.
        workspace: The workspace part of the message's key; None where the link does not tell it.
        channel: The channel part.
        message: The platform's id of the message.
        conversations: Where its conversation may be, the likeliest first: channel and thread of a session key each.
    """

    platform: str
    workspace: str | None
    channel: str
    message: str
    conversations: tuple[tuple[str, str | None], ...]


class LinkParser(Protocol):
    """Reads the links of one platform. It is announced under the entry point group ``threadkeep.links``."""

    def __call__(self, text: str) -> MessageLink | None:
        """Read a link; None if it is not one to a message of this platform."""
        ...
