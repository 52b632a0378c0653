"""Asking for an answer that fits a JSON Schema, on each endpoint, and where a server only knows JSON.

Documented at https://platform.openai.com/docs/guides/structured-outputs.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

from threadkeep.messages import Message, Role
from threadkeep.models.base import OutputSchema
from threadkeep.models.payloads import JsonObject, is_object

JsonMode = Literal["schema", "object", "prompt"]
"""How a server is asked for JSON: by a schema, for any object, or by words alone."""

_DROPPED: Final = frozenset({"title", "default"})
# Under these keys stand the names of a program, not those of JSON Schema.
_MAPS: Final = frozenset({"properties", "$defs"})


def output_format(output: OutputSchema | None, mode: JsonMode) -> JsonObject | None:
    """Give the format that is asked for, without what each endpoint wraps it in; None for text."""
    if output is None or mode == "prompt":
        return None
    if mode == "object":
        return {"type": "json_object"}
    strict = strict_schema(output.schema)
    return {
        "type": "json_schema",
        "name": output.name,
        "schema": dict(output.schema) if strict is None else strict,
        "strict": strict is not None,
    }


def chat_format(output: OutputSchema | None, mode: JsonMode) -> JsonObject | None:
    """Give ``response_format`` of Chat Completions."""
    wanted = output_format(output, mode)
    if wanted is None or wanted["type"] == "json_object":
        return wanted
    return {"type": "json_schema", "json_schema": {name: value for name, value in wanted.items() if name != "type"}}


def described(messages: Sequence[Message], output: OutputSchema | None, mode: JsonMode) -> Sequence[Message]:
    """Give a request's messages with the schema in words, where the server does not take it."""
    if output is None or mode == "schema":
        return messages
    text = (
        "Answer with one JSON object and nothing else. It must fit this JSON Schema:\n"
        f"{json.dumps(output.schema, ensure_ascii=False, separators=(',', ':'))}"
    )
    if messages and messages[0].role is Role.SYSTEM:
        return (replace(messages[0], content=f"{messages[0].content}\n\n{text}"), *messages[1:])
    return (Message(role=Role.SYSTEM, content=text), *messages)


def strict_schema(schema: Mapping[str, object]) -> JsonObject | None:
    """Give a schema in the form that a server can hold a model to; None if it has none.

    Each object then names all of its properties and requires them; maps with any keys cannot be written so.
    """
    try:
        return _strict_object(schema)
    except ValueError:
        return None


def _strict_object(schema: Mapping[str, object]) -> JsonObject:
    strict: JsonObject = {}
    for name, value in schema.items():
        if name in _DROPPED:
            continue
        if name in _MAPS and is_object(value):
            strict[name] = {key: _strict(part) for key, part in value.items()}
        else:
            strict[name] = _strict(value)
    if "$ref" in strict:
        return {"$ref": strict["$ref"]}
    if strict.get("type") == "object":
        properties = strict.get("properties")
        if not is_object(properties) or strict.get("additionalProperties") not in (None, False):
            raise ValueError("an object with any keys")
        strict |= {"required": list(properties), "additionalProperties": False}
    return strict


def _strict(value: object) -> object:
    if is_object(value):
        return _strict_object(value)
    if isinstance(value, list):
        return [_strict(part) for part in value]
    return value
