"""What a Redis server is, and whether it keeps what it acknowledges."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from threadkeep.errors import StoreConfigError, StoreError, StoreUnavailableError
from threadkeep.stores.redis.cluster import ClusterWire
from threadkeep.stores.redis.replies import as_bytes, as_fields, as_list, as_text
from threadkeep.stores.redis.wire import Command, Wire

_log = structlog.get_logger(__name__)
_OLDEST: Final = (6, 2)
_VERSION: Final = re.compile(r"^redis_version:(\d+)\.(\d+)(\S*)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerReport:
    """What was found out about a server.

    Attributes:
        version: Its version, such as ``6.2.14``.
        servers: How many servers there are: the nodes of a cluster that serve something, or one.
        weakness: What is not guaranteed with its settings, and the remedy; None where all is well or not known.
    """

    version: str
    servers: int
    weakness: str | None


async def inspect_servers(wire: Wire | ClusterWire) -> ServerReport:
    """Read the version and the persistence settings of a server, or of all nodes of a cluster.

    Gives the oldest version, and the first weakness.

    Raises:
        StoreUnavailableError: One of them cannot be reached.
        StoreConfigError: One is too old, or refuses the user.
    """
    servers = await wire.servers()
    reports = [await _inspect(server) for server in servers]
    weaknesses = [report.weakness for report in reports if report.weakness is not None]
    version = min((report.version for report in reports), key=_numbers)
    return ServerReport(version=version, servers=len(servers), weakness=weaknesses[0] if weaknesses else None)


async def _inspect(wire: Wire) -> ServerReport:
    found = _VERSION.search(_text(await wire.call(Command(("INFO", "server")))))
    if found is None:
        raise StoreConfigError(f"the server at {wire.place} does not say its version: it does not seem to be Redis")
    version = f"{found[1]}.{found[2]}{found[3]}"
    if (int(found[1]), int(found[2])) < _OLDEST:
        raise StoreConfigError(f"Redis at {wire.place} is {version}: threadkeep needs 6.2 or newer, update the server")
    return ServerReport(version=version, servers=1, weakness=await _weakness(wire))


def warn_of_weakness(report: ServerReport, place: str) -> None:
    """Log one warning if the server may lose what it acknowledged."""
    if report.weakness is not None:
        _log.warning("redis_may_lose_messages", server=place, version=report.version, because=report.weakness)


async def _weakness(wire: Wire) -> str | None:
    try:
        settings = _settings(await wire.call(Command(("CONFIG", "GET", "append*"))))
    except StoreUnavailableError:
        raise
    except StoreError:
        # Hosted servers forbid CONFIG. Their persistence cannot be seen from here.
        return None
    if settings.get("appendonly") == "no":
        return (
            "appendonly is off: messages that were accepted are lost when Redis restarts; set appendonly yes and "
            "appendfsync always"
        )
    if settings.get("appendfsync") not in (None, "always"):
        return (
            f"appendfsync is {settings['appendfsync']}: what was accepted in about the last second is lost when Redis "
            "is killed; set appendfsync always"
        )
    return None


def _settings(reply: object) -> Mapping[str, str]:
    if isinstance(reply, dict):
        return {name: value.decode() for name, value in as_fields(reply).items()}
    words = [as_text(word) for word in as_list(reply)]
    return dict(zip(words[::2], words[1::2], strict=True))


def _text(reply: object) -> str:
    return as_bytes(reply).decode(errors="replace")


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
