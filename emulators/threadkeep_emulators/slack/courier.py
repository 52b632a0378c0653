"""Carrying payloads to the app until it acknowledges them or the retries are used up."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from threadkeep_emulators.faults import Fault, Faults

from .changes import Changes
from .delivery import Attempt, Delivery
from .http_push import HttpPush
from .ids import Ids
from .sockets import Sockets
from .wire import DeliveryKind, Payload, SocketEnvelope

MAX_UNDER_WAY = 20_000
MAX_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySchedule:
    """Say how long the app may take to acknowledge, and when an event is sent again.

    Slack waits 3 s, then tries again at once, after one minute and after five.

    Attributes:
        ack_timeout: Seconds that the app has, on a socket and over HTTP.
        delays: Seconds before each retry.
        scale: A factor on the delays, so that tests need not wait for minutes.
    """

    ack_timeout: float = 3.0
    delays: Sequence[float] = (0.0, 60.0, 300.0)
    scale: float = 1.0


class Courier:
    """Deliver payloads, each in a task of its own, and keep the record of all of them."""

    def __init__(
        self,
        *,
        sockets: Sockets,
        push: HttpPush,
        faults: Faults,
        ids: Ids,
        changes: Changes,
        clock: Callable[[], float],
        schedule: RetrySchedule,
    ) -> None:
        self._sockets = sockets
        self._push = push
        self._faults = faults
        self._ids = ids
        self._changes = changes
        self._clock = clock
        self._schedule = schedule
        self._tasks: set[asyncio.Task[None]] = set()
        self._by_envelope: dict[str, tuple[Delivery, Attempt]] = {}
        self._waiters: dict[str, asyncio.Future[bool]] = {}
        self.request_url: str | None = None
        self.deliveries: deque[Delivery] = deque(maxlen=MAX_REMEMBERED)
        sockets.on_ack = self._on_ack

    def send(
        self, kind: DeliveryKind, payload: Payload, *, accepts_response: bool = False, is_duplicated: bool = False
    ) -> Delivery:
        """Begin to carry a payload and give the record of it.

        Args:
            kind: The kind of envelope. Events alone are retried.
            payload: What the app receives.
            accepts_response: Whether the app may answer in its acknowledgement.
            is_duplicated: Whether the payload is delivered a second time even if it is acknowledged.

        Raises:
            RuntimeError: If more payloads wait than the emulator is willing to hold.
        """
        if len(self._tasks) >= MAX_UNDER_WAY:
            raise RuntimeError(f"{MAX_UNDER_WAY} payloads wait for the app: is it connected?")
        is_event = kind == "events_api"
        fault = self._faults.take("events" if is_event else kind)
        copies = 2 if is_duplicated or (fault and fault.kind == "duplicate") else 1
        made = [
            Delivery(kind=kind, payload=payload, is_retried=is_event, accepts_response=accepts_response)
            for _ in range(copies)
        ]
        for position, delivery in enumerate(made):
            self.deliveries.append(delivery)
            task = asyncio.create_task(self._carry(delivery, fault if position == 0 else None))
            self._tasks.add(task)
            task.add_done_callback(self._end)
        self._changes.ring()
        return made[0]

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is under way."""
        return not self._tasks

    async def close(self) -> None:
        """Stop carrying; what is not delivered stays undelivered."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self, delivery: Delivery, fault: Fault | None) -> None:
        if fault is not None and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        delays = self._schedule.delays if delivery.is_retried else ()
        reason = ""
        for number, delay in enumerate((0.0, *delays)):
            await asyncio.sleep(delay * self._schedule.scale)
            if delivery.is_acked:
                break
            reason = await self._try(delivery, reason, fault if number == 0 else None)
            self._changes.ring()
            if not reason:
                break
        delivery.is_given_up = not delivery.is_acked
        self._forget_envelopes(delivery)
        self._changes.ring()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._changes.ring()

    def _begin(self, delivery: Delivery, reason: str) -> Attempt:
        attempt = Attempt(number=len(delivery.attempts), sent_at=self._clock(), reason=reason)
        delivery.attempts.append(attempt)
        return attempt

    def _forget_envelopes(self, delivery: Delivery) -> None:
        for attempt in delivery.attempts:
            self._by_envelope.pop(attempt.envelope_id, None)

    async def _try(self, delivery: Delivery, reason: str, fault: Fault | None) -> str:
        attempt = self._begin(delivery, reason)
        if fault is not None and fault.kind in {"drop_before", "status"}:
            attempt.outcome = "lost"
            return "timeout"
        is_cut = fault is not None and fault.kind == "drop_after"
        if self.request_url is not None:
            return await self._try_http(self.request_url, delivery, attempt, is_cut=is_cut)
        if not self._sockets.connections:
            # An event whose first try found nobody is a retry when somebody comes at last.
            await self._wait_for_socket(delivery, attempt)
            if delivery.is_retried:
                attempt.outcome = "no_connection"
                attempt = self._begin(delivery, "connection_failed")
        return await self._try_socket(delivery, attempt, is_cut=is_cut)

    async def _wait_for_socket(self, delivery: Delivery, attempt: Attempt) -> None:
        if delivery.is_retried:
            await self._sockets.wait_for_one()
            return
        try:
            async with asyncio.timeout(self._schedule.ack_timeout):
                await self._sockets.wait_for_one()
        except TimeoutError:
            attempt.outcome = "no_connection"

    async def _try_http(self, url: str, delivery: Delivery, attempt: Attempt, *, is_cut: bool) -> str:
        attempt.connection = "http"
        result = await self._push.push(url, delivery, number=attempt.number, reason=attempt.reason)
        if is_cut:
            attempt.outcome = "connection_lost"
            return "connection_failed"
        attempt.status = result.status
        if not result.reason:
            attempt.outcome = "acked"
            self._settle(delivery, "http", result.body)
            return ""
        attempt.outcome = "timeout" if result.reason == "http_timeout" else "refused"
        return "" if result.is_final else result.reason

    async def _try_socket(self, delivery: Delivery, attempt: Attempt, *, is_cut: bool) -> str:
        if not delivery.is_retried and not self._sockets.connections:
            return "timeout"
        connection = await self._sockets.wait_for_one()
        attempt.envelope_id = self._ids.uuid()
        attempt.connection = connection.name
        waiter = asyncio.get_running_loop().create_future()
        connection.awaited.add(waiter)
        self._waiters[attempt.envelope_id] = waiter
        if not is_cut:
            self._by_envelope[attempt.envelope_id] = (delivery, attempt)
        try:
            if not await connection.send(dict(self._envelope(delivery, attempt))):
                attempt.outcome = "connection_lost"
                return "timeout"
            if is_cut:
                connection.cut()
            async with asyncio.timeout(self._schedule.ack_timeout):
                is_acked = await waiter
        except TimeoutError:
            is_acked = delivery.is_acked
            attempt.outcome = "timeout"
        else:
            if not is_acked:
                attempt.outcome = "connection_lost"
        finally:
            connection.awaited.discard(waiter)
            self._waiters.pop(attempt.envelope_id, None)
        return "" if is_acked else "timeout"

    @staticmethod
    def _envelope(delivery: Delivery, attempt: Attempt) -> SocketEnvelope:
        envelope: SocketEnvelope = {
            "envelope_id": attempt.envelope_id,
            "type": delivery.kind,
            "payload": delivery.payload,
            "accepts_response_payload": delivery.accepts_response,
        }
        if delivery.kind == "events_api":
            envelope["retry_attempt"] = attempt.number
            envelope["retry_reason"] = attempt.reason
        return envelope

    def _on_ack(self, envelope_id: str, connection: str, response: Payload | None) -> None:
        if envelope_id not in self._by_envelope:
            return
        delivery, attempt = self._by_envelope[envelope_id]
        if attempt.outcome == "waiting":
            attempt.outcome = "acked"
        self._settle(delivery, connection, response)
        waiter = self._waiters.get(envelope_id)
        if waiter is not None and not waiter.done():
            waiter.set_result(True)

    def _settle(self, delivery: Delivery, connection: str, response: Payload | None) -> None:
        if not delivery.is_acked:
            delivery.acked_at = self._clock()
            delivery.acked_by = connection
            delivery.response = response
        self._changes.ring()
