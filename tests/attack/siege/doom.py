"""A process that kills itself at a chosen point, and what leads every call of a run past such points."""

import inspect
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Self, TypeVar

from threadkeep.messages import Message
from threadkeep.models.base import Model, ModelAnswer, ModelEvent, ModelSettings, ToolSpec

T = TypeVar("T")

# How often these happen depends on how long a run takes, not on what it does.
_UNCOUNTED = frozenset({"inbox.wait"})


class Doom:
    """Notes each point that the process passes, and ends it with SIGKILL at the one that is chosen.

    A point is ``operation:when:count``: ``inbox.record:after:2`` lies behind the second ``record`` of the process.
    ``when`` is ``before``, ``after`` or ``failed``.

    Args:
        point: Where to die; None lets the process live.
        trace: The file that is told the points that were passed: it outlives the process.
    """

    def __init__(self, point: str | None, trace: Path) -> None:
        self._point = point
        self._trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._passed: Counter[str] = Counter()

    def reach(self, operation: str, when: str) -> None:
        """Pass a point, or die there."""
        name = f"{operation}:{when}"
        self._passed[name] += 1
        point = f"{name}:{self._passed[name]}"
        os.write(self._trace, f"{point}\n".encode())
        if point == self._point:
            os.kill(os.getpid(), signal.SIGKILL)

    async def around(self, operation: str, call: Awaitable[T]) -> T:
        """Make a call with a point before and one behind it."""
        self.reach(operation, "before")
        try:
            result = await call
        except Exception:
            self.reach(operation, "failed")
            raise
        self.reach(operation, "after")
        return result


class DoomedRoom:
    """A room of a store, or another port, whose coroutines are led past the points."""

    def __init__(self, room: object, name: str, doom: Doom) -> None:
        self._room = room
        self._name = name
        self._doom = doom

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._room, attribute)
        operation = f"{self._name}.{attribute}"
        if operation in _UNCOUNTED or not inspect.iscoroutinefunction(value):
            return value

        async def call(*arguments: Any, **options: Any) -> Any:
            return await self._doom.around(operation, value(*arguments, **options))

        return call


class DoomedInbox(DoomedRoom):
    """An inbox: most of its claims find nothing, and only those that find something are points."""

    async def claim(self, worker: str, **wanted: Any) -> Any:
        found = await self._room.claim(worker, **wanted)
        if found is not None:
            self._doom.reach("inbox.claim", "after")
        return found


class DoomedStore:
    """A store with all the rooms that a run uses led past the points."""

    def __init__(self, store: Any, doom: Doom) -> None:
        self._store = store
        self.inbox = DoomedInbox(store.inbox, "inbox", doom)
        self.control = DoomedRoom(store.control, "control", doom)
        self.history = DoomedRoom(store.history, "history", doom)
        self.memories = DoomedRoom(store.memories, "memories", doom)

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._store, attribute)

    async def __aenter__(self) -> Self:
        await self._store.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._store.__aexit__(*exc_info)


class DoomedModel:
    """A model with points before it is asked, behind the first words and behind the whole answer."""

    def __init__(self, model: Model, doom: Doom) -> None:
        self._model = model
        self._doom = doom

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._model, attribute)

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], settings: ModelSettings
    ) -> AsyncIterator[ModelEvent]:
        self._doom.reach("model.ask", "before")
        heard = 0
        async with aclosing(self._model.stream(messages, tools, settings)) as events:
            async for event in events:
                heard += 1
                if isinstance(event, ModelAnswer):
                    self._doom.reach("model.answer", "after")
                elif heard == 1:
                    self._doom.reach("model.words", "after")
                yield event


def lead_past_points(kind: type, doom: Doom, name: str, *methods: str) -> None:
    """Lead methods of a class past the points, for this process, wherever it is used."""

    def lead(whole: Any, operation: str) -> Any:
        async def call(self: Any, *arguments: Any, **options: Any) -> Any:
            return await doom.around(operation, whole(self, *arguments, **options))

        return call

    for method in methods:
        setattr(kind, method, lead(getattr(kind, method), f"{name}.{method}"))
