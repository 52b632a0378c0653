"""Faults that a test or a demo asks an emulator to commit: errors, cut connections, delays, doubled events.

All emulators share this vocabulary. A fault names the calls it strikes and how often; the emulator asks for
the next one by the name of the call it is about to perform, and does what the fault says.
"""

from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["status", "drop_before", "drop_after", "delay", "duplicate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Describe one misbehaviour and the calls that it strikes.

    Attributes:
        match: The name of the method, route or event that is struck; ``"*"`` strikes every one.
        kind: What happens. ``status`` answers with an error and performs nothing; ``drop_before`` cuts the
            connection before the request is performed; ``drop_after`` performs it and cuts the connection
            without an answer; ``delay`` performs it late; ``duplicate`` delivers an event twice.
        status: The HTTP status of a ``status`` fault.
        retry_after: The seconds named in the ``Retry-After`` header of a ``status`` fault.
        body: The JSON body of a ``status`` fault; None stands for the platform's usual body.
        seconds: How long a ``delay`` fault waits.
        times: How many calls it strikes before it is used up.
    """

    match: str
    kind: FaultKind
    status: int = 500
    retry_after: float | None = None
    body: object | None = None
    seconds: float = 0.0
    times: int = 1

    def __post_init__(self) -> None:
        if self.times < 1:
            raise ValueError(f"a fault strikes at least once, got times={self.times}")
        if self.seconds < 0:
            raise ValueError(f"a fault cannot wait a negative time, got seconds={self.seconds}")


class Faults:
    """Hold the faults of one emulator that have yet to strike, in the order in which they were added."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, int]] = []

    @property
    def pending(self) -> tuple[Fault, ...]:
        """Give the faults that can still strike; a fault left here after a test was never reached."""
        return tuple(fault for fault, _ in self._waiting)

    def add(self, fault: Fault) -> None:
        """Put a fault behind those already waiting."""
        self._waiting.append((fault, fault.times))

    def clear(self) -> None:
        """Forget every fault, struck or not."""
        self._waiting.clear()

    def take(self, name: str) -> Fault | None:
        """Give the oldest fault that strikes the named call and count it down.

        Args:
            name: The call about to be performed, in the spelling that the emulator documents.
        """
        for position, (fault, left) in enumerate(self._waiting):
            if fault.match not in {"*", name}:
                continue
            if left > 1:
                self._waiting[position] = (fault, left - 1)
            else:
                del self._waiting[position]
            return fault
        return None
