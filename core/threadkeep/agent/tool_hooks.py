"""Functions that are called before and after each call of a tool."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from threadkeep.agent.context import RunContext
from threadkeep.messages import File

Arguments = Mapping[str, object]
Before = Callable[[str, Arguments, RunContext], Arguments | Awaitable[Arguments | None] | None]
"""Takes the tool's name, the arguments and the context; gives other arguments, or None to leave them.

A ``ToolError`` keeps the call from being made, and tells the model why.
"""
After = Callable[[str, "Called", RunContext], "str | Called | Awaitable[str | Called | None] | None"]
"""Takes the tool's name, how the call ended and the context; gives another text, another end, or None to leave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """How a call ended.

    Attributes:
        arguments: With what it was made.
        result: What the model is to be told.
        is_error: Whether it failed.
        files: What the model is to be shown besides.
    """

    arguments: Arguments
    result: str
    is_error: bool
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolHook:
    """Looks at each call of a tool. Both functions may be asynchronous, and must not block.

    Attributes:
        before: Called when the arguments are checked, before anybody is asked for approval.
        after: Called when the call has ended, well or not.
    """

    before: Before | None = None
    after: After | None = None


async def before_call(
    hooks: Sequence[ToolHook], name: str, arguments: dict[str, object], context: RunContext
) -> dict[str, object]:
    """Give the arguments as the hooks leave them.

    Raises:
        ToolError: The call is not to be made.
    """
    for hook in hooks:
        if hook.before is not None:
            made = hook.before(name, arguments, context)
            changed = await made if inspect.isawaitable(made) else made
            arguments = arguments if changed is None else dict(changed)
    return arguments


async def after_call(hooks: Sequence[ToolHook], name: str, called: Called, context: RunContext) -> Called:
    """Give the end of a call as the hooks leave it, the last hook first."""
    for hook in reversed(hooks):
        if hook.after is not None:
            made = hook.after(name, called, context)
            changed = await made if inspect.isawaitable(made) else made
            if isinstance(changed, str):
                called = replace(called, result=changed)
            elif changed is not None:
                called = changed
    return called
