"""Waiting for a state of something that tells nobody when it changes: a file, a process, a store."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(look: Callable[[], T], *, seconds: float, pause: float = 0.02) -> T:
    """Look again and again until there is something, and give it.

    Raises:
        TimeoutError: There is nothing in time.
    """
    async with asyncio.timeout(seconds):
        while True:
            if found := look():
                return found
            await asyncio.sleep(pause)


async def until_told(ask: Callable[[], Awaitable[T]], *, seconds: float, pause: float = 0.02) -> T:
    """Ask again and again until there is something, and give it.

    Raises:
        TimeoutError: There is nothing in time.
    """
    async with asyncio.timeout(seconds):
        while True:
            if found := await ask():
                return found
            await asyncio.sleep(pause)
