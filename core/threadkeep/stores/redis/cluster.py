"""Calls to a Redis Cluster: an ordered connection to each node, and a map of which node serves what.

The calls of one session go to one node, over one connection, in the order in which they were made. A call to a node
that cannot be reached fails, since it may have been performed; the next call reads the map anew, from any node.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import AskError, MovedError

from threadkeep.errors import StoreConfigError, StoreError, StoreUnavailableError
from threadkeep.stores.redis.address import ClusterAddress, RedisAddress
from threadkeep.stores.redis.replies import as_bytes, as_int, as_list
from threadkeep.stores.redis.wire import Command, Wire, Word, checked

_MAX_REDIRECTIONS: Final = 5
_ASKING: Final = Command(("ASKING",))


class ClusterWire:
    """Connections to the nodes of a cluster, which open themselves when they are used.

    Args:
        address: The cluster.
        timeout: How many seconds a batch to one node may take.
    """

    def __init__(self, address: ClusterAddress, timeout: float) -> None:
        self._address = address
        self._timeout = timeout
        self._wires: dict[str, Wire] = {}
        self._slots: list[Wire | None] = []
        self._loading: asyncio.Task[None] | None = None

    async def call(self, command: Command) -> object:
        """Send one command to the node that serves its key, and return its reply.

        Raises:
            StoreUnavailableError: There is no reply; the command may have been performed or not.
            StoreError: The node refused it.
        """
        return (await self.call_all(command))[0]

    async def call_all(self, *commands: Command) -> list[object]:
        """Send each command to the node that serves its key, all at the same time, and return their replies.

        Raises:
            StoreUnavailableError: Some reply is missing; each of the commands may have been performed or not.
            StoreError: A node refused one of them; the others were performed.
        """
        replies: dict[int, object] = {}
        left = list(range(len(commands)))
        for _ in range(_MAX_REDIRECTIONS):
            await self._load_where_unknown()
            replies.update(await self._exchange(commands, left))
            moved = [index for index in left if isinstance(replies[index], MovedError)]
            asked = [index for index in left if isinstance(replies[index], AskError) and index not in moved]
            for index in asked:
                replies[index] = await self._ask(commands[index], replies[index])
            if not moved:
                break
            # A part of the cluster has moved: read the map anew.
            self._slots = []
            left = moved
        return checked([replies[index] for index in range(len(commands))], str(self._address))

    async def servers(self) -> tuple[Wire, ...]:
        """Give the connections to all nodes that serve something.

        Raises:
            StoreUnavailableError: No node can be reached.
        """
        await self._load_where_unknown()
        return tuple(dict.fromkeys(wire for wire in self._slots if wire is not None))

    async def aclose(self) -> None:
        """Close the connections; calls that wait fail."""
        loading, self._loading = self._loading, None
        if loading is not None:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
        wires, self._wires, self._slots = list(self._wires.values()), {}, []
        await asyncio.gather(*[wire.aclose() for wire in wires])

    async def _exchange(self, commands: Sequence[Command], indexes: Sequence[int]) -> dict[int, object]:
        groups: defaultdict[Wire, list[int]] = defaultdict(list)
        for index in indexes:
            groups[self._wire_for(commands[index].key)].append(index)
        if len(groups) == 1:
            # No task of its own: what is called first must be sent first.
            [(wire, group)] = groups.items()
            outcomes = [await self._send(wire, [commands[index] for index in group])]
        else:
            sending = [self._send(wire, [commands[index] for index in group]) for wire, group in groups.items()]
            outcomes = await asyncio.gather(*sending)
        replies: dict[int, object] = {}
        for group, outcome in zip(groups.values(), outcomes, strict=True):
            if isinstance(outcome, StoreError):
                raise outcome
            replies.update(zip(group, outcome, strict=True))
        return replies

    async def _send(self, wire: Wire, commands: Sequence[Command]) -> list[object] | StoreError:
        try:
            return await wire.exchange(*commands)
        except StoreError as error:
            # The node may have failed, and another one may serve its part soon.
            self._slots = []
            return error

    async def _ask(self, command: Command, redirection: object) -> object:
        # The key is moving to another node, which takes this one call before the move is over.
        if not isinstance(redirection, AskError):
            return redirection
        wire = self._wire_at(self._address.at(redirection.host, redirection.port))
        return (await wire.exchange(_ASKING, command.whole()))[1]

    def _wire_for(self, key: Word | None) -> Wire:
        slot = 0 if key is None else key_slot(str(key).encode())
        # The map may have been given up since it was loaded, while other calls failed.
        wire = self._slots[slot] if self._slots else None
        if wire is None:
            raise StoreUnavailableError(f"no node of the Redis Cluster at {self._address} serves the slot {slot} now")
        return wire

    def _wire_at(self, node: RedisAddress) -> Wire:
        name = str(node)
        wire = self._wires.get(name)
        if wire is None:
            wire = self._wires[name] = Wire(node, self._timeout)
        return wire

    async def _load_where_unknown(self) -> None:
        while not self._slots:
            if self._loading is None or self._loading.done():
                self._loading = asyncio.create_task(self._load(), name="threadkeep-redis-cluster")
                self._loading.add_done_callback(_retrieve)
            # A caller that is cancelled does not stop the loading for the others.
            await asyncio.shield(self._loading)

    async def _load(self) -> None:
        last: StoreError | None = None
        for node in self._address.nodes:
            try:
                ranges = as_list(await self._wire_at(node).call(Command(("CLUSTER", "SLOTS"))))
            except StoreConfigError:
                raise
            except StoreUnavailableError as error:
                last = error
            except StoreError as error:
                raise StoreConfigError(
                    f"Redis at {node} is not a node of a cluster: give its URL as redis://... ({error})"
                ) from error
            else:
                await self._take(node, ranges)
                return
        raise StoreUnavailableError(f"no node of the Redis Cluster at {self._address} can be reached: {last}")

    async def _take(self, asked: RedisAddress, ranges: Sequence[object]) -> None:
        slots: list[Wire | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        nodes: dict[str, RedisAddress] = {}
        for found in ranges:
            first, last, primary = as_list(found)[:3]
            host, port = as_list(primary)[:2]
            # A node that does not know its own name is to be reached as before.
            node = self._address.at(as_bytes(host).decode() if host else asked.host, as_int(port))
            nodes[str(node)] = node
            slots[as_int(first) : as_int(last) + 1] = [self._wire_at(node)] * (as_int(last) + 1 - as_int(first))
        self._slots = slots
        self._address.learn(nodes.values())
        gone = [name for name in self._wires if name not in nodes]
        await asyncio.gather(*[self._wires.pop(name).aclose() for name in gone])


def _retrieve(task: asyncio.Task[None]) -> None:
    # If all callers were cancelled meanwhile, nobody asks why it failed; that is no reason for a warning.
    if not task.cancelled():
        task.exception()
