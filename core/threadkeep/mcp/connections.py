"""The connections to one server: a single one, or one for each user."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Final

import httpx2
from mcp import Client

from threadkeep.mcp.connection import Connection
from threadkeep.mcp.credentials import AuthFunction, Credentials
from threadkeep.mcp.opening import Address, make_client

MOST_USERS: Final = 100
"""How many users have a connection at the same time; of others the one that was used longest ago is closed."""


class Connections:
    """Opens connections when they are needed. It belongs to one event loop.

    Args:
        server: The server's name.
        address: Where it is.
        auth: Gives the headers of a user; None where everybody has the same.
        most: How many may be open.
    """

    def __init__(self, server: str, address: Address, auth: AuthFunction | None, most: int = MOST_USERS) -> None:
        self._server = server
        self._address = address
        self._auth = auth
        self._most = most
        self._open: OrderedDict[str, tuple[Connection, Credentials | None]] = OrderedDict()
        self._ending: set[asyncio.Task[None]] = set()

    async def of(self, user_id: str | None) -> Connection | None:
        """Give the connection for a user, with the credentials that they have now; None if they have no access.

        Args:
            user_id: Who; None where that is not known.
        """
        if self._auth is None:
            return self._opened("", None)
        if user_id is None:
            return None
        known = self._open.get(user_id)
        credentials = known[1] if known is not None else Credentials(self._server, user_id, self._auth)
        if credentials is None or not await credentials.fetch():
            return None
        return self._opened(user_id, credentials)

    async def aclose(self) -> None:
        """Close all of them; calls under way fail."""
        connections = [connection for connection, _ in self._open.values()]
        self._open.clear()
        await asyncio.gather(*(connection.aclose() for connection in connections), *self._ending)

    def _opened(self, key: str, credentials: Credentials | None) -> Connection:
        known = self._open.get(key)
        if known is not None:
            self._open.move_to_end(key)
            return known[0]
        if len(self._open) >= self._most:
            self._close_one()
        connection = Connection(self._server, self._maker(credentials))
        self._open[key] = (connection, credentials)
        return connection

    def _maker(self, auth: httpx2.Auth | None) -> Callable[[Callable[[], None]], Client]:
        return partial(make_client, self._address, auth)

    def _close_one(self) -> None:
        idle = (key for key, (connection, _) in self._open.items() if connection.is_idle)
        connection, _ = self._open.pop(next(idle, next(iter(self._open))))
        task = connection.end()
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
