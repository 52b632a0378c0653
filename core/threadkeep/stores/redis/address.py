"""A Redis URL: what a connection needs of it, and what may be shown of it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from redis.asyncio.connection import AbstractConnection, Connection, parse_url

from threadkeep.errors import ConfigError

# Options of redis-py's pools and clients, which are not used here.
_NOT_OURS = ("max_connections", "timeout", "retry_on_timeout", "health_check_interval", "legacy_responses", "protocol")


class RedisAddress:
    """A server and a database, from a ``redis://``, ``rediss://`` or ``unix://`` URL.

    Raises:
        ConfigError: The URL cannot be read.
    """

    def __init__(self, url: str) -> None:
        try:
            options: dict[str, Any] = dict(parse_url(url))
            self._shown = _without_secrets(url)
        except ValueError as error:
            # The error is shown, the URL is not: it may hold a password.
            raise ConfigError(
                f"the Redis URL cannot be read ({error}): it must look like redis://localhost:6379/0, "
                "rediss://user:password@host:6380/0 or unix:///run/redis.sock"
            ) from None
        self._kind: type[AbstractConnection] = options.pop("connection_class", Connection)
        self._options = {name: value for name, value in options.items() if name not in _NOT_OURS}

    def __str__(self) -> str:
        """Give the URL without user name, password and options."""
        return self._shown

    async def connect(self, seconds: float) -> AbstractConnection:
        """Open a connection.

        It has no time limit for reading, since a limit per reply would be set and cleared for each of a batch: its
        user limits the whole exchange. It never repeats a command by itself.

        Args:
            seconds: How long connecting may take.

        Raises:
            RedisError: There is no connection.
        """
        options = {**self._options, "socket_timeout": None, "socket_connect_timeout": seconds}
        # Without driver_info redis-py reads its package's metadata from the disk for each connection.
        connection = self._kind(protocol=3, driver_info=None, client_name="threadkeep", **options)
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        return connection


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        database = parse_qs(parts.query).get("db")
        return f"unix://{parts.path}" + (f"?db={database[0]}" if database else "")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or "localhost"
    return f"{parts.scheme}://{host}:{parts.port or 6379}/{parts.path.strip('/') or '0'}"
