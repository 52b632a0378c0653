"""The ordered way from the gateway to the sink."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import structlog

from threadkeep.chat.adapter import Acceptance, Sink
from threadkeep.chat.events import Event
from threadkeep.errors import StoreUnavailableError
from threadkeep_discord.arrivals import Arrival, report_skipped

_log = structlog.get_logger(__name__)

_CAPACITY = 10_000
_FIRST_DELAY = 0.1
_LONGEST_DELAY = 5.0
_NAMED_WHEN_LEFT = 20

Read = Callable[[Arrival], Awaitable[Sequence[Event]]]
"""Translates an arrival."""

OnTaken = Callable[[Arrival, Sequence[Acceptance]], None]
"""Hears that an arrival was handed over."""


class Intake:
    """Read what arrives and hand it to the sink, one after the other, in the order in which it came.

    The gateway has no acknowledgements: what Discord sent once it sends again only to who resumes the session with an
    older number. So what the store cannot take waits here, with all that came after it, until the store is back, and
    counts as not received until then.

    Args:
        sink: Where events go.
        read: Translates arrivals.
        capacity: How many may wait. When they do, the gateway has to wait too.
        on_taken: Told of each arrival that was read, with what became of its events; those that were refused are not
            among them.
    """

    def __init__(
        self, sink: Sink, read: Read, *, capacity: int = _CAPACITY, on_taken: OnTaken = lambda _arrival, _taken: None
    ) -> None:
        self._sink = sink
        self._read = read
        self._on_taken = on_taken
        self._capacity = capacity
        # The first of them is the one at work: it waits until the store has it.
        self._waiting: deque[Arrival] = deque()
        self._has_news = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._is_empty = asyncio.Event()
        self._is_empty.set()
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to hand events over."""
        self._task = asyncio.create_task(self._hand_over_all(), name="threadkeep discord intake")

    def put(self, arrival: Arrival) -> None:
        """Take what arrived, without waiting."""
        self._waiting.append(arrival)
        self._is_empty.clear()
        self._has_news.set()
        if len(self._waiting) >= self._capacity and self._has_room.is_set():
            _log.error("discord_intake_full", waiting=len(self._waiting))
            self._has_room.clear()

    async def wait_for_room(self) -> None:
        """Return when less than the capacity waits."""
        await self._has_room.wait()

    def settled(self, sequence: int) -> int:
        """Give the number before the first that waits; the given one if none does."""
        return max(0, self._waiting[0].sequence - 1) if self._waiting else sequence

    def begin_session(self) -> None:
        """Note that numbers begin anew: those of what waits come from an older session and mean nothing any more."""
        self._waiting = deque(replace(arrival, sequence=0) for arrival in self._waiting)

    async def aclose(self, *, grace: float) -> int:
        """Hand over what waits, for at most ``grace`` seconds, and stop; give how many are left."""
        if self._task is None:
            return 0
        try:
            async with asyncio.timeout(grace):
                await self._is_empty.wait()
        except TimeoutError:
            _log.error(
                "discord_events_left",
                reason="the store did not take them before the stop",
                count=len(self._waiting),
                first=[_id_of(arrival) for arrival in list(self._waiting)[:_NAMED_WHEN_LEFT]],
            )
        finally:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None
        return len(self._waiting)

    async def _hand_over_all(self) -> None:
        while True:
            await self._has_news.wait()
            while self._waiting:
                await self._take(self._waiting[0])
                self._waiting.popleft()
                if len(self._waiting) < self._capacity:
                    self._has_room.set()
            self._has_news.clear()
            self._is_empty.set()

    async def _take(self, arrival: Arrival) -> None:
        try:
            events = await self._read(arrival)
        except Exception:  # noqa: BLE001 - one arrival that cannot be read must not hold up the others; it is reported
            report_skipped(arrival.name, arrival.payload)
            return
        taken: list[Acceptance] = []
        for event in events:
            try:
                acceptance = await self._hand_over(event)
            except Exception:  # noqa: BLE001 - nor must one event that is refused; it is reported
                _log.exception("discord_event_refused", message_key=str(event.key))
            else:
                taken.append(acceptance)
                if acceptance is Acceptance.FULL:
                    _log.warning("discord_conversation_full", message_key=str(event.key))
        try:
            self._on_taken(arrival, taken)
        except Exception:  # noqa: BLE001 - nor must what can be read but not answered; it is reported
            report_skipped(arrival.name, arrival.payload)

    async def _hand_over(self, event: Event) -> Acceptance:
        delay = 0.0
        while True:
            try:
                acceptance = await self._sink(event)
            except StoreUnavailableError as error:
                if not delay:
                    _log.error("store_unavailable", error=str(error), message_key=str(event.key))
                delay = min(_LONGEST_DELAY, delay * 2 or _FIRST_DELAY)
                await asyncio.sleep(delay)
            else:
                if delay:
                    _log.info("store_back", message_key=str(event.key), waiting=len(self._waiting))
                return acceptance


def _id_of(arrival: Arrival) -> str:
    return f"{arrival.payload.get('channel_id')}/{arrival.payload.get('id') or arrival.payload.get('message_id')}"
