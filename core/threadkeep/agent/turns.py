"""A run without a bot: read the session, make the run, append it, whatever happens in between."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import structlog

from threadkeep.agent.loop import AgentRun
from threadkeep.errors import StoreError
from threadkeep.runs import Run, RunCompleted, RunEvent, RunStatus
from threadkeep.stores.base import History

_LAST_WRITE_SECONDS: Final = 5.0
_log = structlog.get_logger(__name__)


async def recorded(run: AgentRun, history: History) -> AsyncGenerator[RunEvent, None]:
    """Yield the events of a run and append it to its session before the last one.

    A run that fails is appended as failed, one that is cancelled or not read to its end as cancelled; then the cause
    goes on its way.

    Raises:
        ModelError: The model gave no usable answer.
        StoreError: The run could not be read or appended.
    """
    is_answered = is_appended = False
    try:
        async with aclosing(run.stream()) as events:
            async for event in events:
                if isinstance(event, RunCompleted):
                    is_answered = True
                    await history.append(run.close(RunStatus.COMPLETED), state=run.changed_state)
                    is_appended = True
                yield event
    except (asyncio.CancelledError, GeneratorExit):
        # A program may stop reading at the last event, when everything is done.
        if not is_appended:
            status = RunStatus.COMPLETED if is_answered else RunStatus.CANCELLED
            await _append_shielded(history, run, run.close(status))
        raise
    except Exception as error:
        if not is_answered:
            await _append_shielded(history, run, run.close(RunStatus.FAILED, type(error).__name__))
        raise


async def _append_shielded(history: History, agent_run: AgentRun, run: Run) -> None:
    write = asyncio.create_task(_append(history, agent_run, run))
    cancellation: asyncio.CancelledError | None = None
    while not write.done():
        try:
            await asyncio.shield(write)
        except asyncio.CancelledError as error:
            # Raised again when the write has ended, which its own time limit sees to.
            cancellation = error
    if cancellation is not None:
        raise cancellation


async def _append(history: History, agent_run: AgentRun, run: Run) -> None:
    try:
        async with asyncio.timeout(_LAST_WRITE_SECONDS):
            await history.append(run, state=agent_run.changed_state)
    except (StoreError, TimeoutError) as error:
        _log.error("run_not_appended", run_id=run.run_id, status=run.status, error=type(error).__name__)
