"""How many tokens a text is worth: estimated offline, corrected by what models report for the same requests."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Final

from threadkeep.messages import Attachment, Message
from threadkeep.models.base import ToolSpec, Usage

CountTokens = Callable[[str], int]
"""Counts the tokens of a text exactly, as a model's tokenizer does."""

_BYTES_PER_TOKEN: Final = 4
_PER_MESSAGE: Final = 4
_PER_MEDIUM: Final = 1_000
_LEAST_LEARNT: Final = 100
_LOWEST: Final = 0.25
_HIGHEST: Final = 4.0
_WEIGHT: Final = 0.3
_MOST_MODELS: Final = 100


def estimated_tokens(text: str) -> int:
    """Estimate the tokens of a text: a quarter of its bytes in UTF-8, which is near for most languages."""
    return math.ceil(len(text.encode("utf-8", "replace")) / _BYTES_PER_TOKEN)


class Gauge:
    """Measure messages in tokens of a model.

    Args:
        count: Counts exactly; None estimates.
    """

    def __init__(self, count: CountTokens | None = None) -> None:
        self._count = count or estimated_tokens
        self._is_exact = count is not None
        self._ratios: dict[str, float] = {}

    def measure(self, message: Message, model: str) -> int:
        """Give the tokens of a message; what is estimated is rounded up."""
        return math.ceil(self._raw(message) * self._ratios.get(model, 1.0))

    def measure_text(self, text: str, model: str) -> int:
        """Give the tokens of a text."""
        return math.ceil(self._count(text) * self._ratios.get(model, 1.0))

    def size(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> int:
        """Give the uncorrected size of a request, for ``learn``; 0 where nothing can be learnt from it."""
        if self._is_exact or any(message.files for message in messages):
            return 0
        declared = sum(self._count(f"{tool.name}{tool.description}{json.dumps(tool.parameters)}") for tool in tools)
        return declared + sum(self._raw(message) for message in messages)

    def learn(self, model: str, size: int, reported: int | None) -> None:
        """Correct later estimates by what a model reports for a request.

        Args:
            model: The model's id.
            size: What ``size`` gave for the request.
            reported: The tokens that the model's server counted.
        """
        if size < _LEAST_LEARNT or not reported:
            return
        seen = min(max(reported / size, _LOWEST), _HIGHEST)
        known = self._ratios.pop(model, None)
        self._ratios[model] = seen if known is None else known + _WEIGHT * (seen - known)
        if len(self._ratios) > _MOST_MODELS:
            del self._ratios[next(iter(self._ratios))]

    def estimate(self, messages: Sequence[Message], answer: Message, model: str) -> Usage:
        """Estimate what a call was worth whose server did not say."""
        return Usage(
            input_tokens=sum(self.measure(message, model) for message in messages),
            output_tokens=self.measure(answer, model),
        )

    def _raw(self, message: Message) -> int:
        calls = sum(self._count(call.name) + self._count(call.arguments) for call in message.tool_calls)
        files = sum(self._of_file(attachment) for attachment in message.attachments)
        return _PER_MESSAGE + self._count(message.content) + calls + files

    def _of_file(self, attachment: Attachment) -> int:
        told = self._count(f"{attachment.name} {attachment.note}") + 2 * _PER_MESSAGE
        is_shown_whole = not attachment.text and not attachment.note
        return told + (_PER_MEDIUM if is_shown_whole else self._count(attachment.text))
