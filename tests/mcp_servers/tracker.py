"""A server for tests, with the library's own server package; as a program it speaks stdio."""

import asyncio
import os
from typing import Annotated

from mcp import MCPError
from mcp.server.mcpserver import Context, Elicit, Image, MCPServer, RequestStateSecurity, Resolve
from mcp.types import HEADER_MISMATCH, INVALID_PARAMS, BlobResourceContents, EmbeddedResource, ResourceLink
from pydantic import BaseModel

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde\x00\x00\x00\x0c"
    b"IDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00IEND\xaeB`\x82"
)


class Issue(BaseModel):
    """What a tool gives back as data."""

    number: int
    title: str


class Answer(BaseModel):
    """What people are asked."""

    severity: str
    count: int = 1


class Nothing(BaseModel):
    """A question that is only to be accepted."""


async def ask_severity(title: str) -> Elicit[Answer]:
    """Ask how bad it is."""
    return Elicit(f"How bad is {title}?", Answer)


async def ask_whether(number: int) -> Elicit[Nothing]:
    """Ask whether it may be."""
    return Elicit(f"Close issue {number}?", Nothing)


def add(left: int, right: int) -> int:
    """Add two numbers."""
    return left + right


def find(number: int) -> Issue:
    """Find an issue."""
    return Issue(number=number, title="Broken")


def fail() -> str:
    """Fail."""
    raise ValueError("the disk is full")


def refuse() -> str:
    """Refuse."""
    raise MCPError(INVALID_PARAMS, "there is no such project")


def huge() -> str:
    """Say very much."""
    return "x" * 500_000


def picture() -> list:
    """Draw."""
    return [Image(data=PNG, format="png"), "a dot"]


def resources() -> list:
    """Give all kinds of resources."""
    text = BlobResourceContents(uri="file:///notes/plan.txt", mime_type="text/plain", blob="cGxhbiBC")
    picture_of_it = BlobResourceContents(uri="file:///notes/plan", mime_type="image/png", blob="iVBORw0KGgoAAAA")
    return [
        EmbeddedResource(resource=text),
        EmbeddedResource(resource=picture_of_it),
        ResourceLink(name="board", uri="https://example.com/board", description="the board"),
    ]


async def count(context: Context) -> str:
    """Tell how far it is."""
    await context.report_progress(1, 2, "half")
    return "counted"


def crash() -> str:
    """End the server."""
    os._exit(1)


def environment(name: str) -> str:
    """Tell a variable."""
    return os.environ.get(name, "unset")


def whoami(context: Context) -> str:
    """Tell whose token came."""
    return (context.headers or {}).get("authorization", "nobody")


async def report(title: str, answer: Annotated[Answer, Resolve(ask_severity)]) -> str:
    """Report an issue."""
    return f"{title}: {answer.severity} x{answer.count}"


async def close(number: int, answer: Annotated[Nothing, Resolve(ask_whether)]) -> str:
    """Close an issue."""
    return f"closed {number}"


TOOLS = (add, find, fail, refuse, huge, picture, resources, count, crash, environment, whoami, report, close)


def make_server(name: str = "tracker", **settings) -> MCPServer:
    """Make the server; its keys outlive a restart."""
    server = MCPServer(name, request_state_security=RequestStateSecurity(keys=["k" * 32]), **settings)
    server.calls = []

    async def slow() -> str:
        server.calls.append("slow")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            server.calls.append("slow cancelled")
            raise
        return "done"

    async def grow(context: Context) -> str:
        server.add_tool(lambda: "grown", name="grown", description="New")
        await context.notify_tools_changed()
        await context.request_context.session.send_tool_list_changed()
        return "grown"

    async def strict() -> str:
        server.calls.append("strict")
        if len(server.calls) == 1:
            raise MCPError(HEADER_MISMATCH, "list the tools again")
        return "listed"

    for function in (*TOOLS, slow, grow, strict):
        server.tool()(function)
    server.tool(name="odd.name")(lambda: "dotted")
    server.tool(name="odd name")(lambda: "spaced")
    return server


if __name__ == "__main__":
    make_server().run("stdio")
