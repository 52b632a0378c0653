"""What a person is told of their memories, and forgetting them."""

import json
from typing import Final

from threadkeep.agent.request import Journal
from threadkeep.runtime.journal import until_stored
from threadkeep.stores.base import Memo, Memories

FORGET: Final = "forget"
"""The step that holds what is being forgotten, so that a repeated attempt says the same."""

_SHOWN: Final = 50
_MOST: Final = 1_000
_EVERYTHING: Final = "all"


class Remembering:
    """The memories of one person, as they see them.

    Args:
        memories: Where they are.
        user_id: Whose.
        journal: Where it is recorded what is being forgotten.
        shown: How many the model is shown, and so the list; None where the agent remembers nothing by itself.
    """

    def __init__(self, memories: Memories, user_id: str, *, journal: Journal, shown: int | None) -> None:
        self._memories = memories
        self._user_id = user_id
        self._journal = journal
        self._shown = _SHOWN if shown is None else shown

    async def listed(self) -> str:
        """Give the numbered list."""
        memos = await self._list(self._shown)
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
            memo_id, answer = await self._choose(which)
            if memo_id is None:
                return answer
            await self._journal.record({FORGET: json.dumps([memo_id, answer])})
        else:
            memo_id, answer = json.loads(recorded)
        if memo_id == _EVERYTHING:
            await until_stored(lambda: self._memories.clear(self._user_id), what="clear")
        else:
            await until_stored(lambda: self._memories.remove(self._user_id, memo_id), what="remove")
        return str(answer)

    async def _choose(self, which: str) -> tuple[str | None, str]:
        """Give the id of what to forget, and what is said when it is done; no id where nothing is to be done."""
        if which.lower() in ("", _EVERYTHING):
            count = len(await self._list(_MOST))
            if not count:
                return None, "There is nothing to forget: I remember nothing of you."
            return _EVERYTHING, f"I have forgotten everything that I remembered of you: {_entries(count)}."
        memos = await self._list(self._shown)
        number = int(which) if which.isascii() and which.isdigit() and len(which) < 6 else 0
        if not 1 <= number <= len(memos):
            return None, f"There is no such entry. I remember {_entries(len(memos))} of you: `!memory` lists them."
        memo = memos[number - 1]
        return memo.memo_id, f"I have forgotten: {memo.text}"

    async def _list(self, limit: int) -> tuple[Memo, ...]:
        return await until_stored(lambda: self._memories.list(self._user_id, limit=limit), what="memories")


def _entries(count: int) -> str:
    return f"{count} {'entry' if count == 1 else 'entries'}"
