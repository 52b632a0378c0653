"""An MCP server as a source of tools."""

import asyncio
import importlib
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Final

from threadkeep.agent.approvals import Approval, approval_of
from threadkeep.agent.context import RunContext
from threadkeep.agent.permissions import Permission
from threadkeep.agent.tools import Tool
from threadkeep.errors import ConfigError
from threadkeep.mcp.names import check_prefix, is_chosen

if TYPE_CHECKING:
    from threadkeep.mcp.connections import Connections
    from threadkeep.mcp.credentials import AuthFunction

_MOST_RESULT: Final = 32_000
# The last one is loaded by the MCP library, in the middle of a call.
_SLOW: Final = ("threadkeep.mcp.calls", "threadkeep.mcp.connections", "jsonschema")


@dataclass(frozen=True, eq=False)
class MCPServer:
    """A server whose tools an agent may call: ``Agent(tools=[MCPServer("tracker", url="https://...")])``.

    It is reached over streamable HTTP (``url``) or started as a program of its own (``command``). The connection is
    opened with the bot, lasts, and is opened again when it breaks. While the server is out of reach its tools answer
    with an error, or are not offered if it was never reached; the bot goes on.

    Attributes:
        name: A name for people, and what stands before the names of the tools: ``tracker__search``.
        url: The server's address.
        command: The program and its arguments. What it writes to its standard error goes to the bot's.
        env: The program's environment. Besides it gets only what every program needs, such as ``PATH``: none of the
            bot's tokens.
        headers: What stands in each request to the address.
        tools: Which of its tools are offered: their names on the server, or patterns such as ``read_*``; None for all.
        prefix: What stands before the names of the tools; None for the server's name, empty for nothing.
        timeout: Seconds that a call may take. Waiting for people does not count.
        max_result: How many characters of a result the model is told.
        auth: Gives the headers of one user, by the id of who is answered; None for users without access. Then each
            user has a connection of their own, and is offered the tools only with access.
        requires_approval: Whether a person must approve each call, and who.
        allow: Who may use the tools, and where: ``Allow(...)``, or a function of the ``RunContext``.

    Raises:
        ConfigError: A setting makes no sense.
    """

    name: str
    _: KW_ONLY
    url: str | None = None
    command: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tools: Sequence[str] | None = None
    prefix: str | None = None
    timeout: float = 60.0
    max_result: int = 20_000
    auth: "AuthFunction | None" = None
    requires_approval: bool | Approval = False
    allow: Permission | None = None
    _connections: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Connections]" = field(
        init=False, repr=False, default_factory=weakref.WeakKeyDictionary
    )

    def __post_init__(self) -> None:
        if (self.url is None) == (not self.command):
            raise ConfigError(f"MCPServer {self.name!r} needs either url= or command=[...]")
        if isinstance(self.command, str):
            raise ConfigError(f"MCPServer {self.name!r}: command= is a list, such as ['npx', 'some-server']")
        if isinstance(self.tools, str):
            raise ConfigError(f"MCPServer {self.name!r}: tools= takes several names: write tools=[{self.tools!r}]")
        if self.command and (self.auth is not None or self.headers):
            raise ConfigError(f"MCPServer {self.name!r}: auth= and headers= need url=; a program is given env=")
        if self.url is not None and not self.url.startswith(("https://", "http://")):
            raise ConfigError(f"MCPServer {self.name!r}: url= begins with https:// or http://, got {self.url!r}")
        if self.timeout <= 0:
            raise ConfigError(f"MCPServer {self.name!r}: timeout must be more than 0 seconds, got {self.timeout!r}")
        if not 0 < self.max_result <= _MOST_RESULT:
            raise ConfigError(f"MCPServer {self.name!r}: max_result must be 1 to {_MOST_RESULT} characters")
        check_prefix(self.shown_prefix)

    @property
    def shown_prefix(self) -> str:
        """What stands before the names of its tools."""
        return self.name if self.prefix is None else self.prefix

    @property
    def approval(self) -> Approval | None:
        """Who must approve the calls; None if nobody must."""
        return approval_of(self.requires_approval)

    async def prepare(self) -> None:
        """Connect, so that the first run does not wait for it. A server that is out of reach is tried again later.

        Raises:
            ConfigError: The MCP library is not installed.
        """
        connections = await self._opened()
        if self.auth is None:
            connection = await connections.of(None)
            if connection is not None:
                await connection.tools()

    async def tools_for(self, context: RunContext) -> Sequence[Tool]:
        """Give the tools that a run is offered.

        Args:
            context: The run; where each user has credentials, those of who is answered count.

        Raises:
            ConfigError: The MCP library is not installed.
        """
        connections = await self._opened()
        from threadkeep.mcp.calls import tool_of  # noqa: PLC0415 - slow, and loaded by now

        connection = await connections.of(context.user_id)
        if connection is None:
            return ()
        listed = await connection.tools()
        return tuple(tool_of(tool, self, connection) for tool in listed if is_chosen(tool.name, self.tools))

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        connections = self._connections.pop(asyncio.get_running_loop(), None)
        if connections is not None:
            await connections.aclose()

    async def _opened(self) -> "Connections":
        loop = asyncio.get_running_loop()
        if loop not in self._connections:
            try:
                for module in _SLOW:
                    await asyncio.to_thread(importlib.import_module, module)
            except ModuleNotFoundError as error:
                if (error.name or "").partition(".")[0] not in {"mcp", "mcp_types"}:
                    raise
                raise ConfigError('MCP servers need the MCP library: pip install "threadkeep[mcp]"') from error
            from threadkeep.mcp.connections import Connections  # noqa: PLC0415 - slow, and loaded by now
            from threadkeep.mcp.opening import Address  # noqa: PLC0415 - the same

            # Another run may have been here meanwhile.
            if loop not in self._connections:
                address = Address(url=self.url, headers=self.headers, command=tuple(self.command), env=self.env)
                self._connections[loop] = Connections(self.name, address, self.auth)
        return self._connections[loop]
