"""Serve a bot's health over HTTP, to whoever starts, stops and replaces processes."""

from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

from aiohttp import web

from threadkeep.errors import ConfigError
from threadkeep.runtime.health import Health

_LOOPBACK: Final = "127.0.0.1"
_CLOSE_SECONDS: Final = 1.0
_KEEP_SECONDS: Final = 15.0
_WAITING_CONNECTIONS: Final = 16
_REQUEST_BYTES: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthAddress:
    """Where health is served.

    Attributes:
        host: An address of this machine; by default one that other machines cannot reach.
        port: The port; 0 for any free one.
    """

    host: str = _LOOPBACK
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``host:port``, ``:port`` or ``port``.

        Raises:
            ConfigError: It is none of these.
        """
        try:
            parts = urlsplit(f"//{text if ':' in text else f':{text}'}")
            port = parts.port
        except ValueError:
            port = None
        if port is None or parts.path or parts.query or parts.username is not None:
            raise ConfigError(f"Health cannot be served at {text!r}: it must look like 127.0.0.1:8080 or just 8080")
        return cls(host=parts.hostname or _LOOPBACK, port=port)


class HealthServer:
    """A small web server. Use it as an async context manager.

    ``GET /live`` is answered by 200 as long as the process takes its turns. ``GET /ready`` is answered by 200 where it
    does its work, else by 503; the body says what is wrong and since when.

    Args:
        address: Where.
        health: What is told.
    """

    def __init__(self, address: HealthAddress, health: Health) -> None:
        self._address = address
        self._health = health
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Begin to serve.

        Raises:
            ConfigError: The address is taken or cannot be served.
        """
        app = web.Application(client_max_size=_REQUEST_BYTES)
        app.router.add_get("/live", self._live)
        app.router.add_get("/ready", self._ready)
        runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=_CLOSE_SECONDS,
            keepalive_timeout=_KEEP_SECONDS,
        )
        await runner.setup()
        site = web.TCPSite(runner, self._address.host, self._address.port, backlog=_WAITING_CONNECTIONS)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            raise ConfigError(
                f"cannot serve health on {self._address.host}:{self._address.port} ({error.strerror or error}): "
                "choose a free address by --health or THREADKEEP_HEALTH"
            ) from error
        self._runner = runner
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Close the port."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    @property
    def url(self) -> str:
        """Where it is served."""
        host, port = self._address.host, self._address.port
        if self._runner is not None:
            host, port = self._runner.addresses[0][:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def _live(self, _request: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def _ready(self, _request: web.Request) -> web.Response:
        report = self._health.report()
        return web.json_response(report, status=200 if report["ready"] else 503)
