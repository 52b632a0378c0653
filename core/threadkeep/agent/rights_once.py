"""Asking for somebody's rights once, and not for ever."""

import asyncio
from typing import Final

from threadkeep.chat.rights import AskRights, Rights
from threadkeep.errors import PlatformUnavailableError

_SECONDS: Final = 10.0


class AskedOnce:
    """Asks the platform for somebody's rights at the first call, and gives the same again.

    Args:
        ask: Asks the platform.
    """

    def __init__(self, ask: AskRights) -> None:
        self._ask = ask
        self._rights: Rights | None = None

    async def __call__(self) -> Rights:
        """Give the rights.

        Raises:
            PlatformError: They cannot be told, or not in time.
        """
        if self._rights is None:
            try:
                async with asyncio.timeout(_SECONDS):
                    self._rights = await self._ask()
            except TimeoutError:
                raise PlatformUnavailableError("the platform did not tell in time what somebody may do") from None
        return self._rights
