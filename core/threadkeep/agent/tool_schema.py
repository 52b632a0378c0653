"""From a function's signature to the JSON Schema that a model reads, and from its JSON back to arguments."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PydanticSchemaGenerationError, TypeAdapter, ValidationError
from pydantic import create_model as create_pydantic_model
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticUserError

from threadkeep.errors import ConfigError, ToolError

_ANYTHING: TypeAdapter[object] = TypeAdapter(object)
_PLAIN = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The arguments of one tool.

    Attributes:
        schema: Their JSON Schema: an object that takes no other properties.
        context: The name of the parameter that takes the run's context; None if there is none.
    """

    schema: Mapping[str, object]
    context: str | None
    _model: type[BaseModel]
    _names: Mapping[str, str]

    def parse(self, text: str) -> dict[str, object]:
        """Give the arguments that a model wrote, checked and converted.

        Raises:
            ToolError: They are not JSON or do not fit; the text tells the model which and why.
        """
        written = text.strip()
        try:
            values = self._model.model_validate_json("{}" if written in {"", "null"} else written)
        except ValidationError as error:
            raise ToolError(_complaint(error)) from error
        given = values.model_fields_set
        return {name: getattr(values, field) for field, name in self._names.items() if field in given}


def read_signature(
    function: Callable[..., object], *, tool: str, descriptions: Mapping[str, str], context_type: type
) -> Arguments:
    """Read the parameters of a tool's function.

    Args:
        function: The function.
        tool: The tool's name, for errors.
        descriptions: What is said of each parameter, by name.
        context_type: The type whose parameter is given by the agent, not by the model.

    Raises:
        ConfigError: A parameter has no type, or one that has no JSON Schema.
    """
    context: str | None = None
    fields: dict[str, Any] = {}
    names: dict[str, str] = {}
    for name, parameter in _signature(function, tool).parameters.items():
        if parameter.annotation is context_type:
            if context is not None:
                raise ConfigError(f"tool {tool}: two parameters take the run's context: {context} and {name}")
            context = name
            continue
        _check(parameter, tool)
        # Fields get names of their own: a parameter may be called "schema", "copy" or "_x", a field may not.
        field = f"argument_{len(fields)}"
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[field] = (parameter.annotation, Field(default, alias=name, description=descriptions.get(name)))
        names[field] = name
    try:
        model = create_pydantic_model(tool, __config__=ConfigDict(extra="forbid"), **fields)
        schema = model.model_json_schema()
    except (PydanticSchemaGenerationError, PydanticInvalidForJsonSchema, PydanticUserError) as error:
        raise ConfigError(
            f"tool {tool}: a parameter's type cannot be described to a model; use str, int, float, bool, list, dict,"
            f" Literal, an enum, a dataclass or a pydantic model ({error})"
        ) from error
    schema.setdefault("properties", {})
    return Arguments(schema=_plain_object(schema), context=context, _model=model, _names=names)


def result_text(value: object) -> str:
    """Give what a tool returned as text: a text as it is, anything else as JSON.

    Raises:
        ValueError: It has no JSON form.
    """
    return value if isinstance(value, str) else _ANYTHING.dump_json(value, warnings=False).decode()


def _signature(function: Callable[..., object], tool: str) -> inspect.Signature:
    try:
        return inspect.signature(function, eval_str=True)
    except (NameError, TypeError, ValueError) as error:
        raise ConfigError(
            f"tool {tool}: the types of its parameters cannot be read ({error}); import them at the top of the module"
        ) from error


def _check(parameter: inspect.Parameter, tool: str) -> None:
    if parameter.kind not in _PLAIN:
        raise ConfigError(
            f"tool {tool}: parameter {parameter} cannot be filled by a model; give each argument a name and a type"
        )
    if parameter.annotation is inspect.Parameter.empty:
        raise ConfigError(
            f"tool {tool}: parameter {parameter.name} has no type; write for example {parameter.name}: str"
        )


def _plain_object(schema: Mapping[str, object], *, is_map: bool = False) -> dict[str, object]:
    """Give a schema without the titles that only cost tokens, in which no object takes unknown properties."""
    plain: dict[str, object] = {}
    for key, value in schema.items():
        if key == "title" and not is_map:
            continue
        plain[key] = _plain(value, is_map=not is_map and key in {"properties", "$defs"})
    if not is_map and plain.get("type") == "object" and "properties" in plain:
        plain["additionalProperties"] = False
    return plain


def _plain(value: object, *, is_map: bool = False) -> object:
    if isinstance(value, dict):
        return _plain_object(value, is_map=is_map)
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value


def _complaint(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(str(part) for part in problem["loc"])
        lines.append(f"{where}: {problem['msg']}" if where else problem["msg"])
    return "the arguments do not fit: " + "; ".join(lines)
