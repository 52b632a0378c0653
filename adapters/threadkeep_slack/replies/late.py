"""A reply that is opened as soon as it is known in whose name to post it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from threadkeep.chat.adapter import Reply, ReplyContent


class LateReply:
    """Holds what a reply should show until the reply is there, and hands everything on from then on.

    Args:
        open_reply: Opens the true reply; it may have to read the installation of the workspace first.
    """

    def __init__(self, open_reply: Callable[[], Awaitable[Reply]]) -> None:
        self._open_reply: Final = open_reply
        self._opening: asyncio.Task[Reply] | None = None
        self._latest: ReplyContent | None = None

    async def show(self, content: ReplyContent) -> None:
        """Let the place show this soon; the last of several calls wins.

        Raises:
            PlatformError: The reply cannot be opened, or could not show an earlier state.
        """
        opening = self._begin()
        if opening.done():
            await opening.result().show(content)
        else:
            self._latest = content

    async def finish(self, content: ReplyContent) -> None:
        """Make the place show this, and return when it does.

        Raises:
            PlatformError: The reply cannot be opened, or could not show it.
        """
        self._latest = None
        reply = await asyncio.shield(self._begin())
        await reply.finish(content)

    async def aclose(self) -> None:
        """Stop all work on the reply; what is visible stays as it is."""
        opening, self._opening = self._opening, None
        if opening is None:
            return
        opening.cancel()
        (outcome,) = await asyncio.gather(opening, return_exceptions=True)
        if not isinstance(outcome, BaseException):
            await outcome.aclose()

    def _begin(self) -> asyncio.Task[Reply]:
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(), name="slack-late-reply")
        return self._opening

    async def _open(self) -> Reply:
        reply = await self._open_reply()
        if self._latest is not None:
            latest, self._latest = self._latest, None
            await reply.show(latest)
        return reply
