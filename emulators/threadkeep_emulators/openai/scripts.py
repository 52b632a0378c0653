"""Answers that wait for their requests, in order, in as many conversations as the test speaks with."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .answers import Answer
from .conversation import ModelRequest

Predicate: TypeAlias = Callable[[ModelRequest], bool]
ScriptedAnswer: TypeAlias = Answer | Callable[[ModelRequest], Answer]
"""An answer, or a function that makes one from the request."""


class UnusedAnswersError(AssertionError):
    """Say that a script was not used up: the client asked less often than expected."""


@dataclass(frozen=True, slots=True)
class _Script:
    when: Predicate | None
    answers: deque[ScriptedAnswer]


class Scripts:
    """Hold scripts in the order in which they were added; each answers the requests that it is meant for."""

    def __init__(self) -> None:
        self._scripts: list[_Script] = []

    @property
    def unused(self) -> int:
        """Give the number of answers that no request has taken."""
        return sum(len(script.answers) for script in self._scripts)

    def add(self, answers: Sequence[ScriptedAnswer], *, when: Predicate | None) -> None:
        """Add answers for the requests that the predicate accepts; without one, for any request."""
        self._scripts.append(_Script(when, deque(answers)))

    def take(self, request: ModelRequest) -> Answer | None:
        """Give the next answer for a request, or None when no script has one left for it.

        A script with a predicate goes before one without, so that a conversation's own script is not
        overtaken by the general one.
        """
        meant = [script for script in self._scripts if script.when is not None and script.when(request)]
        general = [script for script in self._scripts if script.when is None]
        for script in meant + general:
            if script.answers:
                scripted = script.answers.popleft()
                self._scripts = [kept for kept in self._scripts if kept.answers]
                return scripted if isinstance(scripted, Answer) else scripted(request)
        return None

    def clear(self) -> None:
        """Forget every answer that is left."""
        self._scripts.clear()

    def require_used_up(self) -> None:
        """Check that nothing is left.

        Raises:
            UnusedAnswersError: An answer was never asked for.
        """
        if self._scripts:
            left = [answer for script in self._scripts for answer in script.answers]
            raise UnusedAnswersError(f"{len(left)} scripted answer(s) were never asked for: {left!r}")
