"""A reply that Slack streams: what is declared is compared with what was appended, and only the difference is sent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog

from threadkeep.chat.adapter import ReplyContent, ReplyRequest, ReplyState
from threadkeep.chat.clock import Clock, LoopClock
from threadkeep.chat.markdown import GrowingPart, GrowingText
from threadkeep.chat.posting import PostedParts
from threadkeep.chat.surface import Course, EditedMessages
from threadkeep.chat.visible import ReplyLimits, final_parts
from threadkeep.errors import PlatformError, PlatformRateLimitError, PlatformUnavailableError
from threadkeep_slack.limits import STREAM_ROTATION, STREAM_ROTATION_LATEST, STREAMED_SHARE
from threadkeep_slack.replies.budgets import APPEND, UPDATE
from threadkeep_slack.replies.cards import TaskCards
from threadkeep_slack.replies.leftovers import SweptMessages
from threadkeep_slack.replies.pacing import Pacing
from threadkeep_slack.replies.poster import SlackPoster
from threadkeep_slack.replies.stream_calls import (
    Chunk,
    StreamCalls,
    StreamEndedError,
    StreamLostError,
    StreamRefusedError,
    text_chunk,
)
from threadkeep_slack.replies.stream_message import StreamedMessage
from threadkeep_slack.replies.stream_pace import StreamPace, settled_end

_log = structlog.get_logger(__name__)

_LEAST_PATIENCE: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    """How replies are streamed.

    Attributes:
        limits: What Slack allows.
        has_plan: Whether task cards stand under one title.
        has_feedback: Whether two buttons ask how good a finished answer was.
    """

    limits: ReplyLimits
    has_plan: bool = False
    has_feedback: bool = True


class StreamedMessages:
    """Messages that are streamed, one after the other. Implements ``chat.surface.Surface``.

    The answer only grows; a message ends when it is full, or near the age at which Slack would end it, at a place where
    a reader would end it, with its code fence closed, and the next one opens the fence again. Where appending cannot
    make what is declared, where Slack refuses, ends a stream too soon, or does not say what became of a call, the reply
    goes on as one that is posted and edited; its messages stay, and nothing is shown twice.

    Args:
        request: Where the reply goes; no earlier attempt has posted any of it.
        calls: The calls of streaming.
        poster: The other calls.
        pacing: What Slack allows the workspace.
        options: How it is streamed.
        clock: The time.
    """

    def __init__(
        self,
        request: ReplyRequest,
        *,
        calls: StreamCalls,
        poster: SlackPoster,
        pacing: Pacing,
        options: StreamOptions,
        clock: Clock | None = None,
    ) -> None:
        limits = options.limits
        self._request: Final = request
        self._calls: Final = calls
        self._poster: Final = poster
        self._pacing: Final = pacing
        self._options: Final = options
        self._clock: Final = clock or LoopClock()
        self._growing: Final = GrowingText(limits.part_length, limits.measure)
        self._cards: Final = TaskCards(has_plan=options.has_plan)
        self._pace: Final = StreamPace(limits.edit_interval)
        self._source = ""
        self._messages: list[StreamedMessage] = []
        self._edited: EditedMessages | SweptMessages | None = None
        self._doubtful: int | None = None
        self._is_given_up = False

    def may_preview(self, content: ReplyContent) -> bool:
        """Tell whether a preview of this is worth a call now."""
        if self._is_given_up:
            return self._pacing.has_room(UPDATE)
        message = self._open
        if message is None:
            return True
        if message.is_stopped or not self._pacing.has_room(APPEND):
            return False
        if self._must_be_continued(content) or self._cards.draft(content).chunks:
            return True
        new = len(content.text) - message.shown
        return new <= 0 or self._pace.is_due(self._clock.monotonic(), shown=message.shown, new=new)

    def patience(self) -> float | None:
        """Give when a message with open task cards must be continued in another one, although nothing is new."""
        message = self._open
        if message is None or message.is_stopped or self._is_given_up or not self._cards.is_open:
            return None
        return max(message.begun_at + STREAM_ROTATION - self._clock.monotonic(), _LEAST_PATIENCE)

    async def bring(self, content: ReplyContent, course: Course) -> bool:
        """Append what is new, or do without streaming.

        Raises:
            PlatformError: As ``Surface.bring`` says.
        """
        await self._record()
        if course.is_final and not self._messages:
            self._is_given_up = True  # what is whole already is posted, in one call instead of two
        if not self._is_given_up:
            try:
                return await self._stream(content, course)
            except StreamLostError as error:
                self._give_up(error)
                raise
            except (PlatformUnavailableError, PlatformRateLimitError):
                raise
            except PlatformError as error:
                self._give_up(error)
        edited = self._edited or await self._begin_editing()
        if course.is_final and self._asks_feedback(content):
            self._poster.ask_feedback(len(final_parts(content, self._options.limits)) - 1)
        return await edited.bring(content, course)

    @property
    def _open(self) -> StreamedMessage | None:
        last = self._messages[-1] if self._messages else None
        return last if last is not None and last.is_open else None

    def _asks_feedback(self, content: ReplyContent) -> bool:
        return self._options.has_feedback and content.state in (ReplyState.RUNNING, ReplyState.FINISHED)

    async def _stream(self, content: ReplyContent, course: Course) -> bool:
        if not content.text.startswith(self._source):
            raise StreamRefusedError("what was shown is not the beginning of the answer any more")
        while not course.is_overtaken():
            part = self._growing.read(content.text)
            end = self._end_of(part, is_final=course.is_final)
            message = self._open
            if end:
                await self._close(part, end)
            elif course.is_final:
                await self._finish(part, content)
                return True
            elif message is not None and self._must_be_continued(content):
                await self._close(part, message.shown)
            elif (is_shown := await self._show(part, content, course)) is not None:
                return is_shown
            course.note_change()
        return False

    def _end_of(self, part: GrowingPart, *, is_final: bool) -> int:
        """Give where the part ends although more of the answer is there; 0 if it goes on."""
        message = self._open
        shown = message.shown if message is not None else 0
        if not part.is_whole:
            return part.full_end(shown)
        if message is None or is_final or part.is_blank or not part.window.text[shown:].strip():
            return 0
        age = self._clock.monotonic() - message.begun_at
        if not message.is_ended and age < STREAM_ROTATION:
            return 0
        natural = part.natural_end(shown)
        if natural or not (message.is_ended or age >= STREAM_ROTATION_LATEST):
            return natural
        return shown if shown > part.window.first else 0

    def _must_be_continued(self, content: ReplyContent) -> bool:
        """Tell whether the message can or should take no more, although nothing of the answer is left to show."""
        message = self._open
        if message is None:
            return False
        is_old = self._clock.monotonic() - message.begun_at >= STREAM_ROTATION
        return message.is_ended or (is_old and self._cards.stays_open(content))

    async def _show(self, part: GrowingPart, content: ReplyContent, course: Course) -> bool | None:
        """Show more of the part; give whether that is so, or None if the message ended before."""
        message, draft = self._open, self._cards.draft(content)
        if message is not None and message.is_stopped:
            return True
        end = 0 if part.is_blank else self._visible_end(part)
        begun = part.begun(end) if end > part.window.first else ""
        added = self._poster.harmless(begun) if message is None else message.addition(begun)
        chunks = [*draft.chunks, *([text_chunk(added)] if added.strip() else [])]
        if not chunks:
            return True
        if message is None:
            message = await self._begin(chunks)
        else:
            try:
                await self._calls.append(message.message_id, chunks)
            except PlatformRateLimitError:
                return False  # it is shown later; the final state, if it comes before, does not wait for this
            except StreamEndedError as error:
                message.note_end(error, now=self._clock.monotonic())
                return None
        self._cards.accept(draft)
        if added.strip():
            message.note_sent(added, end)
            self._source = content.text[:end]
        self._pace.note_call(self._clock.monotonic())
        course.note_change()
        await self._record()
        return True

    def _visible_end(self, part: GrowingPart) -> int:
        """Give up to where the part can be shown before it is known where it ends."""
        limits, window = self._options.limits, part.window
        end = settled_end(window.text, part.end)
        room = limits.part_length * STREAMED_SHARE
        while end > window.first and (size := limits.measure(part.begun(end))) > room:
            end = window.first + min(int((end - window.first) * room / size), end - window.first - 1)
        return end

    async def _begin(self, chunks: Sequence[Chunk]) -> StreamedMessage:
        try:
            message_id = await self._calls.start(chunks)
        except StreamLostError:
            self._doubtful = len(self._messages)
            self._poster.doubt(self._doubtful)
            raise
        return self._keep(message_id)

    def _keep(self, message_id: str) -> StreamedMessage:
        message = StreamedMessage(
            len(self._messages),
            message_id,
            harmless=self._poster.harmless,
            begun_at=self._clock.monotonic(),
            shown=len(self._source),
        )
        self._messages.append(message)
        return message

    async def _close(self, part: GrowingPart, end: int) -> None:
        """End a message whose part is complete; the answer, or the open cards, go on in the next one."""
        message, has_text = self._open, not part.is_blank and end > part.window.first
        text = part.closed(end) if has_text else ""
        if message is None:
            message = self._keep(await self._poster.post(len(self._messages), text))
            message.note_posted(text)
        else:
            await message.end(self._calls, self._poster, text, cards=self._cards.close().chunks)
        self._cards.turn_page()
        self._source = part.window.text[: max(end, len(self._source))]
        if has_text:
            self._growing.end_part(part, end)
        await self._record()

    async def _finish(self, part: GrowingPart, content: ReplyContent) -> None:
        """Make the last message complete, with what stands under it."""
        message, text = self._open, "" if part.is_blank else part.closed(part.end)
        has_feedback = self._asks_feedback(content)
        if message is None and part.is_blank:
            message = self._messages[-1]  # all was shown before: only what stands under it is missing
            text = message.text or ""
        if has_feedback:
            self._poster.ask_feedback(len(self._messages) if message is None else message.number)
        if message is None:
            self._keep(await self._poster.post(len(self._messages), text, content.elements)).note_posted(text)
        else:
            cards = self._cards.draft(content, is_final=True).chunks
            await message.end(
                self._calls, self._poster, text, cards=cards, elements=content.elements, has_feedback=has_feedback
            )
        await self._record()

    def _give_up(self, error: PlatformError) -> None:
        _log.info("slack_stream_given_up", run_id=self._request.run_id, reason=str(error))
        self._is_given_up = True

    async def _begin_editing(self) -> EditedMessages | SweptMessages:
        """Go on with messages that are edited: the streamed ones, as they are."""
        if self._open is not None:
            await self._open.abandon(self._calls)
        for message in self._messages:
            self._poster.adopt(message.message_id, message.number)
        posted = {message.number: message.message_id for message in self._messages}
        shown = {message.number: message.text for message in self._messages if message.text is not None}
        parts = PostedParts(replace(self._request, posted=posted), self._poster, shown=shown)
        limits = self._options.limits
        edited = EditedMessages(parts, limits, may_preview=partial(self._pacing.has_room, UPDATE))
        self._edited = edited
        if self._doubtful is not None:
            self._edited = SweptMessages(edited, self._poster, limits, doubtful=self._doubtful)
        return self._edited

    async def _record(self) -> None:
        """Tell of the messages that were not told of: nothing else is begun before that."""
        for message in self._messages:
            if not message.is_recorded:
                await self._request.on_posted(message.number, message.message_id)
                message.is_recorded = True
