"""Who may use a tool, and where: what somebody may not use, the model is not shown."""

import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from threadkeep.agent.context import RunContext
from threadkeep.chat.events import PlaceKind
from threadkeep.chat.places import names_of_place
from threadkeep.errors import ConfigError

if TYPE_CHECKING:
    from threadkeep.agent.tools import Tool

Permission = Callable[[RunContext], bool | Awaitable[bool]]
"""Tells whether a tool may be used in a run. It is called in the event loop: it must not block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow:
    """Lets a tool be used by some, or in some places; where both are given, both must hold.

    Attributes:
        users: The ids of those who may use it; None for everybody.
        places: Where: session ids, channels (``slack:T1:C1``) or kinds of place (``direct``); None for everywhere. A
            program that calls the agent itself is in no place.

    Raises:
        ConfigError: Neither is given, or one is a text and not several.
    """

    users: Collection[str] | None = None
    places: Collection[PlaceKind | str] | None = None

    def __post_init__(self) -> None:
        if self.users is None and self.places is None:
            raise ConfigError("Allow needs users= or places=, or both")
        if isinstance(self.users, str) or isinstance(self.places, str):
            raise ConfigError("Allow takes several ids, as in Allow(users=['slack:T1:U1'])")

    def __call__(self, context: RunContext) -> bool:
        """Tell whether the tool may be used in a run."""
        if self.users is not None and context.user_id not in self.users:
            return False
        if self.places is None:
            return True
        return context.place is not None and any(name in self.places for name in names_of_place(context.place))


async def permitted(tools: Mapping[str, "Tool"], context: RunContext) -> Mapping[str, "Tool"]:
    """Give those of the tools that may be used in a run.

    Raises:
        Exception: Whatever a program's own permission raises; the run fails with it.
    """
    if all(tool.allow is None for tool in tools.values()):
        return tools
    return MappingProxyType({name: tool for name, tool in tools.items() if await _may_use(tool, context)})


async def _may_use(tool: "Tool", context: RunContext) -> bool:
    if tool.allow is None:
        return True
    allowed = tool.allow(context)
    return bool(await allowed if inspect.isawaitable(allowed) else allowed)
