"""A reply whose conversation shows how far it has come."""

from typing import Final

from threadkeep.chat.adapter import Reply, ReplyContent, ReplyState
from threadkeep_slack.agent_view.statuses import ThreadStatus
from threadkeep_slack.limits import STATUS_WAIT


class StatusReply:
    """Shows what another reply shows, and sets the status of the conversation. Implements ``chat.adapter.Reply``.

    The answer waits for no status. However the reply ends, nothing is left that says that the bot is at work.

    Args:
        reply: The reply that shows the answer.
        status: The status of its conversation.
    """

    def __init__(self, reply: Reply, status: ThreadStatus) -> None:
        self._reply: Final = reply
        self._status: Final = status
        self._is_begun = False
        self._is_finished = False

    async def show(self, content: ReplyContent) -> None:
        """Let the place show this soon.

        Raises:
            PlatformError: As the reply says.
        """
        self._is_begun = True
        self._status.begin()
        await self._reply.show(content)

    async def finish(self, content: ReplyContent) -> None:
        """Make the place show this, and return when it does.

        Raises:
            PlatformError: As the reply says.
        """
        self._is_begun = True
        self._status.foresee(content.state)
        await self._reply.finish(content)
        self._is_finished = True
        self._status.end(content.state)

    async def aclose(self) -> None:
        """Stop all work on the reply, and give the status a moment to be shown."""
        try:
            await self._reply.aclose()
        finally:
            if self._is_begun and not self._is_finished:
                self._status.end(ReplyState.STOPPED)
            await self._status.settled(STATUS_WAIT)
