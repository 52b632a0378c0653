"""Work that nobody waits for, owned: it ends with who started it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Self

import structlog

_MOST_TASKS: Final = 200
_MOST_AT_ONCE: Final = 8
_log = structlog.get_logger(__name__)


class Background:
    """Run pieces of work beside everything else, one at a time for each name, a few at once.

    What it does must be resumable: work that is started beyond a bound is left out, and closing ends all of it.

    Args:
        grace: How many seconds closing waits for work that is under way.
    """

    def __init__(self, *, grace: float = 0.0) -> None:
        self._grace = grace
        self._tasks: dict[tuple[asyncio.AbstractEventLoop, str], asyncio.Task[None]] = {}
        self._again: dict[tuple[asyncio.AbstractEventLoop, str], Callable[[], Awaitable[None]]] = {}
        self._slots = asyncio.Semaphore(_MOST_AT_ONCE)
        self._slots_loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """End all work of the running event loop."""
        await self.aclose()

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Start work on the running event loop; if there is work of that name, after it.

        Args:
            name: The session.
            work: What to do. What it raises is logged.
        """
        key = (asyncio.get_running_loop(), name)
        if key in self._tasks:
            self._again[key] = work
        elif len(self._tasks) < _MOST_TASKS:
            self._begin(key, work)
        else:
            _log.warning("background_work_left_out", session_id=name)

    async def settle(self) -> None:
        """Return when all work of the running event loop has ended."""
        while tasks := self._here():
            await asyncio.wait(tasks)

    async def aclose(self) -> None:
        """End all work of the running event loop."""
        self._again.clear()
        if self._grace and self._here():
            await asyncio.wait(self._here(), timeout=self._grace)
        tasks = self._here()
        for task in tasks:
            task.cancel("closing")
        await asyncio.gather(*tasks, return_exceptions=True)

    def _here(self) -> list[asyncio.Task[None]]:
        loop = asyncio.get_running_loop()
        return [task for (of, _), task in self._tasks.items() if of is loop]

    def _begin(self, key: tuple[asyncio.AbstractEventLoop, str], work: Callable[[], Awaitable[None]]) -> None:
        task = key[0].create_task(self._do(key[1], work), name=f"background-{key[1]}")
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._end(key))

    def _end(self, key: tuple[asyncio.AbstractEventLoop, str]) -> None:
        del self._tasks[key]
        again = self._again.pop(key, None)
        if again is not None and not key[0].is_closed():
            self._begin(key, again)

    async def _do(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            async with self._turn():
                await work()
        except Exception as error:  # noqa: BLE001 - whatever a model or store raises: nobody waits for it
            _log.warning("background_work_failed", session_id=name, error=str(error) or type(error).__name__)

    def _turn(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        if self._slots_loop is not loop:
            # A semaphore belongs to the first loop that waits for it.
            self._slots, self._slots_loop = asyncio.Semaphore(_MOST_AT_ONCE), loop
        return self._slots
