"""What was said earlier, for a run that asks for it: bounded, and only what may be told where the answer is read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from threadkeep.agent.history import after_boundary, current_runs, live_runs
from threadkeep.agent.relevance import hits
from threadkeep.agent.summary import record
from threadkeep.chat.events import Place, PlaceKind
from threadkeep.chat.speakers import shortened
from threadkeep.runs import Run
from threadkeep.sessions import Session, is_same_channel
from threadkeep.stores.base import Store

MOST_RUNS: Final = 10
"""How many runs one call reads or finds."""
_SEARCHED_RUNS: Final = 200
_SEARCHED_SESSIONS: Final = 20
_RUNS_OF_OTHERS: Final = 50
_PAGE: Final = 50
_LONGEST: Final = 12_000
_LONGEST_HIT: Final = 1_200


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The earlier runs of a conversation, and the earlier conversations of who is answered.

    Attributes:
        store: Where they are.
        session_id: The conversation.
        user_id: Who is answered, where known.
        place: Where the answer goes; None outside a bot.
        shown: How many of the conversation's last runs the model is shown already.
    """

    store: Store
    session_id: str
    user_id: str | None
    place: Place | None
    shown: int

    async def earlier(self, count: int, skip: int = 0) -> str:
        """Give runs of this conversation from before those that the model is shown, oldest first; empty if none.

        Args:
            count: How many.
            skip: How many later ones to pass over.
        """
        count, skip = min(max(count, 1), MOST_RUNS), min(max(skip, 0), _SEARCHED_RUNS)
        wanted = count + skip + self.shown
        live = await self._conversation(least=wanted)
        last = max(0, len(live) - self.shown - skip)
        return "\n\n".join(_bounded(_told(run) for run in live[max(0, last - count) : last]))

    async def search_here(self, words: str) -> str:
        """Give the runs of this conversation in which words stand, the best first; empty if there are none."""
        return _found(await self._conversation(least=_SEARCHED_RUNS), words)

    async def search_mine(self, words: str) -> str:
        """Give runs of other conversations of who is answered in which words stand; empty if there are none.

        In a direct message these are their other direct messages, elsewhere those of the same channel. Outside a bot
        they are all of their sessions.
        """
        if self.user_id is None:
            return ""
        runs: list[Run] = []
        for session in await self.store.history.sessions(self.user_id, limit=_SEARCHED_SESSIONS):
            if session.session_id == self.session_id or not self._may_tell_of(session):
                continue
            transcript = await self.store.history.load(session.session_id, runs=_RUNS_OF_OTHERS)
            runs += [run for run in live_runs(current_runs(transcript)) if self._may_tell(run)]
        return _found(runs, words)

    async def _conversation(self, *, least: int) -> tuple[Run, ...]:
        """Read back in the conversation until there are enough runs, it begins, or too much is read."""
        known = await self.store.history.load(self.session_id, runs=0)
        if known is None:
            return ()
        runs: tuple[Run, ...] = ()
        first = known.session.run_count
        while first > 0 and len(runs) < _SEARCHED_RUNS and len(live_runs(runs)) < least:
            after = max(0, first - _PAGE)
            page = await self.store.digests.page(self.session_id, after=after, runs=first - after)
            if page is None or not page.runs or page.before >= first:
                break
            runs = (*current_runs(page)[: first - page.before], *runs)
            first = max(after, page.before)
            if after_boundary(page.runs) or page.before > after:
                break
        return live_runs(runs)

    def _may_tell_of(self, session: Session) -> bool:
        """Tell whether what was said in a session of the user's may be told here at all."""
        if self.place is None or not self.place.is_shared:
            return True
        return is_same_channel(session.session_id, str(self.place.session))

    def _may_tell(self, run: Run) -> bool:
        if run.user_id != self.user_id:
            return False
        if self.place is None:
            return True
        is_direct = run.kind is PlaceKind.DIRECT
        return is_direct is not self.place.is_shared and run.kind is not None


def _found(runs: Sequence[Run], words: str) -> str:
    wanted = list(dict.fromkeys(words.casefold().split()))[:10]
    ranked = sorted(
        ((hits(wanted, text), run.created_at, text) for run in runs for text in [record((run,))]), reverse=True
    )
    found = [f"{_when(at)}\n{_around(text, wanted)}" for count, at, text in ranked[:MOST_RUNS] if count and wanted]
    return "\n\n".join(_bounded(found))


def _around(text: str, wanted: Sequence[str]) -> str:
    """Give a part of a long text in which one of the words stands."""
    folded = text.casefold()
    first = min((at for word in wanted if (at := folded.find(word)) >= 0), default=0)
    start = max(0, first - _LONGEST_HIT // 2) if len(text) > _LONGEST_HIT else 0
    head = "… " if start else ""
    return head + shortened(text[start:], _LONGEST_HIT)


def _told(run: Run) -> str:
    return f"{_when(run.created_at)}\n{record((run,))}"


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("[%Y-%m-%d %H:%M UTC]")


def _bounded(texts: Iterator[str] | Sequence[str]) -> Iterator[str]:
    room = _LONGEST
    for text in texts:
        if room <= 0:
            return
        cut = shortened(text, room)
        room -= len(cut)
        yield cut
