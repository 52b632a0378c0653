"""What Slack refused, by its own code, and where streaming was refused."""

import time
from collections.abc import Callable
from typing import Final

import structlog
from slack_sdk.errors import SlackApiError

from threadkeep.errors import PlatformError
from threadkeep_slack.limits import STREAM_REFUSED_SECONDS
from threadkeep_slack.web_api import read_refusal

_log = structlog.get_logger(__name__)

_EVERYWHERE: Final = frozenset({
    "access_denied",
    "app_access_denied",
    "deprecated_endpoint",
    "feature_not_enabled",
    "method_deprecated",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_authorized",
    "team_access_not_granted",
    "unknown_method",
})  # fmt: skip
"""Refusals that concern the app or the workspace, not one conversation."""

_OF_THIS_TEXT: Final = frozenset({
    "cannot_reply_to_message",
    "invalid_arguments",
    "invalid_blocks",
    "invalid_chunks",
    "message_not_found",
    "msg_blocks_too_long",
    "msg_blocks_too_many",
    "msg_too_long",
    "team_not_found",
    "thread_not_found",
    "user_not_found",
})  # fmt: skip
"""Refusals that concern one message, or who is answered by it: the next one may be streamed."""

_MOST: Final = 1_000


def code_of(error: PlatformError) -> str:
    """Give Slack's code for a refusal; empty where the error has none."""
    cause = error.__cause__
    return read_refusal(cause.response).code if isinstance(cause, SlackApiError) else ""


class StreamRefusals:
    """Remembers for a while where Slack does not let the bot stream.

    Args:
        clock: Gives seconds that never go back.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock: Final = clock
        self._until: dict[str, float] = {}

    def may_stream(self, channel: str) -> bool:
        """Tell whether streaming is worth a call in a conversation."""
        now = self._clock()
        return max(self._until.get("", 0.0), self._until.get(channel, 0.0)) <= now

    def note(self, code: str, channel: str) -> None:
        """Note that a stream was refused with this code in a conversation."""
        if code in _OF_THIS_TEXT:
            return
        now = self._clock()
        where = "" if code in _EVERYWHERE else channel
        self._until.pop(where, None)
        self._until[where] = now + STREAM_REFUSED_SECONDS
        while len(self._until) > _MOST:
            del self._until[next(iter(self._until))]
        _log.info("slack_streaming_refused", code=code, channel=where or "all", for_seconds=STREAM_REFUSED_SECONDS)
