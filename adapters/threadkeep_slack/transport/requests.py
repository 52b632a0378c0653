"""Requests from Slack, whatever server they come to: checked, dispatched, answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from threadkeep_slack.inbound.reading import event_id_of

_log = structlog.get_logger(__name__)

PATH: Final = "/slack/events"
"""Where requests from Slack are served: events, what is pressed and filled in, slash commands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request is answered with.

    Attributes:
        status: The HTTP status; 200 acknowledges.
        body: The text.
        content_type: What the text is.
        headers: Further headers.
    """

    status: int
    body: str = ""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)


NOT_READY: Final = Answer(status=503, body="not ready", headers={"Retry-After": "1"})
"""For requests that come before the bot is started or after it is stopped: Slack delivers them again."""

TOO_LARGE: Final = Answer(status=413, body="too large")
"""For requests that Slack never sends."""


class Requests:
    """Answers Slack's requests. Bolt checks their signatures and their age, and answers the address verification.

    Args:
        app: What is acknowledged, and when.
    """

    def __init__(self, app: AsyncApp) -> None:
        self._app: Final = app

    async def answer(self, body: bytes, *, headers: Mapping[str, str], query: str = "") -> Answer:
        """Answer a request.

        Args:
            body: Its body, as it came: the signature is over these bytes.
            headers: Its headers, in any case of letters.
            query: What stands behind the question mark of its address.
        """
        sent = {name.lower(): value for name, value in headers.items()}
        # Bolt takes the timestamp for a number without looking.
        if not sent.get("x-slack-request-timestamp", "").isdigit():
            return _json('{"error": "invalid request"}', status=401)
        try:
            request = AsyncBoltRequest(body=body.decode(), query=query, headers=dict(sent))
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
            # Bolt reads the body before it checks the signature; what it cannot read does not come from Slack.
            _log.warning("slack_request_unreadable", reason=type(error).__name__)
            return _json('{"error": "unreadable request"}', status=400)
        response = await self._app.async_dispatch(request)
        if sent.get("x-slack-retry-num", "0") != "0" and response.status != 401:
            _log.info(
                "slack_event_again",
                event_id=event_id_of(request.body),
                attempt=sent["x-slack-retry-num"][:8],
                reason=sent.get("x-slack-retry-reason", "")[:64],
            )
        text = response.body or ""
        kind = (response.headers.get("content-type") or [""])[0].partition(";")[0]
        kind = kind or ("application/json" if text.startswith("{") else "text/plain")
        return Answer(status=response.status, body=text, content_type=kind)


def _json(text: str, *, status: int) -> Answer:
    return Answer(status=status, body=text, content_type="application/json")
