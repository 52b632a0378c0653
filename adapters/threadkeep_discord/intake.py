"""The ordered way of events from the gateway to the sink."""

import asyncio

import structlog

from threadkeep.chat.adapter import Acceptance, Sink
from threadkeep.chat.events import Event
from threadkeep.errors import StoreUnavailableError

_log = structlog.get_logger(__name__)

_CAPACITY = 10_000
_FIRST_DELAY = 0.1
_LONGEST_DELAY = 5.0
_NAMED_WHEN_LOST = 20


class Intake:
    """Hand events to the sink one by one, in the order in which they came.

    The gateway has no acknowledgements: what Discord sent once it does not send again. So an event that the store
    cannot take waits here, with all that came after it, until the store is back.

    Args:
        sink: Where events go.
        capacity: How many may wait; what comes beyond that is lost, and reported.
    """

    def __init__(self, sink: Sink, *, capacity: int = _CAPACITY) -> None:
        self._sink = sink
        self._waiting: asyncio.Queue[Event] = asyncio.Queue(capacity)
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to hand events over."""
        self._task = asyncio.create_task(self._hand_over_all(), name="threadkeep discord intake")

    def put(self, event: Event) -> None:
        """Take an event, without waiting."""
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            _log.error(
                "discord_message_lost", reason="too many messages wait for the store", message_key=str(event.key)
            )

    async def aclose(self, *, grace: float) -> None:
        """Hand over what waits, for at most ``grace`` seconds, and stop."""
        if self._task is None:
            return
        try:
            async with asyncio.timeout(grace):
                await self._waiting.join()
        except TimeoutError:
            # The event that is being retried is not in the queue any more; it is named by its own task.
            left = [str(self._waiting.get_nowait().key) for _ in range(self._waiting.qsize())]
            _log.error(
                "discord_messages_lost",
                reason="the store did not take them before the stop",
                count=len(left),
                messages=left[:_NAMED_WHEN_LOST],
            )
        finally:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    async def _hand_over_all(self) -> None:
        while True:
            event = await self._waiting.get()
            try:
                acceptance = await self._hand_over(event)
            except asyncio.CancelledError:
                _log.error(
                    "discord_message_lost", reason="stopped before the store took it", message_key=str(event.key)
                )
                raise
            except Exception:  # noqa: BLE001 - one event that is refused must not hold up the others; it is reported
                _log.exception("discord_message_refused", message_key=str(event.key))
            else:
                if acceptance is Acceptance.FULL:
                    _log.warning("discord_conversation_full", message_key=str(event.key))
            finally:
                self._waiting.task_done()

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
                    _log.info("store_back", message_key=str(event.key), waiting=self._waiting.qsize())
                return acceptance
