"""A title for a conversation that has none, made from its first question."""

import asyncio
import re
from collections.abc import Sequence
from typing import Final

import structlog

from threadkeep.chat.adapter import Adapter, NamesPlaces
from threadkeep.chat.events import Addressing, MessageReceived, Place, PlaceKind
from threadkeep.messages import clean_text
from threadkeep.runs import Run, RunStatus
from threadkeep.stores.base import Claim, History

_log = structlog.get_logger(__name__)

TITLE_LENGTH: Final = 60

_NAMING_SECONDS: Final = 5.0

_LINK: Final = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
# What platforms write for people, channels, times, emoji and links: it names nothing to those who read a title.
_TOKEN: Final = re.compile(r"<(?:[@#!]|a?:|t:|https?:|mailto:)[^<>]*>")
_MENTION: Final = re.compile(r"(?<!\S)@\S+")
_LEADING: Final = re.compile(r"^(?:\s*(?:#{1,6}\s|[-*+]\s|\d{1,3}[.)]\s|>+|\|+))+")
_MARKS: Final = re.compile(r"[*_~`|]+")


def title_of(text: str) -> str:
    """Give a title made from the first line of a text that has words; empty if there is none.

    Mentions and Markdown are left out. It has at most 60 characters; what is cut off ends at a word, with ``…``.
    """
    for line in clean_text(text).splitlines():
        title = _plain(line)
        if any(char.isalnum() for char in title):
            return _cut(title)
    return ""


async def give_title(
    claim: Claim, run: Run, events: Sequence[MessageReceived], *, history: History, adapter: Adapter
) -> None:
    """Name a conversation after its first exchange, and let the platform show the name where it can.

    A failure is logged: nobody waits for a title.

    Args:
        claim: The session as it was before the run.
        run: The run that was committed.
        events: The messages that it answers.
        history: Where the name is kept.
        adapter: The platform.
    """
    is_afresh = bool(claim.runs) and claim.runs[-1].is_boundary
    is_nameless = is_afresh or claim.session.name is None
    question = next((event for event in events if event.addressing is not Addressing.OTHERS), None)
    if not is_nameless or question is None or run.command is not None or run.status is not RunStatus.COMPLETED:
        return
    title, session_id = title_of(question.text), claim.lease.session_id
    if not title:
        return
    try:
        async with asyncio.timeout(_NAMING_SECONDS):
            if not is_afresh and await _is_named_meanwhile(claim, history):
                return
            await history.rename(session_id, title)
            if isinstance(adapter, NamesPlaces) and _has_title(question.place):
                await adapter.name_place(question.place, title)
    except Exception as error:  # noqa: BLE001 - whatever an adapter raises: the answer stands already
        _log.warning("not_named", session_id=session_id, error=str(error) or type(error).__name__)


async def _is_named_meanwhile(claim: Claim, history: History) -> bool:
    """Tell whether the run before this one named the conversation when this one was claimed already."""
    if not claim.session.run_count:
        return False
    known = await history.load(claim.lease.session_id, runs=0)
    return known is None or known.session.name is not None


def _has_title(place: Place) -> bool:
    """Tell whether a title of the bot's making may be shown: a channel has the name that people gave it."""
    return place.kind is not PlaceKind.CHANNEL


def _plain(line: str) -> str:
    line = _LINK.sub(r"\1", line)
    for pattern in (_TOKEN, _MENTION, _LEADING):
        line = pattern.sub(" ", line)
    return " ".join(_MARKS.sub("", line).split())


def _cut(title: str) -> str:
    if len(title) <= TITLE_LENGTH:
        return title
    head = title[: TITLE_LENGTH - 1]
    at_word = head.rsplit(" ", 1)[0] if not title[TITLE_LENGTH - 1].isspace() else head
    # A single long word, such as an address, is cut where it is.
    kept = at_word if len(at_word) > TITLE_LENGTH // 2 else head
    return f"{kept.rstrip(' ,.;:-')}…"
