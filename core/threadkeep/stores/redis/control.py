"""Signals in Redis: published by the scripts that accept events, heard by every worker."""

import json
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog

from threadkeep.chat.events import MessageReceived
from threadkeep.runs import Run
from threadkeep.stores.base import Lease
from threadkeep.stores.codec import encode_run
from threadkeep.stores.operations import Signal, SignalKind
from threadkeep.stores.options import MAX_SPEAKERS, StoreOptions
from threadkeep.stores.redis import scripts
from threadkeep.stores.redis.claims import read_item
from threadkeep.stores.redis.inbox import index_call, lost, milliseconds
from threadkeep.stores.redis.keys import RedisKeys
from threadkeep.stores.redis.lines import Lines
from threadkeep.stores.redis.replies import as_bytes, as_int, as_list, as_text
from threadkeep.stores.redis.subscription import Subscription
from threadkeep.stores.redis.wire import Command, script_call
from threadkeep.stores.signals import SignalBuffer

_log = structlog.get_logger(__name__)
_KINDS: Final = frozenset(SignalKind)


class RedisControl:
    """What the worker that holds a session must hear at once.

    Args:
        keys: Where everything is.
        options: How much is kept.
        lines: The connections.
    """

    def __init__(self, keys: RedisKeys, options: StoreOptions, lines: Lines) -> None:
        self._keys = keys
        self._options = options
        self._lines = lines
        self._retention = milliseconds(options.retention)

    @asynccontextmanager
    async def signals(self) -> AsyncGenerator[AsyncIterator[Signal], None]:
        """Listen to all signals, on a connection of its own; see ``Control``.

        The latest thousand wait for a slow listener; the older ones are dropped.

        Raises:
            StoreUnavailableError: The server cannot be reached. Once the listening has begun, a lost connection is
                opened again instead, and the listener is told that signals were missed.
        """
        buffer = SignalBuffer()

        def hear(message: bytes) -> None:
            signal = _read(message)
            if signal is not None:
                buffer.put(signal)

        lines = self._lines
        subscription = Subscription(
            lines.address, self._keys.control_channel, on_message=hear, on_open=buffer.miss, timeout=lines.timeout
        )
        await subscription.open()
        try:
            yield buffer
        finally:
            await subscription.aclose()

    async def repeat(self, leases: Sequence[Lease]) -> tuple[Signal, ...]:
        """Tell once more what the holders must know, one call for each partition, together; see ``Control``."""
        groups: defaultdict[int, list[Lease]] = defaultdict(list)
        for lease in leases:
            groups[self._keys.partition_of(lease.session_id)].append(lease)
        if not groups:
            return ()
        commands = [self._repeat_call(partition, group) for partition, group in groups.items()]
        replies = await self._lines.here().wire.call_all(*commands)
        return tuple(_standing(as_list(found)) for reply in replies for found in as_list(reply))

    async def waiting(self, lease: Lease) -> tuple[MessageReceived, ...]:
        """Read what waits: what the run takes, and up to a claim's worth beyond; see ``Control``."""
        call = script_call(
            scripts.WAITING, self._keys.session(lease.session_id), lease.fence, self._options.max_claimed_events
        )
        is_held, *items = as_list(await self._lines.here().wire.call(call))
        if not as_int(is_held):
            raise lost(lease)
        return tuple(read_item(as_bytes(item)) for item in as_list(items[0]))

    async def pull(self, lease: Lease, message: str) -> bool:
        """Let the run in progress take one more message; see ``Control``."""
        keys = self._keys.session(lease.session_id)
        call = script_call(scripts.PULL, keys, lease.fence, self._retention, message)
        done = as_int(await self._lines.here().wire.call(call))
        if done < 0:
            raise lost(lease)
        return done > 0

    async def answer_aside(self, lease: Lease, run: Run, message: str) -> None:
        """Append a run beside the one in progress; see ``Control``."""
        words = (self._retention, message, run.run_id, encode_run(run), run.user_id or "")
        limits = (self._options.max_runs, MAX_SPEAKERS)
        commands = [script_call(scripts.ASIDE, self._keys.session(lease.session_id), lease.fence, *words, *limits)]
        if run.user_id is not None:
            commands.append(index_call(self._keys, run.user_id, lease.session_id, self._retention))
        if not as_int((await self._lines.here().wire.call_all(*commands))[0]):
            raise lost(lease)

    async def extend(self, lease: Lease, taken: int) -> None:
        """Let the run in progress take more; see ``Control``."""
        keys = self._keys.session(lease.session_id)
        reply = await self._lines.here().wire.call(
            script_call(scripts.EXTEND, keys, lease.fence, self._retention, max(taken, 0))
        )
        if not as_int(reply):
            raise lost(lease)

    def _repeat_call(self, partition: int, leases: Sequence[Lease]) -> Command:
        words = [word for lease in leases for word in (lease.session_id, lease.fence)]
        keys = (self._keys.fence(partition),)
        return script_call(scripts.REPEAT, keys, self._keys.session_base(partition), *words)


def _standing(found: Sequence[object]) -> Signal:
    session_id, is_stopped, waiting = found
    kind = SignalKind.STOP if as_int(is_stopped) else SignalKind.MESSAGE
    return Signal(session_id=as_text(session_id), kind=kind, waiting=as_int(waiting))


def _read(message: bytes) -> Signal | None:
    words = json.loads(message)
    if words["k"] not in _KINDS:
        # A newer version of the program says more than this one understands.
        _log.debug("signal_not_understood", kind=words["k"])
        return None
    return Signal(session_id=words["s"], kind=SignalKind(words["k"]), waiting=words["w"], message=words.get("m"))
