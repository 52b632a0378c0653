"""The bot on the local platforms, and what it takes to talk with it and to watch it answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from threadkeep.agent.asking import DECISION, QUESTION
from threadkeep.runtime.bot import Bot
from threadkeep.runtime.loading import load_adapters, load_bot
from threadkeep.stores.base import Store
from threadkeep_playground.keys import Key
from threadkeep_playground.platforms import LocalPlatforms
from threadkeep_playground.scenes import Line, Scene

_ANSWER_SECONDS = 120.0
_LOOK_SECONDS = 0.02


class Stage:
    """A running bot with its store."""

    def __init__(self, bot: Bot, store: Store) -> None:
        self.bot = bot
        self._store = store

    async def runs_of(self, scene: Scene) -> int:
        """Return how many runs of the scene's session are finished."""
        if scene.session_id is None:
            return 0
        transcript = await self._store.history.load(scene.session_id, runs=0)
        return transcript.session.run_count if transcript is not None else 0

    async def ask(self, scene: Scene, name: str, text: str, *, watch: Callable[[str], None]) -> None:
        """Say something and return when it has been answered, or when the bot waits for people.

        Args:
            scene: Where.
            name: Who speaks.
            text: What.
            watch: Given the answer's text so far at each change.

        Raises:
            TimeoutError: No answer within two minutes.
        """
        before = await self._state(scene)
        lines = len(scene.lines())
        # A run that waits goes on in the reply that asks; else the person's own line comes first.
        view = _View(scene, last_of_bot(scene) if before.questions else lines + 1, told=lines)
        await scene.say(name, text)
        await self._follow(scene, before, view, watch)

    async def press(self, scene: Scene, name: str, key: Key, words: str, *, watch: Callable[[str], None]) -> None:
        """Press what stands under the bot's last line, and return when the bot is done with it.

        Args:
            scene: Where.
            name: Who presses.
            key: What.
            words: What is written into the form that opens, if one does.
            watch: Given the line's text at each change, and what the bot tells this person alone.

        Raises:
            TimeoutError: Nothing came of it within two minutes.
        """
        before = await self._state(scene)
        pressed = last_of_bot(scene)
        view = _View(scene, pressed if before.questions else len(scene.lines()), told=None)
        pressing = asyncio.create_task(scene.press(name, pressed, key, words))
        try:
            await self._follow(scene, before, view, watch, pressing)
        finally:
            pressing.cancel()
            await asyncio.wait((pressing,))

    async def _follow(
        self,
        scene: Scene,
        before: "_State",
        view: "_View",
        watch: Callable[[str], None],
        pressing: asyncio.Task[str] | None = None,
    ) -> None:
        """Show what is new until the bot is done."""
        async with asyncio.timeout(_ANSWER_SECONDS):
            watcher = asyncio.create_task(self._watch(scene, view, watch))
            try:
                # The store tells workers of new messages, and nobody of finished runs: it is asked.
                while not (await self._state(scene)).follows(before, is_shown=view.text != view.first):
                    if pressing is not None and pressing.done() and pressing.result():
                        watch(pressing.result())
                        return
                    await asyncio.sleep(_LOOK_SECONDS)
            finally:
                watcher.cancel()
                await asyncio.wait((watcher,))
        watch(view.text)

    async def _state(self, scene: Scene) -> "_State":
        runs = await self.runs_of(scene)
        mailbox = None if scene.session_id is None else await self._store.traces.mailbox(scene.session_id)
        if mailbox is None:
            return _State(runs)
        decided = {name.removeprefix(DECISION) for name in mailbox.steps if name.startswith(DECISION)}
        asked = {name.removeprefix(QUESTION) for name in mailbox.steps if name.startswith(QUESTION)}
        return _State(runs, frozenset(asked - decided), len(mailbox.waiting), mailbox.worker is not None)

    @staticmethod
    async def _watch(scene: Scene, view: "_View", watch: Callable[[str], None]) -> None:
        shown = view.first
        while True:
            await scene.wait_until(lambda: view.text != shown)  # noqa: B023 - awaited at once
            shown = view.text
            watch(shown)


@dataclass(frozen=True, slots=True)
class _State:
    """How far a session has come."""

    runs: int
    questions: frozenset[str] = frozenset()
    waiting: int = 0
    is_held: bool = False

    def follows(self, before: Self, *, is_shown: bool) -> bool:
        """Tell whether a run has ended since, or waits for other decisions, or shows that more waits behind it."""
        is_waiting = bool(self.questions) and not self.is_held
        is_longer = self.waiting > before.waiting and is_shown
        return self.runs > before.runs or (is_waiting and (self.questions != before.questions or is_longer))


def last_of_bot(scene: Scene) -> int:
    """Give the number of the bot's last line that everybody sees; -1 if there is none."""
    return max((number for number, line in enumerate(scene.lines()) if line.is_bot and not line.is_private), default=-1)


class _View:
    """What the bot says in a place from now on.

    Args:
        scene: The place.
        known: How many lines from the first are no part of it.
        told: The same for what one person alone is told; None leaves all of that out.

    Attributes:
        first: What it was at first.
    """

    def __init__(self, scene: Scene, known: int, *, told: int | None) -> None:
        self._scene = scene
        self._known = known
        self._told = told
        self.first = self.text

    @property
    def text(self) -> str:
        """What it is now."""
        return "\n".join(
            line.text for number, line in enumerate(self._scene.lines()) if line.is_bot and self._shows(number, line)
        )

    def _shows(self, number: int, line: Line) -> bool:
        if line.is_private:
            return self._told is not None and number >= self._told
        return number >= self._known


@asynccontextmanager
async def running_bot(path: Path, platforms: LocalPlatforms, store: Store) -> AsyncIterator[Stage]:
    """Run a bot file on the local platforms through the real adapters."""
    adapters = load_adapters(platforms.environ)
    async with load_bot(path).connected_to(adapters, store, grace_seconds=2.0) as bot:
        yield Stage(bot, store)
