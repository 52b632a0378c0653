"""Whether a running bot can do its work: it has its store, its platforms and its worker."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Self, TypedDict

import structlog

from threadkeep.chat.adapter import TellsHealth
from threadkeep.errors import StoreError
from threadkeep.runtime.bot import Bot, Role

_log = structlog.get_logger(__name__)

_PAUSE_SECONDS: Final = 2.0
_PATIENCE_SECONDS: Final = 2.0
_NOTE: Final = "health"
_NOTE_SECONDS: Final = 60.0


class PartReport(TypedDict):
    """One thing that a bot needs.

    Attributes:
        ok: Whether it has it.
        since: Since when that is so, in UTC.
        error: What is wrong, for the operator; None where all is well.
    """

    ok: bool
    since: str
    error: str | None


class WorkerReport(PartReport):
    """The worker.

    Attributes:
        sessions: How many it answers now.
        max_sessions: How many it answers at a time at most.
    """

    sessions: int
    max_sessions: int


class HealthReport(TypedDict):
    """How a bot is.

    Attributes:
        ready: Whether it accepts and answers, as far as this process does.
        since: Since when that is so, in UTC.
        phase: ``starting``, ``running`` or ``stopping``.
        role: What this process does for its bot.
        store: Whether the store takes writes.
        platforms: Whether each platform is connected.
        worker: Whether runs are made; None where another process does.
    """

    ready: bool
    since: str
    phase: str
    role: str
    store: PartReport
    platforms: dict[str, PartReport]
    worker: WorkerReport | None


class _Condition:
    """What is known of one thing, and since when."""

    def __init__(self, clock: Callable[[], float], error: str | None) -> None:
        self._clock = clock
        self._since = clock()
        self.error = error

    def note(self, error: str | None) -> bool:
        """Note what is wrong, or that nothing is; tell whether it changed between the two."""
        has_changed = (error is None) != (self.error is None)
        if has_changed:
            self._since = self._clock()
        self.error = error
        return has_changed

    @property
    def since(self) -> str:
        return datetime.fromtimestamp(self._since, UTC).isoformat(timespec="milliseconds")

    def report(self) -> PartReport:
        return PartReport(ok=self.error is None, since=self.since, error=self.error)


class Health:
    """Watch a bot. Enter it when the bot is ready and leave it before the bot stops.

    The store is tried with a small write every two seconds, the next try after the end of the one before; an answer
    that takes longer than two seconds counts as none.

    Args:
        bot: The bot.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        clock = bot.clock
        self._phase = "starting"
        self._whole = _Condition(clock, "starting")
        self._store = _Condition(clock, "not tried yet")
        self._worker = _Condition(clock, "not started yet")
        self._platforms = {adapter.name: _Condition(clock, "not connected yet") for adapter in bot.adapters}
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to watch."""
        self._phase = "running"
        self._watching = asyncio.create_task(self._watch(), name="health")
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Stop watching: from now on the bot is not ready."""
        self._phase = "stopping"
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    def report(self) -> HealthReport:
        """Say how the bot is. It waits for nothing: of the store it says what the last try has shown."""
        self._look()
        return HealthReport(
            ready=self._whole.error is None,
            since=self._whole.since,
            phase=self._phase,
            role=self._bot.role.value,
            store=self._store.report(),
            platforms={name: platform.report() for name, platform in self._platforms.items()},
            worker=self._worker_report(),
        )

    def _worker_report(self) -> WorkerReport | None:
        if self._bot.role is Role.INGRESS:
            return None
        worker = self._bot.worker
        return WorkerReport(
            **self._worker.report(),
            sessions=0 if worker is None else worker.running,
            max_sessions=self._bot.max_concurrent_runs,
        )

    def _look(self) -> None:
        """Look at what can be seen at once, and log a change of the whole."""
        if self._phase == "running":
            for adapter in self._bot.adapters:
                is_down = isinstance(adapter, TellsHealth) and not adapter.is_connected
                self._platforms[adapter.name].note("the connection is lost" if is_down else None)
            is_idle = self._bot.role is not Role.INGRESS and self._bot.worker is None
            self._worker.note("the worker has ended" if is_idle else None)
        parts = {"store": self._store, "worker": self._worker, **self._platforms}
        wrong = {name: part.error for name, part in parts.items() if part.error is not None}
        error = f"{self._phase}" if self._phase != "running" else None
        if self._whole.note(error or ", ".join(wrong) or None) and self._phase == "running":
            if wrong:
                _log.warning("not_ready", because=wrong)
            else:
                _log.info("ready")

    async def _watch(self) -> None:
        while True:
            await self._try_store()
            self._look()
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _try_store(self) -> None:
        store = self._bot.store or self._bot.agent.store
        writing = asyncio.create_task(store.shared.remember(_NOTE, "ok", seconds=_NOTE_SECONDS))
        try:
            done, _ = await asyncio.wait({writing}, timeout=_PATIENCE_SECONDS)
            if not done:
                self._store.note(f"no answer within {_PATIENCE_SECONDS:g} s")
                self._look()
            # The next try would only wait behind this one.
            await writing
        except StoreError as error:
            self._store.note(str(error))
        except Exception as error:  # noqa: BLE001 - health must go on telling, whatever is wrong; it is reported
            self._store.note(f"it fails ({type(error).__name__})")
            _log.exception("health_failed")
        else:
            self._store.note(None)
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
