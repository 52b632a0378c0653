"""Sessions and their finished runs in Redis."""

from collections.abc import Mapping, Sequence
from typing import Final

from threadkeep.messages import clean_text
from threadkeep.runs import Run
from threadkeep.sessions import Session
from threadkeep.stores.base import Feedback, Transcript
from threadkeep.stores.codec import decode_run, encode_run, encode_state
from threadkeep.stores.options import MAX_INDEXED_SESSIONS, MAX_SPEAKERS, StoreOptions
from threadkeep.stores.presses import read_feedback
from threadkeep.stores.redis import scripts
from threadkeep.stores.redis.claims import read_amendments
from threadkeep.stores.redis.inbox import index_call, milliseconds
from threadkeep.stores.redis.keys import RedisKeys
from threadkeep.stores.redis.lines import Lines
from threadkeep.stores.redis.replies import as_bytes, as_fields, as_int, as_list, as_text
from threadkeep.stores.redis.sessions import read_session
from threadkeep.stores.redis.wire import Command, script_call

_PAGE: Final = 100


class RedisHistory:
    """Sessions and finished runs.

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

    async def load(self, session_id: str, *, runs: int, most_runs: int = 0) -> Transcript | None:
        """Read a session with its last runs; see ``History``."""
        call = script_call(scripts.LOAD, self._keys.session(session_id), runs, most_runs)
        reply = as_list(await self._lines.here().wire.call(call))
        if not reply:
            return None
        fields, bodies, amendments = reply
        return Transcript(
            session=read_session(session_id, as_fields(fields)),
            runs=tuple(decode_run(as_bytes(body)) for body in as_list(bodies)),
            amendments=read_amendments(amendments),
        )

    async def append(self, run: Run, *, state: Mapping[str, object] | None = None) -> None:
        """Add a finished run; see ``History``."""
        keys = self._keys.session(run.session_id)
        words = (run.run_id, encode_run(run), run.user_id or "", self._options.max_runs, MAX_SPEAKERS, self._retention)
        kept = b"" if state is None else encode_state(state)
        commands = [script_call(scripts.APPEND, keys, *words, int(run.is_boundary), kept)]
        if run.user_id is not None:
            commands.append(index_call(self._keys, run.user_id, run.session_id, self._retention))
        await self._lines.here().wire.call_all(*commands)

    async def sessions(self, user_id: str, *, limit: int = 50) -> tuple[Session, ...]:
        """List a user's sessions, the latest first; entries of deleted and expired ones are removed."""
        index = self._keys.user_sessions(user_id)
        wire = self._lines.here().wire
        found: list[Session] = []
        gone: list[str] = []
        position = 0
        while len(found) < limit and position < MAX_INDEXED_SESSIONS:
            size = min(limit - len(found), _PAGE)
            page = as_list(await wire.call(Command(("ZREVRANGE", index, position, position + size - 1))))
            for session_id, session in await self._read_all([as_text(name) for name in page]):
                if session is None:
                    gone.append(session_id)
                else:
                    found.append(session)
            position += size
            if len(page) < size:
                break
        if gone:
            await wire.call(Command(("ZREM", index, *gone)))
        return tuple(found)

    async def rename(self, session_id: str, name: str | None) -> bool:
        """Give a session a name, or none."""
        return await self._change(session_id, "name", clean_text(name or ""))

    async def set_state(self, session_id: str, state: Mapping[str, object]) -> bool:
        """Replace the session state."""
        return await self._change(session_id, "state", encode_state(state))

    async def feedback(self, session_id: str) -> tuple[Feedback, ...]:
        """Give what people think of the answers of a session; see ``History``."""
        reply = await self._lines.here().wire.call(script_call(scripts.OPINIONS, self._keys.session(session_id)))
        parts = [as_bytes(opinion).split(b"\n", 2) for opinion in as_list(reply)]
        return tuple(read_feedback(body, given_at=float(time)) for _, time, body in parts)

    async def delete(self, session_id: str) -> bool:
        """Delete a session with all that belongs to it; see ``History``."""
        call = script_call(scripts.DELETE, self._keys.scheduled(session_id), session_id)
        return bool(as_int(await self._lines.here().wire.call(call)))

    async def _change(self, session_id: str, field: str, value: str | bytes) -> bool:
        call = script_call(scripts.CHANGE, self._keys.session(session_id)[:1], field, value)
        return bool(as_int(await self._lines.here().wire.call(call)))

    async def _read_all(self, session_ids: Sequence[str]) -> list[tuple[str, Session | None]]:
        if not session_ids:
            return []
        commands = [Command(("HGETALL", self._keys.session(session_id)[0])) for session_id in session_ids]
        replies = [as_fields(reply) for reply in await self._lines.here().wire.call_all(*commands)]
        return [
            (session_id, read_session(session_id, fields) if fields else None)
            for session_id, fields in zip(session_ids, replies, strict=True)
        ]
