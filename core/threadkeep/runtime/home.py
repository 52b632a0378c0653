"""A person's own page, read from the store."""

from typing import Final

from threadkeep.agent.personal import memos_of
from threadkeep.chat.home import HomeMemo, HomePage, HomeSession
from threadkeep.errors import InvalidKeyError
from threadkeep.sessions import Session, SessionKey, UserKey
from threadkeep.stores.base import Store

HOME_RUNS: Final = 20
"""How many of a conversation's last runs are counted."""


class StoredHome:
    """Reads a person's page, a bounded number of calls for each. Implements ``chat.home.HomeDesk``.

    Args:
        store: Where the conversations are kept.
        has_memory: Whether the agent remembers people.
        description: What the bot says of itself.
    """

    def __init__(self, store: Store, *, has_memory: bool, description: str = "") -> None:
        self._store: Final = store
        self._has_memory: Final = has_memory
        self._description: Final = description

    async def page(self, user: UserKey, *, sessions: int, memos: int) -> HomePage:
        """Give the page of a person: conversations in which they spoke, runs that answered them, their memories.

        Raises:
            StoreError: It cannot be read.
        """
        user_id = str(user)
        known = await self._store.history.sessions(user_id, limit=sessions)
        found = [session for session in known if user_id in session.user_ids and _is_of(session, user)]
        runs, tokens = await self._usage(user_id, found)
        remembered = await memos_of(self._store, user_id, limit=memos)
        return HomePage(
            sessions=tuple(
                HomeSession(session_id=session.session_id, name=session.name, updated_at=session.updated_at)
                for session in found
            ),
            runs=runs,
            tokens=tokens,
            memos=tuple(HomeMemo(memo_id=memo.memo_id, text=memo.text) for memo in remembered),
            has_memory=self._has_memory,
            description=self._description,
        )

    async def forget(self, user: UserKey, memo_id: str) -> bool:
        """Forget something about a person; False if it is not known of them.

        Raises:
            StoreError: It cannot be forgotten now.
        """
        accounts = await self._store.links.of(str(user))
        return any([await self._store.memories.remove(account, memo_id) for account in accounts])

    async def _usage(self, user_id: str, sessions: list[Session]) -> tuple[int, int]:
        runs = tokens = 0
        for session in sessions:
            transcript = await self._store.history.load(session.session_id, runs=HOME_RUNS)
            for run in () if transcript is None else transcript.runs:
                if run.user_id == user_id and run.command is None:
                    runs += 1
                    tokens += (run.metrics.input_tokens or 0) + (run.metrics.output_tokens or 0)
        return runs, tokens


def _is_of(session: Session, user: UserKey) -> bool:
    """Tell whether a conversation is one of the person's platform; programs may have others with the same person."""
    try:
        return SessionKey.parse(session.session_id).platform == user.platform
    except InvalidKeyError:
        return False
