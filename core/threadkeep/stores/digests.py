"""The rooms of a store that serve long conversations and people with several accounts: digests and links."""

from collections.abc import Sequence
from typing import Protocol

from threadkeep.stores.charges import Charge
from threadkeep.stores.records import Transcript


class Digests(Protocol):
    """How far a session's runs have been summed up and read for memories. Runs are numbered from 1 in each session.

    All calls raise StoreUnavailableError when the store cannot be reached.
    """

    async def page(self, session_id: str, *, after: int, runs: int) -> Transcript | None:
        """Read the ``runs`` runs that follow the one with that number, oldest first; None if there is no such session.

        Where the retention cap has dropped some of them, the oldest that are left. ``Transcript.before`` tells the
        number of the run before the first.
        """
        ...

    async def summarise(self, session_id: str, summary: str, *, since: int, until: int) -> bool:
        """Replace the summary, which now covers the runs up to ``until``; atomic.

        False, and nothing is changed, if it does not cover the runs up to ``since`` any more, or the session is gone.
        """
        ...

    async def mark_read(self, session_id: str, *, since: int, until: int) -> bool:
        """Note that the runs up to ``until`` are read for memories; atomic.

        False, and nothing is changed, if they are not read up to ``since`` any more, or the session is gone.
        """
        ...

    async def charge(self, charge: Charge) -> bool:
        """Keep what a call of a model in the background cost; False if the session is gone.

        The latest ``MAX_CHARGES`` of a session are kept, as long as the session.
        """
        ...

    async def charges(self, session_id: str) -> tuple[Charge, ...]:
        """Give what calls in the background cost, oldest first; none where there is no such session."""
        ...


class Links(Protocol):
    """Accounts of one person on several platforms.

    All calls raise StoreUnavailableError when the store cannot be reached.
    """

    async def of(self, user_id: str) -> Sequence[str]:
        """Give all accounts of a person by one of them, that one included."""
        ...

    async def link(self, user_id: str, other: str) -> bool:
        """Make two accounts, with all that are linked to them, one person's; atomic, and harmless to repeat.

        False if that would be more than ``MAX_LINKED``.
        """
        ...

    async def unlink(self, user_id: str) -> bool:
        """Take an account out of those of its person; False if it was linked to none."""
        ...
