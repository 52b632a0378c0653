"""Giving a request to bolt, which trusts every field of it."""

import json
from collections.abc import Mapping
from typing import Any, Final

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from threadkeep_slack.inbound.reading import event_id_of

_log = structlog.get_logger(__name__)

UNREADABLE: Final = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What bolt stumbles over a malformed request with."""


async def dispatch(app: AsyncApp, request: AsyncBoltRequest) -> BoltResponse:
    """Give the request to the app; one that is malformed is acknowledged, for Slack would only send it again."""
    if not _has_known_shape(request.body):
        return acknowledge_malformed(request.body, reason="shape")
    try:
        request.body = _sound(request.body)
        return await app.async_dispatch(request)
    except UNREADABLE as error:
        # Not of ours: bolt itself hands over what goes wrong in a listener.
        return acknowledge_malformed(request.body, reason=type(error).__name__)


def acknowledge_malformed(body: object, *, reason: str) -> BoltResponse:
    """Acknowledge what cannot be read, with a line in the log."""
    _log.warning("slack_event_malformed", event_id=event_id_of(body), reason=reason)
    return BoltResponse(status=200)


def _has_known_shape(body: object) -> bool:
    """Tell whether what bolt looks into while it dispatches is there, or is what it takes it for."""
    if not isinstance(body, Mapping) or not isinstance(body.get("event", {}), dict):
        return False
    seen_by = body.get("authorizations")
    return seen_by is None or (isinstance(seen_by, list) and all(isinstance(seen, dict) for seen in seen_by))


def _sound(body: dict[str, Any]) -> dict[str, Any]:
    """Give the body without halves of characters, which JSON can say and no store can write."""
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        whole: dict[str, Any] = json.loads(json.dumps(body, ensure_ascii=False).encode(errors="replace"))
        return whole
    return body
