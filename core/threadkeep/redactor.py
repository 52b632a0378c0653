"""Taking secrets and personal data out of texts: before the model, the store and the log see them."""

import re
from collections.abc import Collection, Mapping, MutableMapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, TypeVar

from threadkeep.chat.events import ActionPressed, Event, FeedbackGiven, MessageEdited, MessageReceived
from threadkeep.errors import ConfigError

_E = TypeVar("_E", bound=Event)
_CARD: Final = "card"
_DEEPEST: Final = 8

KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Keys and tokens have shapes that their makers chose so that they can be found.
        "key": (
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
            r"|\bsk-[\w-]{16,}|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{35}"
        ),
        "token": (
            r"\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}|\bgh[pousr]_\w{36,}|\bgithub_pat_\w{22,}|\bglpat-[\w-]{20,}"
            r"|(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}|(?<=Bearer )[\w.~+/=-]{16,}"
        ),
        _CARD: r"(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w-])",
        "email": r"\b[\w.+%-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b",
        "phone": (
            r"(?<![\w.])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){5,12}|\(\d{3}\) ?\d{3}-\d{4})(?!\w)"
        ),
    }
)
"""What is known to be looked for, in this order, as regular expressions."""


class Redactor:
    """Replaces secrets and personal data in texts by what they are: ``[email]``.

    It is a hook of an agent, a setting of a bot, and a processor of structlog. It finds what has a known shape: it is a
    net under people, not a proof.

    Args:
        kinds: What to look for, some of ``KINDS``; all of them by default.
        patterns: Regular expressions of your own, by the names that stand for what they find.
        mask: What stands in the place of what was found.

    Raises:
        ConfigError: There is no such kind, or an expression cannot be read.
    """

    def __init__(
        self,
        *,
        kinds: Collection[str] = tuple(KINDS),
        patterns: Mapping[str, str] | None = None,
        mask: str = "[{kind}]",
    ) -> None:
        if unknown := set(kinds) - set(KINDS):
            raise ConfigError(f"Redactor knows no {', '.join(sorted(unknown))}; it knows {', '.join(KINDS)}")
        wanted = {**(patterns or {}), **{kind: KINDS[kind] for kind in KINDS if kind in kinds}}
        self._mask = mask
        try:
            self._patterns = {kind: re.compile(pattern, re.DOTALL) for kind, pattern in wanted.items()}
        except re.error as error:
            raise ConfigError(f"Redactor cannot read a pattern: {error}") from error

    def __call__(self, text: str, _context: object = None) -> str:
        """Give a text without what is looked for."""
        for kind, pattern in self._patterns.items():
            mask = self._mask.format(kind=kind)
            if kind == _CARD:
                text = pattern.sub(lambda found, mask=mask: mask if _is_card(found[0]) else found[0], text)  # type: ignore[misc]
            else:
                text = pattern.sub(lambda _, mask=mask: mask, text)  # type: ignore[misc]
        return text

    def event(self, event: _E) -> _E:
        """Give an event without what is looked for in people's words."""
        if isinstance(event, MessageReceived | MessageEdited):
            return replace(event, text=self(event.text))
        if isinstance(event, ActionPressed) and event.fields:
            return replace(event, fields={name: self(text) for name, text in event.fields.items()})
        if isinstance(event, FeedbackGiven) and event.comment:
            return replace(event, comment=self(event.comment))
        return event

    def processor(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Take it out of the texts of a log event; a processor of structlog."""
        return {name: self._value(value, 0) for name, value in event.items()}

    def _value(self, value: object, depth: int) -> object:
        if isinstance(value, str):
            return self(value)
        if depth < _DEEPEST and isinstance(value, Mapping):
            return {name: self._value(part, depth + 1) for name, part in value.items()}
        if depth < _DEEPEST and isinstance(value, list | tuple):
            return [self._value(part, depth + 1) for part in value]
        return value


def _is_card(text: str) -> bool:
    """Tell whether digits are a card's number, by the check digit that each has."""
    digits = [int(char) for char in text if char.isdigit()]
    doubled = [digit if number % 2 == 0 else sum(divmod(2 * digit, 10)) for number, digit in enumerate(digits[::-1])]
    return sum(doubled) % 10 == 0 and any(digits)
