"""What a person may see of themselves: their conversations, what these cost, what is remembered of them.

A platform that has a page for that, such as Slack's Home tab, asks for it when somebody opens the page.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from threadkeep.sessions import UserKey


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeSession:
    """A conversation in which the person has spoken.

    Attributes:
        session_id: Its id.
        name: Its title; None where it has none.
        updated_at: When its last run ended, in seconds since the epoch.
    """

    session_id: str
    name: str | None
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeMemo:
    """Something that is remembered of the person."""

    memo_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """What a person may see of themselves, and nothing of anybody else.

    Attributes:
        sessions: Their conversations, the latest first.
        runs: How many answers they were given in these.
        tokens: How many tokens the answers took, input and output.
        memos: What is remembered of them, the latest first.
        has_memory: Whether the agent remembers people at all.
        description: What the bot says of itself.
    """

    sessions: tuple[HomeSession, ...] = ()
    runs: int = 0
    tokens: int = 0
    memos: tuple[HomeMemo, ...] = ()
    has_memory: bool = False
    description: str = ""


class HomeDesk(Protocol):
    """Where a platform asks for it."""

    async def page(self, user: UserKey, *, sessions: int, memos: int) -> HomePage:
        """Give the page of a person.

        Args:
            user: Who opened it.
            sessions: How many conversations it has room for.
            memos: How many memories.

        Raises:
            StoreError: It cannot be read.
        """
        ...

    async def forget(self, user: UserKey, memo_id: str) -> bool:
        """Forget something about a person at their own wish; False if it is not known of them.

        Raises:
            StoreError: It cannot be forgotten now.
        """
        ...


@runtime_checkable
class ShowsHome(Protocol):
    """An adapter whose platform has a page of each person's own."""

    def use_home(self, desk: HomeDesk) -> None:
        """Take the desk; called before ``start``."""
        ...
