"""Failures that a model server reports inside an answer, in threadkeep's errors."""

import re
from typing import Final

from threadkeep.errors import (
    ContextTooLongError,
    ModelError,
    ModelRateLimitError,
    ModelRequestError,
    ModelUnavailableError,
)
from threadkeep.models.payloads import JsonObject, object_in, text_in

_LONGEST_DETAIL: Final = 500
_LENGTH_CODES: Final = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_TOO_LONG: Final = re.compile(
    r"(?i)maximum context|context (?:length|window|size).*(?:exceed|reduce|less|fewer|larger)|exceed\w*.*context"
    r"|(?:prompt|input|request) is too long|too many (?:input )?tokens"
)
_RATE_CODES: Final = frozenset({"rate_limit_exceeded", "insufficient_quota", "rate_limit_error", "requests", "tokens"})


def stream_failure(payload: object) -> ModelError:
    """Give the error for an error object inside an answer that had begun."""
    error: JsonObject = object_in(payload)
    codes = {text_in(error.get("code")), text_in(error.get("type"))}
    detail = one_line(text_in(error.get("message")) or (payload if isinstance(payload, str) else "no reason"))
    if codes & _RATE_CODES:
        return ModelRateLimitError(f"the model server broke off: too many requests. It says: {detail}")
    if any(is_too_long(code, detail) for code in codes):
        return ContextTooLongError(f"the conversation is too long for the model. Its server says: {detail}")
    if any(code.startswith("invalid") for code in codes):
        return ModelRequestError(f"the model server refuses the request. It says: {detail}")
    return ModelUnavailableError(f"the model server broke the answer off. It says: {detail}")


def is_too_long(code: str, detail: str) -> bool:
    """Tell whether a refusal means that the request is too long for the model, in the words of many servers."""
    return code in _LENGTH_CODES or _TOO_LONG.search(detail) is not None


def one_line(text: str) -> str:
    """Give a server's words as one bounded line, for the operator's eyes only."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_DETAIL else line[:_LONGEST_DETAIL] + "..."
