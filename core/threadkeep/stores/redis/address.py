"""A Redis URL: what a connection needs of it, and what may be shown of it."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from redis.asyncio.connection import AbstractConnection, Connection, parse_url

from threadkeep.errors import ConfigError
from threadkeep.stores.redis.failures import FAILURES

# Options of redis-py's pools and clients, which are not used here.
_NOT_OURS = ("max_connections", "timeout", "retry_on_timeout", "health_check_interval", "legacy_responses", "protocol")


_TELLING: Final = ("Redis URL must", "Invalid value for 'db'", "Invalid IPv6 URL", "Port out of range")
_ESCAPED: Final = (
    "the database is a number; in a user name or password, "
    "the signs / ? # [ ] @ : are written as %2F %3F %23 %5B %5D %40 %3A"
)
_CLUSTER: Final = "+cluster"
_CANNOT_BE_READ: Final = (
    "the Redis URL cannot be read ({reason}): it must look like redis://localhost:6379/0, "
    "rediss://user:password@host:6380/0, unix:///run/redis.sock, redis+cluster://host:6379,host:6379 or "
    "redis+sentinel://host:26379,host:26379/mymaster/0"
)


class RedisAddress:
    """A server and a database, from a ``redis://``, ``rediss://`` or ``unix://`` URL.

    Args:
        url: The URL.
        at: Host and port of another server, which takes the same user, password and options.

    Raises:
        ConfigError: The URL cannot be read.
    """

    def __init__(self, url: str, *, at: tuple[str, int] | None = None) -> None:
        try:
            options: dict[str, Any] = dict(parse_url(url))
            self._shown = _without_secrets(url, at)
        except ValueError as error:
            raise unreadable(error) from None
        self._url = url
        self._kind: type[AbstractConnection] = options.pop("connection_class", Connection)
        if at is not None:
            options["host"], options["port"] = at
        self._options = {name: value for name, value in options.items() if name not in _NOT_OURS}

    def __str__(self) -> str:
        """Give the URL without user name, password and options."""
        return self._shown

    @property
    def host(self) -> str:
        """The host name or IP address."""
        return str(self._options.get("host", "localhost"))

    def at(self, host: str, port: int) -> "RedisAddress":
        """Give the address of another server that takes the same user, password and options."""
        return RedisAddress(self._url, at=(host, port))

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


def _without_secrets(url: str, at: tuple[str, int] | None) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        database = parse_qs(parts.query).get("db")
        return f"unix://{parts.path}" + (f"?db={database[0]}" if database else "")
    host, port = at or (parts.hostname or "localhost", parts.port or 6379)
    netloc = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    number = parts.path.strip("/") or "0"
    if not number.isdecimal():
        # redis-py would take the first database, which may be another bot's.
        raise ValueError
    return f"{parts.scheme}://{netloc}/{number}"


def unreadable(error: ValueError) -> ConfigError:
    """Give the error for a URL that cannot be read. No part of it is shown: it may be one of a password."""
    told = str(error)
    return ConfigError(_CANNOT_BE_READ.format(reason=told if told.startswith(_TELLING) else _ESCAPED))


class ClusterAddress:
    """A Redis Cluster, from a ``redis+cluster://`` or ``rediss+cluster://`` URL that names some of its nodes.

    Raises:
        ConfigError: The URL cannot be read.
    """

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition(_CLUSTER)
        tail = rest.removeprefix("://")
        cut = min((at for at in map(tail.find, "/?") if at >= 0), default=len(tail))
        login, at_sign, hosts = tail[:cut].rpartition("@")
        if scheme not in ("redis", "rediss") or tail[cut:].split("?")[0] not in ("", "/", "/0"):
            raise ConfigError(_CANNOT_BE_READ.format(reason="a cluster has one database, 0"))
        urls = [f"{scheme}://{login}{at_sign}{host}{tail[cut:]}" for host in hosts.split(",")]
        self._url = urls[0]
        self.nodes = tuple(RedisAddress(node) for node in urls)
        """Nodes that are known: those of the URL, and in front of them those that the cluster has named."""
        self._seeds = self.nodes
        shown = [urlsplit(str(node)).netloc for node in self.nodes]
        self._shown = f"{scheme}{_CLUSTER}://{','.join(shown)}"

    @staticmethod
    def is_meant_by(url: str) -> bool:
        """Tell whether a URL names a cluster."""
        return _CLUSTER in url.partition("://")[0]

    def __str__(self) -> str:
        """Give the URL without user name, password and options."""
        return self._shown

    def at(self, host: str, port: int) -> RedisAddress:
        """Give the address of a node."""
        return RedisAddress(self._url, at=(host, port))

    def learn(self, nodes: Iterable[RedisAddress]) -> None:
        """Note which nodes the cluster has now."""
        self.nodes = (*nodes, *self._seeds)

    async def connect(self, seconds: float) -> AbstractConnection:
        """Open a connection to any of the nodes.

        Args:
            seconds: How long connecting to one may take.

        Raises:
            RedisError: None of them can be reached.
        """
        for node in self.nodes[:-1]:
            with suppress(*FAILURES):
                return await node.connect(seconds)
        return await self.nodes[-1].connect(seconds)
