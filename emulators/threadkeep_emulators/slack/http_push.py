"""Events, interactions and commands over HTTP, signed as Slack signs them."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

import aiohttp

from .delivery import Delivery
from .wire import Payload

MAX_REDIRECTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PushResult:
    """Tell how the app answered one request.

    Attributes:
        reason: Slack's name for the failure; empty if the app took the request.
        is_final: Whether the app asked for no retries.
    """

    status: int | None
    reason: str
    body: Payload | None = None
    is_final: bool = False


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Give the value of ``X-Slack-Signature``.

    https://docs.slack.dev/authentication/verifying-requests-from-slack/
    """
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    return f"v0={digest.hexdigest()}"


class HttpPush:
    """Post payloads to the app's request URL."""

    def __init__(self, *, signing_secret: str, time_limit: float, clock: Callable[[], float]) -> None:
        self._signing_secret = signing_secret
        self._time_limit = time_limit
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the client session."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._time_limit))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the client session."""
        if self._session is not None:
            await self._session.close()

    async def push(self, url: str, delivery: Delivery, *, number: int, reason: str) -> PushResult:
        """Post one payload and judge the answer.

        Args:
            url: The app's request URL.
            delivery: What to post.
            number: How many tries went before this one.
            reason: Why the last of them failed.
        """
        if delivery.kind == "events_api":
            body, content_type = json.dumps(delivery.payload).encode(), "application/json"
        elif delivery.kind == "interactive":
            body = urlencode({"payload": json.dumps(delivery.payload)}).encode()
            content_type = "application/x-www-form-urlencoded"
        else:
            body, content_type = urlencode(delivery.payload).encode(), "application/x-www-form-urlencoded"
        retry = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason} if number else {}
        return await self._post(url, body, {"Content-Type": content_type, **retry})

    async def verify_url(self, url: str, *, verification_token: str, challenge: str) -> bool:
        """Send the ``url_verification`` challenge and tell whether it came back.

        https://docs.slack.dev/reference/events/url_verification/
        """
        body = json.dumps({"token": verification_token, "challenge": challenge, "type": "url_verification"})
        result = await self._post(url, body.encode(), {"Content-Type": "application/json"})
        answer = result.body or {}
        return not result.reason and challenge in {answer.get("challenge"), answer.get("text")}

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> PushResult:
        if self._session is None:
            raise RuntimeError("the emulator is not started: use `async with SlackEmulator() as slack`")
        timestamp = str(int(self._clock()))
        signature = sign(self._signing_secret, timestamp, body)
        headers = headers | {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}
        try:
            async with self._session.post(url, data=body, headers=headers, max_redirects=MAX_REDIRECTS) as response:
                text = await response.text()
                is_taken = 200 <= response.status < 300
                is_final = not is_taken and response.headers.get("X-Slack-No-Retry") == "1"
                return PushResult(
                    status=response.status,
                    reason="" if is_taken else "http_error",
                    body=_decode_answer(text),
                    is_final=is_final,
                )
        except TimeoutError:
            return PushResult(status=None, reason="http_timeout")
        except aiohttp.TooManyRedirects:
            return PushResult(status=None, reason="too_many_redirects")
        except aiohttp.ClientError:
            return PushResult(status=None, reason="connection_failed")


def _decode_answer(text: str) -> Payload | None:
    if not text:
        return None
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return {"text": text}
    return value if isinstance(value, dict) else {"text": text}
