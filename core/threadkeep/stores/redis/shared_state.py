"""What the processes of a bot share, in Redis."""

from threadkeep.messages import clean_text
from threadkeep.stores.redis import scripts
from threadkeep.stores.redis.keys import RedisKeys
from threadkeep.stores.redis.lines import Lines
from threadkeep.stores.redis.replies import as_int, as_list, as_text
from threadkeep.stores.redis.wire import Command, script_call


class RedisSharedState:
    """Notes, numbered slots that one process holds, and budgets; all times are the server's.

    Args:
        keys: Where everything is.
        lines: The connections.
    """

    def __init__(self, keys: RedisKeys, lines: Lines) -> None:
        self._keys = keys
        self._lines = lines

    async def recall(self, name: str) -> str | None:
        """Give what was noted; None if nothing was, or its time is over."""
        reply = await self._lines.here().wire.call(Command(("GET", self._keys.note(name))))
        return None if reply is None else as_text(reply)

    async def remember(self, name: str, text: str, *, seconds: float) -> None:
        """Note a text for a while; empty text forgets it."""
        key, life = self._keys.note(name), round(seconds * 1000)
        words = ("SET", key, clean_text(text), "PX", life) if text and life > 0 else ("DEL", key)
        await self._lines.here().wire.call(Command(words))

    async def take_slots(self, name: str, *, owner: str, total: int, most: int, seconds: float) -> frozenset[int]:
        """Keep the slots of an owner and take free ones, the lowest first; see ``SharedState``."""
        words = (owner, total, max(most, 0), max(1, round(seconds * 1000)))
        reply = await self._lines.here().wire.call(script_call(scripts.SLOTS, [self._keys.slots(name)], *words))
        return frozenset(as_int(slot) for slot in as_list(reply))

    async def free_slots(self, name: str, *, owner: str) -> None:
        """Give all slots of an owner back."""
        await self._lines.here().wire.call(script_call(scripts.FREE, [self._keys.slots(name)], owner))

    async def spend(self, name: str, amount: int, *, limit: int, per_seconds: float) -> float:
        """Take units of what all may use within some seconds, or give how long to wait; see ``SharedState``."""
        words = (amount, limit, max(1, round(per_seconds * 1000)))
        reply = await self._lines.here().wire.call(script_call(scripts.SPEND, [self._keys.spent(name)], *words))
        return as_int(reply) / 1000
