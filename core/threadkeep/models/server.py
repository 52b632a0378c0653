"""A model server: its settings, and one client for each event loop that calls it."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threadkeep.errors import ConfigError
from threadkeep.models.payloads import JsonObject

if TYPE_CHECKING:
    from threadkeep.models.client import Answering, Client

_OPENAI: Final = "https://api.openai.com"
_NO_KEY: Final = "no-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where a model server is and how to call it.

    Attributes:
        api_key: The key; None takes ``OPENAI_API_KEY``.
        base_url: The address; None takes ``OPENAI_BASE_URL``, or OpenAI itself.
        organization: OpenAI's id of the organization that pays.
        timeout: Seconds to wait for the next bytes of an answer.
        max_retries: How often a request that brought no answer is sent again.
    """

    api_key: str | None
    base_url: str | None
    organization: str | None
    timeout: float
    max_retries: int

    def __post_init__(self) -> None:
        if self.timeout <= 0:
            raise ConfigError(f"timeout must be more than 0 seconds, got {self.timeout!r}")
        if self.max_retries < 0:
            raise ConfigError(f"max_retries must be 0 or more, got {self.max_retries!r}")


@dataclass(frozen=True, slots=True)
class _Open:
    client: "Client"
    guard: AsyncGenerator[None, None]


class ModelServer:
    """Send requests to a model server from any event loop.

    Connections belong to the event loop that opened them. They are closed by ``aclose``, or when the loop ends.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._open: dict[asyncio.AbstractEventLoop, _Open] = {}

    @asynccontextmanager
    async def post(self, path: str, body: JsonObject) -> AsyncIterator["Answering"]:
        """Send a request and give its answer while it comes; leaving ends the call.

        Raises:
            ConfigError: There is no API key.
            ModelError: There is no answer; the subclass says why.
        """
        client = await self._client()
        async with client.post(path, body) as answering:
            yield answering

    async def prepare(self) -> None:
        """Make the client of the running event loop.

        Raises:
            ConfigError: There is no API key.
        """
        await self._client()

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        found = self._open.pop(asyncio.get_running_loop(), None)
        if found is not None:
            await found.guard.aclose()

    async def _client(self) -> "Client":
        loop = asyncio.get_running_loop()
        found = self._open.get(loop)
        if found is not None:
            return found.client
        # Importing the client and reading the trusted certificates takes more than a second: the loop goes on.
        client = await asyncio.to_thread(self._connect)
        found = self._open.get(loop)
        if found is not None:
            await client.aclose()
            return found.client
        for other in list(self._open):
            if other.is_closed():
                self._open.pop(other, None)
        opened = self._open[loop] = _Open(client, self._guard(loop, client))
        await anext(opened.guard)
        return client

    def _connect(self) -> "Client":
        from threadkeep.models.client import Client  # noqa: PLC0415 - slow to import, see above

        settings = self._settings
        base_url = settings.base_url or os.environ.get("OPENAI_BASE_URL") or None
        return Client(
            api_key=_api_key(settings.api_key, base_url),
            base_url=base_url,
            organization=settings.organization,
            timeout=settings.timeout,
            max_retries=settings.max_retries,
        )

    async def _guard(self, loop: asyncio.AbstractEventLoop, client: "Client") -> AsyncGenerator[None, None]:
        # An event loop closes its async generators before it ends: this is how we hear of it, so that a program
        # which calls asyncio.run() leaves no connection behind.
        try:
            yield
        finally:
            self._open.pop(loop, None)
            await client.aclose()


def _api_key(given: str | None, base_url: str | None) -> str:
    key = given or os.environ.get("OPENAI_API_KEY")
    if key:
        return key
    if base_url is not None and not base_url.startswith(_OPENAI):
        # Servers on one's own machine want no key, but the client insists on one.
        return _NO_KEY
    raise ConfigError(
        "OPENAI_API_KEY is missing: create a key at https://platform.openai.com/api-keys and set it, pass"
        " api_key=..., or name another server with OPENAI_BASE_URL or base_url=..."
    )
