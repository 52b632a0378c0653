"""discord.py's HTTP client with a base URL of its own, within the bot's budgets, and safe to cancel."""

import asyncio
import copy
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import discord
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route

from threadkeep_discord.budget import RequestBudget
from threadkeep_discord.limits import LONGEST_WAIT, UNTOLD_WAIT


class HostedHTTPClient(HTTPClient):
    """Call Discord, or another host that speaks its protocol.

    discord.py keeps the base URL of the API and the address of the gateway as attributes of classes, one for the whole
    process. They stay untouched: this client rewrites the addresses of its own calls, so that clients of several hosts
    can live in one process.

    Args:
        loop: The client's loop, or its stand-in before there is one.
        api_url: The base URL of the API with its version and without a slash at its end; None for Discord's.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, api_url: str | None) -> None:
        self.budget = RequestBudget()
        super().__init__(loop, http_trace=self._listen_in(), max_ratelimit_timeout=LONGEST_WAIT)
        self._api_url = api_url
        self._gateway: str | None = None

    async def learn_gateway(self) -> None:
        """Ask another host for the address of its gateway; Discord's own is known.

        https://discord.com/developers/docs/events/gateway#get-gateway
        """
        if self._api_url is not None:
            answer = await self.request(Route("GET", "/gateway"))
            self._gateway = str(answer["url"])

    async def request(self, route: Route, **options: Any) -> Any:
        """Make a call, at the host of this client."""
        if self._api_url is not None:
            route = copy.copy(route)
            route.url = self._api_url + route.url.removeprefix(Route.BASE)
        await self.budget.take(route.url)
        try:
            return await super().request(route, **options)
        except discord.HTTPException:
            await self.budget.tell_refusals()
            raise
        except KeyError as error:
            # Some limits are told without the time that discord.py looks for in the answer.
            if error.args != ("retry_after",):
                raise
            raise discord.RateLimited(UNTOLD_WAIT) from error
        except asyncio.CancelledError:
            # A call that waits out the global rate limit holds back all others, and discord.py lets them go on only
            # when that call does: cancelled there, it would hold them back for ever.
            self._global_over.set()
            raise

    async def ws_connect(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        """Connect to the gateway, at the host of this client where Discord's own is asked for."""
        address = urlsplit(url)
        if self._gateway is not None and address.hostname == DiscordWebSocket.DEFAULT_GATEWAY.host:
            url = urlsplit(self._gateway)._replace(query=address.query).geturl()
        return await super().ws_connect(url, compress=compress)

    def _listen_in(self) -> aiohttp.TraceConfig:
        # discord.py repeats what Discord refuses for its limits without telling anybody; each of them counts.
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._on_answer)
        return trace

    async def _on_answer(
        self, _session: aiohttp.ClientSession, _context: object, ended: aiohttp.TraceRequestEndParams
    ) -> None:
        answer = ended.response
        is_shared = answer.headers.get("X-RateLimit-Scope") == "shared"
        self.budget.heard(str(ended.url), answer.status, is_shared=is_shared)
