"""The three calls with which Slack streams a message (https://docs.slack.dev/reference/methods/chat.startStream/)."""

import json
import re
from collections.abc import Sequence
from typing import Final, Protocol

from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.adapter import ReplyRequest
from threadkeep.errors import PlaceGoneError, PlatformError, PlatformRateLimitError, PlatformUnavailableError
from threadkeep_slack.replies.budgets import APPEND, START, STOP, Budget
from threadkeep_slack.replies.look_back import mark
from threadkeep_slack.replies.pacing import Pacing
from threadkeep_slack.replies.refusals import StreamRefusals, code_of
from threadkeep_slack.web_api import platform_errors

Chunk = dict[str, object]
"""A piece of a streamed message: text, a task card, the title of a plan."""

_ENDED: Final = frozenset({"message_not_in_streaming_state", "stopped_by_user"})
_WORD: Final = re.compile(r"[A-Za-z0-9]{3,}")


class StreamRefusedError(PlatformError):
    """Slack does not let the bot stream here, or not now: the reply is posted and edited instead."""


class StreamEndedError(PlatformError):
    """The message is not streamed any more: Slack ended it for its age, or somebody pressed stop.

    Attributes:
        is_by_user: Whether somebody pressed stop.
    """

    def __init__(self, message: str, *, is_by_user: bool) -> None:
        super().__init__(message)
        self.is_by_user = is_by_user


class StreamLostError(PlatformUnavailableError):
    """It is not known whether Slack did what it was asked."""


class EndingStatus(Protocol):
    """The status of a conversation, as far as the end of a streamed message sets it."""

    def at_stop(self) -> str | None:
        """Give the status to be set with it; None for none."""
        ...

    def note_stop(self, status: str | None) -> None:
        """Note that it was set so."""
        ...


def text_chunk(text: str) -> Chunk:
    """Give the chunk that adds Markdown to a message."""
    return {"type": "markdown_text", "text": text}


class StreamCalls:
    """Starts, continues and ends the streamed messages of one reply.

    Args:
        request: The reply.
        client: The client of the bot.
        pacing: What Slack allows the workspace.
        refusals: Where streaming was refused.
        display: How task cards are arranged: ``timeline``, ``plan`` or ``dense``.
        status: The status of the conversation, which the end of a message carries along; None if it has none.
        home: The workspace of who is answered, where it is not the one of the conversation.
    """

    def __init__(
        self,
        request: ReplyRequest,
        *,
        client: AsyncWebClient,
        pacing: Pacing,
        refusals: StreamRefusals,
        display: str,
        status: EndingStatus | None = None,
        home: str | None = None,
    ) -> None:
        session = request.place.session
        self._request: Final = request
        self._client: Final = client
        self._pacing: Final = pacing
        self._refusals: Final = refusals
        self._channel: Final = session.channel
        self._display: Final = display
        self._status: Final = status
        self._home: Final = home or session.workspace

    async def start(self, chunks: Sequence[Chunk]) -> str:
        """Begin a message and give its id.

        Raises:
            StreamRefusedError: Streaming is not allowed here, or the workspace's streams are used up for now.
            StreamLostError: It may have begun.
        """
        session, asked_by = self._request.place.session, self._request.asked_by
        if not self._pacing.is_free(STOP):
            raise StreamRefusedError("no stream could be ended soon")
        try:
            await self._pacing.take(START)
            with platform_errors("chat.startStream"):
                response = await self._client.chat_startStream(
                    channel=self._channel,
                    thread_ts=session.thread or "",
                    recipient_team_id=self._home,
                    recipient_user_id=None if asked_by is None else asked_by.user,
                    chunks=chunks,
                    task_display_mode=self._display,
                )
        except PlatformRateLimitError as error:
            self._hold(START, error)
            raise StreamRefusedError(str(error)) from error
        except PlatformUnavailableError as error:
            raise StreamLostError(str(error)) from error
        except PlatformError as error:
            self._refusals.note(code_of(error), self._channel)
            raise StreamRefusedError(str(error)) from error
        message = response.get("ts")
        if not isinstance(message, str):
            raise StreamLostError("Slack's chat.startStream gave no timestamp")
        return message

    async def append(self, message: str, chunks: Sequence[Chunk]) -> None:
        """Add to a message.

        Raises:
            StreamEndedError: It takes no more.
            StreamLostError: It may have been added.
            PlatformError: As ``platform_errors`` says.
        """
        try:
            await self._pacing.take(APPEND)
            with platform_errors("chat.appendStream"):
                await self._client.chat_appendStream(channel=self._channel, ts=message, chunks=chunks)
        except PlatformError as error:
            raise self._understood(error, APPEND) from error

    async def stop(self, message: str, chunks: Sequence[Chunk], *, part: int, blocks: Sequence[Chunk] = ()) -> bool:
        """Add to a message, put blocks under it, and end it; give whether what was added is there.

        Slack may end a message at somebody's wish and leave out what comes with this call, without a word.

        Raises:
            StreamEndedError: It was ended already.
            StreamLostError: It may have been ended.
            PlatformError: As ``platform_errors`` says.
        """
        try:
            await self._pacing.take(STOP)
            status = None if self._status is None else self._status.at_stop()
            with platform_errors("chat.stopStream"):
                response = await self._client.chat_stopStream(
                    channel=self._channel,
                    ts=message,
                    chunks=chunks or None,
                    blocks=blocks or None,
                    metadata=mark(self._request.run_id, part),
                    session_status=status,
                )
        except PlatformError as error:
            raise self._understood(error, STOP) from error
        if self._status is not None:
            self._status.note_stop(status)
        return _has_last_word(response.get("message"), chunks)

    def _understood(self, error: PlatformError, budget: Budget) -> PlatformError:
        if isinstance(error, PlatformRateLimitError):
            self._hold(budget, error)
            return error
        if isinstance(error, PlatformUnavailableError):
            return StreamLostError(str(error))
        code = code_of(error)
        if code in _ENDED:
            return StreamEndedError(str(error), is_by_user=code == "stopped_by_user")
        return error if isinstance(error, PlaceGoneError) else StreamRefusedError(str(error))

    def _hold(self, budget: Budget, error: PlatformRateLimitError) -> None:
        """Let the whole workspace wait where Slack itself, not our own count, asked for it."""
        if error.__cause__ is not None:
            self._pacing.hold(budget, error.retry_after)


def _has_last_word(message: object, chunks: Sequence[Chunk]) -> bool:
    """Tell whether the last word that was added stands in the message as Slack shows it in its answer."""
    words = [word for chunk in chunks for word in _WORD.findall(str(chunk.get("text", "")))]
    if not words or not isinstance(message, dict):
        return True
    return words[-1] in json.dumps(message)
