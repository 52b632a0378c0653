"""Reading sessions back, and changing what a program may change of them."""

from collections.abc import Mapping

from threadkeep.agent.costs import By, Cost, charged_since, costs
from threadkeep.agent.history import current_runs
from threadkeep.messages import Message
from threadkeep.runs import Run
from threadkeep.sessions import Session, check_id
from threadkeep.stores.base import History
from threadkeep.stores.charges import Charge
from threadkeep.stores.digests import Digests


class Sessions:
    """The sessions of an agent's store: ``agent.sessions``.

    Every call raises StoreUnavailableError when the store cannot be reached, and InvalidKeyError for text that cannot
    be an id.
    """

    def __init__(self, history: History, digests: Digests) -> None:
        self._history = history
        self._digests = digests

    async def get(self, session_id: str) -> Session | None:
        """Give what is known of a session; None if there is no such session."""
        transcript = await self._history.load(check_id(session_id, "session_id"), runs=0)
        return transcript.session if transcript is not None else None

    async def runs(self, session_id: str, limit: int = 20) -> tuple[Run, ...]:
        """Give a session's last runs, oldest first, with what people have edited or deleted since.

        Args:
            session_id: The session.
            limit: The most runs to read.
        """
        transcript = await self._history.load(check_id(session_id, "session_id"), runs=_positive(limit, "limit"))
        return current_runs(transcript)

    async def messages(self, session_id: str, limit_runs: int = 20) -> tuple[Message, ...]:
        """Give the messages of a session's last runs, oldest first.

        Args:
            session_id: The session.
            limit_runs: The most runs to read.
        """
        return tuple(message for run in await self.runs(session_id, limit_runs) for message in run.messages)

    async def of_user(self, user_id: str, limit: int = 50) -> tuple[Session, ...]:
        """List the sessions in which a user was answered, the latest first.

        Args:
            user_id: The user.
            limit: The most sessions to list.
        """
        return await self._history.sessions(check_id(user_id, "user_id"), limit=_positive(limit, "limit"))

    async def costs(self, session_id: str, *, by: By = "model", limit: int = 1000) -> Mapping[str, Cost]:
        """Give what a session's last runs have cost, by model, user or channel, and what was done after them.

        Args:
            session_id: The session.
            by: By what to sum up.
            limit: The most runs to read.
        """
        runs = await self.runs(session_id, limit)
        return costs(runs, charged_since(runs[:1], await self.charges(session_id)), by=by)

    async def charges(self, session_id: str) -> tuple[Charge, ...]:
        """Give what was asked of models for a session in the background: for summaries and memories, oldest first."""
        return await self._digests.charges(check_id(session_id, "session_id"))

    async def rename(self, session_id: str, name: str | None) -> bool:
        """Give a session a name, or none; False if there is no such session."""
        return await self._history.rename(check_id(session_id, "session_id"), name)

    async def delete(self, session_id: str) -> bool:
        """Delete a session with its runs; False if there was none."""
        return await self._history.delete(check_id(session_id, "session_id"))

    async def state(self, session_id: str) -> dict[str, object]:
        """Give the session's state; empty if there is none."""
        session = await self.get(session_id)
        return dict(session.state) if session is not None else {}

    async def set_state(self, session_id: str, state: Mapping[str, object]) -> bool:
        """Replace the session's state by a JSON object; False if there is no such session."""
        return await self._history.set_state(check_id(session_id, "session_id"), state)


def _positive(count: int, name: str) -> int:
    if count < 1:
        raise ValueError(f"{name} must be 1 or more, got {count!r}")
    return count
