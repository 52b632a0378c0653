"""Checks of the body of ``POST /v1/responses``.

Documented at https://platform.openai.com/docs/api-reference/responses/create.
"""

from collections.abc import Sequence

from .checks import (
    check_choice,
    check_flag,
    check_metadata,
    check_number,
    require_array,
    require_function_name,
    require_known,
    require_object,
    require_text,
    too_long,
)
from .errors import ApiError, missing, not_emulated, wrong_type, wrong_value
from .media import check_response_media
from .parameters import RESPONSE_PARAMETERS
from .payloads import JsonObject, text_in
from .tool_checks import check_tools

_NOT_EMULATED = ("background", "context_management", "conversation", "prompt")
_ITEM_FIELDS = {
    "message": frozenset({"type", "role", "content", "status", "id", "phase"}),
    "function_call": frozenset(
        {"type", "id", "call_id", "name", "arguments", "status", "namespace", "async", "caller"}
    ),
    "function_call_output": frozenset({"type", "id", "call_id", "output", "status", "caller"}),
    "reasoning": frozenset({"type", "id", "summary", "content", "encrypted_content", "status"}),
}
_ID_PREFIX = {"message": "msg", "function_call": "fc", "reasoning": "rs"}
_ROLES = ("assistant", "system", "developer", "user")
_INPUT_PARTS = ("input_text", "input_image", "input_file", "input_audio")
_OUTPUT_PARTS = ("output_text", "refusal")
_LONGEST_CALL_ID = 64
_FEWEST_TOKENS = 16


def check_response(body: JsonObject) -> None:
    """Check a body whose model is already known; how the items follow each other is checked apart.

    Raises:
        ApiError: The API refuses it.
    """
    require_known(body, RESPONSE_PARAMETERS)
    for param in _NOT_EMULATED:
        if body.get(param):
            raise not_emulated(param)
    _check_settings(body)
    check_tools(body, is_nested=False)
    given = body.get("input")
    if given is None:
        if body.get("previous_response_id") is None:
            raise missing("input")
        return
    if isinstance(given, str):
        require_text(given, "input")
        return
    for position, item in enumerate(require_array(given, "input")):
        _check_item(require_object(item, f"input[{position}]"), f"input[{position}]")


def check_item_order(items: Sequence[JsonObject]) -> None:
    """Refuse outputs without their calls, and calls without their outputs.

    Args:
        items: All items of the conversation, those of continued responses included.
    """
    called: list[str] = []
    answered: set[str] = set()
    for item in items:
        call_id = text_in(item.get("call_id"))
        if item.get("type") == "function_call":
            called.append(call_id)
        elif item.get("type") == "function_call_output":
            if call_id not in called:
                raise ApiError(f"No tool call found for function call output with call_id {call_id}.", param="input")
            answered.add(call_id)
    for call_id in called:
        if call_id not in answered:
            raise ApiError(f"No tool output found for function call {call_id}.", param="input")


def _check_settings(body: JsonObject) -> None:
    check_number(body, "temperature", 0, 2)
    check_number(body, "top_p", 0, 1)
    check_number(body, "max_output_tokens", _FEWEST_TOKENS, is_whole=True)
    check_number(body, "max_tool_calls", 1, is_whole=True)
    for param in ("stream", "store"):
        check_flag(body, param)
    check_choice(body, "truncation", ("auto", "disabled"))
    check_choice(body, "service_tier", ("auto", "default", "flex", "scale", "priority", "fast"))
    check_metadata(body)
    if body.get("instructions") is not None:
        require_text(body["instructions"], "instructions")
    for param in ("reasoning", "text"):
        if body.get(param) is not None:
            require_object(body[param], param)
    if body.get("stream_options") is not None and not body.get("stream"):
        raise ApiError(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options"
        )


def _check_item(item: JsonObject, param: str) -> None:
    kind = text_in(item.get("type", "message"))
    if kind not in _ITEM_FIELDS:
        raise not_emulated(f"{param}.type")
    require_known(item, _ITEM_FIELDS[kind], prefix=f"{param}.")
    prefix, item_id = _ID_PREFIX.get(kind), item.get("id")
    if item_id is not None and prefix and not require_text(item_id, f"{param}.id").startswith(prefix):
        raise ApiError(
            f"Invalid '{param}.id': '{item_id}'. Expected an ID that begins with '{prefix}'.",
            param=f"{param}.id",
            code="invalid_value",
        )
    if kind == "message":
        _check_message(item, param)
    elif kind.startswith("function_call"):
        _check_call(item, param)


def _check_call(item: JsonObject, param: str) -> None:
    call_id = require_text(item.get("call_id"), f"{param}.call_id", is_filled=True)
    if len(call_id) > _LONGEST_CALL_ID:
        raise too_long(f"{param}.call_id", _LONGEST_CALL_ID, len(call_id))
    if item["type"] == "function_call":
        require_function_name(item.get("name"), f"{param}.name")
        require_text(item.get("arguments"), f"{param}.arguments")
    elif isinstance(item.get("output"), list):
        _check_parts(item["output"], _INPUT_PARTS, f"{param}.output")
    else:
        require_text(item.get("output"), f"{param}.output")


def _check_message(item: JsonObject, param: str) -> None:
    role = item.get("role")
    if role is None:
        raise missing(f"{param}.role")
    if role not in _ROLES:
        raise wrong_value(f"{param}.role", role, ", ".join(repr(name) for name in _ROLES))
    content = item.get("content")
    if isinstance(content, str):
        require_text(content, f"{param}.content")
    elif isinstance(content, list):
        supported = _OUTPUT_PARTS if role == "assistant" else _INPUT_PARTS
        _check_parts(content, supported, f"{param}.content")
    else:
        raise wrong_type(f"{param}.content", "a string or an array of parts", content)


def _check_parts(parts: object, supported: Sequence[str], param: str) -> None:
    for position, given in enumerate(require_array(parts, param)):
        part = require_object(given, f"{param}[{position}]")
        if part.get("type") not in supported:
            kinds = ", ".join(repr(kind) for kind in supported)
            raise wrong_value(f"{param}[{position}].type", part.get("type"), kinds)
        if part["type"] in {"input_text", "output_text"}:
            require_text(part.get("text"), f"{param}[{position}].text")
        check_response_media(part, f"{param}[{position}]")
