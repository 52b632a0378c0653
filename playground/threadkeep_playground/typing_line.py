"""Reading what a person types without holding up the event loop, or the end of the program."""

import asyncio
import threading
from contextlib import suppress


async def read_typed_line(prompt: str) -> str:
    """Read a line of the terminal after showing a prompt.

    Each line has a daemon thread: a thread that waits for a terminal cannot be stopped, and asyncio's own threads are
    awaited when the loop ends, so that Ctrl-C would wait for the Enter key.

    Raises:
        EOFError: The input has ended.
    """
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[str | None] = loop.create_future()

    def settle(line: str | None) -> None:
        if not typed.done():
            typed.set_result(line)

    def read() -> None:
        try:
            line = input(prompt)
        except EOFError:
            line = None
        with suppress(RuntimeError):  # the loop was closed while somebody typed: nobody waits any more
            loop.call_soon_threadsafe(settle, line)

    threading.Thread(target=read, name="playground-reader", daemon=True).start()
    line = await typed
    if line is None:
        raise EOFError
    return line
