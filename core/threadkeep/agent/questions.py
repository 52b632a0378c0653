"""What people are asked during a run, and what they decide."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from threadkeep.chat.elements import (
    ANSWER,
    LABEL_LENGTH,
    MOST_OPTIONS,
    Button,
    ButtonStyle,
    Element,
    Form,
    Option,
    Select,
    TextField,
)
from threadkeep.errors import ConfigError
from threadkeep.runs import Decision

__all__ = ["APPROVE", "DENY", "REFERENCE", "Choice", "Decision", "Question", "QuestionKind", "action_of"]

APPROVE: Final = "approve"
"""The choice that lets a tool be called."""
DENY: Final = "deny"
"""The choice that does not."""
REFERENCE: Final = 8
"""How many characters of a run's id such an action holds: enough to know a button of a run that is over."""
_IN_WORDS: Final = "words"
_MOST_BUTTONS: Final = 5
_TEXT_FIELD: Final = "answer"


class QuestionKind(StrEnum):
    """What a question is about."""

    APPROVAL = "approval"
    """Whether a tool may be called."""
    QUESTION = "question"
    """What a tool wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One possible answer.

    Attributes:
        label: What people read.
        value: What the tool gets; the label where it is empty.
        style: How its button looks.
        form: What is to be filled in before it counts.
    """

    label: str
    value: str = ""
    style: ButtonStyle = ButtonStyle.PLAIN
    form: Form | None = None

    def __post_init__(self) -> None:
        if not self.label.strip():
            raise ConfigError("a choice needs a label")
        if not self.value:
            object.__setattr__(self, "value", self.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something that people decide during a run.

    Attributes:
        id: Its id, the same in every attempt of the run: the step, the call in it, and for what a tool asks a number.
        text: What is asked, as Markdown.
        choices: The answers to choose from.
        asked: Who may decide: user ids, and ids of the platform's roles; everybody where it is empty.
        asked_name: The same for people to read.
        expires_at: Until when, in seconds since the epoch.
        kind: What it is about.
        takes_text: Whether it may be answered in words.
    """

    id: str
    text: str
    choices: tuple[Choice, ...] = ()
    asked: tuple[str, ...] = ()
    asked_name: str = ""
    expires_at: float = 0.0
    kind: QuestionKind = QuestionKind.QUESTION
    takes_text: bool = False

    def __post_init__(self) -> None:
        if not self.choices and not self.takes_text:
            raise ConfigError(f"the question {self.text[:40]!r} can be answered neither by a choice nor in words")
        if len(self.choices) > MOST_OPTIONS:
            raise ConfigError(f"a question has at most {MOST_OPTIONS} choices, not {len(self.choices)}")
        if len({choice.value for choice in self.choices}) < len(self.choices):
            raise ConfigError(f"two choices of the question {self.text[:40]!r} have the same value")

    def may_be_decided_by(self, user_id: str, roles: Iterable[str] = ()) -> bool:
        """Tell whether a person may decide.

        Args:
            user_id: Who.
            roles: The platform's ids of their roles.
        """
        return not self.asked or user_id in self.asked or any(role in self.asked for role in roles)

    def decide(
        self, choice: str = "", *, text: str = "", user_id: str | None = None, speaker: str = "", at: float = 0.0
    ) -> Decision:
        """Give a decision of this question.

        Args:
            choice: The value of a choice; empty for an answer in words.
            text: The answer in words, or the reason.
            user_id: Who decides.
            speaker: Their name.
            at: When, in seconds since the epoch.

        Raises:
            ConfigError: There is no such choice, or the question takes no words.
        """
        if choice and all(choice != known.value for known in self.choices):
            known = ", ".join(repr(known.value) for known in self.choices)
            raise ConfigError(f"{choice!r} is no choice of the question {self.id}; there are: {known or 'none'}")
        if not choice and not (self.takes_text and text.strip()):
            raise ConfigError(f"the question {self.id} is answered by a choice" + (" or words" * self.takes_text))
        return Decision(
            question_id=self.id, question=self.text, choice=choice, text=text, user_id=user_id, speaker=speaker, at=at
        )

    def expired(self, at: float) -> Decision:
        """Give the decision that nobody has made in time."""
        return Decision(question_id=self.id, question=self.text, at=at, is_expired=True)

    def pressed(self, value: str) -> Choice | None:
        """Give the choice that a press means; None for the answer in words.

        Raises:
            LookupError: It means nothing of this question.
        """
        if value == _IN_WORDS and self.takes_text:
            return None
        if not value.isdecimal() or int(value) >= len(self.choices):
            raise LookupError(value)
        return self.choices[int(value)]

    def elements(self, run_id: str, *, label: str = "") -> tuple[Element, ...]:
        """Give what stands under the question.

        Args:
            run_id: The run that asks.
            label: What the labels begin with, where several questions stand together.
        """
        action = action_of(run_id, self.id)
        words = self._in_words(action, label) if self.takes_text else ()
        if len(self.choices) > _MOST_BUTTONS and not any(choice.form for choice in self.choices):
            options = tuple(
                Option(label=_label(choice.label), value=str(number)) for number, choice in enumerate(self.choices)
            )
            return (Select(action=action, label=_label(f"{label}Choose"), options=options), *words)
        buttons = (
            Button(
                action=action,
                label=_label(f"{label}{choice.label}"),
                value=str(number),
                style=choice.style,
                form=choice.form,
            )
            for number, choice in enumerate(self.choices)
        )
        return (*buttons, *words)

    def shown(self) -> str:
        """Give what people read: the question, who may decide and until when."""
        by = f"for {self.asked_name} to decide" if self.asked_name else "anybody may decide"
        until = datetime.fromtimestamp(self.expires_at, UTC).strftime("%d %b %H:%M UTC") if self.expires_at else ""
        how = ", also with a message" if self.takes_text and self.choices else ""
        how = ", with a message" if self.takes_text and not self.choices else how
        return f"{self.text}\n\n_({by}{how}{f', until {until}' if until else ''})_"

    @staticmethod
    def _in_words(action: str, label: str) -> tuple[Element, ...]:
        field = TextField(name=_TEXT_FIELD, label="Your answer", is_long=True)
        form = Form(title="Your answer", fields=(field,))
        return (Button(action=action, label=_label(f"{label}Answer …"), value=_IN_WORDS, form=form),)


def action_of(run_id: str, question_id: str) -> str:
    """Give the action of what stands under a question."""
    return f"{ANSWER}{run_id[:REFERENCE]}.{question_id}"


def _label(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LABEL_LENGTH else f"{line[: LABEL_LENGTH - 1]}…"
