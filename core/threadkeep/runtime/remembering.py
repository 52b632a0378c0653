"""What a person is told of their memories, and forgetting them."""

import json
from functools import partial
from typing import Final

from threadkeep.agent.personal import memos_of
from threadkeep.agent.request import Journal
from threadkeep.runtime.journal import until_stored
from threadkeep.stores.base import Memo, Store

FORGET: Final = "forget"
"""The step that holds what is being forgotten, so that a repeated attempt says the same."""

_SHOWN: Final = 100
_MOST: Final = 1_000
_EVERYTHING: Final = "all"


class Remembering:
    """The memories of one person, as they see them.

    Args:
        store: Where they are.
        user_id: Whose.
        journal: Where it is recorded what is being forgotten.
    """

    def __init__(self, store: Store, user_id: str, *, journal: Journal) -> None:
        self._store = store
        self._user_id = user_id
        self._journal = journal

    async def listed(self) -> str:
        """Give the numbered list."""
        memos = await self._list(_SHOWN)
        if not memos:
            return "I remember nothing of you."
        lines = "\n".join(f"{number}. {memo.text}" for number, memo in enumerate(memos, start=1))
        return f"What I remember of you:\n\n{lines}\n\n`!forget 1` forgets the first of them, `!forget` all."

    async def forget(self, which: str) -> str:
        """Forget everything, or the one with a number of the list; say what was forgotten.

        Args:
            which: The number as it was written; empty or ``all`` for everything.

        Raises:
            LeaseLostError: Another worker holds the session.
        """
        recorded = self._journal.steps.get(FORGET)
        if recorded is None:
            account, memo_id, answer = await self._choose(which)
            if memo_id is None:
                return answer
            await self._journal.record({FORGET: json.dumps([account, memo_id, answer])})
        else:
            account, memo_id, answer = json.loads(recorded)
        memories = self._store.memories
        if memo_id == _EVERYTHING:
            for one in await until_stored(lambda: self._store.links.of(self._user_id), what="links"):
                await until_stored(partial(memories.clear, one), what="clear")
        else:
            await until_stored(lambda: memories.remove(account, memo_id), what="remove")
        return str(answer)

    async def _choose(self, which: str) -> tuple[str, str | None, str]:
        """Give the account and the id of what to forget, and what is said then; no id where nothing is to be done."""
        if which.lower() in ("", _EVERYTHING):
            count = len(await self._list(_MOST))
            if not count:
                return self._user_id, None, "There is nothing to forget: I remember nothing of you."
            done = f"I have forgotten everything that I remembered of you: {_entries(count)}."
            return self._user_id, _EVERYTHING, done
        memos = await self._list(_SHOWN)
        number = int(which) if which.isascii() and which.isdigit() and len(which) < 6 else 0
        if not 1 <= number <= len(memos):
            none = f"There is no such entry. I remember {_entries(len(memos))} of you: `!memory` lists them."
            return self._user_id, None, none
        memo = memos[number - 1]
        return memo.user_id, memo.memo_id, f"I have forgotten: {memo.text}"

    async def _list(self, limit: int) -> tuple[Memo, ...]:
        return await until_stored(lambda: memos_of(self._store, self._user_id, limit=limit), what="memories")


def _entries(count: int) -> str:
    return f"{count} {'entry' if count == 1 else 'entries'}"
