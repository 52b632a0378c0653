"""What both ways of receiving events have in common."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from threadkeep.errors import PlatformError

_CANCEL_SECONDS: Final = 0.5

OnLost = Callable[[PlatformError], None]
"""Told when Slack ended the connection for good."""


async def end_tasks(*tasks: asyncio.Task[None] | asyncio.Future[None]) -> None:
    """Cancel tasks and wait until they are done.

    One cancellation may not be enough: slack_sdk waits with ``asyncio.wait_for``, which before Python 3.12 loses it if
    what it waits for is done at that moment.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_CANCEL_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)


class Ending:
    """The end of a connection: by ``stop``, or for a reason that will not go away."""

    def __init__(self) -> None:
        self._reached = asyncio.Event()
        self._reason: PlatformError | None = None

    def reach(self, reason: PlatformError | None = None) -> None:
        """Say that the connection ended. The first reason counts."""
        if not self._reached.is_set():
            self._reason = reason
            self._reached.set()

    async def wait(self) -> None:
        """Return when the connection was stopped.

        Raises:
            PlatformError: It ended for another reason.
        """
        await self._reached.wait()
        if self._reason is not None:
            raise self._reason


class Transport(Protocol):
    """A way in which Slack's events reach the app."""

    @property
    def label(self) -> str:
        """Name the way, for the operator."""
        ...

    @property
    def is_up(self) -> bool:
        """Whether events come now, or come to another process of the bot."""
        ...

    async def start(self) -> None:
        """Begin to receive events; returns when connected.

        Raises:
            PlatformAuthError: Slack refuses the app's token.
            PlatformUnavailableError: Slack is not reached.
            ConfigError: The address cannot be served.
        """
        ...

    async def stop(self) -> None:
        """Take no more events, let those that are being handed over end, and close everything."""
        ...
