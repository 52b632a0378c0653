"""Tools: typed Python functions that a model may call."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType, MethodType
from typing import Final, TypedDict, Unpack, overload

from threadkeep.agent.approvals import Approval, approval_of
from threadkeep.agent.context import RunContext
from threadkeep.agent.permissions import Permission
from threadkeep.agent.tool_arguments import ToolArguments
from threadkeep.agent.tool_bounds import Bounds, CacheScope
from threadkeep.agent.tool_doc import read_docstring
from threadkeep.errors import ConfigError
from threadkeep.models.base import ToolSpec

Function = Callable[..., object]
_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function that a model may call; calling it in Python calls the function.

    Attributes:
        name: The name that the model sees.
        description: What it does and when to use it.
        function: The function, synchronous or not. A synchronous one runs in a thread of its own.
        arguments: Its parameters.
        timeout: Seconds that a call may take; None takes the agent's limit.
        approval: Who must approve a call; None if nobody must.
        bounds: What bounds the calls.
        allow: Who may use it, and where; None for everybody, everywhere.
        is_method: Whether it is a method without its object: the object gives the tool.
    """

    name: str
    description: str
    function: Function
    arguments: ToolArguments
    timeout: float | None = None
    approval: Approval | None = None
    bounds: Bounds = field(default_factory=Bounds)
    allow: Permission | None = None
    is_method: bool = False

    @property
    def spec(self) -> ToolSpec:
        """Give the tool as a model sees it."""
        return ToolSpec(name=self.name, description=self.description, parameters=self.arguments.schema)

    def __get__(self, instance: object, owner: type | None = None) -> "Tool":
        """Give the tool of an object, where it is a method."""
        if instance is None or not self.is_method:
            return self
        # Each object has bounds of its own: another object may give other results.
        return replace(
            self,
            function=MethodType(self.function, instance),
            bounds=Bounds(
                retries=self.bounds.retries, most_parallel=self.bounds.most_parallel, cache=self.bounds.cache
            ),
            is_method=False,
        )

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Call the function."""
        return self.function(*args, **kwargs)


class ToolOptions(TypedDict, total=False):
    """How a tool is made and called.

    Attributes:
        name: The name that the model sees; None takes the function's.
        description: What it does; None takes the docstring's first paragraph.
        timeout: Seconds that a call may take; None takes the agent's limit.
        requires_approval: Whether a person must approve each call, and who.
        retries: How often a call that failed, or took too long, is made again; a ``ToolError`` is the tool's answer.
        max_parallel: How many calls may be under way in this process; None for any number.
        cache: Within what a result is given again for the same arguments: ``run`` or ``session``.
        allow: Who may use it, and where: ``Allow(...)``, or a function of the ``RunContext``.
    """

    name: str | None
    description: str | None
    timeout: float | None
    requires_approval: bool | Approval
    retries: int
    max_parallel: int | None
    cache: CacheScope | None
    allow: Permission | None


@overload
def tool(function: Function, /) -> Tool: ...


@overload
def tool(**options: Unpack[ToolOptions]) -> Callable[[Function], Tool]: ...


def tool(function: Function | None = None, /, **options: Unpack[ToolOptions]) -> Tool | Callable[[Function], Tool]:
    """Make a typed function or method a tool: ``@tool``, or ``@tool(name=..., timeout=...)``.

    The description is the docstring's first paragraph; its ``Args`` section describes the parameters. A parameter of
    type ``RunContext`` is filled by the agent and hidden from the model.

    Args:
        function: The function.
        options: What is not as usual; see ``ToolOptions``.

    Raises:
        ConfigError: The function cannot be a tool; the message says what to change.
    """
    if unknown := set(options) - set(ToolOptions.__annotations__):
        raise ConfigError(f"@tool has no {', '.join(sorted(unknown))}")
    # What is wrong with them is told where they stand.
    approval_of(options.get("requires_approval", False))
    if function is not None:
        return _make(function, options)

    def decorate(decorated: Function) -> Tool:
        return _make(decorated, options)

    return decorate


def toolbox(given: Iterable[Tool | Function]) -> Mapping[str, Tool]:
    """Give an agent's tools by name.

    Raises:
        ConfigError: One cannot be a tool, or two have the same name.
    """
    tools: dict[str, Tool] = {}
    for entry in given:
        made = entry if isinstance(entry, Tool) else _make(entry)
        if made.name in tools:
            raise ConfigError(f"two tools are called {made.name}: rename one with @tool(name=...)")
        tools[made.name] = made
    return MappingProxyType(tools)


def _make(function: Function, options: ToolOptions | None = None) -> Tool:
    # Importing pydantic takes long, and an agent without tools does not need it.
    from threadkeep.agent.tool_schema import read_signature  # noqa: PLC0415

    options = options or {}
    if not callable(function):
        raise ConfigError(f"a tool is a function, got {function!r}")
    chosen = options.get("name") or str(getattr(function, "__name__", type(function).__name__))
    if not _NAME.fullmatch(chosen):
        raise ConfigError(
            f"{chosen!r} cannot be a tool's name: use 1 to 64 letters, digits, _ or -, as in @tool(name='search')"
        )
    timeout = options.get("timeout")
    if timeout is not None and timeout <= 0:
        raise ConfigError(f"tool {chosen}: timeout must be more than 0 seconds, got {timeout!r}")
    summary, parameters = read_docstring(getattr(function, "__doc__", None))
    is_method = _is_method(function)
    bounds = Bounds(
        retries=options.get("retries", 0), most_parallel=options.get("max_parallel"), cache=options.get("cache")
    )
    # Of a method that has no object yet, the first parameter is the object.
    read = partial(function, None) if is_method else function
    return Tool(
        name=chosen,
        description=options.get("description") or summary,
        function=function,
        arguments=read_signature(read, tool=chosen, descriptions=parameters, context_type=RunContext),
        timeout=timeout,
        approval=approval_of(options.get("requires_approval", False)),
        bounds=bounds,
        allow=options.get("allow"),
        is_method=is_method,
    )


def _is_method(function: Function) -> bool:
    if not inspect.isfunction(function):
        return False
    first = next(iter(inspect.signature(function).parameters.values()), None)
    return first is not None and first.name == "self" and first.annotation is inspect.Parameter.empty
