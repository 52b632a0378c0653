"""Serving until the end: of the platforms, or by a signal."""

import asyncio
import os
import signal

import pytest

from threadkeep import Agent, Bot, SQLiteStore
from threadkeep.errors import PlatformAuthError, PlatformUnavailableError
from threadkeep.runtime.serving import serve

SECONDS = 10


@pytest.fixture
def bot(make_model, platform):
    model = make_model()
    made = Bot(agent=Agent(model=model), adapters=[platform], store=SQLiteStore(":memory:"), grace_seconds=5)
    made.model = model
    return made


@pytest.fixture
def said():
    return []


@pytest.fixture
async def serving(bot, said, wait_for):
    """A bot that is being served and ready."""
    task = asyncio.create_task(serve(bot, say=said.append))
    await wait_for(lambda: "Ready." in said)
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def within(work):
    async with asyncio.timeout(SECONDS):
        return await work


async def test_the_operator_is_told_what_it_is_connected_to(serving, said, platform):
    platform.closed.set()
    await within(serving)
    assert said == [
        "Connecting ... (Ctrl-C to stop)",
        "  SQLite in memory",
        "  a platform of the test",
        "Ready.",
        "Stopped.",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_lets_the_run_at_work_end(number, serving, bot, platform, said, wait_for):
    bot.model.gate.clear()
    await platform.sink(platform.said("hello"))
    await wait_for(lambda: bot.model.asked)
    os.kill(os.getpid(), number)
    await wait_for(lambda: any("Stopping" in line for line in said))
    bot.model.gate.set()
    await within(serving)
    assert platform.finals == ["You said: hello"]
    assert said[-1] == "Stopped."


async def test_the_second_signal_is_the_systems_again(serving, said, wait_for, bot, platform):
    bot.model.gate.clear()
    await platform.sink(platform.said("hello"))
    await wait_for(lambda: bot.model.asked)
    os.kill(os.getpid(), signal.SIGTERM)
    await wait_for(lambda: any("Stopping" in line for line in said))
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    bot.model.gate.set()
    await within(serving)


async def test_the_signals_are_given_back_at_the_end(serving, platform):
    platform.closed.set()
    await within(serving)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


async def test_a_platform_that_fails_for_good_ends_it_with_its_error(bot, platform, said):
    async def lose():
        raise PlatformAuthError("the token was revoked")

    platform.wait_closed = lose
    with pytest.raises(PlatformAuthError, match="revoked"):
        await within(serve(bot, say=said.append))
    assert platform.sink is None
    assert "Stopped." not in said


async def test_a_platform_that_does_not_start_is_the_error(bot, platform, said):
    async def refuse(sink, shared=None):
        raise PlatformUnavailableError("no route to the platform")

    platform.start = refuse
    with pytest.raises(PlatformUnavailableError, match="no route"):
        await within(serve(bot, say=said.append))
    assert said == ["Connecting ... (Ctrl-C to stop)"]


async def test_being_cancelled_closes_everything(serving, platform):
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await within(serving)
    assert platform.sink is None
