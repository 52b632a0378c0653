"""Calls that answer interactions: with the interaction's token, and without the bot's."""

import copy
from collections.abc import Callable
from typing import Any, Final, cast

import aiohttp
import discord
from discord.http import MultipartParameters, Route
from discord.webhook.async_ import AsyncWebhookAdapter

from threadkeep_discord.client import DiscordClient
from threadkeep_discord.look_back import PostedPayload

ORIGINAL: Final = "@original"
EPHEMERAL: Final = 1 << 6
MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, CHOICES, MODAL = 4, 5, 6, 8, 9
"""Kinds of answers.

https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type
"""

_UNKNOWN_WEBHOOK: Final = 10015
_UNKNOWN_INTERACTION: Final = 10062
_INVALID_TOKEN: Final = 50027
_ALREADY_ANSWERED: Final = 40060


class _HostedWebhooks(AsyncWebhookAdapter):
    """discord.py's calls, at a host of one's own."""

    def __init__(self, api_url: str | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # discord.py does not say that it returns nothing
        self._api_url = api_url

    async def request(self, route: Route, session: aiohttp.ClientSession, **options: Any) -> Any:
        if self._api_url is not None:
            route = copy.copy(route)
            route.url = self._api_url + route.url.removeprefix(Route.BASE)
        return await super().request(route, session, **options)


class InteractionCalls:
    """Answer interactions. It opens its own HTTP session, without the bot's token, at its first call.

    Every call raises ``discord.HTTPException`` where Discord refuses.

    Args:
        client: Gives the connected client; raises ``PlatformUnavailableError`` when there is none.
        api_url: The base URL of the API; None for Discord's.
    """

    def __init__(self, client: Callable[[], DiscordClient], *, api_url: str | None) -> None:
        self._client = client
        self._calls = _HostedWebhooks(api_url)
        self._session: aiohttp.ClientSession | None = None

    async def respond(self, interaction_id: int, token: str, kind: int, data: dict[str, Any] | None = None) -> None:
        """Give the first answer, which must come within three seconds."""
        payload = {"type": kind} if data is None else {"type": kind, "data": data}
        params = MultipartParameters(payload=payload, multipart=None, files=None)
        await self._calls.create_interaction_response(interaction_id, token, session=self._opened(), params=params)

    async def follow_up(self, token: str, body: dict[str, Any]) -> PostedPayload:
        """Post a further message."""
        answer = await self._calls.execute_webhook(
            self._application_id, token, session=self._opened(), payload=body, wait=True
        )
        return cast("PostedPayload", answer)

    async def edit(self, token: str, message_id: str, body: dict[str, Any]) -> PostedPayload:
        """Change a message of an interaction, or fill the deferred one in, which is ``@original``."""
        answer = await self._calls.edit_webhook_message(
            self._application_id,
            token,
            cast("int", message_id),  # it is a part of the path: @original stands there as well
            session=self._opened(),
            payload=body,
        )
        return cast("PostedPayload", answer)

    async def remove(self, token: str, message_id: str) -> None:
        """Delete a message of an interaction."""
        await self._calls.delete_webhook_message(
            self._application_id, token, cast("int", message_id), session=self._opened()
        )

    async def aclose(self) -> None:
        """Close the HTTP session. Harmless if none was opened."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @property
    def _application_id(self) -> int:
        return self._client().application_id or 0

    def _opened(self) -> aiohttp.ClientSession:
        agent = self._client().http.user_agent
        if self._session is None:
            self._session = aiohttp.ClientSession(headers={"User-Agent": agent})
        return self._session


def is_not_answered(error: discord.HTTPException) -> bool:
    """Tell whether Discord refuses since the first answer is missing yet, or came too late."""
    return error.code == _UNKNOWN_WEBHOOK


def is_over(error: discord.HTTPException) -> bool:
    """Tell whether Discord refuses since the interaction cannot be answered any more."""
    return error.code in {_INVALID_TOKEN, _UNKNOWN_INTERACTION}


def is_answered(error: discord.HTTPException) -> bool:
    """Tell whether Discord refuses since the first answer was given already."""
    return error.code == _ALREADY_ANSWERED
