"""The wake-up channel: other processes' sessions that became ready ring the bell of this event loop."""

from threadkeep.stores.bell import Bell
from threadkeep.stores.redis.address import ClusterAddress, RedisAddress
from threadkeep.stores.redis.partitions import Partitions
from threadkeep.stores.redis.subscription import Subscription


class WakeListener:
    """Listens to the wake-up channel as soon as somebody first waits.

    A lost subscription costs nothing but time: those who wait wake up at the end of their wait anyway.

    Args:
        address: The server, or the cluster: what is published at one node is heard at all.
        channel: The channel.
        origin: What this event loop publishes, before the partition; it has heard of that already.
        bell: Rung when somebody else made a session ready, or may have done so unheard.
        partitions: Told where.
        timeout: How many seconds connecting may take.
    """

    def __init__(
        self,
        address: RedisAddress | ClusterAddress,
        channel: str,
        *,
        origin: str,
        bell: Bell,
        partitions: Partitions,
        timeout: float,
    ) -> None:
        self._origin = origin.encode()
        self._bell = bell
        self._partitions = partitions
        self._subscription = Subscription(
            address, channel, on_message=self._on_message, on_open=self._on_open, timeout=timeout
        )

    def start(self) -> None:
        """Begin to listen; harmless if it listens already."""
        self._subscription.start()

    async def aclose(self) -> None:
        """Stop listening and close the connection."""
        await self._subscription.aclose()

    def _on_open(self) -> None:
        # Something may have become ready before.
        self._partitions.forget()
        self._bell.ring()

    def _on_message(self, message: bytes) -> None:
        origin, _, partition = message.partition(b" ")
        if origin == self._origin:
            return
        if partition.isdigit() and int(partition) < self._partitions.count:
            self._partitions.hint(int(partition))
        self._bell.ring()
