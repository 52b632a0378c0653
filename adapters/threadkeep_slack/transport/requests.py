"""Requests from Slack, whatever server they come to: checked, dispatched, answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from threadkeep.errors import ConfigError
from threadkeep_slack.inbound.reading import event_id_of
from threadkeep_slack.transport.dispatching import UNREADABLE, acknowledge_malformed, dispatch

_log = structlog.get_logger(__name__)

_TIMESTAMP_LENGTH: Final = 12

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

TOO_SLOW: Final = Answer(status=408, body="too slow", headers={"Connection": "close"})
"""For requests that somebody else sends piece by piece: each holds a connection, and what came of it."""


class Requests:
    """Answers Slack's requests, of which it checks signature and age before it reads them.

    Args:
        app: What is acknowledged, and when.
        signing_secret: The secret with which Slack signs.
    """

    def __init__(self, app: AsyncApp, *, signing_secret: str) -> None:
        if not signing_secret:
            raise ConfigError("SLACK_SIGNING_SECRET is empty: anybody could sign with that")
        self._app: Final = app
        self._verifier: Final = SignatureVerifier(signing_secret)

    async def answer(self, body: bytes, *, headers: Mapping[str, str], query: str = "") -> Answer:
        """Answer a request.

        Args:
            body: Its body, as it came: the signature is over these bytes.
            headers: Its headers, in any case of letters.
            query: What stands behind the question mark of its address.
        """
        sent = {name.lower(): value for name, value in headers.items()}
        text = _text(body)
        if text is None or not self._is_slacks(text, sent):
            return Answer(status=401, body='{"error": "invalid request"}', content_type="application/json")
        try:
            request = AsyncBoltRequest(body=text, query=query, headers=dict(sent))
        except UNREADABLE as error:
            acknowledge_malformed(None, reason=type(error).__name__)
            return Answer(status=200)
        response = await dispatch(self._app, request)
        if sent.get("x-slack-retry-num", "0") != "0":
            _log.info(
                "slack_event_again",
                event_id=event_id_of(request.body),
                attempt=sent["x-slack-retry-num"][:8],
                reason=sent.get("x-slack-retry-reason", "")[:64],
            )
        shown = response.body or ""
        kind = (response.headers.get("content-type") or [""])[0].partition(";")[0]
        kind = kind or ("application/json" if shown.startswith("{") else "text/plain")
        return Answer(status=response.status, body=shown, content_type=kind)

    def _is_slacks(self, text: str, headers: Mapping[str, str]) -> bool:
        """Tell whether Slack signed it, within the last five minutes.

        https://docs.slack.dev/authentication/verifying-requests-from-slack/
        """
        sent_at, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
        if not sent_at.isascii() or not sent_at.isdigit() or len(sent_at) > _TIMESTAMP_LENGTH:
            return False
        # Slack's verifier stumbles over other characters.
        return signature.isascii() and self._verifier.is_valid(text, sent_at, signature)


def _text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        # Slack sends UTF-8.
        return None
