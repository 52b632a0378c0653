"""A reply that nothing more is shown in once another worker may hold the session."""

from collections.abc import Callable

from threadkeep.chat.adapter import Reply, ReplyContent
from threadkeep.errors import LeaseLostError


class FencedReply:
    """Passes a reply on while the lease holds, by this process's own clock. Implements ``chat.adapter.Reply``.

    The store refuses the writes of a lost lease, but platforms know no leases: a process that stood still for longer
    than its lease would go on posting until the store is asked the next time.

    Args:
        reply: The platform's reply.
        is_held: Tells whether the lease cannot have lapsed yet.
    """

    def __init__(self, reply: Reply, *, is_held: Callable[[], bool]) -> None:
        self._reply = reply
        self._is_held = is_held

    async def show(self, content: ReplyContent) -> None:
        """Let the place show this soon.

        Raises:
            LeaseLostError: Another worker may hold the session.
            PlatformError: An earlier state could not be shown.
        """
        self._check()
        await self._reply.show(content)

    async def finish(self, content: ReplyContent) -> None:
        """Make the place show this, and return when it does.

        Raises:
            LeaseLostError: Another worker may hold the session.
            PlatformError: It could not be shown.
        """
        self._check()
        await self._reply.finish(content)

    async def aclose(self) -> None:
        """Stop all work on this reply."""
        await self._reply.aclose()

    def _check(self) -> None:
        if not self._is_held():
            raise LeaseLostError("the lease has lapsed while this process stood still: nothing more is shown")
