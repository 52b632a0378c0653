"""Pages for people's browsers, beside events that come another way."""

from collections.abc import Callable
from typing import Final, Protocol

from aiohttp import web

from threadkeep.errors import ConfigError
from threadkeep_slack.limits import DRAIN_SECONDS
from threadkeep_slack.transport.port import Transport

_REQUEST_BYTES: Final = 65_536


class Pages(Protocol):
    """Pages that a web server of ours shows to browsers."""

    def add_to(self, router: web.UrlDispatcher, *, url: Callable[[], str]) -> None:
        """Add the pages to a server.

        Args:
            router: The server's.
            url: Gives the address of the server on this machine.
        """
        ...


class BesidePages:
    """A transport with a small web server beside it, for pages that browsers open.

    Args:
        events: The way of events.
        pages: What the server shows.
        host: The address to serve on.
        port: The port; 0 takes a free one.

    Attributes:
        events: The way of events.
    """

    def __init__(self, events: Transport, pages: Pages, *, host: str, port: int) -> None:
        self.events: Final = events
        self._pages: Final = pages
        self._host: Final = host
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def label(self) -> str:
        """Name the way of events, for the operator."""
        return f"{self.events.label}, pages on {self._url()}"

    @property
    def is_up(self) -> bool:
        """Whether events come now, or come to another process of the bot."""
        return self.events.is_up

    async def start(self) -> None:
        """Serve the pages and begin to receive events.

        Raises:
            ConfigError: The address is taken or cannot be served.
            PlatformError: Events cannot be received.
        """
        server = web.Application(client_max_size=_REQUEST_BYTES)
        self._pages.add_to(server.router, url=self._url)
        runner = web.AppRunner(server, access_log=None, handle_signals=False, shutdown_timeout=DRAIN_SECONDS)
        await runner.setup()
        self._runner = runner
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            await self._close()
            raise ConfigError(
                f"cannot serve the pages for installs on {self._host}:{self._port} ({error.strerror}): "
                "set SLACK_HOST and SLACK_PORT to a free address"
            ) from error
        self._port = runner.addresses[0][1]
        try:
            await self.events.start()
        except BaseException:
            await self._close()
            raise

    async def stop(self) -> None:
        """Stop the events, then the pages."""
        await self.events.stop()
        await self._close()

    def _url(self) -> str:
        return f"http://{self._host}:{self._port}"

    async def _close(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
