"""How a bot answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from threadkeep.chat.commands import Command, command_table
from threadkeep.chat.elements import MOST_ELEMENTS, Element, Elements
from threadkeep.chat.policy import Policies
from threadkeep.errors import ThreadkeepError
from threadkeep.runs import Run, RunStatus

_log = structlog.get_logger(__name__)


class AttemptsExhaustedError(ThreadkeepError):
    """Every attempt to answer ended with the process, not with an answer."""


MakeElements = Callable[[Run], Sequence[Element]]
"""Gives what stands under a finished answer. It is called in the event loop: it must not block."""


def no_elements(run: Run) -> Sequence[Element]:  # noqa: ARG001 - as ``MakeElements`` wants it
    """Let nothing stand under an answer but what its tools offered."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSettings:
    """How a bot answers.

    Attributes:
        is_streamed: Whether the reply is shown while it is written.
        policies: What becomes of messages that arrive meanwhile.
        max_attempts: After so many attempts that ended with their process or at the platform, a run is given up.
        retry_seconds: The delay before the second attempt; it doubles with each further one.
        longest_retry_seconds: The longest delay.
        late_seconds: An answer to a message older than this says how old it is.
        commands: The commands that people may give, by name.
        description: What the bot says of itself in its list of commands.
        context_messages: How many messages are read that were said before the bot was called into a place.
        has_stop_button: Whether a button to stop stands under a reply while it is written.
        elements: Gives what stands under a finished answer besides what its tools offered.
    """

    is_streamed: bool = True
    policies: Policies = field(default_factory=Policies)
    max_attempts: int = 5
    retry_seconds: float = 2.0
    longest_retry_seconds: float = 120.0
    late_seconds: float = 1800.0
    commands: Mapping[str, Command] = field(default_factory=command_table)
    description: str = ""
    context_messages: int = 30
    has_stop_button: bool = True
    elements: MakeElements = no_elements

    def below(self, run: Run, offered: Sequence[Element]) -> Elements:
        """Return what stands under an answer; nothing where it was not finished.

        Args:
            run: The run that ended.
            offered: What its tools offered; it comes first.
        """
        if run.status is not RunStatus.COMPLETED:
            return ()
        try:
            own = tuple(self.elements(run))
        except Exception as error:  # noqa: BLE001 - whatever a bot's own function raises: the answer stands without it
            _log.error("elements_not_made", run_id=run.run_id, exc_info=error)
            own = ()
        return (*offered, *own)[:MOST_ELEMENTS]

    def delay(self, attempt: int) -> float:
        """Return how long to wait after an attempt, counted from 1, before the next."""
        return min(self.retry_seconds * 2.0 ** min(attempt - 1, 20), self.longest_retry_seconds)
