"""Commands that are answered while a run waits for people: each beside it, as a run of its own."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Final, Protocol

from threadkeep.chat.events import MessageReceived
from threadkeep.runs import Run
from threadkeep.stores.base import Claim, Lease, Store

_ASIDE: Final = "aside:"


class RunWrites(Protocol):
    """What the run of a claim writes; an ``Inbox`` does it for the run that the session is about."""

    async def record(self, lease: Lease, steps: Mapping[str, str]) -> None:
        """Record finished steps of the run."""
        ...

    async def commit(
        self,
        lease: Lease,
        run: Run,
        *,
        consumed: int,
        dead: str | None = None,
        state: Mapping[str, object] | None = None,
    ) -> None:
        """Append the run, and drop what it answers."""
        ...

    async def release(self, lease: Lease, *, delay: float = 0.0) -> None:
        """Leave the rest to a later attempt."""
        ...


class AsideWrites:
    """Writes the run of one waiting command, while the lease stays with the run that waits for people.

    Its steps are recorded among those of that run, under names of their own: a later attempt goes on with them.

    Args:
        store: Where the claim comes from.
        event: The command.
    """

    def __init__(self, store: Store, event: MessageReceived) -> None:
        self._store = store
        self._event = event
        self._prefix = f"{_ASIDE}{event.key}:"
        self.delay: float | None = None
        """After how many seconds it is to be tried again, where it could not be answered."""

    async def record(self, lease: Lease, steps: Mapping[str, str]) -> None:
        """Record finished steps; see ``Inbox``."""
        await self._store.inbox.record(lease, {self._prefix + name: value for name, value in steps.items()})

    async def commit(
        self,
        lease: Lease,
        run: Run,
        *,
        consumed: int,  # noqa: ARG002 - the one command
        dead: str | None = None,  # noqa: ARG002 - what can be asked again is no dead letter
        state: Mapping[str, object] | None = None,  # noqa: ARG002 - it is changed by commands that wait their turn
    ) -> None:
        """Append the run and drop its command; the lease goes on. See ``Control.answer_aside``."""
        await self._store.control.answer_aside(lease, run, str(self._event.key))

    async def release(self, lease: Lease, *, delay: float = 0.0) -> None:  # noqa: ARG002 - it is kept
        """Note when to try again; the lease goes on."""
        self.delay = delay

    def claim_of(self, claim: Claim) -> Claim:
        """Give the claim of the command: alone, with what an earlier attempt has recorded of it."""
        # The same in every attempt: by it the platform knows what was posted already.
        run_id = blake2b(f"{claim.run_id} {self._event.key}".encode(), digest_size=16).hexdigest()
        own = {name: value for name, value in claim.steps.items() if name.startswith(self._prefix)}
        steps = {name.removeprefix(self._prefix): value for name, value in own.items()}
        return replace(claim, run_id=run_id, events=(self._event,), steps=steps)
