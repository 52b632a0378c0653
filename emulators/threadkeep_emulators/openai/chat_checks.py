"""Checks of the body of ``POST /v1/chat/completions``, in the order in which the API complains.

Documented at https://platform.openai.com/docs/api-reference/chat/create.
"""

import re
from collections.abc import Sequence

from .checks import (
    check_choice,
    check_flag,
    check_metadata,
    check_number,
    require_array,
    require_function_name,
    require_object,
    require_pattern,
    require_text,
    too_long,
)
from .errors import ApiError, missing, not_emulated, wrong_type, wrong_value
from .media import check_chat_media
from .parameters import CHAT_PARAMETERS
from .payloads import JsonObject, object_in, objects_in, text_in
from .tool_checks import check_tools

_ROLES = ("system", "assistant", "user", "function", "tool", "developer")
_PARTS = {
    "user": ("text", "image_url", "input_audio", "file"),
    "assistant": ("text", "refusal"),
    "tool": ("text",),
    "system": ("text",),
    "developer": ("text",),
}
_NAME = re.compile(r"[^\s<|\\/>]+")
_LONGEST_NAME = 64
_LONGEST_CALL_ID = 40
_MOST_STOPS = 4


def check_chat(body: JsonObject) -> None:
    """Check a body whose model is already known.

    Raises:
        ApiError: The API refuses it.
    """
    for name in body:
        if name not in CHAT_PARAMETERS:
            raise ApiError(f"Unrecognized request argument supplied: {name}")
    _check_settings(body)
    check_tools(body, is_nested=True)
    if "messages" not in body:
        raise missing("messages")
    messages = [
        require_object(message, f"messages[{position}]")
        for position, message in enumerate(require_array(body["messages"], "messages"))
    ]
    for position, message in enumerate(messages):
        _check_message(message, f"messages[{position}]", text_in(body.get("model")))
    _check_order(messages)


def _check_settings(body: JsonObject) -> None:
    for param, lowest, highest in (
        ("temperature", 0, 2),
        ("top_p", 0, 1),
        ("frequency_penalty", -2, 2),
        ("presence_penalty", -2, 2),
    ):
        check_number(body, param, lowest, highest)
    for param in ("max_tokens", "max_completion_tokens"):
        check_number(body, param, 1, is_whole=True)
    check_number(body, "n", 1, 128, is_whole=True)
    for param in ("stream", "store", "logprobs"):
        check_flag(body, param)
    check_choice(body, "reasoning_effort", ("none", "minimal", "low", "medium", "high", "xhigh", "max"))
    check_choice(body, "verbosity", ("low", "medium", "high"))
    check_choice(body, "service_tier", ("auto", "default", "flex", "scale", "priority", "fast"))
    check_metadata(body)
    _check_stop(body.get("stop"))
    if body.get("stream_options") is not None:
        if not body.get("stream"):
            raise ApiError(
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options"
            )
        check_flag(require_object(body["stream_options"], "stream_options"), "include_usage")
    if body.get("response_format") is not None:
        kinds = ("text", "json_object", "json_schema")
        check_choice(require_object(body["response_format"], "response_format"), "type", kinds)
    for param in ("functions", "function_call", "audio"):
        if body.get(param) is not None:
            raise not_emulated(param)
    if body.get("n") not in {None, 1}:
        raise not_emulated("n")


def _check_stop(stop: object) -> None:
    if stop is None or isinstance(stop, str):
        return
    for position, text in enumerate(require_array(stop, "stop", longest=_MOST_STOPS)):
        require_text(text, f"stop[{position}]")


def _check_message(message: JsonObject, param: str, model: str) -> None:
    role = message.get("role")
    if role is None:
        raise missing(f"{param}.role")
    if role not in _ROLES:
        raise wrong_value(f"{param}.role", role, ", ".join(repr(name) for name in _ROLES))
    if role == "function":
        raise not_emulated(f"{param}.role")
    if message.get("name") is not None:
        name = require_text(message["name"], f"{param}.name", is_filled=True)
        if len(name) > _LONGEST_NAME:
            raise too_long(f"{param}.name", _LONGEST_NAME, len(name))
        require_pattern(name, _NAME, f"{param}.name")
    if role == "tool":
        require_text(message.get("tool_call_id"), f"{param}.tool_call_id")
    if role == "assistant" and "tool_calls" in message:
        _check_calls(message["tool_calls"], f"{param}.tool_calls")
    _check_content(message, text_in(role), param, model)


def _check_content(message: JsonObject, role: str, param: str, model: str) -> None:
    content = message.get("content")
    if content is None and role == "assistant":
        if not any(message.get(key) for key in ("tool_calls", "refusal", "audio")):
            raise wrong_type(f"{param}.content", "a string", content)
        return
    if isinstance(content, str):
        require_text(content, f"{param}.content")
        return
    if not isinstance(content, list):
        raise wrong_type(f"{param}.content", "a string or an array of parts", content)
    for position, given in enumerate(require_array(content, f"{param}.content")):
        part = require_object(given, f"{param}.content[{position}]")
        if part.get("type") not in _PARTS[role]:
            supported = ", ".join(repr(kind) for kind in _PARTS[role])
            raise wrong_value(f"{param}.content[{position}].type", part.get("type"), supported)
        if part["type"] == "text":
            require_text(part.get("text"), f"{param}.content[{position}].text")
        check_chat_media(part, f"{param}.content[{position}]", model)


def _check_calls(calls: object, param: str) -> None:
    for position, given in enumerate(require_array(calls, param)):
        here = f"{param}[{position}]"
        call = require_object(given, here)
        call_id = require_text(call.get("id"), f"{here}.id")
        if len(call_id) > _LONGEST_CALL_ID:
            raise too_long(f"{here}.id", _LONGEST_CALL_ID, len(call_id))
        if call.get("type") != "function":
            raise wrong_value(f"{here}.type", call.get("type"), "'function' and 'custom'")
        function = require_object(call.get("function"), f"{here}.function")
        require_function_name(function.get("name"), f"{here}.function.name")
        require_text(function.get("arguments"), f"{here}.function.arguments")


def _check_order(messages: Sequence[JsonObject]) -> None:
    open_calls: list[str] = []
    is_after_calls = False
    asked_at = 0
    for position, message in enumerate(messages):
        if message["role"] == "tool":
            call_id = text_in(message["tool_call_id"])
            _check_tool_message(call_id, position, open_calls, is_after_calls=is_after_calls)
            if call_id in open_calls:
                open_calls.remove(call_id)
            continue
        if open_calls:
            raise _unanswered(open_calls, asked_at)
        calls = objects_in(object_in(message).get("tool_calls"))
        open_calls = [text_in(call["id"]) for call in calls]
        is_after_calls, asked_at = bool(calls), position
    if open_calls:
        raise _unanswered(open_calls, asked_at)


def _check_tool_message(call_id: str, position: int, open_calls: list[str], *, is_after_calls: bool) -> None:
    if not is_after_calls:
        raise ApiError(
            "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
            param=f"messages[{position}].role",
        )
    if call_id not in open_calls:
        raise ApiError(
            f"Invalid parameter: 'tool_call_id' of '{call_id}' not found in 'tool_calls' of previous message.",
            param=f"messages[{position}].tool_call_id",
        )


def _unanswered(open_calls: Sequence[str], position: int) -> ApiError:
    return ApiError(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
        f" 'tool_call_id'. These have no response: {', '.join(open_calls)}",
        param=f"messages[{position}]",
    )
