"""The last write of a run, when the store or the caller does not behave."""

import asyncio
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from threadkeep import Agent, ModelUnavailableError, Run, RunStatus, StoreUnavailableError


@dataclass
class Ledger:
    """A store of which only the history's last write matters."""

    failures: list[Exception] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    is_writing: asyncio.Event = field(default_factory=asyncio.Event)
    may_write: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def history(self):
        return self

    async def append(self, run: Run, *, state: object = None) -> None:
        self.is_writing.set()
        await self.may_write.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.runs.append(run)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


async def test_an_answer_that_cannot_be_kept_is_an_error(scripted, script, ledger):
    ledger.may_write.set()
    ledger.failures.append(StoreUnavailableError("down"))
    with pytest.raises(StoreUnavailableError):
        await Agent(model=scripted(script("Hello.")), store=ledger).arun("Hi")
    assert ledger.runs == []


async def test_the_models_error_is_raised_even_if_it_cannot_be_kept(scripted, ledger):
    ledger.may_write.set()
    ledger.failures.append(StoreUnavailableError("down"))
    with pytest.raises(ModelUnavailableError), capture_logs() as logs:
        await Agent(model=scripted([ModelUnavailableError("gone")]), store=ledger).arun("Hi")
    assert [(log["event"], log["status"]) for log in logs] == [("run_not_appended", RunStatus.FAILED)]


@pytest.mark.parametrize(
    ("is_answered", "status"), [(True, RunStatus.COMPLETED), (False, RunStatus.FAILED)], ids=["answered", "failed"]
)
async def test_cancelling_during_the_last_write_does_not_lose_the_run(scripted, script, ledger, is_answered, status):
    answer = script("Hello.") if is_answered else [*script("Hel")[:-1], ModelUnavailableError("gone")]
    task = asyncio.create_task(Agent(model=scripted(answer), store=ledger).arun("Hi"))
    async with asyncio.timeout(10):
        await ledger.is_writing.wait()
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        ledger.may_write.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [run.status for run in ledger.runs] == [status]
