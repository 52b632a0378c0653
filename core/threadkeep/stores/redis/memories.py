"""What is remembered of users, in Redis."""

from collections.abc import Callable, Sequence

from threadkeep.stores.base import Memo
from threadkeep.stores.memos import changed_memo, decode_memo, encode_memo, new_memo, said_again
from threadkeep.stores.options import MAX_MEMOS
from threadkeep.stores.redis import scripts
from threadkeep.stores.redis.keys import RedisKeys
from threadkeep.stores.redis.lines import Lines
from threadkeep.stores.redis.replies import as_bytes, as_fields, as_int, as_list, as_text
from threadkeep.stores.redis.wire import Command, script_call


class RedisMemories:
    """What is remembered of users across sessions; kept until it is removed.

    Args:
        keys: Where everything is.
        lines: The connections.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(self, keys: RedisKeys, lines: Lines, clock: Callable[[], float]) -> None:
        self._keys = keys
        self._lines = lines
        self._clock = clock

    async def add(
        self,
        user_id: str,
        text: str,
        *,
        topics: Sequence[str] = (),
        source: str | None = None,
        is_private: bool = False,
    ) -> Memo:
        """Remember something of a user; beyond a thousand things the oldest is forgotten. See ``Memories``."""
        now = self._clock()
        memo = new_memo(text, now, topics=topics, source=source, is_private=is_private)
        keys = [self._keys.user_memories(user_id)]
        call = script_call(scripts.REMEMBER, keys, memo.memo_id, encode_memo(memo), MAX_MEMOS)
        known = as_list(await self._lines.here().wire.call(call))
        if not known:
            return memo
        again = said_again(decode_memo(as_text(known[0]), as_bytes(known[1])), now, is_private=is_private)
        await self._rewrite(user_id, again)
        return again

    async def change(self, user_id: str, memo_id: str, text: str, *, topics: Sequence[str] = ()) -> bool:
        """Replace what is remembered under an id; see ``Memories``."""
        key = self._keys.user_memories(user_id)
        body = await self._lines.here().wire.call(Command(("HGET", key, memo_id)))
        if body is None:
            return False
        known = decode_memo(memo_id, as_bytes(body))
        return await self._rewrite(user_id, changed_memo(known, text, self._clock(), topics=topics))

    async def list(self, user_id: str, *, limit: int) -> tuple[Memo, ...]:
        """List the latest things that are remembered of a user, the oldest of them first."""
        reply = await self._lines.here().wire.call(Command(("HGETALL", self._keys.user_memories(user_id))))
        fields = as_fields(reply)
        return tuple(decode_memo(memo_id, fields[memo_id]) for memo_id in sorted(fields)[max(0, len(fields) - limit) :])

    async def remove(self, user_id: str, memo_id: str) -> bool:
        """Forget one thing; False if it was not known."""
        reply = await self._lines.here().wire.call(Command(("HDEL", self._keys.user_memories(user_id), memo_id)))
        return as_int(reply) > 0

    async def clear(self, user_id: str) -> int:
        """Forget everything of a user; return how much that was."""
        key = self._keys.user_memories(user_id)
        count, _ = await self._lines.here().wire.call_all(Command(("HLEN", key)), Command(("DEL", key)))
        return as_int(count)

    async def _rewrite(self, user_id: str, memo: Memo) -> bool:
        # What was forgotten meanwhile stays forgotten.
        call = script_call(scripts.REWRITE, [self._keys.user_memories(user_id)], memo.memo_id, encode_memo(memo))
        return bool(as_int(await self._lines.here().wire.call(call)))
