"""What is done beside the events: nobody waits for it, and somebody owns it."""

import asyncio
from collections.abc import Coroutine
from typing import Final

import structlog

from threadkeep.errors import ThreadkeepError
from threadkeep_slack.limits import ERRANDS_AT_ONCE, ERRANDS_END_SECONDS

_log = structlog.get_logger(__name__)


class Errands:
    """Owns the small tasks of one workspace, so many at once."""

    def __init__(self) -> None:
        self._tasks: Final[set[asyncio.Task[None]]] = set()

    def begin(self, name: str, work: Coroutine[None, None, None]) -> asyncio.Task[None] | None:
        """Begin a task; None, and a line in the log, if too many are under way.

        Args:
            name: What it is, for the log.
            work: What it does. What it raises is logged.
        """
        if len(self._tasks) >= ERRANDS_AT_ONCE:
            work.close()
            _log.warning("slack_errand_left_out", name=name, most=ERRANDS_AT_ONCE)
            return None
        task = asyncio.create_task(_reported(name, work), name=f"slack-{name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def aclose(self) -> None:
        """Give those under way a moment, and end them."""
        if not self._tasks:
            return
        _, pending = await asyncio.wait(tuple(self._tasks), timeout=ERRANDS_END_SECONDS)
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending)


async def _reported(name: str, work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except (ThreadkeepError, TimeoutError) as error:
        _log.info("slack_errand_failed", name=name, reason=str(error) or type(error).__name__)
    except Exception as error:  # noqa: BLE001 - nobody awaits it: whatever goes wrong is said here, without its values
        _log.error("slack_errand_broken", name=name, error=type(error).__name__)
