"""Asking people during a run: what was asked and decided is recorded with its steps."""

from collections.abc import Awaitable, Callable
from typing import Final

from threadkeep.agent.questions import Question
from threadkeep.agent.questions_json import decode_decision, decode_question, encode_decision, encode_question
from threadkeep.agent.request import Journal
from threadkeep.errors import ToolError
from threadkeep.runs import Decision

QUESTION: Final = "question:"
"""What the name of a step begins with that records a question; its id follows."""
DECISION: Final = "decision:"
"""What the name of a step begins with that records a decision; the question's id follows."""

OnQuestion = Callable[[Question], Awaitable[Decision]]
"""Asks somebody and gives what they decide."""


class Suspended(Exception):  # noqa: N818 - no error: the call goes on when somebody has decided
    """Raised where a tool asks, and caught where it was called: the run waits for people."""

    def __init__(self, question: Question) -> None:
        super().__init__(f"waits for an answer to the question {question.id}")
        self.question = question


class Questions:
    """The questions of one run.

    Args:
        journal: Where they and their decisions are recorded.
        on_question: Whom to ask where the run cannot wait.
        can_wait: Whether the run may be suspended until somebody decides: then decisions come with the journal.
    """

    def __init__(self, journal: Journal | None, on_question: OnQuestion | None, *, can_wait: bool) -> None:
        self._journal = journal
        self._on_question = on_question
        self._can_wait = can_wait and journal is not None
        self._decided: dict[str, Decision] = {}

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Give what was decided, in the order of time; of one moment in the order of the questions."""
        found = dict(self._decided)
        for name, text in self._steps.items():
            if name.startswith(DECISION):
                found[name.removeprefix(DECISION)] = decode_decision(text)
        return tuple(sorted(found.values(), key=lambda decision: (decision.at, _numbers(decision.question_id))))

    @property
    def open(self) -> tuple[Question, ...]:
        """Give the questions that nobody has decided, in the order of their ids."""
        asked = (name.removeprefix(QUESTION) for name in self._steps if name.startswith(QUESTION))
        names = sorted(asked, key=_numbers)
        found = (self._recorded(name) for name in names if DECISION + name not in self._steps)
        return tuple(question for question in found if question is not None)

    def open_of(self, call: str) -> tuple[Question, ...]:
        """Give the open questions of one call of a tool."""
        if not any(name.startswith(QUESTION) for name in self._steps):
            return ()
        return tuple(question for question in self.open if f"{question.id}.".startswith(f"{call}."))

    async def decide(self, question: Question) -> Decision:
        """Give what was decided of a question; ask it if nothing was.

        Raises:
            Suspended: It was asked; the run goes on when it is decided.
            ToolError: There is nobody who could be asked.
        """
        recorded = self._steps.get(DECISION + question.id)
        if recorded is not None:
            return decode_decision(recorded)
        if self._can_wait and self._journal is not None:
            asked = self._recorded(question.id)
            if asked is None:
                await self._journal.record({QUESTION + question.id: encode_question(question)})
            raise Suspended(asked or question)
        if self._on_question is None:
            raise ToolError("this needs the word of a person, and nobody could be asked")
        decision = await self._on_question(question)
        self._decided[question.id] = decision
        if self._journal is not None:
            await self._journal.record({DECISION + question.id: encode_decision(decision)})
        return decision

    @property
    def _steps(self) -> dict[str, str]:
        return {} if self._journal is None else dict(self._journal.steps)

    def _recorded(self, question_id: str) -> Question | None:
        text = self._steps.get(QUESTION + question_id)
        return None if text is None else decode_question(text)


def _numbers(question_id: str) -> list[int]:
    return [int(number) for number in question_id.split(".")]
