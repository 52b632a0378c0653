"""Who may use a tool, and where: what somebody may not use, the model is not shown."""

import inspect
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING

import structlog

from threadkeep.agent.context import RunContext
from threadkeep.chat.events import PlaceKind
from threadkeep.chat.places import names_of_place
from threadkeep.chat.rights import Rights
from threadkeep.chat.speakers import speaker_of
from threadkeep.errors import ConfigError, ToolError
from threadkeep.messages import Message

if TYPE_CHECKING:
    from threadkeep.agent.tools import Tool

_log = structlog.get_logger(__name__)

Permission = Callable[[RunContext], bool | Awaitable[bool]]
"""Tells whether a tool may be used in a run. It is called in the event loop: it must not block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow:
    """Lets a tool be used by some, or in some places; where both are given, both must hold.

    Roles and permissions are asked of the platform when a run begins. Where it cannot tell, nobody has any.

    Attributes:
        users: The ids of those who may use it; None for everybody, unless there are ``roles``.
        roles: The platform's ids of roles or user groups: who has one of them may use it, besides the ``users``.
        permissions: The platform's names of what who uses it must be permitted, all of them: ``manage_messages`` on
            Discord, ``admin``, ``owner`` or ``member`` on Slack.
        places: Where: session ids, channels (``slack:T1:C1``) or kinds of place (``direct``); None for everywhere. A
            program that calls the agent itself is in no place.

    Raises:
        ConfigError: Nothing is given, or one is a text and not several.
    """

    users: Collection[str] | None = None
    roles: Collection[str] | None = None
    permissions: Collection[str] | None = None
    places: Collection[PlaceKind | str] | None = None

    def __post_init__(self) -> None:
        given = [getattr(self, field.name) for field in fields(self)]
        if all(names is None for names in given):
            raise ConfigError("Allow needs users=, roles=, permissions= or places=")
        if any(isinstance(names, str) for names in given):
            raise ConfigError("Allow takes several ids, as in Allow(users=['slack:T1:U1'])")

    async def __call__(self, context: RunContext) -> bool:
        """Tell whether the tool may be used in a run."""
        return self._is_here(context) and await self._is_theirs(context)

    def _is_here(self, context: RunContext) -> bool:
        if self.places is None:
            return True
        return context.place is not None and any(name in self.places for name in names_of_place(context.place))

    async def _is_theirs(self, context: RunContext) -> bool:
        is_named = self.users is not None and context.user_id in self.users
        if self.users is not None and not is_named and self.roles is None:
            return False
        is_anybody = self.users is None and self.roles is None
        if self.permissions is None and (is_named or is_anybody):
            return True
        rights = await _rights_in(context)
        has_role = any(role in rights.roles for role in self.roles or ())
        return (is_named or is_anybody or has_role) and rights.allow(*(self.permissions or ()))


async def permitted(tools: Mapping[str, "Tool"], context: RunContext) -> Mapping[str, "Tool"]:
    """Give those of the tools that may be used in a run.

    Raises:
        Exception: Whatever a program's own permission raises; the run fails with it.
    """
    if all(tool.allow is None for tool in tools.values()):
        return tools
    return MappingProxyType({name: tool for name, tool in tools.items() if await _may_use(tool, context)})


def others_in(messages: Iterable[Message], user_id: str | None) -> tuple[str, ...]:
    """Give who else speaks in messages that name their speakers, each once."""
    speakers = (speaker_of(message) for message in messages)
    found = dict.fromkeys(speaker.user_id for speaker in speakers if speaker is not None)
    return tuple(other for other in found if other != user_id)


async def _may_use(tool: "Tool", context: RunContext) -> bool:
    if tool.allow is None:
        return True
    allowed = tool.allow(context)
    return bool(await allowed if inspect.isawaitable(allowed) else allowed)


async def _rights_in(context: RunContext) -> Rights:
    try:
        return await context.rights()
    except ToolError as error:
        _log.info("rights_not_told", run_id=context.run_id, reason=str(error))
        return Rights()
