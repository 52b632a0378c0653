"""``trigger_id``: what lets an app open a modal, once and at once.

https://docs.slack.dev/interactivity/handling-user-interaction/#modal_responses
"""

from collections.abc import Callable
from dataclasses import dataclass

from .ids import Ids
from .problems import SlackError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trigger:
    user: str
    issued_at: float


class Triggers:
    """Issue triggers and take them back.

    Args:
        ids: Where they come from.
        clock: Gives the time in seconds.
        lifetime: Seconds for which one works.
    """

    def __init__(self, ids: Ids, clock: Callable[[], float], *, lifetime: float) -> None:
        self._ids = ids
        self._clock = clock
        self._lifetime = lifetime
        self._issued: dict[str, _Trigger] = {}
        self._exchanged: set[str] = set()

    def issue(self, user: str) -> str:
        """Give a new trigger for what a user has just done."""
        trigger = f"{self._ids.entity('')}.{self._ids.entity('')}"
        self._issued[trigger] = _Trigger(user=user, issued_at=self._clock())
        return trigger

    def redeem(self, trigger: str) -> str:
        """Give the user for whom a trigger was issued; it works once.

        Raises:
            SlackError: ``invalid_trigger_id``, ``exchanged_trigger_id`` or ``expired_trigger_id``.
        """
        issued = self._issued.get(trigger)
        if issued is None:
            raise SlackError("invalid_trigger_id")
        if trigger in self._exchanged:
            raise SlackError("exchanged_trigger_id")
        if self._clock() - issued.issued_at > self._lifetime:
            raise SlackError("expired_trigger_id")
        self._exchanged.add(trigger)
        return issued.user
