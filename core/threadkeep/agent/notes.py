"""What a call of a tool keeps for when it is made again from its beginning, as after a question."""

from collections.abc import Mapping
from typing import Final, Protocol

_KEPT: Final = "kept:"


class Steps(Protocol):
    """What of a run's journal is needed here."""

    @property
    def steps(self) -> Mapping[str, str]:
        """What the run recorded, by name."""
        ...

    async def record(self, steps: Mapping[str, str]) -> None:
        """Record something."""
        ...


class Notes:
    """Keep what calls want to find again, by name; without a journal only as long as this object lives.

    Args:
        journal: Where it is recorded with the run's steps.
    """

    def __init__(self, journal: Steps | None = None) -> None:
        self._journal = journal
        self._here: dict[str, str] = {}

    def kept(self, name: str) -> str | None:
        """Give what was kept under a name, by whatever attempt of the run; None if nothing."""
        return self._here.get(name) if self._journal is None else self._journal.steps.get(_KEPT + name)

    async def keep(self, name: str, text: str) -> None:
        """Keep something.

        Raises:
            StoreError: It could not be recorded.
        """
        if self._journal is None:
            self._here[name] = text
        else:
            await self._journal.record({_KEPT + name: text})
