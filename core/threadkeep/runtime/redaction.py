"""Keeping secrets out of the log: what looks like one, and what the environment says is one."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

MASK: Final = "[secret]"
"""What stands in the place of a secret."""

EventDict = MutableMapping[str, Any]

# Tokens of Slack's apps and bots, OpenAI-style keys, tokens of Discord bots, what follows "Bearer", passwords in URLs,
# tokens of Discord's webhooks and interactions in the paths of their addresses, and where Slack takes answers.
_SHAPES: Final = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|\bsk-[\w-]{8,}|\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"
    r"|(?<=Bearer )[\w.~+/=-]+|(?<=://)[^\s/:]*:[^\s/]+(?=@)|(?:(?<=/webhooks/)|(?<=/interactions/))\d+/[\w.-]+"
    r"|(?:(?<=//hooks\.slack\.com/)|(?<=//hooks\.slack-gov\.com/))[\w/.-]+"
)
# What stands in every text that one of these shapes could be found in: most texts are looked through once only.
_SUSPICIOUS: Final = re.compile(
    r"xox|xapp-|sk-|Bearer |://|/webhooks/|/interactions/|\.[\w-]{6,7}\.|(?i:ticket|token|secret|password|api_key)="
)
_NAMED: Final = re.compile(r"(?i)((?:ticket|token|secret|password|api_key)=)[^\s&\"']+")
_SECRET_NAME: Final = re.compile(r"(?i)(?:^|_)(?:token|secret|password|api_?key|authorization)$")
_LEAST_LENGTH: Final = 8
"""Shorter values of variables are words like "none", which stand in texts that are no secrets."""
_DEEPEST: Final = 8


class Redactor:
    """Masks secrets in log events. It is a processor of structlog.

    Args:
        environ: Variables; the values of those that are named like secrets (``SLACK_SIGNING_SECRET``) are masked
            wherever they stand, whatever they look like.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        values = {value for name, value in environ.items() if _SECRET_NAME.search(name) and len(value) >= _LEAST_LENGTH}
        # Of two secrets of which one begins with the other, the longer one must go whole.
        known = "|".join(re.escape(value) for value in sorted(values, key=len, reverse=True))
        self._known = re.compile(known) if known else None

    def __call__(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        """Mask the secrets of an event."""
        for name, value in event.items():
            # Names with an underscore in front belong to structlog and are not shown.
            if not name.startswith("_") and name != "exc_info":
                event[name] = self._named(name, value, depth=0)
        return event

    def text(self, text: str) -> str:
        """Return a text with every secret masked."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        if _SUSPICIOUS.search(text) is None:
            return text
        return _NAMED.sub(rf"\1{MASK}", _SHAPES.sub(MASK, text))

    def _named(self, name: object, value: object, *, depth: int) -> object:
        is_secret = isinstance(name, str) and isinstance(value, str) and _SECRET_NAME.search(name)
        return MASK if is_secret else self._value(value, depth=depth)

    def _value(self, value: object, *, depth: int) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.text(value)
        if depth < _DEEPEST and isinstance(value, Mapping):
            return {
                self._value(name, depth=depth + 1): self._named(name, part, depth=depth + 1)
                for name, part in value.items()
            }
        if depth < _DEEPEST and isinstance(value, list | tuple | set | frozenset):
            return [self._value(part, depth=depth + 1) for part in value]
        # Exceptions and all other objects: the renderers would show their repr.
        return self.text(repr(value))
