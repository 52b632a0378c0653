"""How many sockets this process may open, where Slack counts those of all processes together."""

import re
from typing import Final
from uuid import uuid4

import structlog

from threadkeep.chat.adapter import SharedState
from threadkeep.errors import StoreError
from threadkeep_slack.limits import MOST_SOCKETS, SLOT_SECONDS

_log = structlog.get_logger(__name__)

_APP: Final = re.compile(r"xapp-\d+-(A[A-Z0-9]+)-")


class SocketSlots:
    """The share of one process in the sockets of an app.

    Args:
        app: Names the app, or something that belongs to it alone.
        most: How many sockets the process wants.
        shared: What the processes of the bot share; None if this one is alone.
    """

    def __init__(self, app: str, *, most: int, shared: SharedState | None) -> None:
        self._name: Final = f"slack-sockets:{app}"
        self._owner: Final = uuid4().hex
        self._most: Final = most
        self._shared: Final = shared

    async def take(self) -> frozenset[int]:
        """Keep what is held, take what is free and give the numbers. To be repeated before they lapse.

        Raises:
            StoreError: It cannot be told.
        """
        if self._shared is None:
            return frozenset(range(self._most))
        return await self._shared.take_slots(
            self._name, owner=self._owner, total=MOST_SOCKETS, most=self._most, seconds=SLOT_SECONDS
        )

    async def free(self) -> None:
        """Give the share back. If that fails it lapses by itself."""
        if self._shared is None:
            return
        try:
            await self._shared.free_slots(self._name, owner=self._owner)
        except StoreError as error:
            _log.info("slack_socket_slots_left_to_lapse", reason=str(error))


def app_of(app_token: str) -> str | None:
    """Give the id of the app that an app-level token names; None if it names none."""
    match = _APP.match(app_token)
    return match.group(1) if match else None
