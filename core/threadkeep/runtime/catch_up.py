"""Answering what was said while nobody listened."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from threadkeep.chat.adapter import Acceptance, Adapter, CatchesUp, Sink, TellsGaps
from threadkeep.chat.events import Event
from threadkeep.errors import PlatformError, StoreUnavailableError
from threadkeep.runtime.journal import until_stored
from threadkeep.stores.base import Store
from threadkeep.stores.operations import KnownPlace

_log = structlog.get_logger(__name__)

_HOLD_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUpLimits:
    """How far back a starting bot reads, and what counts as late.

    Attributes:
        max_age: Places in which something was said within so many seconds are read; 0 turns it off.
        max_places: How many of them, the latest first.
        max_messages: How many messages of each.
        late_after: An answer to a message that is older than so many seconds begins with its age.
    """

    max_age: float = 24 * 3600.0
    max_places: int = 200
    max_messages: int = 50
    late_after: float = 1800.0


class CatchUp:
    """Reads one platform's places once, and holds back what comes live from a place until it has been read.

    So the missed messages of a place are accepted before the new ones. A live event is held for two seconds at most:
    platforms deliver again what is not acknowledged in time.

    From where each place is read is noted in the store until all are read: the first live event moves the place's
    latest message beyond what was missed, and a process that dies while it reads would leave a gap for good.

    Args:
        adapter: The platform.
        store: Which places there are.
        sink: Takes the events.
        limits: How far to read.
        clock: Gives the seconds since the epoch.
    """

    def __init__(
        self, adapter: Adapter, store: Store, sink: Sink, *, limits: CatchUpLimits, clock: Callable[[], float]
    ) -> None:
        self._adapter = adapter
        self._store = store
        self._sink = sink
        self._limits = limits
        self._clock = clock
        self._unread: dict[str, asyncio.Event] = {}
        self._noted = ""

    async def prepare(self) -> tuple[KnownPlace, ...]:
        """Find the places to read, and hold back what comes live from them until they are read.

        Raises:
            StoreUnavailableError: The store cannot be reached.
        """
        if self._limits.max_age <= 0 or not isinstance(self._adapter, CatchesUp):
            return ()
        since = self._clock() - self._limits.max_age
        places = await self._store.places.recent(self._adapter.name, since=since, limit=self._limits.max_places)
        unread = await self._marks()
        places = tuple(
            replace(known, last_message=unread.get(str(known.place.session), known.last_message)) for known in places
        )
        await self._mark({str(known.place.session): known.last_message for known in places})
        self._unread = {str(known.place.session): asyncio.Event() for known in places}
        return places

    async def accept(self, event: Event) -> Acceptance:
        """Take a live event: the sink for the adapter."""
        unread = self._unread.get(str(event.place.session))
        if unread is not None:
            try:
                async with asyncio.timeout(_HOLD_SECONDS):
                    await unread.wait()
            except TimeoutError:
                _log.debug("not_held_longer", session_id=str(event.place.session))
        return await self._sink(event)

    async def run(self, places: tuple[KnownPlace, ...]) -> None:
        """Read the places now, and all places again whenever the platform may have kept something from us."""
        await self._read(places)
        adapter = self._adapter
        while isinstance(adapter, TellsGaps):
            await adapter.wait_gap()
            await self._read(await until_stored(self.prepare, what="places"))

    async def _read(self, places: tuple[KnownPlace, ...]) -> None:
        found = 0
        try:
            for known in places:
                found += await self._read_place(known)
            await self._forget_marks()
        finally:
            for unread in self._unread.values():
                unread.set()
            self._unread = {}
        if places:
            _log.info("caught_up", platform=self._adapter.name, places=len(places), messages=found)

    async def _read_place(self, known: KnownPlace) -> int:
        adapter, session_id = self._adapter, str(known.place.session)
        count = 0
        try:
            if isinstance(adapter, CatchesUp):
                missed = adapter.missed(known.place, after=known.last_message, most=self._limits.max_messages)
                async for event in missed:
                    acceptance = await self._sink(event)
                    count += acceptance is Acceptance.ACCEPTED
        except (PlatformError, StoreUnavailableError) as error:
            _log.warning("place_not_caught_up", session_id=session_id, error=str(error))
        finally:
            unread = self._unread.pop(session_id, None)
            if unread is not None:
                unread.set()
        return count

    @property
    def _name(self) -> str:
        return f"catching-up:{self._adapter.name}"

    async def _marks(self) -> Mapping[str, str]:
        """Give from where a process that did not come to its end was to read, by session."""
        noted = await self._store.shared.recall(self._name)
        return {} if noted is None else json.loads(noted)

    async def _mark(self, places: Mapping[str, str]) -> None:
        if places:
            self._noted = json.dumps(places, ensure_ascii=False)
            await self._store.shared.remember(self._name, self._noted, seconds=self._limits.max_age)

    async def _forget_marks(self) -> None:
        """Forget the marks, unless another process has begun to read meanwhile: it noted ours with its own."""
        if not self._noted:
            return
        try:
            if await self._store.shared.recall(self._name) == self._noted:
                await self._store.shared.remember(self._name, "", seconds=1.0)
        except StoreUnavailableError as error:
            _log.warning("places_read_again", platform=self._adapter.name, error=str(error))
        self._noted = ""
