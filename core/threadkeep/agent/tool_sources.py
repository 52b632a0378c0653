"""Sources of tools: what offers its tools anew for each run, such as a server."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, runtime_checkable

import structlog

from threadkeep.agent.context import RunContext
from threadkeep.agent.tools import Function, Tool

_log = structlog.get_logger(__name__)


@runtime_checkable
class ToolSource(Protocol):
    """Offers tools that are not known when the agent is made.

    It is opened by the first of ``prepare`` and ``tools_for``, stays open between runs, and may be opened again when it
    is closed. Several agents may share one.
    """

    async def prepare(self) -> None:
        """Open it, so that the first run does not wait for that; what is only out of reach is no failure.

        Raises:
            ConfigError: A setting is wrong.
        """
        ...

    async def tools_for(self, context: RunContext) -> Sequence[Tool]:
        """Give the tools for a run. Their names must not change from run to run.

        Args:
            context: The run.
        """
        ...

    async def aclose(self) -> None:
        """Close what belongs to the running event loop."""
        ...


def without_sources(given: Iterable[Tool | Function | ToolSource]) -> tuple[Tool | Function, ...]:
    """Give those of an agent's tools that are known when it is made."""
    return tuple(entry for entry in given if isinstance(entry, Tool) or not isinstance(entry, ToolSource))


def sources_in(given: Iterable[Tool | Function | ToolSource]) -> tuple[ToolSource, ...]:
    """Give the sources among an agent's tools."""
    return tuple(entry for entry in given if not isinstance(entry, Tool) and isinstance(entry, ToolSource))


async def offered(tools: Mapping[str, Tool], sources: Sequence[ToolSource], context: RunContext) -> Mapping[str, Tool]:
    """Give an agent's tools for a run: its own, and those of its sources.

    Where two have the same name the first one counts, the agent's own before all others: the others are left out.
    """
    found = dict(tools)
    for source in sources:
        for tool in await source.tools_for(context):
            if tool.name in found:
                _log.warning("tool_left_out", tool=tool.name, reason="another tool has this name")
            else:
                found[tool.name] = tool
    return MappingProxyType(found)
