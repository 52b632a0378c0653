"""How many ways events come by at the moment, and what that costs them."""

from typing import Final

from threadkeep_slack.limits import GATHER_SECONDS


class Overlap:
    """Counts the sockets of the process that are open.

    Over one of them events come in the order in which they happened. Over two, one sent right after another may come
    before it: then each waits a little for earlier ones. That is so where a process keeps several sockets, and for a
    moment whenever one takes the place of another.

    Args:
        gather_seconds: How long an event waits then.
    """

    def __init__(self, *, gather_seconds: float = GATHER_SECONDS) -> None:
        self._gather_seconds: Final = gather_seconds
        self._open = 0

    @property
    def seconds(self) -> float:
        """How long an event waits now for earlier ones."""
        return self._gather_seconds if self._open > 1 else 0.0

    def begin(self) -> None:
        """Count a socket."""
        self._open += 1

    def end(self) -> None:
        """Count it no more."""
        self._open -= 1
