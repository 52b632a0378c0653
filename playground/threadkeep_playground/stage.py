"""The bot on the local platforms, and what it takes to talk with it and to watch it answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from threadkeep.runtime.bot import Bot
from threadkeep.runtime.loading import load_adapters, load_bot
from threadkeep.stores.base import Store
from threadkeep_playground.platforms import LocalPlatforms
from threadkeep_playground.scenes import Scene

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
        """Say something and return when it has been answered.

        Args:
            scene: Where.
            name: Who speaks.
            text: What.
            watch: Given the answer's text so far at each change.

        Raises:
            TimeoutError: No answer within two minutes.
        """
        before = await self.runs_of(scene)
        known = len(scene.lines())
        await scene.say(name, text)
        async with asyncio.timeout(_ANSWER_SECONDS):
            watcher = asyncio.create_task(self._watch(scene, known + 1, watch))
            try:
                await self._wait_for_run(scene, before)
            finally:
                watcher.cancel()
                await asyncio.wait((watcher,))
        watch(_answer(scene, known + 1))

    async def _wait_for_run(self, scene: Scene, before: int) -> None:
        # The store tells workers of new messages, and nobody of finished runs: it is asked.
        while True:
            if await self.runs_of(scene) > before:
                return
            await asyncio.sleep(_LOOK_SECONDS)

    @staticmethod
    async def _watch(scene: Scene, known: int, watch: Callable[[str], None]) -> None:
        shown = ""
        while True:
            await scene.wait_until(lambda: _answer(scene, known) != shown)  # noqa: B023 - awaited at once
            shown = _answer(scene, known)
            watch(shown)


def _answer(scene: Scene, known: int) -> str:
    """Give what the bot said after the first ``known`` lines."""
    return "\n".join(line.text for line in scene.lines()[known:] if line.is_bot)


@asynccontextmanager
async def running_bot(path: Path, platforms: LocalPlatforms, store: Store) -> AsyncIterator[Stage]:
    """Run a bot file on the local platforms through the real adapters."""
    adapters = load_adapters(platforms.environ)
    async with load_bot(path).connected_to(adapters, store, grace_seconds=2.0) as bot:
        yield Stage(bot, store)
