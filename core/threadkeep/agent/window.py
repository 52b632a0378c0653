"""Which of a session's runs the model is shown: pure functions of the runs and of what they are worth in tokens.

The oldest go first, whole runs at a time, so that what is left begins with a user's words and has every tool call with
its result. Before runs are left out, the tool results of the older ones are shortened.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from threadkeep.agent.history import after_boundary, current_runs, last_runs, live_runs, run_messages
from threadkeep.chat.speakers import shortened
from threadkeep.messages import Attachment, Message, Role
from threadkeep.runs import Run
from threadkeep.stores.base import Transcript

Measure = Callable[[Message], int]
"""Gives what a message is worth in tokens."""

_SHORT: Final = 300
_STEPS: Final = (4, 2)
_LONG_TEXTS: Final = (4_000, 1_000, 250)
_NOT_AGAIN: Final = "it was shown earlier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How much of a session's past the model is shown. All bounds hold at the same time.

    Attributes:
        least_runs: How many of the last runs.
        most_runs: How many where runs wait to be summed up: those are shown too.
        most_messages: How many messages; None for any number.
        most_tokens: How many tokens, the summary included; None for any number.
    """

    least_runs: int = 0
    most_runs: int = 0
    most_messages: int | None = None
    most_tokens: int | None = None

    def of(self, transcript: Transcript | None, measure: Measure, *, reserved: int = 0) -> tuple[Run, ...]:
        """Give the runs of a session to show, oldest first, as they stand now.

        Args:
            transcript: The session with its last runs.
            measure: Gives what a message is worth.
            reserved: Tokens of the bound that are taken already.
        """
        if transcript is None or self.most_runs < 1:
            return ()
        count = max(self.least_runs, len(live_runs(_unsummarised(transcript))))
        asked = last_runs(live_runs(current_runs(transcript)), min(count, self.most_runs))
        kept = asked
        if self.most_messages is not None:
            kept = within_messages(kept, self.most_messages)
        if self.most_tokens is not None:
            kept = within_tokens(kept, self.most_tokens - reserved, measure)
        # Where there is a summary, the beginning moves with it, and no run is left out that it does not cover yet.
        is_whole = len(kept) == len(asked) or self.most_runs > self.least_runs
        return kept if is_whole else _from_step(kept, transcript)


def summary_of(transcript: Transcript | None) -> str:
    """Give the summary of a session as far as it is of its conversation as it is now; empty if there is none."""
    if transcript is None:
        return ""
    session = transcript.session
    boundary = session.run_count - len(transcript.runs) + after_boundary(transcript.runs)
    is_stale = bool(after_boundary(transcript.runs)) and session.summarised < boundary
    return "" if is_stale else session.summary


def _from_step(runs: tuple[Run, ...], transcript: Transcript) -> tuple[Run, ...]:
    """Give the runs from one on whose number is a multiple of a step.

    So the first one shown stays the same for some runs, and with it the beginning of the request, which the provider
    caches, instead of changing with every run.
    """
    step = next((step for step in _STEPS if len(runs) >= 2 * step), 1)
    first = transcript.session.run_count - len(transcript.runs) + 1
    numbers = {run.run_id: number for number, run in enumerate(transcript.runs, start=first)}
    start = next((place for place, run in enumerate(runs) if numbers[run.run_id] % step == 0), 0)
    return runs[start:]


def _unsummarised(transcript: Transcript) -> tuple[Run, ...]:
    """Give the runs that no summary covers, where there is one: those that it covers have the lower numbers."""
    session, runs = transcript.session, transcript.runs
    if not session.summarised:
        return runs
    first = session.run_count - len(runs) + 1
    return runs[max(0, session.summarised + 1 - first) :]


def within_messages(runs: Sequence[Run], most: int) -> tuple[Run, ...]:
    """Give the last runs that have together at most so many messages.

    If the last one alone has more, its tool calls are left out.
    """
    kept: list[Run] = []
    for run in reversed(runs):
        most -= len(run_messages(run))
        if most < 0:
            break
        kept.append(run)
    if kept or not runs:
        return tuple(reversed(kept))
    bare = _without_calls(runs[-1])
    return (bare,) if len(bare.messages) <= most + len(run_messages(runs[-1])) else ()


def within_tokens(runs: Sequence[Run], most: int, measure: Measure) -> tuple[Run, ...]:
    """Give the last runs that are together worth at most so many tokens.

    First the tool results and files of all but the last run are shortened, then those of the last one, then the oldest
    runs are left out, then the words of the last one are shortened.
    """
    costs = [_cost(run, measure) for run in runs]
    if sum(costs) <= most:
        return tuple(runs)
    for last in (len(runs) - 1, len(runs)):
        shown = [_with_short_results(run) if number < last else run for number, run in enumerate(runs)]
        costs = [_cost(run, measure) for run in shown]
        if sum(costs) <= most:
            return tuple(shown)
    first = 0
    while first < len(shown) and sum(costs[first:]) > most:
        first += 1
    if first < len(shown) or not shown:
        return tuple(shown[first:])
    cut = (_with_short_texts(_without_calls(shown[-1]), length) for length in _LONG_TEXTS)
    return next(((run,) for run in cut if _cost(run, measure) <= most), ())


def _cost(run: Run, measure: Measure) -> int:
    return sum(measure(message) for message in run_messages(run))


def _without_calls(run: Run) -> Run:
    """Give a run with what was said in it only: the user's words and the last answer."""
    messages = run_messages(run)
    said = [message for message in messages if message.role is Role.USER]
    last = [message for message in messages[-1:] if message.role is Role.ASSISTANT]
    return replace(run, messages=(*said, *last))


def _with_short_results(run: Run) -> Run:
    return replace(run, messages=tuple(_short_result(message) for message in run_messages(run)))


def _short_result(message: Message) -> Message:
    if message.role is Role.TOOL:
        files = tuple(_short_file(one) for one in message.attachments)
        return replace(message, content=shortened(message.content, _SHORT), attachments=files)
    if message.attachments:
        return replace(message, attachments=tuple(_short_file(one) for one in message.attachments))
    return message


def _short_file(attachment: Attachment) -> Attachment:
    if not attachment.text:
        return replace(attachment, note=attachment.note or _NOT_AGAIN)
    return replace(attachment, text=shortened(attachment.text, _SHORT))


def _with_short_texts(run: Run, most: int) -> Run:
    return replace(
        run, messages=tuple(replace(message, content=shortened(message.content, most)) for message in run.messages)
    )
