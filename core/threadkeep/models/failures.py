"""Failures that a model server reports inside an answer, in threadkeep's errors."""

from typing import Final

from threadkeep.errors import ModelError, ModelRateLimitError, ModelRequestError, ModelUnavailableError
from threadkeep.models.payloads import JsonObject, object_in, text_in

_LONGEST_DETAIL: Final = 500
_RATE_CODES: Final = frozenset({"rate_limit_exceeded", "insufficient_quota", "rate_limit_error", "requests", "tokens"})


def stream_failure(payload: object) -> ModelError:
    """Give the error for an error object inside an answer that had begun."""
    error: JsonObject = object_in(payload)
    codes = {text_in(error.get("code")), text_in(error.get("type"))}
    detail = one_line(text_in(error.get("message")) or (payload if isinstance(payload, str) else "no reason"))
    if codes & _RATE_CODES:
        return ModelRateLimitError(f"the model server broke off: too many requests. It says: {detail}")
    if any(code.startswith("invalid") or code == "context_length_exceeded" for code in codes):
        return ModelRequestError(f"the model server refuses the request. It says: {detail}")
    return ModelUnavailableError(f"the model server broke the answer off. It says: {detail}")


def one_line(text: str) -> str:
    """Give a server's words as one bounded line, for the operator's eyes only."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_DETAIL else line[:_LONGEST_DETAIL] + "..."
