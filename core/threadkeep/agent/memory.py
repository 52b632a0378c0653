"""What an agent remembers about a user across sessions, and how the model is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from threadkeep.errors import ConfigError
from threadkeep.messages import clean_text
from threadkeep.stores.base import Memo

_LONGEST_MEMO: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Let an agent remember users.

    What is remembered is shown to the model in the system message, for the user who is answered and for nobody else.

    Attributes:
        max_memos: How many of a user's memos the model is shown: the latest ones.
    """

    max_memos: int = 50

    def __post_init__(self) -> None:
        if self.max_memos < 1:
            raise ConfigError(f"max_memos must be 1 or more, got {self.max_memos!r}")


def memo_text(text: str) -> str:
    """Give a text as it is remembered: one line, cleaned.

    Raises:
        ValueError: It is blank, or longer than 2,000 characters.
    """
    # One line each: a memo must not be able to look like a part of the instructions.
    line = " ".join(clean_text(text).split())
    if not line or len(line) > _LONGEST_MEMO:
        raise ValueError(f"a memo has 1 to {_LONGEST_MEMO} characters, got {len(line)}")
    return line


def system_text(instructions: str | None, note: str, memos: Sequence[Memo]) -> str:
    """Give the text of the system message; empty if there is nothing to say.

    Args:
        instructions: The agent's instructions.
        note: What is to be said of this run.
        memos: What is remembered of the user.
    """
    sections = [section for section in (instructions, note) if section]
    if memos:
        lines = "\n".join(f"- {memo.text}" for memo in memos)
        sections.append(f"What you remember about the user, from earlier conversations:\n{lines}")
    return "\n\n".join(sections)
