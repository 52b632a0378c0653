"""The openai client, used for its connections, authentication and retries only.

Importing the client takes more than a second, so this module is imported at the first model call. The body goes out as
bytes and the answer comes in as bytes: the client's own walk through every message of a request and its objects for
every streamed piece cost more than everything else that a run does.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpx2
from openai import AsyncOpenAI, DefaultAioHttpClient, OpenAIError, Timeout

from threadkeep.errors import ConfigError
from threadkeep.models.client_failures import mapped_failures
from threadkeep.models.payloads import JsonObject, encode_body

_CONNECT_TIMEOUT: Final = 10.0
_NO_ADDRESS: Final = "the model server's address (OPENAI_BASE_URL, or base_url=) must look like https://host/v1"
# With this header, which the client's own streaming methods set, it hands over the response before its body is read.
_UNREAD: Final = {"X-Stainless-Raw-Response": "stream"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """An answer that has begun.

    Attributes:
        chunks: Its bytes as they come; raises ModelUnavailableError when they stop coming.
        is_event_stream: Whether they are server-sent events; otherwise they are one JSON document.
    """

    chunks: AsyncGenerator[bytes, None]
    is_event_stream: bool


class Client:
    """The connections of one event loop to one model server.

    Raises:
        ConfigError: The client refuses its settings.
    """

    def __init__(
        self, *, api_key: str, base_url: str | None, organization: str | None, timeout: float, max_retries: int
    ) -> None:
        self._timeout = timeout
        try:
            self._openai = AsyncOpenAI(
                api_key=api_key,
                base_url=base_url,
                organization=organization,
                timeout=Timeout(timeout, connect=min(timeout, _CONNECT_TIMEOUT)),
                max_retries=max_retries,
                # aiohttp reads a streamed answer at half the cost of the default transport.
                http_client=DefaultAioHttpClient(),
            )
        except (OpenAIError, ValueError, TypeError) as error:
            raise ConfigError(f"the openai client refuses its settings: {error}") from error
        if self._openai.base_url.scheme not in ("http", "https") or not self._openai.base_url.host:
            raise ConfigError(_NO_ADDRESS)
        # An address may hold a password, or a key behind its question mark.
        self._server = str(self._openai.base_url.copy_with(userinfo=b"", query=None, fragment=None))

    @asynccontextmanager
    async def post(self, path: str, body: JsonObject) -> AsyncIterator[Answering]:
        """Send a request and give its answer while it comes; leaving ends the call.

        Raises:
            ModelError: There is no answer; the subclass says why.
        """
        with mapped_failures(self._server, timeout=self._timeout):
            response = await self._openai.post(
                path, cast_to=httpx2.Response, content=encode_body(body), options={"headers": _UNREAD}
            )
        try:
            kind = response.headers.get("content-type", "")
            yield Answering(chunks=self._chunks(response), is_event_stream=not kind.startswith("application/json"))
        finally:
            with mapped_failures(self._server, timeout=self._timeout, is_answering=True):
                await response.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._openai.close()

    async def _chunks(self, response: httpx2.Response) -> AsyncGenerator[bytes, None]:
        with mapped_failures(self._server, timeout=self._timeout, is_answering=True):
            async for chunk in response.aiter_bytes():
                yield chunk
