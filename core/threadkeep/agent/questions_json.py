"""The recorded form of questions and decisions."""

import json
from dataclasses import asdict, fields
from typing import Any, Final

from threadkeep.agent.questions import Choice, Question, QuestionKind
from threadkeep.chat.elements import ButtonStyle, Form, TextField
from threadkeep.errors import StoreError, ThreadkeepError
from threadkeep.runs import Decision

_VERSION: Final = 1


def encode_question(question: Question) -> str:
    """Give the recorded form of a question."""
    return _encode(asdict(question))


def decode_question(text: str) -> Question:
    """Read the recorded form of a question.

    Raises:
        StoreError: It cannot be read.
    """
    stored = _decode(text, what="question")
    try:
        choices = tuple(_choice(choice) for choice in stored.pop("choices"))
        kind = QuestionKind(stored.pop("kind"))
        asked = tuple(stored.pop("asked"))
        return Question(choices=choices, kind=kind, asked=asked, **_known(Question, stored))
    except (KeyError, TypeError, ValueError, ThreadkeepError) as error:
        raise StoreError(f"a recorded question cannot be read ({type(error).__name__})") from error


def encode_decision(decision: Decision) -> str:
    """Give the recorded form of a decision."""
    return _encode(asdict(decision))


def decode_decision(text: str) -> Decision:
    """Read the recorded form of a decision.

    Raises:
        StoreError: It cannot be read.
    """
    stored = _decode(text, what="decision")
    try:
        return Decision(**_known(Decision, stored))
    except TypeError as error:
        raise StoreError("a recorded decision cannot be read") from error


def _choice(stored: dict[str, Any]) -> Choice:
    form = stored["form"]
    if form is not None:
        form = Form(
            title=form["title"], fields=tuple(TextField(**field) for field in form["fields"]), submit=form["submit"]
        )
    return Choice(label=stored["label"], value=stored["value"], style=ButtonStyle(stored["style"]), form=form)


def _known(kind: type, stored: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in stored.items() if name in names}


def _encode(stored: dict[str, Any]) -> str:
    return json.dumps({"version": _VERSION, **stored}, ensure_ascii=False, separators=(",", ":"))


def _decode(text: str, *, what: str) -> dict[str, Any]:
    try:
        stored = json.loads(text)
    except ValueError as error:
        raise StoreError(f"a recorded {what} is damaged: it is not JSON") from error
    if not isinstance(stored, dict) or stored.pop("version", None) != _VERSION:
        raise StoreError(f"a recorded {what} was written by another release of threadkeep")
    return stored
