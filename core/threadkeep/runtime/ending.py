"""The end of a run: its record is completed and committed."""

from dataclasses import replace

import structlog

from threadkeep.agent.state import STATE, state_after
from threadkeep.runs import Run, RunTrace
from threadkeep.runtime.asides import RunWrites
from threadkeep.runtime.journal import RunJournal, until_stored
from threadkeep.stores.base import Claim

_log = structlog.get_logger(__name__)


async def commit_run(
    run: Run, claim: Claim, writes: RunWrites, journal: RunJournal, *, dead: str | None, span: tuple[float, float]
) -> Run:
    """Commit a finished run, and give it as it is kept: with what was posted, by whom and when.

    Args:
        run: The run.
        claim: Its claim.
        writes: Takes it.
        journal: What was recorded of it.
        dead: Why it could not be answered at all.
        span: When it was claimed, and the time now.

    Raises:
        LeaseLostError: Another worker holds the session.
    """
    claimed_at, now = span
    posted = tuple(journal.posted.values())
    trace = RunTrace(
        worker=claim.lease.worker, attempt=claim.attempt, claimed_at=claimed_at, finished_at=now, posted=posted
    )
    traced, changes = replace(run, trace=trace), journal.steps.get(STATE)
    state = None if changes is None else state_after(claim.session.state, changes)
    await until_stored(
        lambda: writes.commit(claim.lease, traced, consumed=journal.taken, dead=dead, state=state), what="commit"
    )
    _log.info(
        "run_committed",
        session_id=claim.lease.session_id,
        run_id=claim.run_id,
        attempt=claim.attempt,
        status=run.status.value,
        error=run.error,
        duration=round(run.metrics.duration, 3),
        input_tokens=run.metrics.input_tokens,
        output_tokens=run.metrics.output_tokens,
        cost=run.metrics.cost,
    )
    return traced
