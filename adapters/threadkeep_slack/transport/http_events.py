"""The Events API over HTTP: Slack sends signed requests, the answer acknowledges."""

from typing import Final

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp

from threadkeep.errors import ConfigError
from threadkeep_slack.limits import DRAIN_SECONDS, REQUEST_BYTES

_log = structlog.get_logger(__name__)

PATH: Final = "/slack/events"
"""Where requests from Slack are served."""


class HttpEvents:
    """A small web server for requests from Slack. Bolt checks signatures and answers the address verification."""

    def __init__(self, app: AsyncApp, *, host: str, port: int) -> None:
        self._app: Final = app
        self._host: Final = host
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def label(self) -> str:
        """Name the way, for the operator."""
        return f"HTTP on {self._host}:{self._port}{PATH}"

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
        # Bolt takes the timestamp for a number without looking.
        if not request.headers.get("X-Slack-Request-Timestamp", "").isdigit():
            return web.json_response({"error": "invalid request"}, status=401)
        try:
            bolt_request = await to_bolt_request(request)
        except (ValueError, TypeError, AttributeError, KeyError, IndexError, LookupError) as error:
            # Bolt reads the body before it checks the signature; what it cannot read does not come from Slack.
            _log.warning("slack_request_unreadable", reason=type(error).__name__)
            return web.json_response({"error": "unreadable request"}, status=400)
        return await to_aiohttp_response(await self._app.async_dispatch(bolt_request))
