"""Posting the parts of a reply."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.adapter import ReplyRequest
from threadkeep.chat.elements import Elements
from threadkeep.errors import (
    PlaceGoneError,
    PlatformError,
    PlatformRateLimitError,
    PlatformUnavailableError,
)
from threadkeep_slack.replies.blocks import summary, to_blocks
from threadkeep_slack.replies.budgets import STOP, UPDATE
from threadkeep_slack.replies.look_back import find_part, mark
from threadkeep_slack.replies.pacing import Pacing
from threadkeep_slack.replies.refusals import code_of
from threadkeep_slack.text.mentions import neutralise
from threadkeep_slack.text.tables import TABLE_REFUSALS, has_table, tables_as_code
from threadkeep_slack.web_api import platform_errors

_log = structlog.get_logger(__name__)

SentT = TypeVar("SentT")


class SlackPoster:
    """Posts, edits and removes the messages of one reply. No mention in them pings anybody.

    Slack has no key against double posting. Each message carries the run and the number of its part as metadata, and a
    part of which it is not known whether it was posted is looked for before it is posted again.
    """

    def __init__(
        self,
        request: ReplyRequest,
        *,
        client: AsyncWebClient,
        pacing: Pacing,
        bot_user: str,
        may_mention: frozenset[str] = frozenset(),
    ) -> None:
        self._request: Final = request
        self._client: Final = client
        self._pacing: Final = pacing
        self._bot_user: Final = bot_user
        self._may_mention: Final = may_mention
        self._channel: Final = request.place.session.channel
        self._thread: Final = request.place.session.thread
        self._parts: dict[str, int] = {message: part for part, message in request.posted.items()}
        self._doubtful: set[int] = set()
        self._with_blocks: set[str] = set()
        self._asking: set[int] = set()
        self._has_plain_tables = False

    def harmless(self, text: str) -> str:
        """Give a text as it is sent: it notifies nobody whom it may not mention."""
        return neutralise(text, allowed=self._may_mention)

    def adopt(self, message_id: str, part: int, *, has_blocks: bool = False) -> None:
        """Take over a message that was posted otherwise.

        Args:
            message_id: Slack's id of it.
            part: The part that it shows.
            has_blocks: Whether anything stands under it that an edit must take away.
        """
        self._parts[message_id] = part
        if has_blocks:
            self._with_blocks.add(message_id)

    def doubt(self, part: int) -> None:
        """Look for a part before it is posted: it may stand there already."""
        self._doubtful.add(part)

    def ask_feedback(self, part: int) -> None:
        """Let two buttons under a part, from its next change on, ask how good the answer was."""
        self._asking.add(part)

    async def post(self, part: int, text: str, elements: Elements = ()) -> str:
        """Make a part visible, once, and give Slack's id of the message.

        Raises:
            PlatformError: As ``platform_errors`` says.
        """
        if self._is_doubtful(part):
            message = await self._find(part)
            if message is not None:
                self._parts[message] = part
                await self.edit(message, text, elements)
                return message
        self._pacing.begin_post(self._channel)
        message = await self._despite_tables(text, lambda words: self._send(part, words, elements))
        self._doubtful.discard(part)
        self.adopt(message, part, has_blocks=bool(elements) or part in self._asking)
        return message

    async def sweep(self, part: int) -> None:
        """Take away a part that is not needed, if it stands there.

        Raises:
            PlatformError: As ``platform_errors`` says.
        """
        message = await self._find(part)
        if message is not None:
            await self._stop_stream(message)
            await self.remove(message)

    async def edit(self, message_id: str, text: str, elements: Elements = ()) -> None:
        """Let a message show another text, and other elements under it.

        A message that is still being streamed, by an attempt that ended, is stopped first.

        Raises:
            PlatformError: As ``platform_errors`` says.
        """
        try:
            await self._despite_tables(text, lambda words: self._update(message_id, words, elements))
        except PlatformError as error:
            if code_of(error) != "streaming_state_conflict":
                raise
            await self._stop_stream(message_id)
            await self._despite_tables(text, lambda words: self._update(message_id, words, elements))

    async def remove(self, message_id: str) -> None:
        """Take a message away. One that is gone already is as good as removed.

        Raises:
            PlatformError: As ``platform_errors`` says.
        """
        try:
            with platform_errors("chat.delete"):
                await self._client.chat_delete(channel=self._channel, ts=message_id)
        except PlaceGoneError:
            _log.info("slack_message_gone_already", message_id=message_id)

    async def _find(self, part: int) -> str | None:
        others = {message for message, other in self._parts.items() if other != part}
        return await find_part(self._client, self._request, part, bot_user=self._bot_user, known=others)

    def _is_doubtful(self, part: int) -> bool:
        return part in self._doubtful or (self._request.is_retry and part not in self._parts.values())

    async def _update(self, message_id: str, text: str, elements: Elements) -> None:
        await self._pacing.take(UPDATE)
        try:
            with platform_errors("chat.update"):
                await self._client.chat_update(
                    channel=self._channel,
                    ts=message_id,
                    metadata=self._mark_of(message_id),
                    **self._words(
                        self._parts.get(message_id), text, elements, has_blocks=message_id in self._with_blocks
                    ),
                )
        except PlatformRateLimitError as error:
            self._pacing.hold(UPDATE, error.retry_after)
            raise
        if elements or self._parts.get(message_id) in self._asking:
            self._with_blocks.add(message_id)

    async def _stop_stream(self, message_id: str) -> None:
        await self._pacing.take(STOP)
        try:
            with platform_errors("chat.stopStream"):
                await self._client.chat_stopStream(
                    channel=self._channel, ts=message_id, metadata=self._mark_of(message_id)
                )
        except PlatformRateLimitError as error:
            self._pacing.hold(STOP, error.retry_after)
            raise
        except PlatformError as error:
            if code_of(error) != "message_not_in_streaming_state":
                raise

    def _mark_of(self, message_id: str) -> dict[str, object] | None:
        part = self._parts.get(message_id)
        return None if part is None else mark(self._request.run_id, part)

    def _words(self, part: int | None, text: str, elements: Elements, *, has_blocks: bool) -> dict[str, Any]:
        """Give the arguments that say it: Markdown, or blocks where there is or was something under it."""
        has_feedback = part in self._asking
        if elements or has_blocks or has_feedback:
            return {
                "text": summary(text),
                "blocks": to_blocks(text, elements, has_feedback=has_feedback, may_mention=self._may_mention),
            }
        return {"markdown_text": self.harmless(text)}

    async def _despite_tables(self, text: str, send: Callable[[str], Awaitable[SentT]]) -> SentT:
        """Send a text; its tables go as code once Slack has refused one of them."""
        try:
            return await send(tables_as_code(text) if self._has_plain_tables else text)
        except PlatformError as error:
            if self._has_plain_tables or code_of(error) not in TABLE_REFUSALS or not has_table(text):
                raise
            _log.info("slack_table_refused", run_id=self._request.run_id, reason=str(error))
            self._has_plain_tables = True
            return await send(tables_as_code(text))

    async def _send(self, part: int, text: str, elements: Elements) -> str:
        self._doubtful.add(part)
        try:
            with platform_errors("chat.postMessage"):
                response = await self._client.chat_postMessage(
                    channel=self._channel,
                    thread_ts=self._thread,
                    metadata=mark(self._request.run_id, part),
                    **self._words(part, text, elements, has_blocks=False),
                    unfurl_links=False,
                    unfurl_media=False,
                )
        except PlatformUnavailableError:
            raise  # Slack may have posted it: the part stays doubtful.
        except PlatformError as error:
            self._doubtful.discard(part)
            if isinstance(error, PlatformRateLimitError):
                self._pacing.hold_posts(self._channel, error.retry_after)
            raise
        message = response.get("ts")
        if not isinstance(message, str):
            raise PlatformError("Slack's chat.postMessage gave no timestamp")
        return message
