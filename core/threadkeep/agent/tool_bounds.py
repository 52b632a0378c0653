"""What bounds the calls of one tool: how many are under way, how often one is tried, which results are kept."""

import asyncio
import json
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Final, Literal

from threadkeep.agent.context import RunContext
from threadkeep.agent.tool_results import Result
from threadkeep.chat.adapter import Source
from threadkeep.chat.elements import Element
from threadkeep.errors import ConfigError

CacheScope = Literal["run", "session"]
"""Within what a result is given again: a run, or a session for some minutes."""

_MOST_KEPT: Final = 500
_MOST_BYTES: Final = 16 * 1024 * 1024
_SECONDS: Final = 300.0
_FIRST_DELAY: Final = 0.1
_LONGEST_DELAY: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A result, and until when it is given again."""

    until: float
    result: Result
    cited: tuple[Source, ...]
    offered: tuple[Element, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What bounds the calls of a tool.

    Attributes:
        retries: How often a call that failed is made again.
        most_parallel: How many calls may be under way in an event loop, over all runs; None for any number.
        cache: Within what a result is given again for the same arguments; None for never.

    Raises:
        ConfigError: A number is too small, or there is no such scope.
    """

    retries: int = 0
    most_parallel: int | None = None
    cache: CacheScope | None = None
    _slots: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]" = field(
        default_factory=weakref.WeakKeyDictionary, repr=False, compare=False
    )
    _kept: "OrderedDict[str, _Kept]" = field(default_factory=OrderedDict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.retries < 0:
            raise ConfigError(f"retries must be 0 or more, got {self.retries!r}")
        if self.most_parallel is not None and self.most_parallel < 1:
            raise ConfigError(f"max_parallel must be 1 or more, got {self.most_parallel!r}")
        if self.cache not in (None, "run", "session"):
            raise ConfigError(f"cache must be 'run' or 'session', got {self.cache!r}")

    def slot(self) -> AbstractAsyncContextManager[None]:
        """Give what a call must hold while it is made."""
        if self.most_parallel is None:
            return nullcontext()
        # A semaphore belongs to one event loop, a tool to all of them.
        return self._slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self.most_parallel))

    def delay(self, failures: int) -> float | None:
        """Give how long to wait after so many failures; None if that was the last attempt."""
        if failures > self.retries:
            return None
        return min(_FIRST_DELAY * 2.0 ** min(failures - 1, 10), _LONGEST_DELAY)

    def kept(self, arguments: Mapping[str, object], context: RunContext) -> Result | None:
        """Give the result that is kept for a call, with its sources and elements on the desk; None if there is none."""
        found = self._kept.get(self._name(arguments, context)) if self.cache is not None else None
        if found is None or context.desk.clock() >= found.until:
            return None
        context.desk.cited.extend(found.cited)
        context.desk.offered.extend(found.offered)
        return found.result

    def keep(self, arguments: Mapping[str, object], context: RunContext, result: Result) -> None:
        """Keep the result of a call that went well; of many or large results the oldest go."""
        if self.cache is None:
            return
        name, desk = self._name(arguments, context), context.desk
        self._kept.pop(name, None)
        self._kept[name] = _Kept(
            until=desk.clock() + _SECONDS, result=result, cited=tuple(desk.cited), offered=tuple(desk.offered)
        )
        while len(self._kept) > _MOST_KEPT or sum(_size(kept) for kept in self._kept.values()) > _MOST_BYTES:
            self._kept.popitem(last=False)

    def _name(self, arguments: Mapping[str, object], context: RunContext) -> str:
        scope = context.run_id if self.cache == "run" else context.session_id
        # What one person may see is not given to another, in the same session either.
        return json.dumps([scope, context.user_id, arguments], sort_keys=True, default=repr)


def _size(kept: _Kept) -> int:
    return len(kept.result.text) + sum(len(file.data) for file in kept.result.files)
