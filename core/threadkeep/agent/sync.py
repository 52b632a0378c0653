"""Asynchronous work for synchronous programs: one event loop in a thread of its own.

It works in a notebook, whose own loop is running, and from several threads at once.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from typing import Any, Final, TypeVar

from threadkeep.errors import ThreadkeepError

_CLOSE_SECONDS: Final = 10.0
_Result = TypeVar("_Result")


class LoopThread:
    """Run coroutines in a background thread, which starts at the first one.

    Args:
        on_stop: Awaited in the thread before it ends, to close what belongs to its event loop.
    """

    def __init__(self, on_stop: Callable[[], Awaitable[None]]) -> None:
        self._on_stop = on_stop
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def wait(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Run a coroutine and give its result. Interrupting the wait cancels it.

        Raises:
            ThreadkeepError: Called from within that very loop, which would wait for itself.
        """
        if threading.current_thread() is self._thread:
            work.close()
            raise ThreadkeepError(
                "run() was called from asynchronous code of the same agent, where it would wait for itself:"
                " use 'await agent.arun(...)' there"
            )
        future = asyncio.run_coroutine_threadsafe(work, self._started())
        try:
            return future.result()
        finally:
            future.cancel()

    def iterate(self, stream: AsyncGenerator[_Result, None]) -> Iterator[_Result]:
        """Give what an asynchronous iterator yields; closing this iterator closes that one."""
        try:
            while True:
                try:
                    yield self.wait(_next(stream))
                except StopAsyncIteration:
                    return
        finally:
            self.wait(stream.aclose())

    def close(self) -> None:
        """Cancel what is running and end the thread. Harmless if it never started; a later call starts a new one."""
        with self._lock:
            thread, loop, stopping = self._thread, self._loop, self._stopping
            self._thread = self._loop = self._stopping = None
        if thread is None or loop is None or stopping is None:
            return
        loop.call_soon_threadsafe(stopping.set)
        # A garbage collection may call this in the thread itself.
        if threading.current_thread() is not thread:
            thread.join(_CLOSE_SECONDS)

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                is_ready = threading.Event()
                # A daemon thread does not keep a program from ending; the agent's finalizer ends it in good order.
                self._thread = threading.Thread(
                    target=self._work, args=(is_ready,), name="threadkeep-agent", daemon=True
                )
                self._thread.start()
                is_ready.wait()
            if self._loop is None:
                raise ThreadkeepError("the agent's background thread could not start")
            return self._loop

    def _work(self, is_ready: threading.Event) -> None:
        asyncio.run(self._main(is_ready))

    async def _main(self, is_ready: threading.Event) -> None:
        stopping = asyncio.Event()
        self._loop, self._stopping = asyncio.get_running_loop(), stopping
        is_ready.set()
        await stopping.wait()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._on_stop()


async def _next(stream: AsyncGenerator[_Result, None]) -> _Result:
    return await anext(stream)
