"""A reply whose text is written in a platform's Markdown before it is cut, measured and shown."""

from dataclasses import replace
from typing import Final, Protocol

from threadkeep.chat.adapter import Reply, ReplyContent


class Wording(Protocol):
    """What an adapter supplies for one reply: how a model's Markdown is written on its platform."""

    def write(self, text: str, *, is_final: bool) -> str:
        """Write the text as far as it goes.

        Args:
            text: The whole text so far.
            is_final: Whether nothing will be added.
        """
        ...


class WordedReply:
    """Shows what another reply shows, in the platform's Markdown. Implements ``chat.adapter.Reply``.

    Args:
        reply: The reply that shows it.
        markdown: Writes its text.
    """

    def __init__(self, reply: Reply, markdown: Wording) -> None:
        self._reply: Final = reply
        self._markdown: Final = markdown

    async def show(self, content: ReplyContent) -> None:
        """Let the place show this soon.

        Raises:
            PlatformError: As the reply says.
        """
        await self._reply.show(self._worded(content))

    async def finish(self, content: ReplyContent) -> None:
        """Make the place show this, and return when it does.

        Raises:
            PlatformError: It could not be shown.
        """
        await self._reply.finish(self._worded(content, is_final=True))

    async def aclose(self) -> None:
        """Stop all work on this reply."""
        await self._reply.aclose()

    def _worded(self, content: ReplyContent, *, is_final: bool = False) -> ReplyContent:
        if not content.text:
            return content
        text = self._markdown.write(content.text, is_final=is_final or content.is_final)
        if text == content.text or (is_final and not text.strip()):
            return content  # Of a text that is nothing but a comment it is better to show that than nothing.
        return replace(content, text=text)
