"""Values for a JSON schema, found in a text as well as simple rules can."""

import re
from collections.abc import Sequence

from threadkeep_emulators.openai.payloads import JsonObject, object_in, text_in

from .arithmetic import expression

_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?")
_QUOTED = re.compile(r"[\"“'`]([^\"”'`]{1,500})[\"”'`]")
_AFTER_PREPOSITION = re.compile(r"\b(?:with|for|in|of|about|to|on|at)\s+(?P<rest>[^?!\n]{1,500})", re.IGNORECASE)
_NEGATION = re.compile(r"\b(?:no|not|false|off)\b", re.IGNORECASE)
_DEEPEST = 8


def arguments_for(schema: JsonObject, text: str) -> JsonObject:
    """Give an object for a schema: every required property, and those that the text has a value for."""
    numbers = [_number(found) for found in _NUMBER.findall(text)]
    filled = _filled(schema, text, numbers, _DEEPEST)
    return object_in(filled)


def _filled(schema: JsonObject, text: str, numbers: list[int | float], depth: int) -> object:
    enum = schema.get("enum")
    if isinstance(enum, list) and enum:
        return next((choice for choice in enum if str(choice).lower() in text.lower()), enum[0])
    match _kind(schema):
        case "object":
            return _object(schema, text, numbers, depth)
        case "array":
            items = object_in(schema.get("items"))
            return [_filled(items, text, numbers, depth - 1)] if text and items and depth > 0 else []
        case kind:
            return _scalar(kind, text, numbers)


def _scalar(kind: str, text: str, numbers: list[int | float]) -> object:
    match kind:
        case "integer":
            return int(numbers.pop(0)) if numbers else 0
        case "number":
            return numbers.pop(0) if numbers else 0
        case "boolean":
            return _NEGATION.search(text) is None
        case "null":
            return None
        case _:
            return _words(text)


def _object(schema: JsonObject, text: str, numbers: list[int | float], depth: int) -> JsonObject:
    if depth <= 0:
        return {}
    required = schema.get("required")
    names: Sequence[object] = required if isinstance(required, list) else []
    properties = object_in(schema.get("properties"))
    return {
        name: _filled(object_in(inner), text, numbers, depth - 1)
        for name, inner in properties.items()
        if name in names or not names
    }


def _kind(schema: JsonObject) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        return next((text_in(one) for one in kind if one != "null"), "null")
    if kind is None and "properties" in schema:
        return "object"
    return text_in(kind)


def _words(text: str) -> str:
    total = expression(text)
    if total is not None:
        return total
    quoted = _QUOTED.search(text)
    if quoted is not None:
        return quoted[1]
    rest = _AFTER_PREPOSITION.search(text)
    return (rest["rest"] if rest is not None else text).strip(" .")


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)
