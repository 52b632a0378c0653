"""How long to wait before something is tried again."""

import random
from collections.abc import Callable
from typing import Final

from threadkeep_slack.limits import RECONNECT_MOST_SECONDS, RECONNECT_SECONDS


class Backoff:
    """Waits that double up to a limit, each shortened by chance so that many processes do not come back at once.

    Args:
        first: The longest first wait.
        most: The longest of all.
        chance: Gives a number from 0 to 1.
    """

    def __init__(
        self,
        *,
        first: float = RECONNECT_SECONDS,
        most: float = RECONNECT_MOST_SECONDS,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._first: Final = first
        self._most: Final = most
        self._chance: Final = chance
        self._count = 0

    def next(self) -> float:
        """Give the seconds to wait now: from half of the full wait to all of it."""
        full = min(self._first * 2.0 ** min(self._count, 30), self._most)
        self._count += 1
        return full * (0.5 + self._chance() / 2)

    def reset(self) -> None:
        """Begin anew: it worked."""
        self._count = 0
