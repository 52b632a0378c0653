"""Making the client of a server. This module loads the MCP library, which takes about a second."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client import ClientRequestContext, IncomingMessage, Transport
from mcp.client._transport import TransportStreams
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitRequestParams, ElicitResult, Implementation, ToolListChangedNotification

_VERSION: Final = version("threadkeep")
_SECONDS: Final = 30.0
_SILENCE: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server is.

    Attributes:
        url: Its address, for streamable HTTP.
        headers: What stands in each request there.
        command: The program and its arguments, for stdio.
        env: The program's environment, besides what every program needs.
    """

    url: str | None = None
    headers: Mapping[str, str] = field(repr=False)
    command: Sequence[str] = ()
    env: Mapping[str, str] = field(repr=False)


def make_client(address: Address, auth: httpx2.Auth | None, on_changed: Callable[[], None]) -> Client:
    """Give a client that is not connected yet.

    Args:
        address: Where the server is.
        auth: What identifies a user there.
        on_changed: Called when the server says that its tools have changed.
    """

    async def hear(message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            on_changed()

    return Client(
        _http(address, auth) if address.url is not None else _stdio(address),
        message_handler=hear,
        elicitation_callback=_cannot_wait,
        client_info=Implementation(name="threadkeep", version=_VERSION),
    )


def _stdio(address: Address) -> Transport:
    program, *arguments = address.command
    parameters = StdioServerParameters(command=program, args=arguments, env=dict(address.env))
    return stdio_client(parameters, errlog=sys.__stderr__ or sys.stderr)


@asynccontextmanager
async def _http(address: Address, auth: httpx2.Auth | None) -> AsyncIterator[TransportStreams]:
    timeout = httpx2.Timeout(_SECONDS, read=_SILENCE)
    # It reads the certificates of the system.
    made = await asyncio.to_thread(httpx2.AsyncClient, headers=dict(address.headers), auth=auth, timeout=timeout)
    async with made as http, streamable_http_client(address.url or "", http_client=http) as streams:
        yield streams


async def _cannot_wait(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    del context, params
    # A server of the older protocol asks while the call is open. People take longer than a connection holds.
    return ElicitResult(action="cancel")
