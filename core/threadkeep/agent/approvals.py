"""Tools that are called only when a person approves."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from threadkeep.agent.context import RunContext, names_of
from threadkeep.agent.questions import APPROVE, DENY, Choice, Question, QuestionKind
from threadkeep.chat.elements import ButtonStyle, Form, TextField
from threadkeep.errors import ConfigError
from threadkeep.runs import Decision

_HOUR: Final = timedelta(hours=1)
_LONGEST_VALUE: Final = 300
_LONGEST_ARGUMENTS: Final = 1500
_MASK: Final = "[secret]"
_SECRET: Final = re.compile(r"(?i)token|secret|passwo?r?d|passphrase|api_?key|private_?key|credential|authorization")
_REASON: Final = Form(
    title="Deny", fields=(TextField(name="reason", label="Why?", is_long=True, is_required=False),), submit="Deny"
)

Approvers = Iterable[str] | Callable[[RunContext], Iterable[str]]
"""User ids and ids of the platform's roles, or what gives them for a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who approves the calls of a tool.

    Attributes:
        by: Who may decide: user ids (``slack:T1:U1``), ids of the platform's roles, or a function that gives them. By
            default it is the person who is answered, also in a place that others read.
        reason: Whether who denies is asked why.
        expires: How long to wait; a call that nobody has approved by then is denied.
    """

    by: Approvers = ()
    reason: bool = True
    expires: timedelta = _HOUR

    def __post_init__(self) -> None:
        if isinstance(self.by, str):
            raise ConfigError(f"by takes several ids: write by=({self.by!r},)")
        if self.expires <= timedelta(0):
            raise ConfigError(f"expires must be more than 0 seconds, got {self.expires}")

    def question(self, tool: str, arguments: Mapping[str, object], context: RunContext) -> Question:
        """Give the question whether a call may be made.

        Args:
            tool: The tool's name.
            arguments: What it is called with.
            context: The call.
        """
        asked = tuple(self.by(context)) if callable(self.by) else tuple(self.by)
        if callable(self.by) and not asked:
            raise ConfigError(f"nobody may approve this call of {tool}: the function in Approval(by=...) names nobody")
        if not asked and context.user_id is not None:
            asked = (context.user_id,)
        choices = (
            Choice(label="Approve", value=APPROVE, style=ButtonStyle.PRIMARY),
            Choice(label="Deny", value=DENY, style=ButtonStyle.DANGER, form=_REASON if self.reason else None),
        )
        return Question(
            id=context.desk.call,
            text=_text(tool, arguments),
            choices=choices,
            asked=asked,
            asked_name=names_of(asked, context),
            expires_at=context.desk.clock() + self.expires.total_seconds(),
            kind=QuestionKind.APPROVAL,
        )


def approval_of(required: "bool | Approval") -> Approval | None:
    """Give what ``requires_approval`` means."""
    if isinstance(required, Approval):
        return required
    return Approval() if required else None


def refusal_of(decision: Decision) -> str | None:
    """Give what the model is told of a call that was not approved; None if it was."""
    if decision.is_expired:
        return "this call was not made: nobody has approved it in time"
    if decision.choice == APPROVE:
        return None
    reason = f": {decision.text}" if decision.text.strip() else ""
    return f"this call was not made: {decision.speaker or 'the person who was asked'} denied it{reason}"


def _text(tool: str, arguments: Mapping[str, object]) -> str:
    lines = [f"{name}: {_value(name, value)}" for name, value in arguments.items()]
    listed = "\n".join(lines)
    if len(listed) > _LONGEST_ARGUMENTS:
        listed = f"{listed[:_LONGEST_ARGUMENTS]} …"
    question = f"May I call `{tool}`?"
    if not lines:
        return question
    # No argument may end the block: a fence is longer than every run of backticks in it.
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", listed)), default=0))
    return f"{question}\n\n{fence}\n{listed}\n{fence}"


def _value(name: str, value: object) -> str:
    if _SECRET.search(name):
        return _MASK
    text = json.dumps(_plain(value), ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]} …"


def _plain(value: object) -> object:
    """Give a value with what is named like a secret masked, however deep."""
    if isinstance(value, Mapping):
        return {str(name): _MASK if _SECRET.search(str(name)) else _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    return value
