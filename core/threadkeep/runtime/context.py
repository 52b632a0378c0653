"""What a run is shown besides its question: the past of its conversation, and what was said before the bot came."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import structlog

from threadkeep.agent.history import live_runs
from threadkeep.agent.request import Journal
from threadkeep.chat.adapter import Adapter, TellsContext
from threadkeep.chat.events import Addressing, MessageReceived, PlaceKind
from threadkeep.chat.speakers import SHARED_PLACE_NOTE, plain_name, to_messages
from threadkeep.messages import Message
from threadkeep.runs import Run
from threadkeep.runtime.journal import until_stored
from threadkeep.stores.base import Claim, History, Transcript
from threadkeep.stores.codec import decode_run, encode_run

_log = structlog.get_logger(__name__)

BEFORE: Final = "before"
"""The step that holds what was said before the bot came."""
MORE_RUNS: Final = 20
"""How many runs are read beyond those that are shown, to find enough that are no commands."""

_READING_SECONDS: Final = 3.0
_LONGEST_TEXT: Final = 4_000
_LONGEST_TOGETHER: Final = 30_000
_LONGEST_VIEW: Final = 300
_UNREAD_NOTE: Final = "What was said here before could not be read: say so if it matters for the answer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What was said in a place before the bot was called into it.

    Attributes:
        messages: What was said, oldest first.
        is_unread: Whether it could not be read.
    """

    messages: tuple[Message, ...] = ()
    is_unread: bool = False

    def encoded(self) -> str:
        """Give the recorded form."""
        run = Run(run_id=BEFORE, session_id=BEFORE, messages=self.messages)
        return json.dumps([self.is_unread, encode_run(run).decode()], ensure_ascii=False)

    @classmethod
    def decoded(cls, recorded: str) -> Self:
        """Read the recorded form."""
        is_unread, run = json.loads(recorded)
        return cls(messages=decode_run(run.encode()).messages, is_unread=is_unread)


_NOTHING: Final = Before()


async def said_before(
    claim: Claim, events: Sequence[MessageReceived], adapter: Adapter, *, journal: Journal, most: int
) -> Before:
    """Read what was said before a new conversation's first question, once for all attempts of a run.

    Args:
        claim: The run and its session.
        events: The messages that the run answers, oldest first.
        adapter: Their platform.
        journal: Where it is recorded.
        most: How many messages to read; 0 reads nothing.

    Raises:
        LeaseLostError: Another worker holds the session.
    """
    recorded = journal.steps.get(BEFORE)
    if recorded is not None:
        return Before.decoded(recorded)
    if most <= 0 or claim.session.run_count or not isinstance(adapter, TellsContext) or not _is_called(events[-1]):
        return _NOTHING
    before = await _read(adapter, events, most)
    # Reading nothing is not worth a call: another attempt reads nothing as well.
    if before != _NOTHING:
        await journal.record({BEFORE: before.encoded()})
    return before


async def conversation(claim: Claim, history: History, *, shown: int) -> Transcript:
    """Give the session with at least so many runs that belong to its conversation, if it has them.

    The claimed ones are enough, unless there are commands or repeated answers among them.

    Args:
        claim: The session, with its last runs.
        history: Where the others are.
        shown: How many runs there are to be.
    """
    claimed = Transcript(session=claim.session, runs=claim.runs, amendments=claim.amendments)
    is_whole = len(claim.runs) < shown or any(run.is_boundary for run in claim.runs)
    if is_whole or len(live_runs(claim.runs)) >= shown:
        return claimed
    return await read_back(claim, history, runs=max(shown, len(claim.runs)) + MORE_RUNS)


async def read_back(claim: Claim, history: History, *, runs: int, most_runs: int = 0) -> Transcript:
    """Read further back in a claimed session than the claim does; see ``History.load``."""
    session_id = claim.lease.session_id
    found = await until_stored(lambda: history.load(session_id, runs=runs, most_runs=most_runs), what="load")
    if found is None:
        return Transcript(session=claim.session, runs=claim.runs, amendments=claim.amendments)
    return replace(found, session=claim.session)


def note_on(question: MessageReceived, before: Before = _NOTHING) -> str:
    """Give what the model is told of the circumstances of a question."""
    notes = [SHARED_PLACE_NOTE] if question.place.is_shared else []
    if question.looking_at.strip():
        who = plain_name(question.speaker) if question.place.is_shared else "The user"
        notes.append(f"{who} has this open while asking: {plain_name(question.looking_at, _LONGEST_VIEW)}")
    if before.is_unread:
        notes.append(_UNREAD_NOTE)
    return "\n\n".join(notes)


def _is_called(question: MessageReceived) -> bool:
    """Tell whether others may have talked before the bot was called, and it could not hear them."""
    kind = question.place.kind
    return kind is PlaceKind.THREAD or (kind is PlaceKind.CHANNEL and question.addressing is Addressing.BOT)


async def _read(adapter: TellsContext, events: Sequence[MessageReceived], most: int) -> Before:
    first, place = events[0], events[-1].place
    try:
        async with asyncio.timeout(_READING_SECONDS):
            said = await adapter.said_before(place, before=first.key.message, most=most)
    except Exception as error:  # noqa: BLE001 - whatever an adapter raises: the question is answered without it
        _log.warning("context_not_read", session_id=str(place.session), error=str(error) or type(error).__name__)
        return Before(is_unread=True)
    known = {str(event.key.original) for event in events}
    fresh = [replace(event, place=place) for event in said if str(event.key.original) not in known]
    return Before(messages=to_messages(_bounded(fresh[-most:])))


def _bounded(said: Sequence[MessageReceived]) -> list[MessageReceived]:
    """Shorten long texts, and leave out the oldest where all together are too long."""
    kept: list[MessageReceived] = []
    room = _LONGEST_TOGETHER
    for event in reversed(said):
        text = event.text if len(event.text) <= _LONGEST_TEXT else f"{event.text[:_LONGEST_TEXT].rstrip()} …"
        room -= len(text)
        if room < 0:
            break
        kept.append(replace(event, text=text))
    return kept[::-1]
