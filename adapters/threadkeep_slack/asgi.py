"""Slack's requests in any ASGI server.

Alone::

    app = SlackASGI(adapter, bot)                       # uvicorn module:app

Inside a larger application, which starts the bot in its own lifespan::

    web.mount("/bots", SlackASGI(adapter))              # https://your.host/bots/slack/events
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Final, TypeAlias

import structlog

from threadkeep.errors import ThreadkeepError
from threadkeep_slack.adapter import SlackAdapter
from threadkeep_slack.limits import REQUEST_BYTES, REQUEST_SECONDS
from threadkeep_slack.transport.requests import PATH, TOO_LARGE, TOO_SLOW, Answer

_log = structlog.get_logger(__name__)

# ASGI's messages are open-ended.
Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class SlackASGI:
    """An ASGI application that takes Slack's requests: events, what is pressed and filled in, slash commands.

    Args:
        adapter: The adapter; it is mounted here.
        bot: The bot with this adapter, started and stopped with the server; None if you do that yourself.
        path: Where it is served, below the path under which the application is mounted.

    Raises:
        ConfigError: SLACK_SIGNING_SECRET is missing.
        PlatformError: The adapter is started already.
    """

    def __init__(
        self, adapter: SlackAdapter, bot: AbstractAsyncContextManager[object] | None = None, *, path: str = PATH
    ) -> None:
        adapter.mount()
        self._adapter: Final = adapter
        self._bot: Final = bot
        self._path: Final = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the server's lifespan."""
        match scope["type"]:
            case "http":
                answer = await self._answer(scope, receive)
                if answer is not None:
                    await _send(answer, send)
            case "lifespan":
                await self._live(receive, send)
            case "websocket":
                await receive()
                await send({"type": "websocket.close"})
            case _:
                raise NotImplementedError(f"this application serves no {scope['type']}")

    async def _answer(self, scope: Scope, receive: Receive) -> Answer | None:
        """Give the answer; None if nobody waits for it any more."""
        if str(scope["path"]).removeprefix(str(scope.get("root_path", "")).rstrip("/")) != self._path:
            return Answer(status=404, body="not found")
        if scope["method"] != "POST":
            return Answer(status=405, body="method not allowed", headers={"Allow": "POST"})
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                body = await _read(receive)
        except TimeoutError:
            return TOO_SLOW
        if body is None or len(body) > REQUEST_BYTES:
            return None if body is None else TOO_LARGE
        query = bytes(scope.get("query_string", b"")).decode("latin-1")
        return await self._adapter.answer_request(body, headers=_headers(scope["headers"]), query=query)

    async def _live(self, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as running:
            await receive()
            if self._bot is not None:
                try:
                    await running.enter_async_context(self._bot)
                except ThreadkeepError as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def _read(receive: Receive) -> bytes | None:
    """Give the body of a request, or its beginning where it is too large; None if nobody waits for the answer."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > REQUEST_BYTES or not message.get("more_body", False):
            return bytes(body)


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}


async def _send(answer: Answer, send: Send) -> None:
    body = answer.body.encode()
    headers = {
        "content-type": f"{answer.content_type}; charset=utf-8",
        "content-length": str(len(body)),
        **{name.lower(): value for name, value in answer.headers.items()},
    }
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})
