"""What the built-in commands suggest while somebody writes them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from threadkeep.agent.personal import memos_of
from threadkeep.chat.commands import Command, Suggest
from threadkeep.chat.elements import LABEL_LENGTH, MOST_OPTIONS, Option
from threadkeep.sessions import UserKey
from threadkeep.stores.base import Store

_FORGET: Final = "forget"


def with_suggestions(commands: Iterable[Command], store: Store) -> tuple[Command, ...]:
    """Give commands as platforms list them: the one to forget completes its number from what is remembered."""
    return tuple(
        replace(command, suggest=_memories(store)) if command.name == _FORGET and command.run is None else command
        for command in commands
    )


def _memories(store: Store) -> Suggest:
    async def suggest(user: UserKey, written: str) -> Sequence[Option]:
        memos = await memos_of(store, str(user), limit=MOST_OPTIONS)
        shown = [(str(number), f"{number}. {' '.join(memo.text.split())}") for number, memo in enumerate(memos, 1)]
        wanted = written.strip().lower()
        return [Option(label=_short(text), value=number) for number, text in shown if wanted in text.lower()]

    return suggest


def _short(text: str) -> str:
    return text if len(text) <= LABEL_LENGTH else f"{text[: LABEL_LENGTH - 1]}\u2026"
