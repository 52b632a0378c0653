"""Sealed values, in Redis."""

from typing import Final

from threadkeep.stores.redis import scripts
from threadkeep.stores.redis.keys import RedisKeys
from threadkeep.stores.redis.lines import Lines
from threadkeep.stores.redis.replies import as_bytes, as_int, as_list, as_text
from threadkeep.stores.redis.wire import Command, script_call


class RedisVault:
    """Sealed values by name, in one hash; kept until they are deleted.

    Args:
        keys: Where everything is.
        lines: The connections.
    """

    def __init__(self, keys: RedisKeys, lines: Lines) -> None:
        self._key: Final = keys.vault
        self._lines: Final = lines

    async def put(self, name: str, value: bytes, *, expected: bytes | None = None) -> bool:
        """Keep a value; see ``Vault``."""
        return await self._change("put", name, value, expected=expected)

    async def get(self, name: str) -> bytes | None:
        """Give the value of a name; None if there is none."""
        reply = await self._lines.here().wire.call(Command(("HGET", self._key, name)))
        return None if reply is None else as_bytes(reply)

    async def delete(self, name: str, *, expected: bytes | None = None) -> bool:
        """Forget a value; see ``Vault``."""
        return await self._change("delete", name, b"", expected=expected)

    async def names(self, prefix: str) -> tuple[str, ...]:
        """List the names that begin so, in alphabetical order."""
        reply = await self._lines.here().wire.call(Command(("HKEYS", self._key)))
        return tuple(sorted(name for name in map(as_text, as_list(reply)) if name.startswith(prefix)))

    async def _change(self, verb: str, name: str, value: bytes, *, expected: bytes | None) -> bool:
        words = (name, verb, "0" if expected is None else "1", expected or b"", value)
        reply = await self._lines.here().wire.call(script_call(scripts.SEAL, [self._key], *words))
        return as_int(reply) > 0
