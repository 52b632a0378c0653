"""Checks of the functions that a request offers.

Documented at https://platform.openai.com/docs/guides/function-calling.
"""

from .checks import check_flag, require_array, require_function_name, require_object, require_text
from .errors import ApiError, missing, not_emulated, wrong_value
from .payloads import JsonObject, is_object, object_in, objects_in, text_in

_MOST_TOOLS = 128


def check_tools(body: JsonObject, *, is_nested: bool) -> None:
    """Refuse tools, a tool choice and related parameters that do not fit together.

    Args:
        body: The request's body.
        is_nested: Whether a function stands under ``function``, as in chat completions, or is the tool itself.
    """
    names: set[str] = set()
    if body.get("tools") is not None:
        for position, tool in enumerate(require_array(body["tools"], "tools", longest=_MOST_TOOLS)):
            param = f"tools[{position}]"
            name = _check_tool(require_object(tool, param), param, is_nested=is_nested)
            if name in names:
                raise ApiError(
                    f"Invalid '{param}': the function name '{name}' is taken; names must be unique.",
                    param=param,
                    code="invalid_value",
                )
            names.add(name)
    check_flag(body, "parallel_tool_calls")
    if is_nested and not names and body.get("parallel_tool_calls") is not None:
        raise ApiError(
            "Invalid value for 'parallel_tool_calls': only allowed when 'tools' are given.",
            param="parallel_tool_calls",
        )
    _check_choice(body.get("tool_choice"), names, is_nested=is_nested)


def _check_tool(tool: JsonObject, param: str, *, is_nested: bool) -> str:
    kind = tool.get("type")
    if kind is None:
        raise missing(f"{param}.type")
    if kind != "function":
        if kind == "custom" or not is_nested:
            raise not_emulated(f"{param}.type")
        raise wrong_value(f"{param}.type", kind, "'function' and 'custom'")
    if is_nested:
        if "function" not in tool:
            raise missing(f"{param}.function")
        param = f"{param}.function"
        tool = require_object(tool["function"], param)
    name = require_function_name(tool.get("name"), f"{param}.name")
    if tool.get("description") is not None:
        require_text(tool["description"], f"{param}.description")
    check_flag(tool, "strict")
    if tool.get("parameters") is not None:
        schema = require_object(tool["parameters"], f"{param}.parameters")
        _check_schema(name, schema, f"{param}.parameters", is_strict=tool.get("strict") is True)
    return name


def _check_schema(name: str, schema: JsonObject, param: str, *, is_strict: bool) -> None:
    if schema and schema.get("type") != "object":
        raise _bad_schema(name, param, f'its type must be "object", got {schema.get("type")!r}')
    if is_strict:
        _check_strict(name, schema, param)


def _check_strict(name: str, schema: JsonObject, param: str) -> None:
    if schema.get("type") == "object":
        properties = object_in(schema.get("properties"))
        if schema.get("additionalProperties") is not False:
            raise _bad_schema(name, param, "'additionalProperties' is required to be supplied and to be false")
        required = schema.get("required")
        absent = [key for key in properties if not isinstance(required, list) or key not in required]
        if absent:
            raise _bad_schema(name, param, f"'required' must name every property; missing: {absent}")
        for inner in objects_in(list(properties.values())):
            _check_strict(name, inner, param)
    elif is_object(schema.get("items")):
        _check_strict(name, object_in(schema["items"]), param)


def _bad_schema(name: str, param: str, reason: str) -> ApiError:
    return ApiError(f"Invalid schema for function '{name}': {reason}.", param=param, code="invalid_function_parameters")


def _check_choice(choice: object, names: set[str], *, is_nested: bool) -> None:
    if choice is None:
        return
    if isinstance(choice, str):
        if choice not in {"none", "auto", "required"}:
            raise wrong_value("tool_choice", choice, "'none', 'auto' and 'required'")
        if is_nested and not names:
            raise _choice_without(choice)
        if choice == "required" and not names:
            raise _choice_without(choice)
        return
    chosen = require_object(choice, "tool_choice")
    if chosen.get("type") != "function":
        raise not_emulated("tool_choice.type")
    source = object_in(chosen.get("function")) if is_nested else chosen
    name = text_in(source.get("name"))
    if name not in names:
        raise ApiError(f"Tool choice '{name}' not found in 'tools' parameter.", param="tool_choice")


def _choice_without(choice: str) -> ApiError:
    return ApiError(
        f"Invalid value for 'tool_choice': '{choice}' is only allowed when 'tools' are given.",
        param="tool_choice",
    )
