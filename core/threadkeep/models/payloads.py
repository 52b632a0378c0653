"""Names for the JSON of model servers, and readers that expect nothing of it."""

import json
from typing import TypeGuard

JsonObject = dict[str, object]
"""A JSON object before anything is known of its fields."""


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Tell whether a parsed JSON value is an object."""
    return isinstance(value, dict)


def object_in(value: object) -> JsonObject:
    """Give a JSON object, and an empty one for whatever is not an object."""
    return value if is_object(value) else {}


def objects_in(value: object) -> list[JsonObject]:
    """Give the objects of a JSON array, and none for whatever is not an array."""
    return [entry for entry in value if is_object(entry)] if isinstance(value, list) else []


def text_in(value: object) -> str:
    """Give a JSON string, and an empty one for whatever is not a string."""
    return value if isinstance(value, str) else ""


def count_in(value: object) -> int | None:
    """Give a count of tokens; None for whatever is not a whole number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def json_text(value: object) -> str:
    """Give a text as it is and anything else as JSON: some servers send arguments as an object."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def encode_body(body: JsonObject) -> bytes:
    """Write the body of a request as compact UTF-8."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    # Text was cleaned where it entered; a program's own extra_body may still hold what UTF-8 cannot.
    return text.encode("utf-8", "replace")
