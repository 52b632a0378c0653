"""Dead letters in Redis: each in the partition of its session, where a commit can write it."""

from collections.abc import Sequence
from itertools import chain

from threadkeep.stores.operations import DeadLetter
from threadkeep.stores.options import StoreOptions
from threadkeep.stores.redis import scripts
from threadkeep.stores.redis.claims import read_item
from threadkeep.stores.redis.inbox import milliseconds
from threadkeep.stores.redis.keys import RedisKeys
from threadkeep.stores.redis.lines import Lines
from threadkeep.stores.redis.replies import as_bytes, as_int, as_list
from threadkeep.stores.redis.wire import Command, script_call


class RedisDeadLetters:
    """What was given up. A letter's id is that of its run.

    Args:
        keys: Where everything is.
        options: How much is kept.
        lines: The connections.
    """

    def __init__(self, keys: RedisKeys, options: StoreOptions, lines: Lines) -> None:
        self._keys = keys
        self._lines = lines
        self._retention = milliseconds(options.retention)

    async def list(self, *, limit: int = 100) -> tuple[DeadLetter, ...]:
        """List the letters of all partitions, the latest first."""
        if limit < 1:
            return ()
        commands = [script_call(scripts.LETTERS, keys, limit) for keys in self._partitions()]
        replies = await self._lines.here().wire.call_all(*commands)
        letters = [_read(as_bytes(body)) for body in chain.from_iterable(as_list(reply) for reply in replies) if body]
        return tuple(sorted(letters, key=lambda letter: letter.died_at, reverse=True)[:limit])

    async def get(self, letter_id: str) -> DeadLetter | None:
        """Read one."""
        commands = [Command(("HGET", letters, letter_id)) for _, letters in self._partitions()]
        bodies = await self._lines.here().wire.call_all(*commands)
        return next((_read(as_bytes(body)) for body in bodies if body is not None), None)

    async def retry(self, letter_id: str) -> bool:
        """Let its messages wait in their session again; see ``DeadLetters``."""
        line = self._lines.here()
        commands = [
            script_call(
                scripts.RETRY,
                (*self._keys.schedule(partition), *self._keys.letters(partition)),
                *(self._keys.session_base(partition), letter_id, self._retention),
                *(self._keys.wake_channel, line.origin_in(partition)),
            )
            for partition in range(self._keys.partitions)
        ]
        is_found = False
        for partition, reply in enumerate(await line.wire.call_all(*commands)):
            is_here, is_woken = as_list(reply)
            is_found = is_found or bool(as_int(is_here))
            if as_int(is_woken):
                line.wake(partition)
        return is_found

    async def drop(self, letter_id: str) -> bool:
        """Forget one; False if there is no such letter."""
        commands = [script_call(scripts.DROP, keys, letter_id) for keys in self._partitions()]
        return any(as_int(reply) for reply in await self._lines.here().wire.call_all(*commands))

    def _partitions(self) -> Sequence[tuple[str, str]]:
        return [self._keys.letters(partition) for partition in range(self._keys.partitions)]


def _read(body: bytes) -> DeadLetter:
    session_id, run_id, reason, attempts, died_at, *items = body.split(b"\x00")
    return DeadLetter(
        letter_id=run_id.decode(),
        session_id=session_id.decode(),
        run_id=run_id.decode(),
        reason=reason.decode(),
        attempts=int(attempts),
        events=tuple(read_item(item) for item in items),
        died_at=int(died_at) / 1000,
    )
