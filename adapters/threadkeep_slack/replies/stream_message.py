"""One streamed message: what it shows, how it grows, and how it ends with exactly what it should show."""

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from threadkeep.chat.elements import Elements
from threadkeep.errors import PlaceGoneError, PlatformRateLimitError
from threadkeep_slack.replies.blocks import blocks_under
from threadkeep_slack.replies.poster import SlackPoster
from threadkeep_slack.replies.stream_calls import (
    Chunk,
    StreamCalls,
    StreamEndedError,
    StreamRefusedError,
    text_chunk,
)

_log = structlog.get_logger(__name__)

_SHORTEST_LIFE: Final = 60.0
"""A stream that Slack ends younger than this was not ended for its age: another one would fare no better."""
_NOTHING: Final = "\N{HORIZONTAL ELLIPSIS}"


class StreamedMessage:
    """A message of a reply that is, or was, streamed.

    Args:
        number: The number of its part.
        message_id: Slack's id.
        harmless: Takes out of a text what would notify people.
        begun_at: When it was begun.
        shown: How much of the whole answer was visible before it.

    Attributes:
        number: The number of its part.
        message_id: Slack's id.
        begun_at: When it was begun.
        shown: How much of the whole answer is visible when this message shows all that was sent.
        text: What it shows, as Markdown, once it is complete; None before.
        is_open: Whether more belongs into it.
        is_stopped: Whether somebody pressed stop: it takes no more.
        is_ended: Whether it is no stream any more: only an edit changes it.
        is_recorded: Whether the reply's owner was told of it.
    """

    def __init__(
        self, number: int, message_id: str, *, harmless: Callable[[str], str], begun_at: float, shown: int
    ) -> None:
        self._harmless: Final = harmless
        self.number: Final = number
        self.message_id: Final = message_id
        self.begun_at: Final = begun_at
        self.shown = shown
        self.text: str | None = None
        self.is_open = True
        self.is_stopped = False
        self.is_ended = False
        self.is_recorded = False
        self._sent = ""
        self._has_blocks = False

    def addition(self, text: str) -> str:
        """Give what is to be appended so that it shows this; empty where appending does not lead there."""
        wanted = self._harmless(text)
        return wanted[len(self._sent) :] if wanted.startswith(self._sent) else ""

    def note_sent(self, added: str, shown: int) -> None:
        """Note that a text was appended, with which so much of the whole answer is visible."""
        self._sent += added
        self.shown = shown

    def note_posted(self, text: str) -> None:
        """Note that it was posted in one piece, as no stream."""
        self.text, self._sent = text, self._harmless(text)
        self.is_open, self.is_ended = False, True

    def note_end(self, error: StreamEndedError, *, now: float) -> None:
        """Note that it takes no more.

        Raises:
            StreamRefusedError: It ended for another reason than its age: the reply had better go on without streaming.
        """
        if error.is_by_user:
            self.is_stopped = True
            return
        self.is_ended = True
        if now - self.begun_at < _SHORTEST_LIFE:
            raise StreamRefusedError(f"the stream ended after {now - self.begun_at:.0f} s") from error

    async def end(
        self,
        calls: StreamCalls,
        poster: SlackPoster,
        text: str,
        *,
        cards: Sequence[Chunk],
        elements: Elements = (),
        has_feedback: bool = False,
    ) -> None:
        """Let it show this and nothing else, for good. After an error the same call goes on from there.

        Where the stream does not take it any more, or appending does not lead there, the message is edited. Where Slack
        asks to wait before a stream is ended, what is missing is appended meanwhile.

        Raises:
            StreamLostError: It is not known what was done.
            PlatformError: It could not be shown.
        """
        blocks = blocks_under(elements, has_feedback=has_feedback)
        wanted = self._harmless(text)
        if not self.is_ended:
            await self._stop(calls, wanted, cards, blocks)
        if self._sent != wanted or bool(blocks) is not self._has_blocks:
            poster.adopt(self.message_id, self.number, has_blocks=self._has_blocks)
            await poster.edit(self.message_id, text or _NOTHING, elements)
            self._sent, self._has_blocks = wanted, bool(blocks)
        self.text = None if blocks else text
        self.is_open = False

    async def abandon(self, calls: StreamCalls) -> None:
        """End the stream as it is, so that the message can be edited.

        Raises:
            StreamLostError: It is not known whether it ended.
            PlatformError: Slack asks to wait.
        """
        if not self.is_ended:
            try:
                await calls.stop(self.message_id, (), part=self.number)
            except (StreamEndedError, StreamRefusedError, PlaceGoneError) as error:
                _log.info("slack_stream_abandoned", message_id=self.message_id, reason=str(error))
        self.is_ended, self.is_open = True, False

    async def _stop(self, calls: StreamCalls, wanted: str, cards: Sequence[Chunk], blocks: Sequence[Chunk]) -> None:
        is_growing = wanted.startswith(self._sent) and not self.is_stopped
        added = wanted[len(self._sent) :] if is_growing else ""
        chunks = [] if self.is_stopped else [*cards, *([text_chunk(added)] if added else [])]
        try:
            has_all = await calls.stop(self.message_id, chunks, part=self.number, blocks=blocks)
        except StreamEndedError:
            pass
        except PlatformRateLimitError:
            if added:
                await self._append_meanwhile(calls, added)
            raise
        else:
            self._has_blocks = bool(blocks)
            if is_growing and has_all:
                self._sent = wanted
        self.is_ended = True

    async def _append_meanwhile(self, calls: StreamCalls, added: str) -> None:
        try:
            await calls.append(self.message_id, [text_chunk(added)])
        except PlatformRateLimitError:
            return
        except StreamEndedError as error:
            self.is_stopped, self.is_ended = error.is_by_user, not error.is_by_user
        else:
            self._sent += added
