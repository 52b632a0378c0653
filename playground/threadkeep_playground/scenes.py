"""The places in which people talk with the bot, all with one face: say something, see what stands there."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from threadkeep_playground.keys import Key

FOREVER = 3600.0
"""How long a scene waits, in seconds: whoever waits for it has a limit of their own."""


@dataclass(frozen=True, slots=True)
class Line:
    """One visible message.

    Attributes:
        author: Who wrote it.
        text: What it says.
        is_bot: Whether the bot wrote it.
        keys: What can be pressed under it.
        is_private: Whether one person alone sees it.
    """

    author: str
    text: str
    is_bot: bool
    keys: tuple[Key, ...] = ()
    is_private: bool = False


class Scene(ABC):
    """A place where people talk with the bot.

    Attributes:
        title: How people call it.
    """

    title: str

    @property
    @abstractmethod
    def session_id(self) -> str | None:
        """The session of this place; None before anything was said that begins one."""

    @abstractmethod
    async def say(self, name: str, text: str) -> None:
        """Let a person say something to the bot."""

    @abstractmethod
    def lines(self) -> list[Line]:
        """Give what stands there now, oldest first."""

    @abstractmethod
    async def press(self, name: str, number: int, key: Key, words: str) -> str:
        """Let a person press what stands under a line, and send off the form that opens, if one does.

        Args:
            name: Who presses.
            number: Which line it is, from 0.
            key: What is pressed.
            words: What is written into the form.

        Returns:
            What the bot tells this person alone; empty for nothing. On some platforms that is known late: cancel it.
        """

    @abstractmethod
    async def wait_until(self, check: Callable[[], bool]) -> None:
        """Return when something changed here and the check holds."""
