"""How far sessions have been summed up and read, and who has several accounts, in Redis."""

from threadkeep.messages import clean_text
from threadkeep.stores.base import Transcript
from threadkeep.stores.charges import MAX_CHARGES, Charge, decode_charge, encode_charge
from threadkeep.stores.codec import decode_run
from threadkeep.stores.options import MAX_LINKED, StoreOptions
from threadkeep.stores.redis import scripts
from threadkeep.stores.redis.claims import read_amendments
from threadkeep.stores.redis.inbox import milliseconds
from threadkeep.stores.redis.keys import RedisKeys
from threadkeep.stores.redis.lines import Lines
from threadkeep.stores.redis.replies import as_bytes, as_fields, as_int, as_list, as_text
from threadkeep.stores.redis.sessions import read_session
from threadkeep.stores.redis.wire import Command, script_call


class RedisDigests:
    """How far sessions have been summed up and read for memories.

    Args:
        keys: Where everything is.
        options: How long sessions are kept.
        lines: The connections.
    """

    def __init__(self, keys: RedisKeys, options: StoreOptions, lines: Lines) -> None:
        self._keys = keys
        self._retention = milliseconds(options.retention)
        self._lines = lines

    async def page(self, session_id: str, *, after: int, runs: int) -> Transcript | None:
        """Read the runs that follow the one with a number; see ``Digests``."""
        call = script_call(scripts.PAGE, self._keys.session(session_id), max(after, 0), runs)
        reply = as_list(await self._lines.here().wire.call(call))
        if not reply:
            return None
        fields, bodies, amendments, before = reply
        return Transcript(
            session=read_session(session_id, as_fields(fields)),
            runs=tuple(decode_run(as_bytes(body)) for body in as_list(bodies)),
            amendments=read_amendments(amendments),
            before=as_int(before),
        )

    async def summarise(self, session_id: str, summary: str, *, since: int, until: int) -> bool:
        """Replace the summary; see ``Digests``."""
        return await self._advance(session_id, "summarised", since, until, 1, clean_text(summary))

    async def mark_read(self, session_id: str, *, since: int, until: int) -> bool:
        """Note up to where runs are read for memories; see ``Digests``."""
        return await self._advance(session_id, "read", since, until, 0, "")

    async def charge(self, charge: Charge) -> bool:
        """Keep what a call in the background cost; see ``Digests``."""
        keys = (*self._keys.session(charge.session_id), self._keys.charges(charge.session_id))
        call = script_call(scripts.CHARGE, keys, encode_charge(charge), MAX_CHARGES, self._retention)
        return bool(as_int(await self._lines.here().wire.call(call)))

    async def charges(self, session_id: str) -> tuple[Charge, ...]:
        """Give what calls in the background cost; see ``Digests``."""
        command = Command(("LRANGE", self._keys.charges(session_id), 0, -1))
        reply = as_list(await self._lines.here().wire.call(command))
        return tuple(decode_charge(session_id, as_bytes(body)) for body in reply)

    async def _advance(self, session_id: str, *words: str | int) -> bool:
        call = script_call(scripts.ADVANCE, self._keys.session(session_id), *words)
        return bool(as_int(await self._lines.here().wire.call(call)))


class RedisLinks:
    """Accounts of one person.

    Args:
        keys: Where everything is.
        lines: The connections.
    """

    def __init__(self, keys: RedisKeys, lines: Lines) -> None:
        self._key = keys.links
        self._lines = lines

    async def of(self, user_id: str) -> tuple[str, ...]:
        """Give all accounts of a person; see ``Links``."""
        reply = await self._lines.here().wire.call(Command(("HGET", self._key, user_id)))
        return (user_id,) if reply is None else tuple(as_text(reply).split("\n"))

    async def link(self, user_id: str, other: str) -> bool:
        """Make two accounts one person's; see ``Links``."""
        call = script_call(scripts.LINK, [self._key], user_id, other, MAX_LINKED)
        return bool(as_int(await self._lines.here().wire.call(call)))

    async def unlink(self, user_id: str) -> bool:
        """Take an account out of those of its person; see ``Links``."""
        call = script_call(scripts.UNLINK, [self._key], user_id)
        return bool(as_int(await self._lines.here().wire.call(call)))
