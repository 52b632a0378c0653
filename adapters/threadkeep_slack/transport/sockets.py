"""Several sockets, as one way for events."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from threadkeep.errors import PlatformAuthError, PlatformError, StoreError
from threadkeep_slack.transport.port import OnLost, end_tasks
from threadkeep_slack.transport.slots import SocketSlots
from threadkeep_slack.transport.socket_mode import SocketMode

_log = structlog.get_logger(__name__)


class Sockets:
    """As many websockets as this process has slots, each event coming over any one of them.

    With two of them events still come when one breaks. A process without a slot waits for one: another process has its
    events. A socket that is being renewed is two for a moment, of which the slots count one.

    Args:
        make: Builds a socket.
        slots: How many there may be.
        on_lost: Told when Slack refuses the app-level token.
        heartbeat: Seconds between two looks at the slots.
    """

    def __init__(
        self,
        make: Callable[[], SocketMode],
        *,
        slots: SocketSlots,
        on_lost: OnLost,
        heartbeat: float,
    ) -> None:
        self._make: Final = make
        self._slots: Final = slots
        self._on_lost: Final = on_lost
        self._heartbeat: Final = heartbeat
        self._held: frozenset[int] = frozenset()
        self._open: dict[int, SocketMode] = {}
        self._keeper: asyncio.Task[None] | None = None

    @property
    def label(self) -> str:
        """Name the way, for the operator."""
        return "Socket Mode"

    @property
    def is_up(self) -> bool:
        """Whether one of the sockets is open, or other processes hold all."""
        return not self._held or any(socket.is_up for socket in self._open.values())

    async def start(self) -> None:
        """Open the sockets; returns when the first is open, and the others are or were tried once.

        Raises:
            PlatformAuthError: Slack refuses the app-level token.
            PlatformUnavailableError: Slack is not reached.
            StoreError: The share of this process cannot be told.
        """
        held = await self._slots.take()
        try:
            if held:
                await self._open_one(min(held))
            await self._match(held)
        except BaseException:
            await self._close_all()
            raise
        if not held:
            _log.warning("slack_sockets_taken", remedy="other processes of the bot hold all; one waits for its turn")
        self._keeper = asyncio.create_task(self._keep(), name="slack-sockets")

    async def stop(self) -> None:
        """Take no more events, let those in progress be acknowledged, close the sockets and give the slots back."""
        for socket in self._open.values():
            socket.refuse()
        if self._keeper is not None:
            await end_tasks(self._keeper)
            self._keeper = None
        await self._close_all()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            try:
                held = await self._slots.take()
            except StoreError as error:
                # Events are refused as long as the store is away; a slot that lapses meanwhile is given up afterwards.
                _log.warning("slack_socket_slots_unknown", reason=str(error))
                continue
            await self._match(held)

    async def _match(self, held: frozenset[int]) -> None:
        """Close the sockets whose slot is lost, and open those that are missing."""
        self._held = held
        lost = [self._open.pop(slot) for slot in self._open.keys() - held]
        for socket in lost:
            _log.warning("slack_socket_slot_lost")
            await socket.stop()
        for slot in sorted(held - self._open.keys()):
            try:
                await self._open_one(slot)
            except PlatformAuthError as error:
                self._on_lost(error)
            except PlatformError as error:
                _log.warning("slack_socket_not_opened", reason=str(error))

    async def _open_one(self, slot: int) -> None:
        socket = self._make()
        await socket.start()
        self._open[slot] = socket

    async def _close_all(self) -> None:
        sockets = list(self._open.values())
        self._open.clear()
        await asyncio.gather(*(socket.stop() for socket in sockets))
        await self._slots.free()
