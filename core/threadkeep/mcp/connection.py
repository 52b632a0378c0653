"""A lasting connection to a server: opened, watched, opened again and closed by one task."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

import structlog
from mcp import Client, MCPError
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.types import Tool

from threadkeep.errors import ToolError
from threadkeep.mcp.failures import reason_of, told

_OPENING: Final = 60.0
_FIRST: Final = 15.0
_LISTING: Final = 30.0
_REFRESH: Final = 600.0
_LONGEST_PAUSE: Final = 60.0
_STEADY: Final = 30.0
_DRAINING: Final = 10.0
_MOST_PAGES: Final = 50
_log = structlog.get_logger(__name__)


class Connection:
    """The connection to one server, with one set of credentials. Whoever makes it calls ``aclose``.

    Args:
        server: The server's name.
        make: Gives a client; it is told whom to call when the server's tools have changed.
    """

    def __init__(self, server: str, make: Callable[[Callable[[], None]], Client]) -> None:
        self._server = server
        self._make = make
        self._client: Client | None = None
        self._tools: tuple[Tool, ...] = ()
        self._calls = 0
        self._is_broken = False
        self._is_closing = False
        self._news = asyncio.Event()
        self._tried = asyncio.Event()
        self._tried_once = asyncio.Event()
        self._wanted = asyncio.Event()
        self._drained = asyncio.Event()
        self._task = asyncio.create_task(self._keep(), name=f"mcp-{server}")

    @property
    def is_idle(self) -> bool:
        """Whether no call is under way."""
        return self._calls == 0

    @property
    def _is_over(self) -> bool:
        return self._is_broken or self._is_closing

    async def tools(self) -> tuple[Tool, ...]:
        """Give the server's tools as they were listed last; none if it was never reached.

        Only the first attempt to reach it is waited for, and not for long.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST):
                await self._tried_once.wait()
        return self._tools

    @asynccontextmanager
    async def use(self) -> AsyncIterator[Client]:
        """Give the client for a call. If there is none, the server is tried at once.

        Raises:
            ToolError: The server is out of reach, or the call failed.
        """
        client = await self._reached()
        self._calls += 1
        self._drained.clear()
        try:
            yield client
        except Exception as error:
            reason = reason_of(error)
            if reason is None:
                raise
            if reason.is_lost and client is self._client:
                self._break()
            raise told(self._server, reason) from error
        finally:
            self._calls -= 1
            if not self._calls:
                self._drained.set()

    async def relist(self, client: Client) -> None:
        """List the tools anew, when the server says that we know them wrongly."""
        await self._list(client)

    def end(self) -> asyncio.Task[None]:
        """Begin to close, and give the task that does so."""
        self._is_closing = True
        self._news.set()
        self._wanted.set()
        return self._task

    async def aclose(self) -> None:
        """Close; calls under way fail."""
        task = self.end()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _reached(self) -> Client:
        if (self._client is None or self._is_broken) and not self._is_closing:
            self._tried.clear()
            self._wanted.set()
            await self._tried.wait()
        if self._client is None:
            raise ToolError(f"the server {self._server} is out of reach; it will be tried again")
        return self._client

    async def _keep(self) -> None:
        failures = 0
        try:
            while not self._is_closing:
                lasted = await self._hold()
                failures = 1 if lasted > _STEADY else failures + 1
                if not self._is_closing:
                    await self._pause(min(2.0 ** (failures - 1), _LONGEST_PAUSE))
        finally:
            self._is_closing = True
            self._settle(None)

    async def _hold(self) -> float:
        """Connect and stay connected as long as it goes; give for how many seconds that was."""
        loop = asyncio.get_running_loop()
        began: float | None = None
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(_OPENING):
                    client = await stack.enter_async_context(self._make(self._change))
                    await self._list(client)
                began = loop.time()
                self._settle(client)
                _log.info("mcp_connected", server=self._server, tools=len(self._tools))
                try:
                    await self._watch(client)
                finally:
                    # From now on calls wait for the next client, while those under way may end.
                    self._client = None
                    self._tried.clear()
                await self._drain()
        except Exception as error:  # noqa: BLE001 - a transport may raise anything, in groups too: it is tried again
            _log.warning("mcp_unreachable", server=self._server, error=_in_words(error))
        if began is None:
            self._settle(None)
        return 0.0 if began is None else loop.time() - began

    def _settle(self, client: Client | None) -> None:
        self._client = client
        self._is_broken = False
        self._wanted.clear()
        self._tried.set()
        self._tried_once.set()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wanted.wait()

    async def _watch(self, client: Client) -> None:
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(self._listen(client))
            while not self._is_over:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_REFRESH):
                        await self._news.wait()
                self._news.clear()
                if not self._is_over:
                    await self._refresh(client)
            listening.cancel()

    async def _refresh(self, client: Client) -> None:
        try:
            await self._list(client)
        except (MCPError, TimeoutError) as error:
            _log.warning("mcp_tools_not_listed", server=self._server, error=_in_words(error))
            self._break()

    async def _listen(self, client: Client) -> None:
        """Hear that the tools have changed, and that the connection is gone."""
        pause = 1.0
        try:
            while True:
                async with client.listen(tools_list_changed=True) as events:
                    # What changed while nobody listened is not told.
                    self._change()
                    with suppress(SubscriptionLost):
                        async for _ in events:
                            self._change()
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        except ListenNotSupportedError:
            # The server speaks an older protocol: it tells by itself.
            return
        except (MCPError, SubscriptionLost, TimeoutError) as error:
            reason = reason_of(error)
            if reason is not None and reason.is_lost:
                self._break()

    async def _list(self, client: Client) -> None:
        found: list[Tool] = []
        cursor: str | None = None
        async with asyncio.timeout(_LISTING):
            for _ in range(_MOST_PAGES):
                page = await client.list_tools(cursor=cursor, cache_mode="refresh")
                found.extend(page.tools)
                cursor = page.next_cursor
                if cursor is None:
                    break
        self._tools = tuple(found)

    async def _drain(self) -> None:
        if self._calls:
            with suppress(TimeoutError):
                async with asyncio.timeout(_DRAINING):
                    await self._drained.wait()

    def _change(self) -> None:
        self._news.set()

    def _break(self) -> None:
        self._is_broken = True
        self._news.set()


def _in_words(error: BaseException) -> str:
    """Give what went wrong, of a group the first thing; never more than a line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"[:200]
