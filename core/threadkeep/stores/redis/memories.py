"""What is remembered of users, in Redis."""

import json
from collections.abc import Callable

from threadkeep.messages import clean_text
from threadkeep.stores.base import Memo
from threadkeep.stores.memos import new_memo
from threadkeep.stores.options import MAX_MEMOS
from threadkeep.stores.redis import scripts
from threadkeep.stores.redis.keys import RedisKeys
from threadkeep.stores.redis.lines import Lines
from threadkeep.stores.redis.replies import as_fields, as_int
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

    async def add(self, user_id: str, text: str) -> Memo:
        """Remember something of a user; beyond a thousand things the oldest is forgotten."""
        memo = new_memo(clean_text(text), self._clock())
        body = json.dumps([memo.created_at, memo.text], ensure_ascii=False)
        keys = [self._keys.user_memories(user_id)]
        await self._lines.here().wire.call(script_call(scripts.REMEMBER, keys, memo.memo_id, body, MAX_MEMOS))
        return memo

    async def list(self, user_id: str, *, limit: int) -> tuple[Memo, ...]:
        """List the latest things that are remembered of a user, the oldest of them first."""
        reply = await self._lines.here().wire.call(Command(("HGETALL", self._keys.user_memories(user_id))))
        fields = as_fields(reply)
        return tuple(_read(memo_id, fields[memo_id]) for memo_id in sorted(fields)[max(0, len(fields) - limit) :])

    async def remove(self, user_id: str, memo_id: str) -> bool:
        """Forget one thing; False if it was not known."""
        reply = await self._lines.here().wire.call(Command(("HDEL", self._keys.user_memories(user_id), memo_id)))
        return as_int(reply) > 0

    async def clear(self, user_id: str) -> int:
        """Forget everything of a user; return how much that was."""
        key = self._keys.user_memories(user_id)
        count, _ = await self._lines.here().wire.call_all(Command(("HLEN", key)), Command(("DEL", key)))
        return as_int(count)


def _read(memo_id: str, body: bytes) -> Memo:
    created_at, text = json.loads(body)
    return Memo(memo_id=memo_id, text=text, created_at=created_at)
