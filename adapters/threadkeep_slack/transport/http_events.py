"""The Events API over HTTP: Slack sends signed requests, the answer acknowledges."""

import asyncio
from typing import Final

from aiohttp import web

from threadkeep.errors import ConfigError
from threadkeep_slack.limits import DRAIN_SECONDS, REQUEST_BYTES, REQUEST_SECONDS
from threadkeep_slack.transport.beside_pages import Pages
from threadkeep_slack.transport.requests import PATH, TOO_SLOW, Answer, Requests


class HttpEvents:
    """A small web server for requests from Slack."""

    def __init__(self, requests: Requests, *, host: str, port: int, pages: Pages | None = None) -> None:
        self._requests: Final = requests
        self._pages: Final = pages
        self._host: Final = host
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def label(self) -> str:
        """Name the way, for the operator."""
        return f"HTTP on {self._host}:{self._port}{PATH}"

    @property
    def is_up(self) -> bool:
        """Whether requests are served."""
        return self._runner is not None

    @property
    def url(self) -> str:
        """The address at which requests are served; the port is known after ``start``."""
        return f"http://{self._host}:{self._port}{PATH}"

    async def start(self) -> None:
        """Begin to serve requests.

        Raises:
            ConfigError: The address is taken or cannot be served.
        """
        server = web.Application(client_max_size=REQUEST_BYTES)
        server.router.add_post(PATH, self._handle)
        if self._pages is not None:
            self._pages.add_to(server.router, url=lambda: f"http://{self._host}:{self._port}")
        runner = web.AppRunner(server, access_log=None, handle_signals=False, shutdown_timeout=DRAIN_SECONDS)
        await runner.setup()
        site = web.TCPSite(runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            raise ConfigError(
                f"cannot serve Slack's requests on {self._host}:{self._port} ({error.strerror}): "
                "set SLACK_HOST and SLACK_PORT to a free address"
            ) from error
        self._runner = runner
        self._port = runner.addresses[0][1]

    async def stop(self) -> None:
        """Take no more requests, let those in progress end, and close the port."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.Request) -> web.Response:
        body = await read_body(request)
        if body is None:
            return to_response(TOO_SLOW)
        return to_response(await self._requests.answer(body, headers=request.headers, query=request.query_string))


async def read_body(request: web.Request) -> bytes | None:
    """Give the body of a request; None if it does not come in time."""
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            return await request.read()
    except TimeoutError:
        return None


def to_response(answer: Answer) -> web.Response:
    """Give the answer as aiohttp sends it."""
    return web.Response(
        status=answer.status, text=answer.body, content_type=answer.content_type, headers=dict(answer.headers)
    )
