"""What is recorded of a run while it goes on, so that another attempt continues instead of repeating."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import structlog

from threadkeep.chat.policy import collect
from threadkeep.errors import StoreUnavailableError
from threadkeep.stores.base import Claim, Inbox

_log = structlog.get_logger(__name__)

_POSTED = "posted:"
_TAKEN = "taken"
_FIRST_DELAY = 0.1
_LONGEST_DELAY = 2.0

T = TypeVar("T")


async def until_stored(call: Callable[[], Awaitable[T]], *, what: str) -> T:
    """Repeat a call that is harmless to repeat until the store can be reached.

    It is the lease that ends the waiting: a worker whose leases cannot be renewed cancels what it is doing.

    Args:
        call: Makes the store call.
        what: Its name, for the log.

    Raises:
        LeaseLostError: Another worker holds the session.
    """
    delay = _FIRST_DELAY
    while True:
        try:
            return await call()
        except StoreUnavailableError as error:
            _log.warning("store_unavailable", call=what, error=str(error), retry_in=delay)
        await asyncio.sleep(delay)
        delay = min(delay * 2, _LONGEST_DELAY)


class RunJournal:
    """The recorded steps of the run that a claim is about.

    Args:
        inbox: Where they are recorded.
        claim: The run, with what earlier attempts recorded.
    """

    def __init__(self, inbox: Inbox, claim: Claim) -> None:
        self._inbox = inbox
        self._lease = claim.lease
        self._steps = dict(claim.steps)
        self._taken = int(self._steps.get(_TAKEN, collect(claim.events)))

    @property
    def taken(self) -> int:
        """How many of the waiting events the run takes.

        It is recorded with the run's first step: a later attempt answers the same messages, whatever came since.
        """
        return self._taken

    @property
    def steps(self) -> Mapping[str, str]:
        """What is recorded, by step name."""
        return self._steps

    @property
    def posted(self) -> dict[int, str]:
        """The message ids of the reply that are visible already, by part number."""
        return {
            int(name.removeprefix(_POSTED)): message_id
            for name, message_id in self._steps.items()
            if name.startswith(_POSTED)
        }

    async def record(self, steps: Mapping[str, str]) -> None:
        """Record finished steps.

        Raises:
            LeaseLostError: Another worker holds the session.
        """
        new = dict(steps) if _TAKEN in self._steps else {_TAKEN: str(self._taken), **steps}
        await until_stored(lambda: self._inbox.record(self._lease, new), what="record")
        self._steps.update(new)

    async def record_posted(self, part: int, message_id: str) -> None:
        """Record that a part of the reply is visible.

        Raises:
            LeaseLostError: Another worker holds the session.
        """
        await self.record({f"{_POSTED}{part}": message_id})
