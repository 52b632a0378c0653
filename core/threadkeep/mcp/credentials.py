"""The credentials with which a server is asked for one user."""

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Final

import httpx2
import structlog

Headers = Mapping[str, str]
AuthFunction = Callable[[str], Headers | Awaitable[Headers | None] | None]
"""Gives the headers for a user id, such as ``slack:T1:U1``; None if this user has no access."""

_UNAUTHORIZED: Final = 401
_log = structlog.get_logger(__name__)


class Credentials(httpx2.Auth):
    """The headers of one user, put on each request. A refusal makes the function be asked once more.

    Args:
        server: The server's name, for the log.
        user_id: Whose they are.
        auth: Gives them.
    """

    def __init__(self, server: str, user_id: str, auth: AuthFunction) -> None:
        self._server = server
        self._user_id = user_id
        self._auth = auth
        self._headers: dict[str, str] = {}

    async def fetch(self) -> bool:
        """Ask for the headers anew; False if this user has no access, or that could not be found out."""
        try:
            given = self._auth(self._user_id)
            headers = await given if inspect.isawaitable(given) else given
        except Exception as error:  # noqa: BLE001 - the function is the program's own and may raise anything
            _log.warning("mcp_auth_failed", server=self._server, user_id=self._user_id, error=type(error).__name__)
            return False
        self._headers = dict(headers or {})
        return headers is not None

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Put the headers on a request."""
        request.headers.update(self._headers)
        response = yield request
        if response.status_code == _UNAUTHORIZED:
            refused = self._headers
            if await self.fetch() and self._headers != refused:
                request.headers.update(self._headers)
                yield request
