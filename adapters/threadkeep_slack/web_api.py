"""The Web API: one client, and Slack's refusals in our vocabulary."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from threadkeep.errors import (
    PlaceGoneError,
    PlatformAuthError,
    PlatformError,
    PlatformRateLimitError,
    PlatformUnavailableError,
)
from threadkeep_slack.limits import UNKNOWN_RETRY_AFTER, WEB_API_SECONDS
from threadkeep_slack.logs import sdk_logger
from threadkeep_slack.settings import SlackSettings

_GONE: Final = frozenset({
    "cannot_reply_to_message",
    "cant_delete_message",
    "cant_update_message",
    "channel_is_archived",
    "channel_not_found",
    "edit_window_closed",
    "is_archived",
    "is_inactive",
    "message_not_found",
    "messages_tab_disabled",
    "not_in_channel",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_locked",
    "restricted_action_thread_only_channel",
    "thread_not_found",
    "user_not_found",
})  # fmt: skip

_AUTH: Final = frozenset({
    "access_denied",
    "account_inactive",
    "app_access_denied",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "invalid_auth",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_authed",
    "org_login_required",
    "team_access_not_granted",
    "token_expired",
    "token_revoked",
    "two_factor_setup_required",
})  # fmt: skip

_UNAVAILABLE: Final = frozenset({
    "fatal_error",
    "internal_error",
    "request_timeout",
    "rollup_error",
    "service_unavailable",
    "team_added_to_org",
})  # fmt: skip

_RATE_LIMITED: Final = frozenset({"message_limit_exceeded", "rate_limited", "ratelimited"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What Slack said when it did not do what it was asked.

    Attributes:
        status: The HTTP status.
        code: Slack's error code; empty where the answer was not Slack's usual JSON.
        needed: The scope that is missing, where Slack names it.
        retry_after: Seconds to wait, where Slack names them.
    """

    status: int
    code: str
    needed: str = ""
    retry_after: float | None = None


def new_session() -> aiohttp.ClientSession:
    """Open the HTTP session for all calls; the caller closes it. slack_sdk's own would be a new one for each call."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WEB_API_SECONDS))


def new_client(settings: SlackSettings, session: aiohttp.ClientSession, *, token: str | None = None) -> AsyncWebClient:
    """Build the client for all calls of the bot in a workspace.

    It never repeats a call by itself: slack_sdk would send a message a second time when the connection breaks after
    Slack took it.

    Args:
        settings: Where Slack's Web API is, and the token where one is set.
        session: The session of all calls.
        token: The token of a workspace, where several have installed the app.
    """
    if token is None and settings.bot_token is not None:
        token = settings.bot_token.get_secret_value()
    return AsyncWebClient(
        token=token,
        base_url=settings.api_url,
        session=session,
        retry_handlers=[],
        logger=sdk_logger(),
    )


@contextmanager
def platform_errors(method: str) -> Iterator[None]:
    """Turn what goes wrong inside into the adapter's errors.

    Args:
        method: The method that is called, for the message.

    Raises:
        PlatformRateLimitError: Slack asks to wait.
        PlatformUnavailableError: Slack is not reached, fails, or is too slow; it may have done what it was asked.
        PlaceGoneError: The conversation or the message is gone or closed to the bot.
        PlatformAuthError: The token is refused or lacks a scope.
        PlatformError: Any other refusal.
    """
    try:
        yield
    except SlackApiError as error:
        raise to_platform_error(method, read_refusal(error.response)) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise PlatformUnavailableError(f"Slack's {method} failed: {failure_of(error)}") from error
    except SlackClientError as error:
        raise PlatformError(f"Slack's {method} failed: {error}") from error


def failure_of(error: Exception) -> str:
    """Say why an address was not reached, without the address: that of a websocket or of an answer is a secret."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientResponseError) and error.status:
        return f"status {error.status}"
    # aiohttp names the address in most other errors.
    is_plain = isinstance(error, aiohttp.ClientConnectionError | OSError)
    return (str(error) if is_plain else "") or type(error).__name__


def read_refusal(response: object) -> Refusal:
    """Read Slack's answer out of whatever slack_sdk attached to its error."""
    data = getattr(response, "data", None)
    fields: Mapping[str, object] = data if isinstance(data, dict) else {}
    status = getattr(response, "status_code", None) or getattr(response, "status", None) or 0
    headers = getattr(response, "headers", None) or {}
    return Refusal(
        status=int(status),
        code=str(fields.get("error") or ""),
        needed=str(fields.get("needed") or ""),
        retry_after=_seconds(headers.get("Retry-After")),
    )


def to_platform_error(method: str, refusal: Refusal) -> PlatformError:
    """Give the error that says what the refusal means for the caller."""
    code = refusal.code
    what = f"Slack's {method} answered {code or refusal.status}"
    if refusal.status == 429 or code in _RATE_LIMITED:
        wait = UNKNOWN_RETRY_AFTER if refusal.retry_after is None else refusal.retry_after
        return PlatformRateLimitError(f"{what}: wait {wait:g} s", retry_after=wait)
    if refusal.status >= 500 or code in _UNAVAILABLE or not code:
        return PlatformUnavailableError(what)
    if code in _GONE:
        return PlaceGoneError(what)
    if code in _AUTH:
        return PlatformAuthError(f"{what}: {_remedy(refusal)}")
    return PlatformError(what)


def messages_in(response: AsyncSlackResponse) -> Iterator[Mapping[str, object]]:
    """Give the messages of a page of conversations.history or conversations.replies."""
    messages = response.get("messages")
    return (message for message in messages if isinstance(message, dict)) if isinstance(messages, list) else iter(())


def next_cursor(response: AsyncSlackResponse) -> str:
    """Give the cursor of the next page (https://docs.slack.dev/apis/web-api/pagination/); empty if there is none."""
    further = response.get("response_metadata")
    cursor = further.get("next_cursor") if isinstance(further, dict) else None
    return cursor if isinstance(cursor, str) else ""


def _remedy(refusal: Refusal) -> str:
    if refusal.code == "missing_scope":
        scope = refusal.needed or "a scope that the method needs"
        return f"add {scope} under OAuth & Permissions > Scopes, then install the app to the workspace again"
    if refusal.code in {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"}:
        return "copy the token again from OAuth & Permissions (bot) or Basic Information > App-Level Tokens (app)"
    if refusal.code == "not_allowed_token_type":
        return "another kind of token is needed: xoxb-... for the bot, xapp-... for Socket Mode"
    return "the workspace does not allow this to the app; ask an administrator of it"


def _seconds(value: object) -> float | None:
    try:
        return max(0.0, float(str(value)))
    except ValueError:
        return None
