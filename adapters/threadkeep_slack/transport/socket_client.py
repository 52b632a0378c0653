"""slack_sdk's Socket Mode client, with its tasks owned and ended."""

import asyncio
import json
from typing import Final

from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep_slack.limits import EVENTS_IN_FLIGHT, RENEWAL_SECONDS
from threadkeep_slack.logs import sdk_logger
from threadkeep_slack.transport.port import end_tasks

_CLOSE_SECONDS: Final = 2.0


class SocketFamily:
    """What the sockets of one process have in common.

    Attributes:
        renewal: Held by the one socket that is being renewed.
        frames: How many frames may be in progress, on all of them.
    """

    def __init__(self) -> None:
        self.renewal: Final = asyncio.Lock()
        self.frames: Final = asyncio.Semaphore(EVENTS_IN_FLIGHT)


class OwnedSocketClient(SocketModeClient):
    """A Socket Mode client that knows the tasks it starts for its frames, and that is gone when it is closed.

    slack_sdk starts a task for each frame and forgets it; the order of the frames is the order in which the tasks
    begin. When too many frames are in progress the next ones wait unread: one that was refused instead would come again
    behind later ones.

    Args:
        app_token: The app-level token.
        web_client: The client of the bot.
        ping_seconds: Seconds between pings.
        family: What it has in common with the other sockets of the process.
    """

    def __init__(
        self, *, app_token: str, web_client: AsyncWebClient, ping_seconds: float, family: SocketFamily
    ) -> None:
        super().__init__(app_token=app_token, web_client=web_client, ping_interval=ping_seconds, logger=sdk_logger())
        self._family: Final = family
        self._frames: set[asyncio.Task[None]] = set()
        self.message_queue = asyncio.Queue(maxsize=EVENTS_IN_FLIGHT)

    async def open(self, url: str) -> None:
        """Connect to an address, or, while that fails, to others, until it succeeds."""
        self.wss_uri = url
        await self.connect()  # type: ignore[no-untyped-call]

    def forget_address(self) -> None:
        """Let the next attempt to connect ask for a new address. An address carries a ticket for one use."""
        self.wss_uri = None

    async def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: FBT001, FBT002 - slack_sdk calls it so
        """Renew the connection, not while another of the process is without one, unless that takes long."""
        try:
            async with asyncio.timeout(RENEWAL_SECONDS):
                await self._family.renewal.acquire()
        except TimeoutError:
            await super().connect_to_new_endpoint(force)
            return
        try:
            await super().connect_to_new_endpoint(force)
        finally:
            self._family.renewal.release()

    async def process_message(self) -> None:
        """Take the next frame and start its task."""
        raw = await self.message_queue.get()
        await self._family.frames.acquire()
        message = json.loads(raw) if raw.startswith("{") else {}
        task = asyncio.create_task(self.run_message_listeners(message, raw), name="slack-frame")
        self._frames.add(task)
        task.add_done_callback(self._on_frame_done)

    def _on_frame_done(self, task: asyncio.Task[None]) -> None:
        self._frames.discard(task)
        self._family.frames.release()

    async def drain(self, seconds: float) -> None:
        """Wait until the frames in progress are done, at most this long."""
        frames = [task for task in self._frames if task is not asyncio.current_task()]
        if frames:
            await asyncio.wait(frames, timeout=seconds)

    async def close(self) -> None:
        """Close the socket and end every task. Frames in progress are cut off; ``drain`` lets them end."""
        self.closed = True
        self.auto_reconnect_enabled = False
        background = [self.message_processor, self.current_session_monitor, self.message_receiver]
        await end_tasks(*(task for task in (*background, *self._frames) if task is not None))
        if self.current_session is not None:
            try:
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self.current_session.close()
            except (TimeoutError, OSError) as error:
                self.logger.info("The socket did not close in order: %s", type(error).__name__)
        await self.aiohttp_client_session.close()
