"""Names for the JSON that goes over the wire, and careful readers of JSON that a client sent."""

import json
from typing import TypeAlias, TypeGuard

JsonObject: TypeAlias = dict[str, object]
"""A JSON object before anything is known of its fields."""


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Tell whether a parsed JSON value is an object."""
    return isinstance(value, dict)


def objects_in(value: object) -> list[JsonObject]:
    """Give the objects of a JSON array, and nothing for whatever is not an array."""
    if not isinstance(value, list):
        return []
    return [entry for entry in value if is_object(entry)]


def object_in(value: object) -> JsonObject:
    """Give a JSON object, and an empty one for whatever is not an object."""
    return value if is_object(value) else {}


def text_in(value: object) -> str:
    """Give a JSON string, and an empty one for whatever is not a string."""
    return value if isinstance(value, str) else ""


def parse_object(text: str) -> JsonObject:
    """Parse a text as a JSON object; whatever is not one gives an empty object."""
    try:
        return object_in(json.loads(text))
    except ValueError:
        return {}


def encode(value: object) -> str:
    """Write a value as JSON the way the API does: compact, with letters of all scripts unescaped.

    A lone surrogate has no UTF-8 form, so a value that holds one is written with escapes instead.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text
