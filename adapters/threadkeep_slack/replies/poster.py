"""Posting the parts of a reply."""

from typing import Final

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
from threadkeep_slack.replies.look_back import find_part, mark
from threadkeep_slack.replies.pacing import Pacing
from threadkeep_slack.text.mentions import neutralise
from threadkeep_slack.web_api import platform_errors

_log = structlog.get_logger(__name__)


class SlackPoster:
    """Posts, edits and removes the messages of one reply. No mention in them pings anybody.

    Slack has no key against double posting. Each message carries the run and the number of its part as metadata, and a
    part of which it is not known whether it was posted is looked for before it is posted again.
    """

    def __init__(self, request: ReplyRequest, *, client: AsyncWebClient, pacing: Pacing, bot_user: str) -> None:
        self._request: Final = request
        self._client: Final = client
        self._pacing: Final = pacing
        self._bot_user: Final = bot_user
        self._channel: Final = request.place.session.channel
        self._thread: Final = request.place.session.thread
        self._parts: dict[str, int] = {message: part for part, message in request.posted.items()}
        self._doubtful: set[int] = set()

    async def post(self, part: int, text: str, elements: Elements = ()) -> str:
        """Make a part visible, once, and give Slack's id of the message.

        Raises:
            PlatformError: As ``platform_errors`` says.
        """
        if self._is_doubtful(part):
            message = await find_part(self._client, self._request, part, bot_user=self._bot_user)
            if message is not None:
                self._parts[message] = part
                await self.edit(message, text)
                return message
        self._pacing.begin_post(self._channel)
        self._doubtful.add(part)
        message = await self._send(part, text)
        self._doubtful.discard(part)
        self._parts[message] = part
        return message

    async def edit(self, message_id: str, text: str, elements: Elements = ()) -> None:
        """Let a message show another text.

        Raises:
            PlatformError: As ``platform_errors`` says.
        """
        self._pacing.begin_edit(self._request.run_id)
        part = self._parts.get(message_id)
        metadata = None if part is None else mark(self._request.run_id, part)
        try:
            with platform_errors("chat.update"):
                await self._client.chat_update(
                    channel=self._channel, ts=message_id, markdown_text=neutralise(text), metadata=metadata
                )
        except PlatformRateLimitError as error:
            self._pacing.hold_edits(error.retry_after)
            raise

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

    def _is_doubtful(self, part: int) -> bool:
        return part in self._doubtful or (self._request.is_retry and part not in self._parts.values())

    async def _send(self, part: int, text: str) -> str:
        try:
            with platform_errors("chat.postMessage"):
                response = await self._client.chat_postMessage(
                    channel=self._channel,
                    thread_ts=self._thread,
                    markdown_text=neutralise(text),
                    metadata=mark(self._request.run_id, part),
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
