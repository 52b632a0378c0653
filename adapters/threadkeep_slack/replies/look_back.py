"""Finding a message of ours that may have been posted."""

from collections.abc import Container, Mapping
from typing import Final

import structlog
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from threadkeep.chat.adapter import ReplyRequest
from threadkeep.errors import PlatformAuthError
from threadkeep_slack.limits import LOOK_BACK_PAGE, LOOK_BACK_PAGES, LOOK_BACK_SECONDS
from threadkeep_slack.web_api import messages_in, next_cursor, platform_errors

_log = structlog.get_logger(__name__)

_EVENT_TYPE: Final = "threadkeep_reply"


def mark(run_id: str, part: int) -> dict[str, object]:
    """Build the metadata by which a part of a run is known again.

    https://docs.slack.dev/messaging/message-metadata/
    """
    return {"event_type": _EVENT_TYPE, "event_payload": {"run": run_id, "part": part}}


async def find_part(
    client: AsyncWebClient, request: ReplyRequest, part: int, *, bot_user: str, known: Container[str] = ()
) -> str | None:
    """Look for a part of a reply where it would stand, and give its id; None if it does not stand there.

    Slack takes metadata for a streamed message at its end only. So where no message has the mark, it is a streamed one
    without any mark that came after the question: a session has one run at a time, and a run never begins a message
    before the one before it is recorded, so there is one such message at most.

    Without the scope to read the conversation nothing is found: a part posted twice is better than none.

    Args:
        client: The client of the bot.
        request: The reply.
        part: The number of the part.
        bot_user: The bot's user id: others may write metadata of any kind.
        known: The messages of other parts.

    Raises:
        PlatformError: Slack could not be asked.
    """
    wanted = mark(request.run_id, part)
    cursor, unmarked = "", None
    for _ in range(LOOK_BACK_PAGES):
        try:
            response = await _read_page(client, request, cursor)
        except PlatformAuthError as error:
            _log.warning("slack_cannot_look_back", run_id=request.run_id, reason=str(error))
            return None
        for message in messages_in(response):
            metadata, ts = message.get("metadata"), str(message.get("ts"))
            if message.get("user") != bot_user or ts in known:
                continue
            if isinstance(metadata, dict) and _is_same(metadata, wanted):
                return ts
            if not metadata and "streaming_state" in message and ts > (request.place.reply_to or ""):
                unmarked = ts
        cursor = next_cursor(response)
        if not cursor:
            break
    return unmarked


async def _read_page(client: AsyncWebClient, request: ReplyRequest, cursor: str) -> AsyncSlackResponse:
    session = request.place.session
    oldest = _oldest(request.place.reply_to)
    if session.thread is None:
        with platform_errors("conversations.history"):
            return await client.conversations_history(
                channel=session.channel,
                oldest=oldest,
                limit=LOOK_BACK_PAGE,
                include_all_metadata=True,
                cursor=cursor or None,
            )
    with platform_errors("conversations.replies"):
        return await client.conversations_replies(
            channel=session.channel,
            ts=session.thread,
            oldest=oldest,
            limit=LOOK_BACK_PAGE,
            include_all_metadata=True,
            cursor=cursor or None,
        )


def _oldest(question: str | None) -> str | None:
    return None if question is None else f"{max(0.0, float(question) - LOOK_BACK_SECONDS):.6f}"


def _is_same(metadata: Mapping[str, object], wanted: Mapping[str, object]) -> bool:
    return all(metadata.get(key) == value for key, value in wanted.items())
