"""The pace at which Slack lets a workspace's replies change, shared by all of them."""

import time
from collections.abc import Callable
from typing import Final

from threadkeep.errors import PlatformRateLimitError
from threadkeep_slack.limits import EDIT_BURST, EDITS_PER_MINUTE


class Pacing:
    """Refuses calls that Slack would refuse, without making them.

    Edits are counted by Slack for all replies of the workspace together. A refusal says how long to wait, after which a
    reply shows its latest state, not one that waited in a queue. The moment is kept for the reply that was refused, so
    that among many each has its turn.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock: Final = clock
        self._interval: Final = 60.0 / EDITS_PER_MINUTE
        self._tolerance: Final = self._interval * (EDIT_BURST - 1)
        self._next_edit = 0.0
        self._kept: dict[str, float] = {}
        self._held: dict[str, float] = {}

    def begin_post(self, channel: str) -> None:
        """Ask for a message in a channel.

        Raises:
            PlatformRateLimitError: Slack asked to wait for this channel.
        """
        self._check_held(_post_key(channel))

    def begin_edit(self, reply: str) -> None:
        """Ask for an edit and count it.

        Args:
            reply: Names the reply that wants it.

        Raises:
            PlatformRateLimitError: Slack asked to wait, or the workspace's share is used up.
        """
        self._check_held(_EDIT_KEY)
        now = self._clock()
        moment = self._kept.get(reply)
        if moment is None:
            moment = self._next_edit - self._tolerance
            self._next_edit = max(self._next_edit, now) + self._interval
        wait = moment - now
        if wait <= _ROUNDING:
            self._kept.pop(reply, None)
            return
        self._keep(reply, moment, now)
        raise PlatformRateLimitError(f"the workspace's edits are used up for {wait:.1f} s", retry_after=wait)

    def has_room(self) -> bool:
        """Tell whether an edit would be granted soon, so that a preview is not the promise of a late one."""
        return self._next_edit - self._tolerance - self._clock() <= _PATIENCE

    def hold_posts(self, channel: str, seconds: float) -> None:
        """Note that Slack asked to wait before the next message in a channel."""
        self._hold(_post_key(channel), seconds)

    def hold_edits(self, seconds: float) -> None:
        """Note that Slack asked to wait before the next edit in the workspace."""
        self._hold(_EDIT_KEY, seconds)

    def _keep(self, reply: str, moment: float, now: float) -> None:
        self._kept[reply] = moment
        # A reply that was closed meanwhile does not come for its moment.
        self._kept = {name: kept for name, kept in self._kept.items() if kept > now - _ABANDONED_AFTER}

    def _check_held(self, key: str) -> None:
        wait = self._held.get(key, 0.0) - self._clock()
        if wait > 0:
            raise PlatformRateLimitError(f"Slack asked to wait {wait:.1f} s more", retry_after=wait)

    def _hold(self, key: str, seconds: float) -> None:
        now = self._clock()
        self._held = {name: until for name, until in self._held.items() if until > now}
        self._held[key] = max(self._held.get(key, 0.0), now + seconds)


_EDIT_KEY: Final = "edits"
_ROUNDING: Final = 1e-6
_PATIENCE: Final = 2.0
_ABANDONED_AFTER: Final = 60.0


def _post_key(channel: str) -> str:
    return f"posts in {channel}"
