"""Gateway sessions that outlive their process."""

import json

import structlog

from threadkeep.chat.adapter import SharedState
from threadkeep.errors import StoreError
from threadkeep_discord.gateway import GatewaySession, Shard

_log = structlog.get_logger(__name__)

_KEPT_SECONDS = 900.0
"""How long a note is kept. Discord keeps a session that lost its connection for minutes; it does not say how many."""


class SessionNotes:
    """Note where a shard is in its gateway session, for whichever process runs it next.

    Args:
        shared: What the processes share; None if there is only this one.
        application_id: The bot's application.
        intents: What the sessions were begun with: a session goes on with the intents that it has.
    """

    def __init__(self, shared: SharedState | None, *, application_id: int, intents: int) -> None:
        self._shared = shared
        self._application_id = application_id
        self._intents = intents
        self._noted: dict[int, GatewaySession] = {}

    @property
    def is_kept(self) -> bool:
        """Whether another process could go on with a session."""
        return self._shared is not None

    async def recall(self, shard: Shard) -> GatewaySession | None:
        """Give the session of a shard; None if there is none that can be gone on with.

        Raises:
            StoreError: The store does not say.
        """
        text = await self._shared.recall(self._name(shard)) if self._shared is not None else None
        if not text:
            return None
        try:
            note = json.loads(text)
            if (note["intents"], note["shards"]) != (self._intents, shard.count):
                return None
            return GatewaySession(session_id=note["session"], sequence=note["sequence"], gateway=note["gateway"])
        except (ValueError, TypeError, LookupError):
            _log.warning("discord_session_note_unreadable", shard=shard.number)
            return None

    async def remember(self, shard: Shard, session: GatewaySession | None) -> None:
        """Note where a shard is, if that changed. What cannot be noted is logged: the note before it stays."""
        if self._shared is None or session is None or self._noted.get(shard.number) == session:
            return
        note = {
            "session": session.session_id,
            "sequence": session.sequence,
            "gateway": session.gateway,
            "intents": self._intents,
            "shards": shard.count,
        }
        try:
            await self._shared.remember(self._name(shard), json.dumps(note), seconds=_KEPT_SECONDS)
        except StoreError as error:
            _log.warning("discord_session_not_noted", shard=shard.number, reason=str(error))
        else:
            self._noted[shard.number] = session

    def _name(self, shard: Shard) -> str:
        return f"discord-gateway:{self._application_id}:{shard.number}"
