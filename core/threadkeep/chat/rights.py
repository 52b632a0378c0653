"""What a person may do in a place, as the platform has it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from threadkeep.chat.events import Place
from threadkeep.sessions import UserKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a person may do in a place.

    Attributes:
        roles: The platform's ids of their roles.
        permissions: The platform's names of what they may do there: ``manage_messages``.
    """

    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()

    def allow(self, *permissions: str) -> bool:
        """Tell whether all of these are permitted."""
        return self.permissions.issuperset(permissions)


AskRights = Callable[[], Awaitable[Rights]]
"""Asks the platform for the rights of who is answered."""


@runtime_checkable
class TellsRights(Protocol):
    """An adapter whose platform has roles and permissions."""

    async def rights(self, place: Place, user: UserKey) -> Rights:
        """Ask the platform what a person may do in a place now.

        Raises:
            PlatformError: It cannot be told.
        """
        ...
