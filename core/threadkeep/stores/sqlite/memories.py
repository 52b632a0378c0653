"""What is remembered of users, in SQLite."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from threadkeep.stores.base import Memo
from threadkeep.stores.memos import changed_memo, fingerprint, new_memo, said_again
from threadkeep.stores.options import MAX_MEMOS
from threadkeep.stores.sqlite.database import Database

_FIELDS: Final = "memo_id, text, created_at, updated_at, topics, source, is_private"


class SQLiteMemories:
    """What is remembered of users across sessions; kept until it is removed.

    Args:
        database: The tables.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
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

        def operation(connection: sqlite3.Connection) -> Memo:
            row = connection.execute(
                f"SELECT {_FIELDS} FROM memories WHERE user_id = ? AND fingerprint = ?",  # noqa: S608 - a constant
                (user_id, fingerprint(memo.text)),
            ).fetchone()
            if row is not None:
                again = said_again(_read(row), now, is_private=is_private)
                _write(connection, user_id, again)
                return again
            _write(connection, user_id, memo)
            connection.execute(
                "DELETE FROM memories WHERE user_id = ? AND memo_id IN "
                "(SELECT memo_id FROM memories WHERE user_id = ? ORDER BY memo_id DESC LIMIT -1 OFFSET ?)",
                (user_id, user_id, MAX_MEMOS),
            )
            return memo

        return await self._database.write(operation)

    async def change(self, user_id: str, memo_id: str, text: str, *, topics: Sequence[str] = ()) -> bool:
        """Replace what is remembered under an id; see ``Memories``."""

        def operation(connection: sqlite3.Connection) -> bool:
            row = connection.execute(
                f"SELECT {_FIELDS} FROM memories WHERE user_id = ? AND memo_id = ?",  # noqa: S608 - a constant
                (user_id, memo_id),
            ).fetchone()
            if row is None:
                return False
            _write(connection, user_id, changed_memo(_read(row), text, self._clock(), topics=topics))
            return True

        return await self._database.write(operation)

    async def list(self, user_id: str, *, limit: int) -> tuple[Memo, ...]:
        """List the latest things that are remembered of a user, the oldest of them first."""

        def operation(connection: sqlite3.Connection) -> tuple[Memo, ...]:
            rows = connection.execute(
                f"SELECT {_FIELDS} FROM memories WHERE user_id = ? ORDER BY memo_id DESC LIMIT ?",  # noqa: S608 - a constant
                (user_id, max(limit, 0)),
            ).fetchall()
            return tuple(_read(row) for row in reversed(rows))

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


def _write(connection: sqlite3.Connection, user_id: str, memo: Memo) -> None:
    topics = json.dumps(memo.topics, ensure_ascii=False)
    connection.execute(
        f"INSERT OR REPLACE INTO memories (user_id, fingerprint, {_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
        (
            *(user_id, fingerprint(memo.text), memo.memo_id, memo.text),
            *(memo.created_at, memo.updated_at, topics, memo.source, memo.is_private),
        ),
    )


def _read(row: tuple[str, str, float, float, str, str | None, int]) -> Memo:
    memo_id, text, created_at, updated_at, topics, source, is_private = row
    return Memo(
        memo_id=memo_id,
        text=text,
        created_at=created_at,
        updated_at=updated_at,
        topics=tuple(json.loads(topics)),
        source=source,
        is_private=bool(is_private),
    )
