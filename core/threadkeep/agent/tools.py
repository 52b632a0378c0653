"""Tools: typed Python functions that a model may call."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, overload

from threadkeep.agent.approvals import Approval, approval_of
from threadkeep.agent.context import RunContext
from threadkeep.agent.tool_arguments import ToolArguments
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
    """

    name: str
    description: str
    function: Function
    arguments: ToolArguments
    timeout: float | None = None
    approval: Approval | None = None

    @property
    def spec(self) -> ToolSpec:
        """Give the tool as a model sees it."""
        return ToolSpec(name=self.name, description=self.description, parameters=self.arguments.schema)

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Call the function."""
        return self.function(*args, **kwargs)


@overload
def tool(function: Function, /) -> Tool: ...


@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    timeout: float | None = None,
    requires_approval: bool | Approval = False,
) -> Callable[[Function], Tool]: ...


def tool(
    function: Function | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    timeout: float | None = None,
    requires_approval: bool | Approval = False,
) -> Tool | Callable[[Function], Tool]:
    """Make a typed function a tool: ``@tool``, or ``@tool(name=..., timeout=...)``.

    The description is the docstring's first paragraph; its ``Args`` section describes the parameters. A parameter of
    type ``RunContext`` is filled by the agent and hidden from the model.

    Args:
        function: The function.
        name: The name that the model sees; None takes the function's.
        description: What it does; None takes the docstring's first paragraph.
        timeout: Seconds that a call may take; None takes the agent's limit.
        requires_approval: Whether a person must approve each call, and who.

    Raises:
        ConfigError: The function cannot be a tool; the message says what to change.
    """
    approval = approval_of(requires_approval)
    if function is not None:
        return _make(function, name=name, description=description, timeout=timeout, approval=approval)

    def decorate(decorated: Function) -> Tool:
        return _make(decorated, name=name, description=description, timeout=timeout, approval=approval)

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


def _make(
    function: Function,
    *,
    name: str | None = None,
    description: str | None = None,
    timeout: float | None = None,
    approval: Approval | None = None,
) -> Tool:
    # Importing pydantic takes long, and an agent without tools does not need it.
    from threadkeep.agent.tool_schema import read_signature  # noqa: PLC0415

    if not callable(function):
        raise ConfigError(f"a tool is a function, got {function!r}")
    chosen = name or str(getattr(function, "__name__", type(function).__name__))
    if not _NAME.fullmatch(chosen):
        raise ConfigError(
            f"{chosen!r} cannot be a tool's name: use 1 to 64 letters, digits, _ or -, as in @tool(name='search')"
        )
    if timeout is not None and timeout <= 0:
        raise ConfigError(f"tool {chosen}: timeout must be more than 0 seconds, got {timeout!r}")
    summary, parameters = read_docstring(getattr(function, "__doc__", None))
    return Tool(
        name=chosen,
        description=description or summary,
        function=function,
        arguments=read_signature(function, tool=chosen, descriptions=parameters, context_type=RunContext),
        timeout=timeout,
        approval=approval,
    )
