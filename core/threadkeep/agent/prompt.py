"""What a run is shown of the past: the runs, their summary, and what is remembered of the people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from threadkeep.agent.memory import Memory, memory_section
from threadkeep.agent.personal import people, people_in, person, words_said
from threadkeep.agent.request import RunRequest
from threadkeep.agent.summary import summary_section
from threadkeep.agent.tokens import Gauge
from threadkeep.agent.window import Window, summary_of
from threadkeep.chat.speakers import shortened
from threadkeep.messages import Message
from threadkeep.runs import Run
from threadkeep.stores.base import Store, Transcript

_SHORTEST_SUMMARY: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the model is shown of a session.

    Attributes:
        runs: Runs, oldest first.
        section: What the system message says of those before them.
    """

    runs: tuple[Run, ...] = ()
    section: str = ""


def past_of(transcript: Transcript | None, window: Window, gauge: Gauge, model: str) -> Past:
    """Choose what the model is shown of a session.

    Args:
        transcript: The session with its last runs.
        window: How much is shown.
        gauge: Measures messages.
        model: The model's id.
    """
    if transcript is None or window.most_runs < 1:
        return Past()
    section, reserved = _section(summary_of(transcript), window, gauge, model)
    runs = window.of(transcript, lambda message: gauge.measure(message, model), reserved=reserved)
    return Past(runs=runs, section=section)


def _section(summary: str, window: Window, gauge: Gauge, model: str) -> tuple[str, int]:
    """Give what is said of a summary, in at most half of the tokens, and how many it takes where they are bounded."""
    section = summary_section(summary)
    if window.most_tokens is None:
        return section, 0
    while section and gauge.measure_text(section, model) > window.most_tokens // 2:
        summary = shortened(summary, len(summary) * 3 // 4)
        section = summary_section(summary) if len(summary) > _SHORTEST_SUMMARY else ""
    return section, gauge.measure_text(section, model) if section else 0


async def remembered(
    store: Store, memory: Memory | None, request: RunRequest, said: Sequence[Message], past: Past
) -> str:
    """Give what the system message says of what is remembered; empty if that is nothing.

    Args:
        store: Where it is remembered.
        memory: How much is shown; None if nothing is.
        request: The run.
        said: The new messages.
        past: What else the model is shown.

    Raises:
        StoreUnavailableError: The store cannot be reached.
    """
    user_id = request.user_id
    if memory is None or user_id is None:
        return ""
    asked = words_said(said)
    if request.place is None or not request.place.is_shared:
        most, tokens = memory.max_memos, memory.max_tokens
        known = await person(store, memory, user_id, "", asked, most=most, tokens=tokens, others_in=None)
        return memory_section(known)
    shown = [*(message for run in past.runs for message in run.messages), *said]
    present = people_in(shown, user_id, request.speaker)
    return memory_section(None, await people(store, memory, present, asked, others_in=request.session_id))
