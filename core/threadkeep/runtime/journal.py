"""What is recorded of a run while it goes on, so that another attempt continues instead of repeating."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeVar

import structlog

from threadkeep.chat.elements import Elements
from threadkeep.chat.elements_json import elements_from_json, elements_to_json
from threadkeep.errors import LeaseLostError, StoreUnavailableError
from threadkeep.runs import Run
from threadkeep.runtime.asides import RunWrites
from threadkeep.stores.base import Claim
from threadkeep.stores.codec import decode_run, encode_run

_log = structlog.get_logger(__name__)

STOP: Final = "stop"
"""The step that the store sets when somebody asks to stop: who."""

DELETED_BY: Final = "deleted"
"""What that step says where the question was deleted."""

_POSTED: Final = "posted:"
_TAKEN: Final = "taken"
_FINAL: Final = "final"
_UNSAVED_SECONDS: Final = 2.0
_FIRST_DELAY: Final = 0.1
_LONGEST_DELAY: Final = 2.0

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended: recorded before it is shown, so that no other attempt makes it again.

    Attributes:
        run: The run as it will be committed.
        text: What people see in the end, with the bot's own lines.
        elements: What stands under it.
    """

    run: Run
    text: str
    elements: Elements = ()

    def encoded(self) -> str:
        """Return the recorded form."""
        elements = [elements_to_json(self.elements)] if self.elements else []
        return json.dumps([self.text, encode_run(self.run).decode(), *elements], ensure_ascii=False)

    @classmethod
    def decoded(cls, recorded: str) -> Self:
        """Read the recorded form."""
        text, run, *elements = json.loads(recorded)
        found = elements_from_json(elements[0]) if elements else ()
        return cls(run=decode_run(run.encode()), text=text, elements=found)


class RunJournal:
    """The recorded steps of the run that a claim is about.

    Message ids of the reply are recorded within two seconds, or together with the next step if that comes earlier: so
    a short answer costs one call. What is lost with the process in between is found again by the platform's marks.

    Args:
        writes: Records them.
        claim: The run, with what earlier attempts recorded.
        taken: How many of the waiting events the run takes, unless an earlier attempt has decided that.
    """

    def __init__(self, writes: RunWrites, claim: Claim, *, taken: int) -> None:
        self._writes = writes
        self._lease = claim.lease
        self._steps = dict(claim.steps)
        self._taken = int(self._steps.get(_TAKEN, taken))
        self._unsaved: dict[str, str] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._saving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the timer; what is not recorded by now is not needed any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._saving is not None:
            self._saving.cancel()
            await asyncio.wait((self._saving,))

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
        """The message ids of the reply that are visible, by part number."""
        known = {**self._steps, **self._unsaved}
        found = {int(name.removeprefix(_POSTED)): known[name] for name in known if name.startswith(_POSTED)}
        return dict(sorted(found.items()))

    @property
    def outcome(self) -> Outcome | None:
        """How the run ended, if an earlier attempt came so far."""
        recorded = self._steps.get(_FINAL)
        return None if recorded is None else Outcome.decoded(recorded)

    async def record(self, steps: Mapping[str, str]) -> None:
        """Record finished steps.

        Raises:
            LeaseLostError: Another worker holds the session.
        """
        unsaved, self._unsaved = self._unsaved, {}
        new = {**unsaved, **steps}
        if _TAKEN not in self._steps:
            new[_TAKEN] = str(self._taken)
        await until_stored(lambda: self._writes.record(self._lease, new), what="record")
        self._steps.update(new)

    async def record_outcome(self, outcome: Outcome) -> None:
        """Record how the run ended.

        Raises:
            LeaseLostError: Another worker holds the session.
        """
        await self.record({_FINAL: outcome.encoded()})

    def note_taken(self, taken: int) -> None:
        """Note how much the run takes, where the store has recorded it."""
        self._taken = taken
        self._steps[_TAKEN] = str(taken)

    async def save_posted(self) -> None:
        """Record the message ids of the reply that are not recorded yet.

        Raises:
            LeaseLostError: Another worker holds the session.
        """
        if self._unsaved:
            await self.record({})

    async def extend(self, taken: int) -> None:
        """Record that the run takes more of the waiting events.

        Raises:
            LeaseLostError: Another worker holds the session.
        """
        self._taken = taken
        await self.record({_TAKEN: str(taken)})

    async def note_posted(self, part: int, message_id: str) -> None:
        """Note that a part of the reply is visible. Returns at once; it is recorded soon."""
        self._unsaved[f"{_POSTED}{part}"] = message_id
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_UNSAVED_SECONDS, self._begin_saving)

    def _begin_saving(self) -> None:
        self._timer = None
        if self._unsaved and (self._saving is None or self._saving.done()):
            self._saving = asyncio.create_task(self._save(), name="save-posted")

    async def _save(self) -> None:
        try:
            await self.record({})
        except LeaseLostError:
            # The renewal of the leases finds it out as well, and stops the run.
            _log.info("lease_lost", session_id=self._lease.session_id)
