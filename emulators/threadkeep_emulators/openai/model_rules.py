"""What each family of models takes: reasoning models refuse parameters that others accept.

Documented at https://platform.openai.com/docs/guides/latest-model and .../docs/guides/reasoning.
"""

import re
from dataclasses import dataclass

from .errors import ApiError, unsupported_parameter
from .payloads import JsonObject, object_in

DEFAULT_MODELS = (
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-4.1-mini",
    "gpt-5-mini",
    "gpt-5.4",
    "gpt-5.4-mini",
    "gpt-5.6",
    "gpt-audio",
    "offline",
)
_VERSION = re.compile(r"gpt-(\d+)(?:\.(\d+))?(?![a-z\d])")
_SAMPLING = ("temperature", "top_p")


@dataclass(frozen=True, slots=True)
class _Family:
    """Describe a family by whether it reasons, and how hard when the request does not say."""

    is_reasoning: bool
    default_effort: str = "medium"
    has_no_effort: bool = False


def _family(model: str) -> _Family:
    if re.match(r"o\d", model):
        return _Family(is_reasoning=True)
    found = _VERSION.match(model)
    if found is None or int(found[1]) < 5:
        return _Family(is_reasoning=False)
    version = (int(found[1]), int(found[2] or 0))
    if version == (5, 0):
        return _Family(is_reasoning=True)
    # From 5.1 to 5.4 a request that is silent about effort gets none; from 5.5 on it gets some.
    return _Family(is_reasoning=True, default_effort="none" if version < (5, 5) else "medium", has_no_effort=True)


def check_chat_model(body: JsonObject, model: str) -> None:
    """Refuse parameters of a chat completion that the model's family does not take."""
    family = _family(model)
    effort = body.get("reasoning_effort")
    if not family.is_reasoning:
        _refuse_effort(effort, "reasoning_effort")
        return
    if body.get("max_tokens") is not None:
        raise unsupported_parameter("max_tokens", "Use 'max_completion_tokens' instead.")
    effective = effort or family.default_effort
    _check_sampling(body, effective)
    if family.has_no_effort and effective != "none" and body.get("tools"):
        raise ApiError(
            f"Function tools with reasoning_effort are not supported for {model} in /v1/chat/completions."
            " Use /v1/responses, or set reasoning_effort to 'none'.",
            param="reasoning_effort",
        )


def check_response_model(body: JsonObject, model: str) -> None:
    """Refuse parameters of a response that the model's family does not take."""
    family = _family(model)
    effort = object_in(body.get("reasoning")).get("effort")
    if family.is_reasoning:
        _check_sampling(body, effort or family.default_effort)
    else:
        _refuse_effort(effort, "reasoning.effort")


def _refuse_effort(effort: object, param: str) -> None:
    if effort is not None:
        raise unsupported_parameter(param, "It is for reasoning models.")


def _check_sampling(body: JsonObject, effort: object) -> None:
    for param in _SAMPLING:
        if effort != "none" and body.get(param) not in {None, 1}:
            raise ApiError(
                f"Unsupported value: '{param}' does not support {body[param]} with this model."
                " Only the default (1) value is supported.",
                param=param,
                code="unsupported_value",
            )
