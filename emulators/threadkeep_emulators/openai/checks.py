"""Checks of single fields, shared by both endpoints; each raises the error that the API gives."""

import re
from collections.abc import Collection, Sequence

from .errors import ApiError, missing, wrong_type, wrong_value
from .payloads import JsonObject, is_object

_FUNCTION_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_LONGEST_NAME = 64
_LONGEST_TEXT = 10_485_760
_METADATA_PAIRS, _METADATA_KEY, _METADATA_VALUE = 16, 64, 512


def require_known(fields: Collection[str], known: Collection[str], *, prefix: str = "") -> None:
    """Refuse the first field that is not in the documented list."""
    for name in fields:
        if name not in known:
            param = f"{prefix}{name}"
            raise ApiError(f"Unknown parameter: '{param}'.", param=param, code="unknown_parameter")


def require_text(value: object, param: str, *, is_filled: bool = False) -> str:
    """Give a string, refusing other types, overlong texts and, if asked, the empty one."""
    if value is None:
        raise missing(param)
    if not isinstance(value, str):
        raise wrong_type(param, "a string", value)
    if is_filled and not value:
        raise ApiError(
            f"Invalid '{param}': empty string. Expected at least one character.",
            param=param,
            code="empty_string",
        )
    if len(value) > _LONGEST_TEXT:
        raise too_long(param, _LONGEST_TEXT, len(value))
    return value


def too_long(param: str, longest: int, length: int) -> ApiError:
    """Give the error for a text beyond its limit."""
    return ApiError(
        f"Invalid '{param}': string too long. At most {longest} characters are accepted, got {length}.",
        param=param,
        code="string_above_max_length",
    )


def require_function_name(value: object, param: str) -> str:
    """Give the name of a function, refusing those that the API refuses."""
    name = require_text(value, param, is_filled=True)
    if len(name) > _LONGEST_NAME:
        raise too_long(param, _LONGEST_NAME, len(name))
    require_pattern(name, _FUNCTION_NAME, param)
    return name


def require_pattern(value: str, pattern: re.Pattern[str], param: str) -> None:
    """Refuse a text that does not match a pattern as a whole."""
    if not pattern.fullmatch(value):
        raise ApiError(
            f"Invalid '{param}': string does not match pattern. The pattern is '^{pattern.pattern}$'.",
            param=param,
            code="invalid_value",
        )


def require_array(value: object, param: str, *, longest: int | None = None) -> Sequence[object]:
    """Give a filled array, refusing other types, the empty one and, if asked, overlong ones."""
    if not isinstance(value, list):
        raise wrong_type(param, "an array", value)
    if not value:
        raise ApiError(f"Invalid '{param}': empty array. Expected at least one entry.", param=param, code="empty_array")
    if longest is not None and len(value) > longest:
        raise ApiError(
            f"Invalid '{param}': array too long. At most {longest} entries are accepted, got {len(value)}.",
            param=param,
            code="array_above_max_length",
        )
    return value


def require_object(value: object, param: str) -> JsonObject:
    """Give an object, refusing other types."""
    if not is_object(value):
        raise wrong_type(param, "an object", value)
    return value


def check_number(
    body: JsonObject, param: str, lowest: float, highest: float | None = None, *, is_whole: bool = False
) -> None:
    """Refuse a number of the wrong type or out of its range; absent and null are fine."""
    value = body.get(param)
    if value is None:
        return
    kind = "integer" if is_whole else "decimal"
    accepted = int if is_whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, accepted):
        raise wrong_type(param, "an integer" if is_whole else "a decimal number", value)
    if value < lowest:
        raise ApiError(
            f"Invalid '{param}': {kind} below minimum value. At least {lowest} is expected, got {value}.",
            param=param,
            code=f"{kind}_below_min_value",
        )
    if highest is not None and value > highest:
        raise ApiError(
            f"Invalid '{param}': {kind} above maximum value. At most {highest} is expected, got {value}.",
            param=param,
            code=f"{kind}_above_max_value",
        )


def check_choice(body: JsonObject, param: str, supported: Sequence[str]) -> None:
    """Refuse a value outside a list; absent and null are fine."""
    value = body.get(param)
    if value is not None and value not in supported:
        raise wrong_value(param, value, ", ".join(repr(choice) for choice in supported))


def check_flag(body: JsonObject, param: str) -> None:
    """Refuse anything but true and false; absent and null are fine."""
    value = body.get(param)
    if value is not None and not isinstance(value, bool):
        raise wrong_type(param, "a boolean", value)


def check_metadata(body: JsonObject) -> None:
    """Refuse metadata beyond its limits: 16 pairs, keys of 64 and values of 512 characters."""
    if body.get("metadata") is None:
        return
    metadata = require_object(body["metadata"], "metadata")
    if len(metadata) > _METADATA_PAIRS:
        raise ApiError(
            f"Invalid 'metadata': too many properties. At most {_METADATA_PAIRS} are accepted.",
            param="metadata",
            code="object_above_max_properties",
        )
    for key, value in metadata.items():
        text = require_text(value, f"metadata.{key}")
        if len(key) > _METADATA_KEY:
            raise too_long(f"metadata.{key}", _METADATA_KEY, len(key))
        if len(text) > _METADATA_VALUE:
            raise too_long(f"metadata.{key}", _METADATA_VALUE, len(text))
