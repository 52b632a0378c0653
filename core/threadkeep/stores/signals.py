"""Signals on their way to somebody who listens."""

import asyncio
from collections import deque
from typing import Self

from threadkeep.stores.operations import Signal, SignalKind
from threadkeep.stores.options import MAX_SIGNALS


class SignalBuffer:
    """Signals that were heard and not taken yet; an async iterator without end.

    It holds the latest thousand: where a listener is slower than people are, the oldest are dropped, and the listener
    is told so first. What they tell is in the store too.
    """

    def __init__(self) -> None:
        self._signals: deque[Signal] = deque(maxlen=MAX_SIGNALS)
        self._has_missed = False
        self._has_some = asyncio.Event()

    def put(self, signal: Signal) -> None:
        """Add a signal; only from the event loop of the listener."""
        if len(self._signals) == MAX_SIGNALS:
            self._has_missed = True
        self._signals.append(signal)
        self._has_some.set()

    def miss(self) -> None:
        """Note that signals may not have been heard."""
        self._has_missed = True
        self._has_some.set()

    def __aiter__(self) -> Self:
        """Give the iterator: itself."""
        return self

    async def __anext__(self) -> Signal:
        """Wait for the next signal."""
        while not self._signals and not self._has_missed:
            self._has_some.clear()
            await self._has_some.wait()
        if self._has_missed:
            self._has_missed = False
            return Signal(session_id="", kind=SignalKind.MISSED)
        return self._signals.popleft()
