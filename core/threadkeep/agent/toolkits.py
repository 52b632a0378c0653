"""Objects whose methods are tools."""

from collections.abc import Iterable

from threadkeep.agent.tool_sources import ToolSource
from threadkeep.agent.tools import Function, Tool
from threadkeep.errors import ConfigError


class Toolkit:
    """An object whose public methods are tools: each needs types and a docstring, like a function.

    ``Agent(tools=[Library(url)])`` takes all of them. ``@tool(...)`` on a method sets its name, time limit and so on. A
    class of any other kind gives those of its methods that are marked with ``@tool``.
    """


def tools_of(given: object) -> list[Tool | Function] | None:
    """Give the tools that are methods of an object, in the order of their definition; None if it has none."""
    if isinstance(given, Tool | type):
        return None
    names = dict.fromkeys(_names(given))
    found = [getattr(given, name) for name in names if _is_tool(given, name)]
    return found or None


def with_methods(given: Iterable[Tool | Function | ToolSource | Toolkit]) -> tuple[Tool | Function | ToolSource, ...]:
    """Give an agent's tools with the methods of objects in the place of the objects.

    Raises:
        ConfigError: A toolkit has no methods that could be tools.
    """
    found: list[Tool | Function | ToolSource] = []
    for entry in given:
        methods = tools_of(entry)
        if methods is not None:
            found.extend(methods)
        elif isinstance(entry, Toolkit):
            raise ConfigError(f"the toolkit {type(entry).__name__} has no public methods: they are its tools")
        else:
            found.append(entry)
    return tuple(found)


def _names(given: object) -> Iterable[str]:
    for cls in reversed(type(given).__mro__):
        yield from vars(cls)


def _is_tool(given: object, name: str) -> bool:
    if name.startswith("_"):
        return False
    # What a class has under the name: a property is not read.
    attribute = next(vars(cls)[name] for cls in type(given).__mro__ if name in vars(cls))
    is_marked = isinstance(attribute, Tool) and attribute.is_method
    return is_marked or (isinstance(given, Toolkit) and callable(attribute) and not isinstance(attribute, type))
