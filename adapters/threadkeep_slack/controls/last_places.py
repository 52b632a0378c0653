"""Where somebody spoke last in a channel: that is what their slash command means."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from threadkeep.chat.adapter import SharedState
from threadkeep.chat.events import Place
from threadkeep.errors import StoreError
from threadkeep_slack.agent_view.errands import Errands
from threadkeep_slack.limits import LAST_PLACE_NOTED, LAST_PLACE_SECONDS, PLACES_REMEMBERED

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spoken:
    thread: str
    at: str
    noted: float


class LastPlaces:
    """Remembers the threads of one workspace in which people spoke last, and tells the other processes.

    A message costs no call of the store: the note is written beside it, when the thread is another one or the last note
    is some seconds old.

    Args:
        team: The workspace.
        shared: What the processes of the bot share; None if this one is alone.
        errands: Owns the writing.
        clock: Gives seconds that never go back.
    """

    def __init__(
        self, team: str, *, shared: SharedState | None, errands: Errands, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._team: Final = team
        self._shared: Final = shared
        self._errands: Final = errands
        self._clock: Final = clock
        self._spoken: Final[OrderedDict[tuple[str, str], _Spoken]] = OrderedDict()

    def remember(self, user: str, place: Place) -> None:
        """Note where somebody has just spoken."""
        thread, at = place.session.thread, place.reply_to
        if thread is None or at is None:
            return
        key, now = (place.session.channel, user), self._clock()
        known = self._spoken.pop(key, None)
        is_noted = known is not None and known.thread == thread and now - known.noted < LAST_PLACE_NOTED
        noted = known.noted if known is not None and is_noted else now
        self._spoken[key] = _Spoken(thread=thread, at=at, noted=noted)
        while len(self._spoken) > PLACES_REMEMBERED:
            self._spoken.popitem(last=False)
        if self._shared is not None and not is_noted:
            self._errands.begin("last-place", self._note(self._shared, *key, f"{at} {thread}"))

    async def find(self, channel: str, user: str) -> str | None:
        """Give the thread in which somebody spoke last in a channel; None if it is not known."""
        own = self._spoken.get((channel, user))
        found = ("", "") if own is None else (own.at, own.thread)
        if self._shared is not None:
            try:
                noted = await self._shared.recall(self._name(channel, user))
            except StoreError as error:
                _log.warning("slack_last_place_not_read", error=type(error).__name__)
            else:
                at, _, thread = (noted or "").partition(" ")
                found = max(found, (at, thread))
        return found[1] or None

    async def _note(self, shared: SharedState, channel: str, user: str, text: str) -> None:
        await shared.remember(self._name(channel, user), text, seconds=LAST_PLACE_SECONDS)

    def _name(self, channel: str, user: str) -> str:
        return f"slack:last:{self._team}:{channel}:{user}"
