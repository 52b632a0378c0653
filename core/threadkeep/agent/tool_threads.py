"""Calling synchronous tools without blocking the event loop.

Each call has a daemon thread of its own. In a shared pool a tool that hangs would take a worker from the store or from
other runs, and would keep the process from ending.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from threadkeep.errors import ToolError

_MOST_THREADS: Final = 64


class ToolThreads:
    """Run functions in threads, a bounded number at a time. Threads are counted until they really end."""

    def __init__(self, most: int = _MOST_THREADS) -> None:
        self._free = threading.BoundedSemaphore(most)

    async def call(self, function: Callable[[], object]) -> object:
        """Call a function in a thread and give its result; being cancelled abandons the thread.

        Raises:
            ToolError: Too many abandoned calls are still running.
            BaseException: What the function raised.
        """
        if not self._free.acquire(blocking=False):
            raise ToolError("too many tools are still busy; try again later")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[object, BaseException | None]] = loop.create_future()
        context = contextvars.copy_context()

        def settle(result: object, error: BaseException | None) -> None:
            if not future.done():
                future.set_result((result, error))

        def work() -> None:
            result, error = None, None
            try:
                result = context.run(function)
            except BaseException as caught:  # noqa: BLE001 - handed over to the caller, whatever it is
                error = caught
            finally:
                self._free.release()
            with suppress(RuntimeError):  # the loop was closed while the tool ran: nobody waits any more
                loop.call_soon_threadsafe(settle, result, error)

        try:
            threading.Thread(target=work, name="threadkeep-tool", daemon=True).start()
        except RuntimeError as error:
            self._free.release()
            raise ToolError("no thread can be started for this tool now; try again later") from error
        result, failure = await future
        if failure is not None:
            raise failure
        return result
