"""Tools of MCP servers. It needs the extra: ``pip install "threadkeep[mcp]"``."""

from threadkeep.mcp.server import MCPServer

__all__ = ["MCPServer"]
