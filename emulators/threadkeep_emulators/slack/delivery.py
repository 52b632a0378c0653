"""What became of one payload on its way to the app."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .wire import DeliveryKind, Payload

Outcome: TypeAlias = Literal["waiting", "acked", "timeout", "connection_lost", "no_connection", "refused", "lost"]


@dataclass(slots=True, kw_only=True)
class Attempt:
    """Record one try to hand a payload over.

    Attributes:
        number: 0 for the first try, then 1, 2, 3: the retry numbers that the app sees.
        envelope_id: The id on the socket; empty over HTTP.
        connection: The name of the socket, or ``http``; empty if there was none.
        reason: Why this try was made again; empty for the first.
        status: The HTTP status that the app answered with.
    """

    number: int
    sent_at: float
    envelope_id: str = ""
    connection: str = ""
    reason: str = ""
    outcome: Outcome = "waiting"
    status: int | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Delivery:
    """Follow one payload from its making to the app's acknowledgement.

    Attributes:
        attempts: Every try so far, oldest first.
        acked_at: When the app acknowledged; None until then.
        acked_by: The connection that brought the acknowledgement.
        response: What the app sent along with it.
        is_given_up: Whether the last retry has failed.
    """

    kind: DeliveryKind
    payload: Payload
    is_retried: bool = True
    accepts_response: bool = False
    attempts: list[Attempt] = field(default_factory=list)
    acked_at: float | None = None
    acked_by: str | None = None
    response: Payload | None = None
    is_given_up: bool = False

    @property
    def is_acked(self) -> bool:
        """Tell whether the app has acknowledged any try."""
        return self.acked_at is not None

    @property
    def event(self) -> Payload:
        """Give the inner event; empty for interactions and slash commands."""
        event = self.payload.get("event") if self.kind == "events_api" else None
        return event if isinstance(event, dict) else {}

    @property
    def event_id(self) -> str:
        """Give the id that stays the same over all tries; empty for interactions."""
        return str(self.payload.get("event_id", ""))

    def describe(self) -> str:
        """Tell in one line what was delivered and how it went."""
        name = self.event.get("type") or self.payload.get("command") or self.payload.get("type") or self.kind
        tries = ", ".join(f"{attempt.number}:{attempt.outcome}" for attempt in self.attempts)
        return f"{name} {self.event_id} acked={self.is_acked} tries=[{tries}]"
