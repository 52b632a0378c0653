"""A Redis whose primary is told by Sentinels: each new connection goes to the one that is the primary then."""

import asyncio
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError

from threadkeep.errors import ConfigError
from threadkeep.stores.redis.address import RedisAddress, unreadable
from threadkeep.stores.redis.failures import FAILURES

_SENTINEL: Final = "+sentinel"
_PORT: Final = 26379
_CANNOT_BE_READ: Final = (
    "the Redis URL cannot be read ({reason}): with Sentinels it must look like "
    "redis+sentinel://host:26379,host:26379/mymaster/0, the name being that of the service"
)
# Their user is another one than the server's.
_LOGIN: Final = ("sentinel_username", "sentinel_password")


class SentinelAddress(RedisAddress):
    """A service that Sentinels watch, from a ``redis+sentinel://`` or ``rediss+sentinel://`` URL.

    ``redis+sentinel://user:password@host:26379,host:26379/mymaster/0?sentinel_password=...``: user, password and the
    number of the database are the server's; host names are those of Sentinels, 26379 being their usual port. With
    ``rediss`` servers and Sentinels are reached over TLS.

    Raises:
        ConfigError: The URL cannot be read.
    """

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition(_SENTINEL)
        try:
            parts = urlsplit(f"redis{rest}")
        except ValueError as error:
            raise unreadable(error) from None
        login, at_sign, hosts = parts.netloc.rpartition("@")
        service, _, database = parts.path.strip("/").partition("/")
        if scheme not in ("redis", "rediss") or not service or not hosts:
            raise ConfigError(_CANNOT_BE_READ.format(reason="it lacks the hosts of Sentinels or the name of a service"))
        if database and not database.isdecimal():
            raise ConfigError(_CANNOT_BE_READ.format(reason="a database has a number"))
        options = parse_qsl(parts.query)
        own = urlencode([(name, value) for name, value in options if name not in _LOGIN])
        super().__init__(f"{scheme}://{login}{at_sign}{service}/{database}{own and f'?{own}'}")
        self._service = unquote(service)
        given = dict(options)
        user, password = (quote(given.get(name, ""), safe="") for name in _LOGIN)
        with_login = f"{user}:{password}@" if user or password else ""
        tls = f"?{own}" if own and scheme == "rediss" else ""
        self._sentinels = [RedisAddress(f"{scheme}://{with_login}{_with_port(host)}{tls}") for host in hosts.split(",")]
        shown = ",".join(urlsplit(str(sentinel)).netloc for sentinel in self._sentinels)
        self._shown = f"{scheme}{_SENTINEL}://{shown}/{service}/{database or '0'}"

    @staticmethod
    def is_meant_by(url: str) -> bool:
        """Tell whether a URL names Sentinels."""
        return _SENTINEL in url.partition("://")[0]

    async def connect(self, seconds: float) -> AbstractConnection:
        """Ask the Sentinels for the primary, and open a connection to it.

        Args:
            seconds: How long all of it may take.

        Raises:
            RedisError: No Sentinel answers or knows the service, or the primary cannot be reached.
        """
        # One that does not answer leaves the next ones, and the primary, their share of the time.
        share = seconds / (len(self._sentinels) + 1)
        primary = await self._ask(share)
        return await self.at(*primary).connect(share)

    async def _ask(self, seconds: float) -> tuple[str, int]:
        trouble = "none of the Sentinels answers"
        for sentinel in tuple(self._sentinels):
            with suppress(*FAILURES):
                async with asyncio.timeout(seconds):
                    found = await _primary(sentinel, self._service, seconds)
                if found is not None:
                    # The next question goes to the one that has answered this one.
                    self._sentinels.remove(sentinel)
                    self._sentinels.insert(0, sentinel)
                    return found
                trouble = f"the Sentinels know no primary of {self._service}"
        raise RedisConnectionError(trouble)


async def _primary(sentinel: RedisAddress, service: str, seconds: float) -> tuple[str, int] | None:
    """Ask a Sentinel where the primary of a service is; None if it does not know."""
    connection = await sentinel.connect(seconds)
    try:
        await connection.send_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", service, check_health=False)
        reply = await connection.read_response()
    finally:
        await connection.disconnect(nowait=True)
    if not isinstance(reply, list) or len(reply) != 2:
        return None
    host, port = reply
    return host.decode(), int(port)


def _with_port(host: str) -> str:
    has_port = host.rpartition("]")[2].rpartition(":")[1]
    return host if has_port else f"{host}:{_PORT}"
