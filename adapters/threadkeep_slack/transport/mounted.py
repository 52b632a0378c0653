"""Requests from Slack that somebody else's web server takes and hands to the bot."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from threadkeep_slack.limits import DRAIN_SECONDS
from threadkeep_slack.transport.requests import NOT_READY, PATH, Answer, Requests


class Mounted:
    """A way for events without a port of its own.

    Args:
        requests: Answers the requests.
    """

    def __init__(self, requests: Requests) -> None:
        self._requests: Final = requests
        self._is_open = False
        self._in_progress = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    @property
    def label(self) -> str:
        """Name the way, for the operator."""
        return f"HTTP, {PATH} in another server"

    @property
    def is_up(self) -> bool:
        """Whether requests are taken."""
        return self._is_open

    async def start(self) -> None:
        """Begin to take requests."""
        self._is_open = True

    async def stop(self) -> None:
        """Take no more requests, and let those in progress end."""
        self._is_open = False
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._is_idle.wait()

    async def answer(self, body: bytes, *, headers: Mapping[str, str], query: str = "") -> Answer:
        """Answer a request; 503 before ``start`` and after ``stop``."""
        if not self._is_open:
            return NOT_READY
        self._in_progress += 1
        self._is_idle.clear()
        try:
            return await self._requests.answer(body, headers=headers, query=query)
        finally:
            self._in_progress -= 1
            if not self._in_progress:
                self._is_idle.set()
