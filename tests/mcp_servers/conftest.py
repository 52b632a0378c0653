"""Real MCP servers over HTTP on loopback and over stdio, and agents that use them."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import pytest
import uvicorn

from threadkeep import Agent, RunContext, ScriptedModel, Step, ToolCall
from threadkeep.mcp import MCPServer
from threadkeep.runs import ToolCallCompleted

PROGRAM = Path(__file__).with_name("tracker.py")


@dataclass
class HttpServer:
    """A server over streamable HTTP that can go down and come back at the same address.

    An older one knows only the protocol that keeps sessions.
    """

    tracker: ModuleType
    is_older: bool = False
    port: int = 0
    server: object = None
    settings: dict = field(default_factory=dict)
    refused: set = field(default_factory=set)
    requests: list = field(default_factory=list)
    _uvicorn: uvicorn.Server | None = None
    _task: asyncio.Task | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    async def start(self) -> None:
        self.server = self.tracker.make_server(**self.settings)
        app = self.server.streamable_http_app()
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(self._guarded(app), log_config=None, timeout_graceful_shutdown=0)
        self._uvicorn = uvicorn.Server(config)
        self._task = asyncio.create_task(self._uvicorn.serve(sockets=[listener]))
        while not self._uvicorn.started:  # noqa: ASYNC110 - it tells by no event
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        self._uvicorn.should_exit = True
        with suppress(asyncio.CancelledError):
            await self._task

    def _guarded(self, app):
        async def guarded(scope, receive, send):
            if scope["type"] == "http":
                headers = {name.decode(): value.decode() for name, value in scope["headers"]}
                token = headers.get("authorization", "")
                self.requests.append(token)
                is_newer = self.is_older and headers.get("mcp-protocol-version", "") > "2026"
                if token in self.refused or is_newer:
                    await send({"type": "http.response.start", "status": 400 if is_newer else 401, "headers": []})
                    await send({"type": "http.response.body", "body": b""})
                    return
            await app(scope, receive, send)

        return guarded


@pytest.fixture(scope="session")
def tracker() -> ModuleType:
    spec = spec_from_file_location("tracker", PROGRAM)
    module = module_from_spec(spec)
    sys.modules["tracker"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
async def http(tracker: ModuleType) -> AsyncIterator[HttpServer]:
    server = HttpServer(tracker)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def opened() -> AsyncIterator[Callable[..., MCPServer]]:
    made: list[MCPServer] = []

    def make(name: str = "tracker", **settings) -> MCPServer:
        made.append(MCPServer(name, **settings))
        return made[-1]

    yield make
    for server in made:
        await server.aclose()


@pytest.fixture
def program() -> list[str]:
    return [sys.executable, str(PROGRAM)]


def a_call(tool: str, /, **arguments) -> ToolCall:
    return ToolCall(id=uuid4().hex, name=tool, arguments=json.dumps(arguments))


@pytest.fixture
def ask() -> Callable:
    """Let a model call tools once, and give their results and what it was offered."""

    async def asked(tools, *calls: ToolCall, **options) -> tuple[list[ToolCallCompleted], set[str]]:
        offered: list = []
        check = lambda _messages, specs: offered.extend(specs)  # noqa: E731 - a line is enough
        model = ScriptedModel(
            Step(calls=calls, check=check) if calls else Step(text="Hm.", check=check), *["Done."] * bool(calls)
        )
        agent = Agent(model=model, tools=tools)
        events = [event async for event in agent.arun("Go", stream=True, **options)]
        return [event for event in events if isinstance(event, ToolCallCompleted)], {spec.name for spec in offered}

    return asked


@pytest.fixture
def call() -> Callable[..., ToolCall]:
    return a_call


@pytest.fixture
def until() -> Callable:
    """Wait for a state."""

    async def wait(is_so) -> object:
        async with asyncio.timeout(20):
            while True:
                found = is_so()
                found = await found if asyncio.iscoroutine(found) else found
                if found:
                    return found
                await asyncio.sleep(0.02)

    return wait


@pytest.fixture
def context() -> RunContext:
    return RunContext(run_id="r" * 32, session_id="s", user_id="slack:T:U1")
