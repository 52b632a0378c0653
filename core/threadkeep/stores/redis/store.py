"""The store on a Redis server."""

import time
from collections.abc import Callable
from typing import Final, Self, Unpack

from threadkeep.stores.options import StoreOptions, StoreSettings
from threadkeep.stores.redis.address import ClusterAddress, RedisAddress
from threadkeep.stores.redis.control import RedisControl
from threadkeep.stores.redis.digests import RedisDigests, RedisLinks
from threadkeep.stores.redis.history import RedisHistory
from threadkeep.stores.redis.inbox import RedisInbox
from threadkeep.stores.redis.keys import RedisKeys
from threadkeep.stores.redis.letters import RedisDeadLetters
from threadkeep.stores.redis.lines import Lines
from threadkeep.stores.redis.memories import RedisMemories
from threadkeep.stores.redis.sentinel import SentinelAddress
from threadkeep.stores.redis.server import inspect_servers, warn_of_weakness
from threadkeep.stores.redis.shared_state import RedisSharedState
from threadkeep.stores.redis.tracing import RedisPlaces, RedisTraces
from threadkeep.stores.redis.vault import RedisVault

_CLUSTER_PARTITIONS: Final = 64


class RedisStore:
    """Sessions, inboxes and memories on Redis 6.2 or newer, a server or a cluster, shared by any number of processes.

    A store may be used from several event loops, also one after the other: each has connections of its own, which
    ``async with`` closes for all of them. Those of an event loop that ends before are closed with it.

    A user of Redis that may do nothing else needs this rule, for the prefix ``tk``::

        ACL SETUSER threadkeep on >password resetchannels ~tk:* &tk:* -@all
            +@string +@hash +@list +@set +@sortedset +@stream -@dangerous +del +exists +pexpire +pttl
            +publish +subscribe +eval +evalsha +time +hello +client|setname +select
            +info +config|get +cluster|slots +asking

    Without ``+config|get`` the store cannot see whether the server keeps what it acknowledges, and says nothing of it.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``; for a cluster ``redis+cluster://`` or ``rediss+cluster://``
            with some of its nodes: ``redis+cluster://user:password@host:6379,host:6379``; where Sentinels tell the
            primary ``redis+sentinel://`` or ``rediss+sentinel://`` with some of them and the service's name:
            ``redis+sentinel://user:password@host:26379,host:26379/mymaster/0``. For TLS with a CA of one's own,
            ``?ssl_ca_certs=/path/to/ca.pem``.
        prefix: What all keys begin with; stores with different prefixes know nothing of each other.
        partitions: Over how many hash tags the sessions are spread: those of one tag stay on one node. By default 64
            on a cluster, else 1. It may not change while there is data.
        timeout: How many seconds a call may take.
        clock: Gives the time of new memories; everything else goes by the server's clock.
        settings: How much is kept and for how long; see ``StoreOptions``.

    Raises:
        ConfigError: The URL or a setting cannot be used.
    """

    def __init__(
        self,
        url: str = "redis://localhost:6379/0",
        *,
        prefix: str = "tk",
        partitions: int | None = None,
        timeout: float = 5.0,
        clock: Callable[[], float] = time.time,
        **settings: Unpack[StoreSettings],
    ) -> None:
        self._options = StoreOptions(**settings)
        is_cluster = ClusterAddress.is_meant_by(url)
        self._address = ClusterAddress(url) if is_cluster else _address_of(url)
        self._server = "Redis Cluster" if is_cluster else "Redis"
        if partitions is None:
            partitions = _CLUSTER_PARTITIONS if is_cluster else 1
        keys = RedisKeys(prefix=prefix, partitions=partitions)
        self._lines = Lines(
            self._address,
            channel=keys.wake_channel,
            partitions=partitions,
            sweep_seconds=self._options.lease_seconds / 8,
            timeout=timeout,
        )
        self._inbox = RedisInbox(keys, self._options, self._lines)
        self._history = RedisHistory(keys, self._options, self._lines)
        self._memories = RedisMemories(keys, self._lines, clock)
        self._digests = RedisDigests(keys, self._options, self._lines)
        self._links = RedisLinks(keys, self._lines)
        self._control = RedisControl(keys, self._options, self._lines)
        self._dead_letters = RedisDeadLetters(keys, self._options, self._lines)
        self._places = RedisPlaces(keys, self._lines)
        self._traces = RedisTraces(keys, self._options, self._lines)
        self._shared = RedisSharedState(keys, self._lines)
        self._vault = RedisVault(keys, self._lines)

    @property
    def inbox(self) -> RedisInbox:
        """Accepted events, leased to workers."""
        return self._inbox

    @property
    def history(self) -> RedisHistory:
        """Sessions and finished runs."""
        return self._history

    @property
    def memories(self) -> RedisMemories:
        """What is remembered of users."""
        return self._memories

    @property
    def digests(self) -> RedisDigests:
        """How far sessions have been summed up."""
        return self._digests

    @property
    def links(self) -> RedisLinks:
        """Accounts of one person."""
        return self._links

    @property
    def control(self) -> RedisControl:
        """Signals to the workers."""
        return self._control

    @property
    def dead_letters(self) -> RedisDeadLetters:
        """What could not be answered."""
        return self._dead_letters

    @property
    def places(self) -> RedisPlaces:
        """Where the bot takes part."""
        return self._places

    @property
    def traces(self) -> RedisTraces:
        """What was done with messages."""
        return self._traces

    @property
    def shared(self) -> RedisSharedState:
        """What the processes of a bot share."""
        return self._shared

    @property
    def vault(self) -> RedisVault:
        """Sealed values."""
        return self._vault

    @property
    def lease_seconds(self) -> float:
        """After what time without renewal another worker may take a session over."""
        return self._options.lease_seconds

    @property
    def description(self) -> str:
        """The server's version, once known, and its URL without secrets."""
        return f"{self._server} at {self._address}"

    async def __aenter__(self) -> Self:
        """Connect and check the server, or each node of the cluster; log a warning if settings break a guarantee.

        Raises:
            StoreUnavailableError: It cannot be reached.
            StoreConfigError: It is too old, or refuses the user.
        """
        try:
            report = await inspect_servers(self._lines.here().wire)
        except BaseException:
            await self._lines.aclose()
            raise
        if isinstance(self._address, ClusterAddress):
            self._server = f"Redis Cluster {report.version} ({report.servers} nodes)"
        else:
            self._server = f"Redis {report.version}"
        warn_of_weakness(report, str(self._address))
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Close every connection; a later call opens them again."""
        await self._lines.aclose()


def _address_of(url: str) -> RedisAddress:
    return SentinelAddress(url) if SentinelAddress.is_meant_by(url) else RedisAddress(url)
