"""What is remembered of users, in SQLite."""

import sqlite3
from collections.abc import Callable

from threadkeep.messages import clean_text
from threadkeep.stores.base import Memo
from threadkeep.stores.memos import new_memo
from threadkeep.stores.options import MAX_MEMOS
from threadkeep.stores.sqlite.database import Database


class SQLiteMemories:
    """What is remembered of users across sessions; kept until it is removed.

    Args:
        database: The tables.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def add(self, user_id: str, text: str) -> Memo:
        """Remember something of a user; beyond a thousand things the oldest is forgotten."""
        memo = new_memo(clean_text(text), self._clock())

        def operation(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO memories VALUES (?, ?, ?, ?)", (user_id, memo.memo_id, memo.created_at, memo.text)
            )
            connection.execute(
                "DELETE FROM memories WHERE user_id = ? AND memo_id IN "
                "(SELECT memo_id FROM memories WHERE user_id = ? ORDER BY memo_id DESC LIMIT -1 OFFSET ?)",
                (user_id, user_id, MAX_MEMOS),
            )

        await self._database.write(operation)
        return memo

    async def list(self, user_id: str, *, limit: int) -> tuple[Memo, ...]:
        """List the latest things that are remembered of a user, the oldest of them first."""

        def operation(connection: sqlite3.Connection) -> tuple[Memo, ...]:
            rows = connection.execute(
                "SELECT memo_id, text, created_at FROM memories WHERE user_id = ? ORDER BY memo_id DESC LIMIT ?",
                (user_id, max(limit, 0)),
            ).fetchall()
            return tuple(Memo(memo_id=memo_id, text=text, created_at=at) for memo_id, text, at in reversed(rows))

        return await self._database.read(operation)

    async def remove(self, user_id: str, memo_id: str) -> bool:
        """Forget one thing; False if it was not known."""
        statement = "DELETE FROM memories WHERE user_id = ? AND memo_id = ?"
        return await self._database.write(
            lambda connection: connection.execute(statement, (user_id, memo_id)).rowcount > 0
        )

    async def clear(self, user_id: str) -> int:
        """Forget everything of a user; return how much that was."""
        statement = "DELETE FROM memories WHERE user_id = ?"
        return await self._database.write(lambda connection: connection.execute(statement, (user_id,)).rowcount)
