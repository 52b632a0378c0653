"""Which texts belong to what was said: by the words that they have in common."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from threadkeep.stores.base import Memo

_WORD: Final = re.compile(r"\w+")
_SHORTEST: Final = 3
_STEM: Final = 5
_MOST_WORDS: Final = 500


def words_of(text: str) -> frozenset[str]:
    """Give the words of a text that may tell what it is about, by their beginnings: "travels" and "traveller" meet."""
    found = (word[:_STEM] for word in _WORD.findall(text.casefold())[:_MOST_WORDS])
    return frozenset(word for word in found if len(word) >= _SHORTEST or not word.isascii())


def most_relevant(memos: Sequence[Memo], said: str) -> list[Memo]:
    """Give memos by the number of words that they have in common with what was said, then the latest first."""
    asked = words_of(said)

    def rank(memo: Memo) -> tuple[int, float, str]:
        words = words_of(" ".join((memo.text, *memo.topics)))
        return len(words & asked), memo.updated_at or memo.created_at, memo.memo_id

    return sorted(memos, key=rank, reverse=True)


def hits(wanted: Iterable[str], text: str) -> int:
    """Count how many of some words, in small letters, stand in a text."""
    folded = text.casefold()
    return sum(word in folded for word in wanted)
